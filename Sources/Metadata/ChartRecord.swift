public import Content
public import OCIModel

/// What reading a manifest's archive told.
public enum ChartRecord: Sendable {
    /// It is a chart.
    case chart(ChartRow)
    /// It claims to be one and is listed nowhere: one sentence says why.
    case problem(String)
}

/// A chart, as the metadata keep it: plain values, no model.
public struct ChartRow: Sendable {
    /// Where it is listed, and where among its versions.
    public var key: ChartVersionKey
    /// The version as written.
    public var version: String
    /// The tag it is listed under.
    public var tag: Tag
    /// Whether the version is a pre-release.
    public var isPrerelease: Bool
    /// `<name>-<version>.tgz`.
    public var fileName: String
    /// The SHA-256 of the archive.
    public var archive: Digest
    /// The archive's layer.
    public var layer: Digest
    /// The archive's size in bytes.
    public var size: Int64
    /// The provenance layer.
    public var provenance: Digest?
    /// The version of what it installs.
    public var appVersion: String
    /// One sentence.
    public var description: String
    /// `application` or `library`.
    public var type: String
    /// Whether it is deprecated.
    public var isDeprecated: Bool
    /// The newest time inside, RFC 3339.
    public var created: String
    /// Keywords, separated by blanks, for the search.
    public var keywords: String
    /// The maintainers' names and addresses, separated by blanks, for the search.
    public var maintainers: String
    /// The JSON object of the repository index.
    public var entry: [UInt8]

    /// Builds the facts.
    public init(
        key: ChartVersionKey, version: String, tag: Tag, isPrerelease: Bool, fileName: String, archive: Digest,
        layer: Digest, size: Int64, provenance: Digest?, appVersion: String, description: String, type: String,
        isDeprecated: Bool, created: String, keywords: String, maintainers: String, entry: [UInt8]
    ) {
        self.key = key
        self.version = version
        self.tag = tag
        self.isPrerelease = isPrerelease
        self.fileName = fileName
        self.archive = archive
        self.layer = layer
        self.size = size
        self.provenance = provenance
        self.appVersion = appVersion
        self.description = description
        self.type = type
        self.isDeprecated = isDeprecated
        self.created = created
        self.keywords = keywords
        self.maintainers = maintainers
        self.entry = entry
    }
}

/// How a version's order is stored: turned around, so that the index's order is the order of bytes.
///
/// An empty order, which stands behind every version, becomes bytes behind all that a version's order gives: the 25th
/// of those is never 0 (`SemanticVersion.orderKey`).
enum ChartPosition {
    static func stored(_ order: [UInt8]) -> [UInt8] {
        order.isEmpty ? [UInt8](repeating: 0xFF, count: 25) : order.map { ~$0 }
    }

    static func order(_ stored: [UInt8]) -> [UInt8] { stored.map { ~$0 } }
}
