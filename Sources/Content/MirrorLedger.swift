public import OCIModel

// What is remembered of mirrors between runs. Times are microseconds since 1970.

/// How a run ended, or that it has not.
public enum MirrorOutcome: String, Sendable, CaseIterable {
    /// Under way.
    case running
    /// Everything selected is there.
    case succeeded
    /// Something failed; the rest is there.
    case failed
    /// Somebody stopped it.
    case cancelled
    /// Its process died.
    case interrupted
}

/// What began a run.
public enum MirrorTrigger: String, Sendable, CaseIterable {
    /// Somebody at a command line.
    case command
    /// The clock.
    case schedule
    /// Somebody over the API.
    case api
}

/// What a run did, in numbers.
public struct MirrorCounts: Sendable, Equatable {
    /// References selected.
    public var selected: Int64 = 0
    /// References whose content was moved.
    public var copied: Int64 = 0
    /// References whose content was there and whose tag was moved or set.
    public var retagged: Int64 = 0
    /// References that were as they should be.
    public var left: Int64 = 0
    /// References marked for removal.
    public var marked: Int64 = 0
    /// References removed.
    public var pruned: Int64 = 0
    /// References that failed.
    public var failed: Int64 = 0
    /// Blobs sent.
    public var blobs: Int64 = 0
    /// Bytes sent.
    public var bytes: Int64 = 0
    /// Blobs mounted instead of sent.
    public var mounted: Int64 = 0
    /// Requests sent to sources.
    public var sourceRequests: Int64 = 0
    /// Requests sent to destinations.
    public var destinationRequests: Int64 = 0

    /// Nothing yet.
    public init() {}
}

/// One run of one mirror.
public struct MirrorRun: Sendable, Equatable {
    /// Its number; they grow.
    public var id: Int64
    /// The mirror's name.
    public var mirror: String
    /// What began it.
    public var trigger: MirrorTrigger
    /// When it began.
    public var startedAt: Int64
    /// When it ended; nil while it runs, or when its process died.
    public var endedAt: Int64?
    /// How it ended.
    public var outcome: MirrorOutcome
    /// What it did.
    public var counts: MirrorCounts
    /// One sentence when the run as a whole failed; empty otherwise.
    public var message: String

    /// Builds a run.
    public init(
        id: Int64, mirror: String, trigger: MirrorTrigger, startedAt: Int64, endedAt: Int64? = nil,
        outcome: MirrorOutcome = .running, counts: MirrorCounts = MirrorCounts(), message: String = ""
    ) {
        self.id = id
        self.mirror = mirror
        self.trigger = trigger
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.outcome = outcome
        self.counts = counts
        self.message = message
    }
}

/// Where something went wrong.
public enum TransferSide: String, Sendable, CaseIterable {
    /// Where it comes from.
    case source
    /// Where it goes.
    case destination
}

/// A reference that a run could not mirror.
public struct MirrorFailure: Sendable, Equatable {
    /// The reference at the source, for people.
    public var source: String
    /// The reference at the destination, for people.
    public var destination: String
    /// Which side failed.
    public var side: TransferSide
    /// What happened; one sentence.
    public var reason: String
    /// What to do about it; empty when nobody knows.
    public var hint: String

    /// Builds it.
    public init(source: String, destination: String, side: TransferSide, reason: String, hint: String) {
        self.source = source
        self.destination = destination
        self.side = side
        self.reason = reason
        self.hint = hint
    }
}

/// A reference that a mirror has put at its destination.
public struct MirroredReference: Sendable, Equatable {
    /// The repository at the destination.
    public var repository: RepositoryName
    /// The tag there.
    public var tag: Tag
    /// What the tag named at the source: a manifest, or an archive of a classic repository; nil when nothing told.
    public var sourceDigest: Digest?
    /// The manifest it was given at the destination; nil at a classic destination.
    public var digest: Digest?
    /// When it was last put there or seen to be right.
    public var seenAt: Int64
    /// Since when it is not selected any more and waits to be removed; nil while it is selected.
    public var markedAt: Int64?
    /// When it was removed, while that can be undone; nil for one that is there.
    public var removedAt: Int64?
    /// The manifest's type and bytes, kept when it is removed so that it can be put back; nil otherwise.
    public var manifest: StoredManifest?

