public import OCIModel

/// What is known of a tag that was cached from an upstream.
///
/// A tag that is in the store without one was pushed there, and no upstream overwrites it.
public struct TagOrigin: Sendable, Equatable {
    /// The prefix of the upstream.
    public var upstream: String
    /// The manifest that the upstream last said the tag names; nil when it is known from a listing only.
    public var digest: Digest?
    /// When the upstream last said so, in microseconds since 1970.
    public var checkedAt: Int64
    /// When the upstream was first seen to have it.
    public var firstSeenAt: Int64
    /// Since when the upstream does not have it any more; nil while it has.
    public var goneSince: Int64?

    /// Builds an origin.
    public init(upstream: String, digest: Digest?, checkedAt: Int64, firstSeenAt: Int64, goneSince: Int64? = nil) {
        self.upstream = upstream
        self.digest = digest
        self.checkedAt = checkedAt
        self.firstSeenAt = firstSeenAt
        self.goneSince = goneSince
    }
}

/// A listing of an upstream that is kept: tags of a repository, referrers of a digest.
public struct CachedListing: Sendable, Equatable {
    /// The prefix of the upstream.
    public var upstream: String
    /// What the upstream gave to ask again with.
    public var entityTag: String?
    /// When it was last true, in microseconds since 1970.
    public var checkedAt: Int64
    /// The elements, in the listing's order: tags, or descriptors as JSON.
    public var elements: [String]

    /// Builds a listing.
    public init(upstream: String, entityTag: String?, checkedAt: Int64, elements: [String]) {
        self.upstream = upstream
        self.entityTag = entityTag
        self.checkedAt = checkedAt
        self.elements = elements
    }
}

/// Which listing.
public enum CachedListingKey: Hashable, Sendable {
    /// The tags of a repository.
    case tags(RepositoryName)
    /// The referrers of a manifest.
    case referrers(Digest, RepositoryName)
}

/// A version that a classic upstream lists, as the store keeps it.
public struct UpstreamChart: Sendable, Equatable {
    /// Where it stands.
    public var key: ChartVersionKey
    /// The version as written.
    public var version: String
    /// The tag of the version.
    public var tag: Tag
    /// Where the archive is, as the upstream's index says.
    public var urls: [String]
    /// The archive's SHA-256; nil when the index does not say.
    public var archive: Digest?
    /// Whether the version is a pre-release.
    public var isPrerelease: Bool
    /// Whether the chart says that it is deprecated.
    public var isDeprecated: Bool
    /// The ready JSON object of the repository index, as in `ChartEntry`, with a URL of ours.
    public var json: [UInt8]
    /// When it becomes visible, in microseconds since 1970; 0 for at once.
    public var visibleFrom: Int64

    /// Builds it.
    public init(
        key: ChartVersionKey, version: String, tag: Tag, urls: [String], archive: Digest?, isPrerelease: Bool,
        isDeprecated: Bool, json: [UInt8], visibleFrom: Int64 = 0
    ) {
        self.key = key
        self.version = version
        self.tag = tag
        self.urls = urls
        self.archive = archive
        self.isPrerelease = isPrerelease
        self.isDeprecated = isDeprecated
        self.json = json
        self.visibleFrom = visibleFrom
    }

    /// `<name>-<version>.tgz`.
    public var fileName: String { "\(key.name)-\(version).tgz" }
}

/// What is known of a classic upstream's index.
public struct UpstreamIndexState: Sendable, Equatable {
    /// The prefix of the upstream.
    public var upstream: String
    /// What tells whether it has changed; as the server gave them.
    public var entityTag: String?
    /// The time of the last change as the server gave it.
    public var lastModified: String?
    /// The SHA-256 of its text.
    public var content: Digest?
    /// When it was last true, in microseconds since 1970.
    public var checkedAt: Int64
    /// Versions it lists.
    public var versionCount: Int64
    /// Why the last one was refused, while the one before it stays; nil when it was taken.
    public var refusal: String?

    /// Builds a state.
    public init(
        upstream: String, entityTag: String?, lastModified: String?, content: Digest?, checkedAt: Int64,
        versionCount: Int64, refusal: String? = nil
    ) {
        self.upstream = upstream
        self.entityTag = entityTag
        self.lastModified = lastModified
        self.content = content
        self.checkedAt = checkedAt
        self.versionCount = versionCount
        self.refusal = refusal
    }
}

