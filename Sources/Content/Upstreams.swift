public import OCIModel

/// What a cached answer says of itself: `Age` and `Warning` (RFC 9111 section 5.1; RFC 7234 section 5.5).
public struct CacheNote: Sendable, Equatable {
    /// Seconds since the upstream last said that this is what it has; nil for what no upstream stands behind.
    public var age: Int64?
    /// What a client should know, the gravest first.
    public var warnings: [CacheWarning]

    /// Builds a note.
    public init(age: Int64? = nil, warnings: [CacheWarning] = []) {
        self.age = age
        self.warnings = warnings
    }

    /// Nothing to say: it is fresh, or it is the store's own.
    public static let none = CacheNote()
}

/// Why a cached answer may not be what the upstream has.
public enum CacheWarning: Sendable, Equatable {
    /// 110: it is older than it should be.
    case stale
    /// 111: the upstream was asked and did not answer as it should; the reason.
    case revalidationFailed(String)
    /// 112: the upstream is not asked, because it is configured so.
    case disconnected
    /// 299: anything else, one sentence.
    case note(String)
}

/// An answer that is at hand, or one that must be waited for.
public enum Cached<Value: Sendable>: Sendable {
    /// At hand: answered on the thread that asked.
    case here(Value, CacheNote)
    /// Somebody must be asked: call it off that thread.
    case later(@Sendable () async throws(ContentError) -> (Value, CacheNote))
}

/// A blob whose bytes are still coming in, for one reader.
public protocol GrowingBlob: AnyObject, Sendable {
    /// The size it will have, in bytes.
    var size: Int64 { get }
    /// Gives up a descriptor of the file the bytes are written to, which the caller closes; -1 when it was given up before.
    func takeDescriptor() -> Int32
    /// How far it may be read now.
    ///
    /// When nothing can be read behind `position` yet, `wake` is called once, from any thread, as soon as that changes.
    /// The last byte is not given out before the whole hashes to its digest.
    func growth(beyond position: Int64, _ wake: @escaping @Sendable () -> Void) -> BlobGrowth
}

/// How far a growing blob may be read.
public enum BlobGrowth: Sendable, Equatable {
    /// All bytes before this position, which lies behind the one asked for.
    case readable(upTo: Int64)
    /// No further yet: `wake` will be called.
    case waiting
    /// It will never be whole.
    case failed
}

/// A blob that was found, whole or on its way.
public enum FoundBlob: Sendable {
    /// All bytes are here.
    case whole(any OpenBlob)
    /// They are coming.
    case growing(any GrowingBlob)
}

/// A file of a classic repository that was found.
public struct FoundChartFile: Sendable {
    /// The SHA-256 of the bytes; nil while they are coming and nobody said what they will hash to.
    public var digest: Digest?
    /// The bytes.
    public var blob: FoundBlob

    /// Builds it.
    public init(digest: Digest?, blob: FoundBlob) {
        self.digest = digest
        self.blob = blob
    }
}

/// What a server asks before it looks into its own store: content that upstreams stand behind.
///
/// Each look-up gives nil where none does: then the store alone answers. Calls are made on the thread that serves the
/// request and must not block.
public protocol UpstreamReads: Sendable {
    /// The manifest a reference names.
    func cachedManifest(_ reference: ManifestReference, in repository: RepositoryName) throws(ContentError) -> Cached<
        StoredManifest
    >?
    /// A blob.
    func cachedBlob(_ digest: Digest, in repository: RepositoryName) throws(ContentError) -> Cached<FoundBlob>?
    /// Tags of upstream and store together, sorted by bytes.
    func cachedTags(in repository: RepositoryName, _ page: PageRequest<String>) throws(ContentError) -> Cached<
        Page<Tag>
    >?
    /// Referrers of upstream and store together, sorted by digest.
    func cachedReferrers(
        of subject: Digest, in repository: RepositoryName, artifactType: String?, _ page: PageRequest<Digest>
    ) throws(ContentError) -> Cached<Page<Descriptor>>?
    /// Brings the list of a classic repository's versions up to date; the entries are then the store's.
    func cachedListing(of namespace: ChartNamespace) throws(ContentError) -> Cached<Bool>?
    /// `<name>-<version>.tgz`, or its `.prov`.
    func cachedFile(named fileName: String, in namespace: ChartNamespace) throws(ContentError) -> Cached<
        FoundChartFile
    >?
    /// The repository that a mirror request for `name` on `host` means (`?ns=host`); nil when the host is no upstream.
    func repository(mirroring host: String, _ name: RepositoryName) -> RepositoryName?
    /// Refuses a push into a repository that is a cache and takes none.
    ///
    /// - Throws: `.denied`.
    func checkPush(to repository: RepositoryName) throws(ContentError)
}

/// What people ask about upstreams, near or far.
public protocol UpstreamControl: Sendable {
    /// Every configured upstream and its state, in the order in which they are looked at.
    func upstreams() async throws(ContentError) -> [UpstreamState]
    /// Asks upstreams whether they can be reached and let us in: that at a prefix, or all.
    ///
    /// - Throws: `.nameUnknown` when there is no upstream at the prefix.
    func testUpstreams(_ prefix: String?) async throws(ContentError) -> [UpstreamTest]
    /// Where a reference comes from, when it was checked, and what would happen now and by which rule.
    func explain(_ reference: Reference) async throws(ContentError) -> Explanation
    /// The references below a path that an upstream lists: the versions of a classic repository, the tags of a repository.
    ///
    /// - Throws: `.nameUnknown` when no upstream stands behind it.
    func upstreamReferences(in path: RepositoryName) async throws(ContentError) -> [Reference]
    /// Fetches what a reference names and everything below it, unless it is here.
    func warm(_ reference: Reference) async throws(ContentError) -> WarmedReference
    /// Removes what was cached from upstreams below a path.
    func purge(_ path: RepositoryName, _ options: PurgeOptions) async throws(ContentError) -> PurgeSummary
}

