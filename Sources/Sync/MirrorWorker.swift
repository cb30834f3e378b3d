public import Content
internal import Synchronization
internal import Transfer

/// Plans and runs one mirror.
///
/// Safe to share; the ledger lets one run of a mirror at a time.
public final class MirrorWorker: Sendable {
    /// What it mirrors.
    public let rule: MirrorRule
    let ends: any MirrorEnds
    let desk: LedgerDesk
    let options: MirrorOptions

    /// Makes a worker; asks nobody yet.
    public init(_ rule: MirrorRule, ends: any MirrorEnds, ledger: any MirrorLedger, _ options: MirrorOptions) {
        self.rule = rule
        self.ends = ends
        self.desk = LedgerDesk(ledger: ledger)
        self.options = options
    }

    /// What a run would do now.
    ///
    /// - Parameters:
    ///   - wantsBytes: also asks for the manifests of what is to be copied, to know how much that is.
    ///   - wantsDigests: also asks what each tag names, for a lock.
    public func plan(wantsBytes: Bool = false, wantsDigests: Bool = false) async -> MirrorPlan {
        let now = options.now()
        let facts = await survey(now, wantsDigests: wantsDigests).gather(options.lock)
        var plan = MirrorPlan(rule, facts, now: now)
        if wantsBytes { await measure(&plan) }
        return plan
    }

    func survey(_ now: Int64, wantsDigests: Bool = false) -> Survey {
        Survey(
            rule: rule, ends: ends, desk: desk, now: now, wantsDigests: wantsDigests, distrusts: options.distrusts,
            spoolDirectory: options.spoolDirectory, maximumArchiveBytes: options.maximumArchiveBytes)
    }

    /// Makes the destination what the rule says.
    ///
    /// One reference that fails does not stop the others. Cancelling the task ends the run after what is under way was
    /// given up; a later run goes on.
    /// - Throws: `.conflict` when a run of the mirror is under way, and what the ledger throws.
    public func run(
        _ trigger: MirrorTrigger, _ events: @escaping @Sendable (MirrorEvent) -> Void = { _ in }
    ) async throws(ContentError) -> MirrorResult {
        let (mirror, start) = (rule.name, options.now())
        let begun = try await desk.ask { ledger throws(ContentError) in
            try ledger.beginRun(of: mirror, trigger, at: start)
        }
        let tally = RunTally(begun)
        let asked = (ends.requestCount(of: rule.from), ends.requestCount(of: rule.to))
        events(.surveying(mirror: rule.name))
        var plan = await plan()
        // What a run that did not end well has left behind is seen under no tag: blobs are asked for one by one then.
        let earlier = try? await desk.ask { ledger throws(ContentError) in
            try ledger.runs(of: mirror, before: begun.id, limit: 1)
        }
        if let last = earlier?.first, last.outcome != .succeeded {
            for position in plan.items.indices { plan.items[position].isNew = false }
        }
        events(.planned(plan))
        tally.take(plan)
        if !Task.isCancelled { await work(on: plan, tally, events) }
        var run = tally.run
        run.counts.sourceRequests = ends.requestCount(of: rule.from) - asked.0
        run.counts.destinationRequests = ends.requestCount(of: rule.to) - asked.1
        run.endedAt = options.now()
        let failures = tally.failures
        run.outcome = Task.isCancelled ? .cancelled : failures.isEmpty ? .succeeded : .failed
        if run.outcome == .failed, plan.items.isEmpty { run.message = failures.first?.reason ?? "" }
        let ended = run
        try await desk.ask { ledger throws(ContentError) in try ledger.endRun(ended, failures) }
        events(.finished(ended, failures))
        return MirrorResult(run: ended, plan: plan, failures: failures)
    }
}

/// What a run has done so far.
final class RunTally: Sendable {
    fileprivate struct State {
        var run: MirrorRun
        var failures: [MirrorFailure] = []
        var notedAt: Int64 = 0
    }

    fileprivate static let keptFailures = 10_000
    private let state: Mutex<State>

    init(_ run: MirrorRun) {
        state = Mutex(State(run: run))
    }

    var run: MirrorRun { state.withLock { $0.run } }
    var failures: [MirrorFailure] { state.withLock { $0.failures } }

    /// What the plan says that needs no work, and what it could not find out.
    func take(_ plan: MirrorPlan) {
        state.withLock { state in
            state.run.counts.selected = Int64(plan.items.count { $0.origin != .formerly })
            for problem in plan.problems {
                state.fail(
                    MirrorFailure(
                        source: problem.side == .source ? problem.object : "",
                        destination: problem.side == .destination ? problem.object : "", side: problem.side,
                        reason: problem.reason, hint: problem.hint))
            }
        }
    }

    func note(_ outcome: ItemOutcome) {
        state.withLock { state in
            switch outcome {
            case .copied: state.run.counts.copied += 1
            case .retagged: state.run.counts.retagged += 1
            case .left: state.run.counts.left += 1
            case .marked: state.run.counts.marked += 1
            case .pruned: state.run.counts.pruned += 1
            case .failed(let failure): state.fail(failure)
            }
        }
    }

    func add(_ summary: TransferSummary) {
        state.withLock { state in
            state.run.counts.blobs += summary.blobs
            state.run.counts.bytes += summary.bytes
            state.run.counts.mounted += summary.mounted
        }
    }

    /// The run as it stands, when some seconds have gone since it was last asked for.
    func due(at now: Int64) -> MirrorRun? {
        state.withLock { state in
            guard now - state.notedAt >= 2_000_000 else { return nil }
            state.notedAt = now
            return state.run
        }
    }
}

extension RunTally.State {
    fileprivate mutating func fail(_ failure: MirrorFailure) {
        run.counts.failed += 1
        if failures.count < RunTally.keptFailures { failures.append(failure) }
    }
}