/// What taking an index over changed.
public struct UpstreamIndexChange: Sendable, Equatable {
    /// Versions that are new, or say something else than before.
    public var added: Int64
    /// Versions that are listed no more.
    public var removed: Int64
    /// Files that are here from the upstream and whose archive has another digest there now.
    public var moved: [String]
    /// Tags that are here from the upstream and that it lists no more.
    public var gone: Int64

    /// Builds it.
    public init(added: Int64, removed: Int64, moved: [String], gone: Int64) {
        self.added = added
        self.removed = removed
        self.moved = moved
        self.gone = gone
    }
}

/// The store as a cache needs it, besides what every client does with it.
///
/// Functions that are not `async` answer at once, as those of `LocalReads`, on any thread.
public protocol CacheStore: LocalReads, ChartReads, UploadSessions, Inventory {
    // MARK: Manifests and tags

    /// What is known of a cached tag; nil when it was pushed here, or was never heard of.
    func tagOrigin(_ tag: Tag, in repository: RepositoryName) throws(ContentError) -> TagOrigin?
    /// Stores a manifest that an upstream gave; what it names need not be here.
    ///
    /// With a tag the tag moves to it and its origin is written down, unless the tag was pushed here: then it stays.
    /// Idempotent. When it returns, all of it is durable.
    /// - Throws: `.manifestInvalid`, `.digestInvalid`, `.tooLarge`, `.denied`, `.storageFull`.
    func cacheManifest(
        _ manifest: StoredManifest, tag: Tag?, from upstream: String, in repository: RepositoryName
    ) async throws(ContentError)
    /// Notes that the upstream was asked for a tag just now: that it names what we have, or that it is gone.
    ///
    /// Seen at once by `tagOrigin`, as a later `checkedAt` in both cases; written down within seconds, and lost in a power
    /// cut before that. Nothing for a tag without an origin.
    func noteTagChecked(_ tag: Tag, in repository: RepositoryName, isGone: Bool)
    /// Removes a cached tag, and what only it named: its manifest when that came from an upstream and no other tag and no
    /// index names it, with its blobs; nothing when it was pushed here.
    ///
    /// - Throws: `.unsupported` when a lock forbids it.
    func dropCachedTag(_ tag: Tag, in repository: RepositoryName) async throws(ContentError)
    /// The blob that a manifest of the repository names by this digest; nil when none does.
    func namedBlob(_ digest: Digest, in repository: RepositoryName) throws(ContentError) -> Descriptor?
    /// The manifest a reference names, without noting a pull, whatever its locks; nil when there is none.
    func peekManifest(_ reference: ManifestReference, in repository: RepositoryName) throws(ContentError)
        -> StoredManifest?

    // MARK: Blobs

    /// Opens a file for a blob that comes from an upstream and is read by others meanwhile.
    ///
    /// - Throws: `.denied`, `.storageFull`.
    func openFill(of digest: Digest, in repository: RepositoryName) throws(ContentError) -> any BlobFill

    // MARK: Listings

    /// A kept listing.
    func cachedListing(_ key: CachedListingKey) throws(ContentError) -> CachedListing?
    /// Keeps a listing in place of the one before; not durable at once.
    ///
    /// - Throws: `.tooLarge` above 8 MiB.
    func keepListing(_ listing: CachedListing, _ key: CachedListingKey) async throws(ContentError)

    // MARK: Classic upstreams

