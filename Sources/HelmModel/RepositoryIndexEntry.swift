public import OCIModel

/// One version in a classic repository's index.
///
/// The metadata is kept packed, since an index may list a hundred thousand versions and nobody asks about most of them.
public struct RepositoryIndexEntry: Sendable, Equatable {
    /// The chart's name, as its metadata has it.
    public let name: String
    /// The version as written.
    public let version: String
    /// Where the archive is: relative to the repository's URL, absolute, or `oci://`; none is possible.
    ///
    /// The deprecated `url` stands in for a missing list.
    public let urls: [String]
    /// An RFC 3339 time as written; empty when there is none that is one.
    public let created: String
    /// The archive's SHA-256; nil when the index gives none, or one that cannot be read.
    public let archive: Digest?
    /// What the index gives as digest, as written; the deprecated `checksum` stands in for it.
    public let digestText: String
    /// Whether the index says that the version was removed; Helm lists it all the same.
    public let isRemoved: Bool
    /// Whether the chart is deprecated.
    public let isDeprecated: Bool
    /// The metadata as Helm's config blob has it.
    private let packed: [UInt8]

    /// Reads the tree of one entry.
    ///
    /// - Throws: `HelmParseError` for a field of the wrong shape and for what Helm drops a version for.
    public init(tree: JSONValue) throws(HelmParseError) {
        guard tree.members != nil else { throw HelmParseError("the entry must be a mapping") }
        let metadata = try ChartMetadata(indexEntry: tree)
        var fields = IndexFields()
        try fields.overlay(tree, at: "entry")
        name = metadata.name
        version = metadata.version
        urls = fields.urls.isEmpty && !fields.url.isEmpty ? [fields.url] : fields.urls
        created = UTCTime.seconds(rfc3339: fields.created) == nil ? "" : fields.created
        digestText = fields.digest.isEmpty ? fields.checksum : fields.digest
        archive = RepositoryIndexEntry.digest(digestText)
        isRemoved = fields.isRemoved
        isDeprecated = metadata.isDeprecated
        packed = JSONValue.object(metadata.jsonMembers).text(.go)
    }

    /// What the index says about the chart; cleaned and checked as Helm does it for an index.
    ///
    /// Parsed anew with each call.
    /// - Throws: `HelmParseError` never, for an entry that exists.
    public func metadata() throws(HelmParseError) -> ChartMetadata {
        do {
            return try ChartMetadata(indexEntry: try JSONValue(parsing: packed))
        } catch let error as HelmParseError {
            throw error
        } catch {
            throw HelmParseError("the metadata of \(HelmParseError.quote(name)) cannot be read back")
        }
    }

    /// The entry as an index of ours has it: `ChartIndexText.entry` of the same metadata, with what this one says of time
    /// and digest.
    ///
    /// Nothing is parsed.
    public var indexText: [UInt8] {
        var more: [(String, JSONValue)] = [("urls", .array([.string("charts/\(name)-\(version).tgz")]))]
        if !created.isEmpty { more.append(("created", .string(created))) }
        if let archive { more.append(("digest", .string(archive.hex))) }
        let text = JSONValue.object(more).text(.go)
        // A chart has a name at least: both objects have members.
        return packed.dropLast() + [UInt8(ascii: ",")] + text.dropFirst()
    }

    /// Seconds since 1970 of `created`; nil when there is none, or it is the zero that Go writes for none.
    public var createdAt: Int64? {
        guard let seconds = UTCTime.seconds(rfc3339: created), seconds > 0 else { return nil }
        return seconds
    }

    /// Where the version stands among those of its chart: see `SemanticVersion.listingOrder`.
    public var listingOrder: [UInt8] { SemanticVersion.listingOrder(ofVersion: version) ?? [] }

    /// Hex digits mean SHA-256, of either case, alone or behind `sha256:`.
    static func digest(_ text: String) -> Digest? {
        let lower = text.lowercased()
        return try? Digest(parsing: lower.hasPrefix("sha256:") ? lower : "sha256:" + lower)
    }
}

/// What an index adds to a chart's metadata.
private struct IndexFields: TreeReadable {
    var urls: [String] = []
    var created = ""
    var digest = ""
    var isRemoved = false
    var checksum = ""
    var url = ""

    private enum Field: String, CaseIterable {
        case urls, created, digest, removed, checksum, url
    }

    mutating func overlay(_ tree: JSONValue, at place: String) throws(HelmParseError) {
        for (field, value) in try TreeReader.fields(Field.self, of: tree, at: place) {
            let place = "\(place): \(field.rawValue)"
            switch field {
            case .urls: try TreeReader.read(value, into: &urls, at: place)
            case .created: try TreeReader.read(value, into: &created, at: place)
            case .digest: try TreeReader.read(value, into: &digest, at: place)
            case .removed: try TreeReader.read(value, into: &isRemoved, at: place)
            case .checksum: try TreeReader.read(value, into: &checksum, at: place)
            case .url: try TreeReader.read(value, into: &url, at: place)
            }
        }
    }
}
