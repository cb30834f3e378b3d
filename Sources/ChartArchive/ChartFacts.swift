public import HelmModel
public import OCIModel

/// What is known of a chart's version that an index may list.
public struct ChartFacts: Sendable {
    /// What the archive's `Chart.yaml` says.
    public let metadata: ChartMetadata
    /// The tag of the version.
    public let tag: Tag
    /// The archive's layer.
    public let archive: Descriptor
    /// The SHA-256 of the archive, whatever the layer's digest is made with.
    public let sha256: Digest
    /// The archive's size in bytes.
    public let size: Int64
    /// The provenance's layer, if there is one; it names the archive, its signature is unchecked.
    public let provenance: Descriptor?
    /// The newest time inside the archive, RFC 3339.
    public let created: String
    /// The files in the archive's order.
    public let files: [PackagedFile]
    /// Whether the config blob is byte for byte what Helm v4.3.0 writes; older versions wrote other bytes.
    public let isConfigAsHelm: Bool

    /// What looks wrong but keeps it out of no index; each one sentence without a final full stop.
    public var warnings: [String] { metadata.warnings }
}

extension ChartMetadata {
    /// What looks wrong with the chart but makes it no bad one; each one sentence without a final full stop.
    ///
    /// Helm lists tags over OCI and takes strict semantic versions only (`pkg/registry/client.go`, v4.3.0).
    public var warnings: [String] {
        let unseen =
            "Helm's OCI ranges and 'latest' skip it; an exact --version works, and so do ranges on the classic repository"
        var warnings: [String] = []
        var rest = Substring(version)
        if rest.utf8.first == UInt8(ascii: "v") {
            warnings.append("version \(OCIParseError.quote(version)) begins with v: \(unseen)")
            rest = rest.dropFirst()
        }
        if (try? SemanticVersion(parsing: rest)) == nil {
            warnings.append("version \(OCIParseError.quote(version)) is not strict SemVer (1.2.3): \(unseen)")
        }
        return warnings
    }
}
