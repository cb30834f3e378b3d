public import Content

extension MirrorScheduler: MirrorControl {
    /// Every mirror, in the order they were given.
    public func mirrors() async throws(ContentError) -> [MirrorState] {
        var states: [MirrorState] = []
        for job in jobs { states.append(try await state(of: job)) }
        return states
    }

    /// One of them.
    public func mirror(_ name: String) async throws(ContentError) -> MirrorState {
        try await state(of: try job(name))
    }

    /// What a run would do now; one plan of a mirror at a time.
    public func plan(of name: String) async throws(ContentError) -> MirrorPreview {
        let job = try job(name)
        let isFirst = board.change(name) { entry in
            defer { entry.isPlanning = true }
            return !entry.isPlanning
        }
        guard isFirst else { throw .conflict("a plan of the mirror \(name) is being made; ask again when it is done") }
        let plan = await job.plan(wantsBytes: false, wantsDigests: false)
        board.change(name) { $0.isPlanning = false }
        return MirrorPreview(plan)
    }

    /// Begins a run; returns when it is under way, or waits for others.
    public func run(_ name: String) async throws(ContentError) -> MirrorState {
        let job = try job(name)
        guard let begun = begin(job, .api) else {
            throw board.isStopped
                ? .unavailable("the mirror \(name) does not run: the server is stopping")
                : .conflict("a run of the mirror \(name) is under way; wait for its end, or cancel it")
        }
        if !begun.isWaiting, let error = await begun.beginning.heard() { throw error }
        return try await state(of: job)
    }

    /// Stops a run, and waits until it has stopped.
    public func cancel(_ name: String) async throws(ContentError) -> MirrorState {
        let job = try job(name)
        if let task = board[name].task {
            task.cancel()
            await task.value
        }
        return try await state(of: job)
    }

    /// The latest runs, as the ledger has them.
    public func runs(of mirror: String?, before last: Int64?, limit: Int) async throws(ContentError) -> [MirrorRun] {
        if let mirror { _ = try job(mirror) }
        return try await desk.ask { ledger throws(ContentError) in
            try ledger.runs(of: mirror, before: last, limit: min(max(limit, 1), 1000))
        }
    }

    /// One run and its failures, as the ledger has them.
    public func report(of run: Int64) async throws(ContentError) -> MirrorReport {
        let found: MirrorReport? = try await desk.ask { ledger throws(ContentError) in
            guard let found = try ledger.run(run) else { return nil }
            return MirrorReport(run: found, failures: try ledger.failures(of: run))
        }
        guard let found else { throw .nameUnknown("there is no run \(run)") }
        return found
    }

    private func job(_ name: String) throws(ContentError) -> any MirrorJob {
        guard let job = jobs.first(where: { $0.rule.name == name }) else {
            throw .nameUnknown("there is no mirror \(name) in the server's mirror file")
        }
        return job
    }

    /// What is known here, with what the ledger knows: a command may have run the mirror too.
    private func state(of job: any MirrorJob) async throws(ContentError) -> MirrorState {
        let (rule, name) = (job.rule, job.rule.name)
        let latest = try await desk.ask { ledger throws(ContentError) in
            try ledger.runs(of: name, before: nil, limit: 2)
        }
        let entry = board[name]
        var state = MirrorState(
            name: name, from: rule.from.description, to: rule.to.description, activity: entry.activity,
            nextRunAt: entry.nextRunAt, last: latest.first { $0.outcome != .running }, succeededAt: entry.succeededAt,
            lastError: entry.lastError)
        if let running = latest.first(where: { $0.outcome == .running }) {
            state.run = running
            if let counts = entry.run?.counts { state.run?.counts = counts }
            if state.activity == .idle { state.activity = .running }
        }
        if let last = state.last, last.outcome == .succeeded {
            state.succeededAt = max(state.succeededAt ?? 0, last.endedAt ?? 0)
        }
        return state
    }
}

extension MirrorPreview {
    private static let mostChanges = 1000

    /// What is worth telling of a plan.
    init(_ plan: MirrorPlan) {
        var counts: [String: Int64] = [:]
        for item in plan.items { counts[item.action.rawValue, default: 0] += 1 }
        let changes = plan.items.lazy.filter { $0.action != .leave }.prefix(MirrorPreview.mostChanges)
        self.init(
            mirror: plan.mirror, counts: counts,
            changes: changes.map { item in
                Change(
                    action: item.action.rawValue, source: item.sourceName, destination: item.destinationName,
                    reason: item.reason)
            },
            problems: plan.problems.map { problem in
                MirrorFailure(
                    source: problem.side == .source ? problem.object : "",
                    destination: problem.side == .destination ? problem.object : "", side: problem.side,
                    reason: problem.reason, hint: problem.hint)
            },
            notes: plan.notes)
    }
}
