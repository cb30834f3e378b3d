public import Content
public import HelmModel
public import OCIModel

/// A registry as an upstream; repositories are named as it names them.
public protocol UpstreamRegistry: Sendable {
    /// The manifest a reference names, verified.
    ///
    /// - Throws: `.manifestUnknown`, `.nameUnknown`, `.unauthorized`, `.denied`, `.rateLimited`, `.unavailable`, `.corrupt`.
    func fetchManifest(_ reference: ManifestReference, in repository: RepositoryName) async throws(ContentError)
        -> StoredManifest
    /// What a tag names now; one request without a body.
    ///
    /// - Throws: as `fetchManifest`.
    func checkTag(_ tag: Tag, in repository: RepositoryName, unless known: Digest?) async throws(ContentError)
        -> UpstreamTag
    /// All tags, unless they are those of the entity tag; nil then.
    func listTags(in repository: RepositoryName, unless entityTag: String?) async throws(ContentError)
        -> UpstreamListing<Tag>?
    /// All referrers of a manifest.
    func listReferrers(of subject: Digest, in repository: RepositoryName) async throws(ContentError) -> [Descriptor]
    /// Reads a blob from a position; `head` is told its whole size, if the upstream says so, before the first byte.
    ///
    /// - Throws: `.blobUnknown`, `.tooLarge`, `.corrupt`, and as `fetchManifest`.
    func fetchBlob(
        _ digest: Digest, in repository: RepositoryName, from offset: Int64,
        head: (Int64?) async throws(ContentError) -> Void, _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError)
    /// Whether it is a registry at all, and lets us in.
    ///
    /// - Throws: `.unsupported` when it is none, `.unauthorized`, `.unavailable`.
    func ping() async throws(ContentError)
}

/// What a tag names upstream.
public enum UpstreamTag: Sendable, Equatable {
    /// What we know.
    case same
    /// Another manifest; nil when the upstream does not say which.
    case other(Digest?)
}

/// A listing of an upstream.
public struct UpstreamListing<Element: Sendable>: Sendable {
    /// The elements.
    public var elements: [Element]
    /// What to ask again with.
    public var entityTag: String?

    /// Builds a listing.
    public init(elements: [Element], entityTag: String?) {
        self.elements = elements
        self.entityTag = entityTag
    }
}

/// A classic chart repository as an upstream.
public protocol UpstreamCharts: Sendable {
    /// Its index, unless it is the one the validators are of.
    ///
    /// - Throws: `.nameUnknown` when there is none, `.tooLarge`, `.unauthorized`, `.denied`, `.rateLimited`, `.unavailable`.
    func fetchIndex(unless known: UpstreamIndexState?) async throws(ContentError) -> UpstreamIndex
    /// What its index lists and where, unless it is the one the validators are of; without what charts say of themselves.
    ///
    /// - Throws: as `fetchIndex`.
    func fetchListing(unless known: UpstreamIndexState?) async throws(ContentError) -> UpstreamChartListing
    /// Reads a version's archive; `head` is told its size, if the upstream says so, before the first byte.
    ///
    /// - Throws: `.manifestUnknown`, `.corrupt`, `.tooLarge`, `.unauthorized`, `.denied`, `.rateLimited`, `.unavailable`.
    func fetchArchive(
        of entry: RepositoryIndexEntry, head: (Int64?) async throws(ContentError) -> Void,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError)
    /// The provenance beside the archive; nil when there is none.
    func fetchProvenance(of entry: RepositoryIndexEntry) async throws(ContentError) -> [UInt8]?
}

/// What came of asking for an index.
public enum UpstreamIndex: Sendable {
    /// It is the one that is known.
    case same
    /// It is another one, with what tells it apart from the next.
    case other(RepositoryIndex, entityTag: String?, lastModified: String?, content: Digest?)
}

/// What came of asking for a listing of charts.
public enum UpstreamChartListing: Sendable {
    /// It is the one that is known.
    case same
    /// It is another one, with what tells it apart from the next.
    case other(ChartListing, entityTag: String?, lastModified: String?, content: Digest?)
}

extension UpstreamCharts {
    /// Read out of the whole index.
    public func fetchListing(unless known: UpstreamIndexState?) async throws(ContentError) -> UpstreamChartListing {
        switch try await fetchIndex(unless: known) {
        case .same: .same
        case .other(let index, let entityTag, let lastModified, let content):
            .other(ChartListing(index), entityTag: entityTag, lastModified: lastModified, content: content)
        }
    }
}

/// One URL of an upstream: a registry, a place of classic repositories, or both while nobody knows.
public struct UpstreamPlace: Sendable {
    /// The URL for people, without secrets.
    public var url: String
    /// The registry there.
    public var registry: (any UpstreamRegistry)?
    /// The path in front of repositories there; empty for none.
    public var path: String
    /// The classic repository below the URL; `path` may be empty.
    public var charts: (@Sendable (_ path: String) async throws(ContentError) -> any UpstreamCharts)?

    /// Builds a place.
    public init(
        url: String, registry: (any UpstreamRegistry)?, path: String = "",
        charts: (@Sendable (_ path: String) async throws(ContentError) -> any UpstreamCharts)?
    ) {
        self.url = url
        self.registry = registry
        self.path = path
        self.charts = charts
    }
}