    /// What is known of the index behind a classic repository; nil when it was never read.
    func upstreamIndex(of namespace: ChartNamespace) throws(ContentError) -> UpstreamIndexState?
    /// Takes an index over: what `next` gives, in any order, until nil, in place of what was listed before.
    ///
    /// One transaction, in which `next` is called on the committer's thread: it must not block. Costs writes for what has
    /// changed only, and a look-up for each version. A version that is here is listed as what it is here and not twice.
    /// When `deletes`, cached tags that are listed no more are removed, unless locked; else they are marked as gone.
    func takeUpstreamIndex(
        _ state: UpstreamIndexState, of namespace: ChartNamespace, deletes: Bool,
        _ next: @escaping @Sendable () -> UpstreamChart?
    ) async throws(ContentError) -> UpstreamIndexChange
    /// Writes down that the index was asked for again: unchanged, or refused for a reason.
    func noteUpstreamIndex(_ state: UpstreamIndexState, of namespace: ChartNamespace) async throws(ContentError)
    /// A listed version by its file name; nil when the upstream lists none, or it is too young.
    func upstreamChart(named fileName: String, in namespace: ChartNamespace) throws(ContentError) -> UpstreamChart?
    /// A listed version by its tag.
    func upstreamChart(tagged tag: Tag, of repository: RepositoryName) throws(ContentError) -> UpstreamChart?
    /// A listed version by the digest of its archive.
    func upstreamChart(ofArchive digest: Digest, of repository: RepositoryName) throws(ContentError) -> UpstreamChart?
    /// The tags of the versions of one chart, by its repository, sorted by bytes; young ones left out.
    func upstreamTags(of repository: RepositoryName, _ page: PageRequest<String>) throws(ContentError) -> Page<Tag>
    /// Opens a file for an archive that comes from a classic upstream and is read by others meanwhile.
    ///
    /// - Throws: `.storageFull`.
    func openChartFill(in namespace: ChartNamespace) throws(ContentError) -> any ChartFill

    // MARK: Looking after it

    /// Cached tags and those among them that are gone: of the repository of that path, and of those below it.
    ///
    /// Costs as much as there are; the empty path stands for all.
    func cachedTagCounts(below path: String) throws(ContentError) -> (tags: Int64, gone: Int64)
    /// Removes what was cached below a path: many small transactions.
    ///
    /// What is locked against deleting stays. When everything goes, manifests cached without a tag, kept listings and what
    /// classic upstreams list there go as well.
    func purgeCached(below path: RepositoryName, _ options: PurgeOptions) async throws(ContentError) -> PurgeSummary
}

/// A blob on its way in from an upstream; calls come one at a time and may block.
public protocol BlobFill: AnyObject, Sendable {
    /// Bytes written.
    var length: Int64 { get }
    /// Appends bytes.
    ///
    /// - Throws: `.tooLarge`, `.storageFull`; the bytes before stay.
    func append(_ bytes: [UInt8]) throws(ContentError)
    /// A descriptor of its own to read the bytes by, also after the fill has ended; the caller closes it.
    func openReader() throws(ContentError) -> Int32
    /// Ends it: `verified` is called as soon as the bytes are known to hash to the digest, before they are durable.
    ///
    /// When it returns, the blob is in the repository, durable. Bytes that do not hash to the digest are set aside in
    /// quarantine.
    /// - Throws: `.corrupt`, `.storageFull`, `.denied`; then it is over.
    func finish(_ verified: @Sendable () -> Void) async throws(ContentError)
    /// Forgets the bytes.
    func abandon()
}

/// A chart's archive on its way in from a classic upstream; calls come one at a time and may block.
public protocol ChartFill: AnyObject, Sendable {
    /// Bytes written.
    var length: Int64 { get }
    /// Appends bytes.
    ///
    /// - Throws: `.tooLarge`, `.storageFull`.
    func append(_ bytes: [UInt8]) throws(ContentError)
    /// A descriptor of its own to read the bytes by, also after the fill has ended; the caller closes it.
    func openReader() throws(ContentError) -> Int32
    /// Reads the chart and stores it as `ChartUpload.finish` does, with its origin.
    ///
    /// `verified` is called as soon as the bytes are what they should be. A chart of another name or version than
    /// `expected` is refused; bytes that do not hash to `expected.archive` are set aside in quarantine. Provenance that
    /// does not vouch for the archive is left out, with a warning.
    /// - Throws: `.corrupt`, `.chartInvalid`, `.conflict` when the tag was pushed here, `.denied`, `.storageFull`.
    func finish(
        _ expected: UpstreamChart, from upstream: String, provenance: () async -> [UInt8]?,
        _ verified: @Sendable () -> Void
    ) async throws(ContentError) -> StoredChart
    /// Forgets the bytes.
    func abandon()
}
