/// What people ask of the mirrors of a server.
///
/// Names are those of the configured mirrors; for any other functions throw `.nameUnknown`. Safe to share.
/// - Throws: besides, what the ledger throws, and at a client what requests throw.
public protocol MirrorControl: Sendable {
    /// Every configured mirror and its state, in the order of the file.
    func mirrors() async throws(ContentError) -> [MirrorState]
    /// One of them.
    func mirror(_ name: String) async throws(ContentError) -> MirrorState
    /// What a run would do now; asks both ends of the mirror.
    ///
    /// - Throws: `.conflict` while another plan of the mirror is being made.
    func plan(of name: String) async throws(ContentError) -> MirrorPreview
    /// Begins a run; does not wait for its end.
    ///
    /// - Throws: `.conflict` while a run of the mirror is under way or waits.
    func run(_ name: String) async throws(ContentError) -> MirrorState
    /// Stops the run of a mirror, if there is one, and waits until it has stopped.
    func cancel(_ name: String) async throws(ContentError) -> MirrorState
    /// The latest runs first, of one mirror or of all: at most `limit` (1 to 1000) of those before `last`.
    func runs(of mirror: String?, before last: Int64?, limit: Int) async throws(ContentError) -> [MirrorRun]
    /// A run by its number, and what failed in it.
    ///
    /// - Throws: `.nameUnknown` when there is none.
    func report(of run: Int64) async throws(ContentError) -> MirrorReport
}

/// What a mirror of a server is doing.
public enum MirrorActivity: String, Sendable, CaseIterable {
    /// Nothing.
    case idle
    /// It is to run as soon as fewer others do.
    case waiting
    /// A run is under way.
    case running
}

/// A configured mirror as people look at it; times are microseconds since 1970.
public struct MirrorState: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// Where it comes from.
    public var from: String
    /// Where it goes.
    public var to: String
    /// What it is doing.
    public var activity: MirrorActivity
    /// When it runs next by itself; nil for on demand.
    public var nextRunAt: Int64?
    /// The run under way as it stands.
    public var run: MirrorRun?
    /// The last run that is over, whoever began it.
    public var last: MirrorRun?
    /// When the last run ended in which nothing failed.
    public var succeededAt: Int64?
    /// Why the last run did not succeed; one sentence.
    public var lastError: String?

    /// Builds it.
    public init(
        name: String, from: String, to: String, activity: MirrorActivity, nextRunAt: Int64? = nil,
        run: MirrorRun? = nil, last: MirrorRun? = nil, succeededAt: Int64? = nil, lastError: String? = nil
    ) {
        self.name = name
        self.from = from
        self.to = to
        self.activity = activity
        self.nextRunAt = nextRunAt
        self.run = run
        self.last = last
        self.succeededAt = succeededAt
        self.lastError = lastError
    }
}

/// What a run would do.
public struct MirrorPreview: Sendable, Equatable {
    /// The mirror's name.
    public var mirror: String
    /// How many references each action is for, by the action's name; those with none are left out.
    public var counts: [String: Int64]
    /// What would be done, at most 1000 of it; what would be left as it is, is not listed.
    public var changes: [Change]
    /// What could not be found out.
    public var problems: [MirrorFailure]
    /// What people should know and that stops nothing.
    public var notes: [String]

    /// Something that would be done about a reference.
    public struct Change: Sendable, Equatable {
        /// `copy`, `retag`, `conflict`, `mark`, `wait` or `prune`.
        public var action: String
        /// The reference at the source, for people.
        public var source: String
        /// The reference at the destination, for people.
        public var destination: String
        /// Why; one short clause.
        public var reason: String

        /// Builds it.
        public init(action: String, source: String, destination: String, reason: String) {
            self.action = action
            self.source = source
            self.destination = destination
            self.reason = reason
        }
    }

    /// Builds it.
    public init(
        mirror: String, counts: [String: Int64], changes: [Change], problems: [MirrorFailure], notes: [String]
    ) {
        self.mirror = mirror
        self.counts = counts
        self.changes = changes
        self.problems = problems
        self.notes = notes
    }
}

/// A run and what failed in it.
public struct MirrorReport: Sendable, Equatable {
    /// The run.
    public var run: MirrorRun
    /// The first 10,000 failures, in the order noted.
    public var failures: [MirrorFailure]

    /// Builds it.
    public init(run: MirrorRun, failures: [MirrorFailure]) {
        self.run = run
        self.failures = failures
    }
}