    /// Builds it.
    public init(
        repository: RepositoryName, tag: Tag, sourceDigest: Digest?, digest: Digest?, seenAt: Int64,
        markedAt: Int64? = nil, removedAt: Int64? = nil, manifest: StoredManifest? = nil
    ) {
        self.repository = repository
        self.tag = tag
        self.sourceDigest = sourceDigest
        self.digest = digest
        self.seenAt = seenAt
        self.markedAt = markedAt
        self.removedAt = removedAt
        self.manifest = manifest
    }
}

/// A listing as a run last saw it, so that the next can ask whether it has changed.
public struct RememberedListing: Sendable, Equatable {
    /// What to ask with; nil for nothing.
    public var entityTag: String?
    /// `Last-Modified` of an index.
    public var lastModified: String?
    /// The SHA-256 of an index's text.
    public var content: Digest?
    /// The listing itself in the writer's own form, at most 64 MiB.
    public var body: [UInt8]

    /// Builds it.
    public init(entityTag: String?, lastModified: String? = nil, content: Digest? = nil, body: [UInt8]) {
        self.entityTag = entityTag
        self.lastModified = lastModified
        self.content = content
        self.body = body
    }
}

/// The memory of mirrors.
///
/// Functions may block for a transaction; they are called off the cooperative pool. Several processes may use one
/// ledger at a time. Safe to share.
/// - Throws: `.storageFull`, `.corrupt`, `.unavailable` when another process holds it for too long.
public protocol MirrorLedger: Sendable {
    /// Begins a run; runs of the mirror that are `running` and whose process is gone become `interrupted`.
    ///
    /// - Throws: `.conflict` when a run of the mirror is under way, in this process or another.
    func beginRun(of mirror: String, _ trigger: MirrorTrigger, at time: Int64) throws(ContentError) -> MirrorRun
    /// Writes down how far a run is; every few seconds.
    func noteProgress(_ run: MirrorRun) throws(ContentError)
    /// Writes down how a run ended, with its failures (the first 10,000 are kept), and lets the next begin, whatever it
    /// throws; keeps the last 1,000 runs of a mirror, and what failed in the last 100 of them.
    func endRun(_ run: MirrorRun, _ failures: [MirrorFailure]) throws(ContentError)
    /// The latest runs first, of one mirror or of all, those before `last`; runs whose process is gone read as
    /// `interrupted`.
    func runs(of mirror: String?, before last: Int64?, limit: Int) throws(ContentError) -> [MirrorRun]
    /// One run; nil when there is none of that number.
    func run(_ id: Int64) throws(ContentError) -> MirrorRun?
    /// What failed in a run, in the order noted.
    func failures(of run: Int64) throws(ContentError) -> [MirrorFailure]

    /// What a mirror has put at a destination, sorted by repository and tag; `place` names the destination.
    func references(of mirror: String, at place: String) throws(ContentError) -> [MirroredReference]
    /// Writes references down, in place of those of the same repository and tag: one transaction.
    func note(_ references: [MirroredReference], of mirror: String, at place: String) throws(ContentError)
    /// Forgets references.
    func forget(_ references: [(RepositoryName, Tag)], of mirror: String, at place: String) throws(ContentError)
    /// The mirrors, other than this one, that have put this tag at this place and not removed it; sorted.
    func otherMirrors(than mirror: String, at place: String, _ repository: RepositoryName, _ tag: Tag)
        throws(ContentError) -> [String]

    /// A listing as it was last seen; `place` names the end, `key` what was listed.
    func listing(of place: String, _ key: String) throws(ContentError) -> RememberedListing?
    /// Remembers a listing in place of the one before; those kept 90 days ago are forgotten.
    ///
    /// - Throws: `.tooLarge` besides.
    func keep(_ listing: RememberedListing, of place: String, _ key: String) throws(ContentError)

    /// An upload session at a destination that was not finished; nil when there is none, or it is older than a day.
    func session(at place: String, _ repository: RepositoryName, _ digest: Digest) throws(ContentError) -> String?
    /// Remembers an upload session, or with nil that it is over.
    func note(session: String?, at place: String, _ repository: RepositoryName, _ digest: Digest) throws(ContentError)

    /// When a scheduled run of a mirror was last due and begun; nil for never.
    func lastDue(of mirror: String) throws(ContentError) -> Int64?
    /// Writes that down.
    func noteDue(of mirror: String, at time: Int64) throws(ContentError)
}
