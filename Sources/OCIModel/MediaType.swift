/// A media type, without parameters.
///
/// An open set: any `type/subtype` is one.
public struct MediaType: Hashable, Sendable, CustomStringConvertible {
    /// The type as given, without parameters.
    public let description: String

    /// Parses a media type (RFC 6838 section 4.2 names, at most 255 characters); parameters behind `;` are dropped.
    ///
    /// - Throws: `OCIParseError` naming the text.
    public init(parsing text: some StringProtocol) throws(OCIParseError) {
        let bare = Substring(text).prefix { $0 != ";" }.split(separator: " ", omittingEmptySubsequences: true)
        let parts = (bare.first ?? "").split(separator: "/", omittingEmptySubsequences: false)
        guard bare.count == 1, parts.count == 2, parts.allSatisfy(MediaType.isName) else {
            throw OCIParseError("media type \(OCIParseError.quote(text)) is not type/subtype")
        }
        description = String(bare[0])
    }

    private init(known: String) {
        description = known
    }

    private static func isName(_ text: Substring) -> Bool {
        guard (1...127).contains(text.utf8.count) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "!#$&-^_.+".utf8.contains(byte)
            }
        }
    }
}

extension MediaType {
    /// OCI image manifest.
    public static let ociManifest = MediaType(known: "application/vnd.oci.image.manifest.v1+json")
    /// OCI image index.
    public static let ociIndex = MediaType(known: "application/vnd.oci.image.index.v1+json")
    /// The artifact manifest of an OCI 1.1 release candidate; still met in the wild.
    public static let ociArtifactManifest = MediaType(known: "application/vnd.oci.artifact.manifest.v1+json")
    /// Docker image manifest, version 2 schema 2.
    public static let dockerManifest = MediaType(known: "application/vnd.docker.distribution.manifest.v2+json")
    /// Docker manifest list.
    public static let dockerManifestList = MediaType(
        known: "application/vnd.docker.distribution.manifest.list.v2+json")
    /// The empty JSON blob `{}`.
    public static let ociEmpty = MediaType(known: "application/vnd.oci.empty.v1+json")
    /// Bytes of unknown kind.
    public static let octetStream = MediaType(known: "application/octet-stream")
    /// Helm chart config: `Chart.yaml` as JSON.
    public static let helmConfig = MediaType(known: "application/vnd.cncf.helm.config.v1+json")
    /// Helm chart archive.
    public static let helmChart = MediaType(known: "application/vnd.cncf.helm.chart.content.v1.tar+gzip")
    /// Helm chart provenance.
    public static let helmProvenance = MediaType(known: "application/vnd.cncf.helm.chart.provenance.v1.prov")

    /// Whether manifests of this type list other manifests.
    public var isIndex: Bool { self == .ociIndex || self == .dockerManifestList }

    /// Whether this is a manifest type whose fields Chartroom understands.
    public var isManifest: Bool {
        isIndex || self == .ociManifest || self == .dockerManifest || self == .ociArtifactManifest
    }
}
