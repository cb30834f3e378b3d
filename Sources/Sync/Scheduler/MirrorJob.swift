public import Content

/// A mirror that can be planned and run; `MirrorWorker` is one.
public protocol MirrorJob: Sendable {
    /// What it mirrors.
    var rule: MirrorRule { get }
    /// What a run would do now.
    func plan(wantsBytes: Bool, wantsDigests: Bool) async -> MirrorPlan
    /// Runs it; cancelling the task ends the run.
    ///
    /// - Throws: `.conflict` when a run of it is under way, and what the ledger throws.
    func run(
        _ trigger: MirrorTrigger, _ events: @escaping @Sendable (MirrorEvent) -> Void
    ) async throws(ContentError) -> MirrorResult
}

extension MirrorWorker: MirrorJob {}

/// Time and chance of a scheduler, as parameters.
public struct SchedulerTiming: Sendable {
    /// The time in microseconds since 1970.
    public var now: @Sendable () -> Int64
    /// Waits; returns early when the task is cancelled.
    public var sleep: @Sendable (Duration) async -> Void
    /// A number from 0 up to 1.
    public var random: @Sendable () -> Double

    /// Builds a timing.
    public init(
        now: @escaping @Sendable () -> Int64, sleep: @escaping @Sendable (Duration) async -> Void,
        random: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.sleep = sleep
        self.random = random
    }
}
