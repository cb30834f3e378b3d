public import Content

/// What happens in a run, as it happens.
public enum MirrorEvent: Sendable {
    /// Listings are asked for.
    case surveying(mirror: String)
    /// What is to be done is known.
    case planned(MirrorPlan)
    /// A reference is being worked on.
    case began(PlannedReference)
    /// Bytes were sent to the destination.
    case moved(mirror: String, bytes: Int64)
    /// A reference is done.
    case ended(PlannedReference, ItemOutcome)
    /// The run is over.
    case finished(MirrorRun, [MirrorFailure])
}

/// What became of a reference.
public enum ItemOutcome: Sendable, Equatable {
    /// Content was moved: so many bytes.
    case copied(bytes: Int64)
    /// Only the tag was set.
    case retagged
    /// It was as it should be.
    case left
    /// It is marked for removal.
    case marked
    /// It was removed.
    case pruned
    /// It could not be done.
    case failed(MirrorFailure)
}

/// How a worker works.
public struct MirrorOptions: Sendable {
    /// Where archives lie on their way through; nothing stays there.
    public var spoolDirectory = "/tmp"
    /// The largest archive of a classic repository, in bytes.
    public var maximumArchiveBytes: Int64 = 100 << 20
    /// Whether the destination is asked for each digest, whatever is remembered.
    public var distrusts = false
    /// Exactly what is mirrored, instead of what the rule selects.
    public var lock: LockedMirror?
    /// The time in microseconds since 1970.
    public var now: @Sendable () -> Int64

    /// The defaults.
    public init(now: @escaping @Sendable () -> Int64) {
        self.now = now
    }
}

/// A run that is over.
public struct MirrorResult: Sendable, Equatable {
    /// The run as the ledger has it.
    public var run: MirrorRun
    /// What was to be done.
    public var plan: MirrorPlan
    /// What failed.
    public var failures: [MirrorFailure]

    /// Builds it.
    public init(run: MirrorRun, plan: MirrorPlan, failures: [MirrorFailure]) {
        self.run = run
        self.plan = plan
        self.failures = failures
    }
}