/// A configured upstream as people look at it.
public struct UpstreamState: Sendable, Equatable {
    /// The path in front of its repositories.
    public var prefix: String
    /// `oci`, `classic`, or `unknown` while a host was not asked yet.
    public var kind: String
    /// Its URLs, without secrets, in the order in which they are tried.
    public var urls: [String]
    /// `ok`, `failing`, `open` (not asked for a while), `offline` or `idle` (not asked yet).
    public var health: String
    /// The last failure, one sentence.
    public var lastError: String?
    /// When it last answered, in microseconds since 1970.
    public var lastContact: Int64?
    /// Tags cached from it.
    public var cachedTags: Int64
    /// Cached tags that it does not have any more.
    public var goneTags: Int64

    /// Builds a state.
    public init(
        prefix: String, kind: String, urls: [String], health: String, lastError: String? = nil,
        lastContact: Int64? = nil, cachedTags: Int64 = 0, goneTags: Int64 = 0
    ) {
        self.prefix = prefix
        self.kind = kind
        self.urls = urls
        self.health = health
        self.lastError = lastError
        self.lastContact = lastContact
        self.cachedTags = cachedTags
        self.goneTags = goneTags
    }
}

/// What came of asking one URL of an upstream.
public struct UpstreamTest: Sendable, Equatable {
    /// The upstream's prefix.
    public var prefix: String
    /// The URL, without secrets.
    public var url: String
    /// What is wrong; nil when all is well.
    public var problem: String?
    /// What it is: `an OCI registry`, `a chart repository of 485 versions`.
    public var finding: String
    /// How long the answer took, in milliseconds.
    public var milliseconds: Int64

    /// Builds a result.
    public init(prefix: String, url: String, problem: String?, finding: String, milliseconds: Int64) {
        self.prefix = prefix
        self.url = url
        self.problem = problem
        self.finding = finding
        self.milliseconds = milliseconds
    }
}

/// Why a reference is answered as it is.
public struct Explanation: Sendable, Equatable {
    /// The reference.
    public var reference: String
    /// The manifest that is here; nil when none is.
    public var digest: Digest?
    /// Blobs its manifest names that are not here.
    public var missingBlobs: Int64
    /// `pushed`, `cached` or `absent`.
    public var origin: String
    /// The prefix of the upstream behind it; nil when none is.
    public var upstream: String?
    /// The URL it is asked for at, without secrets.
    public var url: String?
    /// When the upstream last said what the tag names, in microseconds since 1970.
    public var checkedAt: Int64?
    /// Until when that is taken for true without asking.
    public var freshUntil: Int64?
    /// Since when the upstream does not have it any more.
    public var goneSince: Int64?
    /// When it was last pulled from here.
    public var pulledAt: Int64?
    /// What would happen now, one sentence.
    public var outcome: String
    /// The rule that decides so, as the configuration or the documentation names it.
    public var rule: String

    /// Builds an explanation.
    public init(
        reference: String, digest: Digest? = nil, missingBlobs: Int64 = 0, origin: String, upstream: String? = nil,
        url: String? = nil, checkedAt: Int64? = nil, freshUntil: Int64? = nil, goneSince: Int64? = nil,
        pulledAt: Int64? = nil, outcome: String, rule: String
    ) {
        self.reference = reference
        self.digest = digest
        self.missingBlobs = missingBlobs
        self.origin = origin
        self.upstream = upstream
        self.url = url
        self.checkedAt = checkedAt
        self.freshUntil = freshUntil
        self.goneSince = goneSince
        self.pulledAt = pulledAt
        self.outcome = outcome
        self.rule = rule
    }
}

/// What warming one reference did.
public struct WarmedReference: Sendable, Equatable {
    /// Manifests and blobs that were fetched.
    public var fetched: Int64
    /// Their bytes.
    public var bytes: Int64

    /// Builds it.
    public init(fetched: Int64, bytes: Int64) {
        self.fetched = fetched
        self.bytes = bytes
    }
}

/// What to remove of a cache.
public struct PurgeOptions: Sendable, Equatable {
    /// Only what nobody pulled since then, in microseconds since 1970; nil for all.
    public var notPulledSince: Int64?
    /// Only tags that the upstream does not have any more.
    public var onlyGone = false
    /// Counts and removes nothing.
    public var isDryRun = false

    /// Everything.
    public init() {}
}

/// What was removed.
public struct PurgeSummary: Sendable, Equatable {
    /// Tags.
    public var tags: Int64
    /// Manifests.
    public var manifests: Int64
    /// Bytes of blobs that nothing else holds.
    public var bytes: Int64

    /// Builds it.
    public init(tags: Int64, manifests: Int64, bytes: Int64) {
        self.tags = tags
        self.manifests = manifests
        self.bytes = bytes
    }
}
