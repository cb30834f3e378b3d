import Content
import Metadata
import Sync
import Synchronization
import TestSupport

/// Counts, and lets tasks wait for a count.
final class Count: Sendable {
    private let state = Mutex((count: 0, waiting: [(at: Int, continuation: CheckedContinuation<Void, Never>)]()))

    var value: Int { state.withLock { $0.count } }

    func add() {
        let ready = state.withLock { state in
            state.count += 1
            let count = state.count
            defer { state.waiting.removeAll { $0.at <= count } }
            return state.waiting.filter { $0.at <= count }
        }
        for waiting in ready { waiting.continuation.resume() }
    }

    func reached(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.count < count { state.waiting.append((count, continuation)) }
                return state.count >= count
            }
            if isThere { continuation.resume() }
        }
    }
}

/// A wait that ends when the task is cancelled or somebody says so.
final class Rest: Sendable {
    private let state = Mutex((isOver: false, continuation: CheckedContinuation<Void, Never>?.none))

    func end() {
        let continuation = state.withLock { state in
            state.isOver = true
            defer { state.continuation = nil }
            return state.continuation
        }
        continuation?.resume()
    }

    func over() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if !state.isOver { state.continuation = continuation }
                    return state.isOver
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            end()
        }
    }
}

/// A clock that moves when a test says so.
final class TestTime: Sendable {
    private struct State {
        var now: Int64 = 1_700_000_000_000_000
        var asleep: [(until: Int64, rest: Rest)] = []
    }

    static let minute: Int64 = 60_000_000
    static let hour = 60 * minute
    private let state = Mutex(State())
    /// How often somebody has gone to sleep.
    let slept = Count()

    var now: Int64 { state.withLock { $0.now } }

    func timing(random: Double = 0) -> SchedulerTiming {
        SchedulerTiming(now: { self.now }, sleep: { await self.sleep($0) }, random: { random })
    }

    private func sleep(_ duration: Duration) async {
        let rest = Rest()
        let (seconds, parts) = duration.components
        state.withLock { $0.asleep.append(($0.now + seconds * 1_000_000 + parts / 1_000_000_000_000, rest)) }
        slept.add()
        await rest.over()
    }

    /// Moves on, and wakes whoever is to be awake then.
    func advance(_ time: Int64) {
        let awake = state.withLock { state in
            state.now += time
            let now = state.now
            defer { state.asleep.removeAll { $0.until <= now } }
            return state.asleep.filter { $0.until <= now }
        }
        for sleeper in awake { sleeper.rest.end() }
    }
}

/// A mirror whose runs last until a test lets them end.
final class HeldJob: MirrorJob {
    let rule: MirrorRule
    let begun = Count()
    private let ledger: any MirrorLedger
    private let time: TestTime
    private let rests = Mutex<[Rest]>([])
    private let failing = Mutex(false)

    init(_ rule: MirrorRule, _ ledger: any MirrorLedger, _ time: TestTime) {
        self.rule = rule
        self.ledger = ledger
        self.time = time
    }

    /// Lets the run under way end.
    func finish(fails: Bool = false) {
        failing.withLock { $0 = fails }
        rests.withLock { $0.last }?.end()
    }

    func plan(wantsBytes: Bool, wantsDigests: Bool) async -> MirrorPlan {
        MirrorPlan(mirror: rule.name, from: rule.from, to: rule.to, items: [], problems: [], notes: ["looked"])
    }

    func run(
        _ trigger: MirrorTrigger, _ events: @escaping @Sendable (MirrorEvent) -> Void
    ) async throws(ContentError) -> MirrorResult {
        var run = try ledger.beginRun(of: rule.name, trigger, at: time.now)
        events(.surveying(mirror: rule.name))
        events(.moved(mirror: rule.name, bytes: 700))
        let rest = Rest()
        rests.withLock { $0.append(rest) }
        begun.add()
        await rest.over()
        let isFailing = failing.withLock { $0 }
        run.endedAt = time.now
        run.outcome = Task.isCancelled ? .cancelled : isFailing ? .failed : .succeeded
        run.counts.copied = 3
        run.counts.bytes = 700
        run.counts.failed = isFailing ? 1 : 0
        let failures =
            isFailing
            ? [MirrorFailure(source: "a", destination: "b", side: .source, reason: "it is not there", hint: "")] : []
        try ledger.endRun(run, failures)
        return MirrorResult(
            run: run, plan: await plan(wantsBytes: false, wantsDigests: false), failures: failures)
    }
}
