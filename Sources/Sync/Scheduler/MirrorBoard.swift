internal import Content
internal import Synchronization

/// What a scheduler knows of its mirrors: who runs, how far it is, what became of the last run.
///
/// Everything is short and under one lock, so that metrics read it from any thread.
final class MirrorBoard: Sendable {
    struct Entry {
        var activity = MirrorActivity.idle
        var task: Task<Void, Never>?
        var isPlanning = false
        var nextRunAt: Int64?
        /// The run under way, without a number until the ledger gave one.
        var run: MirrorRun?
        var last: MirrorRun?
        var succeededAt: Int64?
        var lastError: String?
        /// Runs that ended since the program began.
        var ended: [MirrorOutcome: Int64] = [:]
        /// Bytes sent since the program began.
        var bytes: Int64 = 0
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var isStopped = false
    }

    private let state = Mutex(State())

    init(_ names: [String]) {
        state.withLock { state in
            for name in names { state.entries[name] = Entry() }
        }
    }

    subscript(_ name: String) -> Entry { state.withLock { $0.entries[name] ?? Entry() } }

    func change<Value: Sendable>(_ name: String, _ body: (inout Entry) -> Value) -> Value {
        state.withLock { body(&$0.entries[name, default: Entry()]) }
    }

    var isStopped: Bool { state.withLock { $0.isStopped } }

    /// No run begins any more; the tasks of those under way, cancelled.
    func stop() -> [Task<Void, Never>] {
        let tasks = state.withLock { state in
            state.isStopped = true
            return state.entries.values.compactMap(\.task)
        }
        for task in tasks { task.cancel() }
        return tasks
    }

    /// Marks a mirror as busy and has its task made; nil when it is busy already, or nothing begins any more.
    func claim(
        _ name: String, _ activity: MirrorActivity, _ make: () -> Task<Void, Never>
    ) -> Task<Void, Never>? {
        state.withLock { state in
            guard !state.isStopped, state.entries[name]?.activity == .idle else { return nil }
            let task = make()
            state.entries[name]?.activity = activity
            state.entries[name]?.task = task
            return task
        }
    }

    /// What a run tells of itself while it is under way.
    func take(_ event: MirrorEvent, of name: String, _ trigger: MirrorTrigger, at now: Int64) {
        change(name) { entry in
            switch event {
            case .surveying:
                entry.run = MirrorRun(id: 0, mirror: name, trigger: trigger, startedAt: now)
            case .planned(let plan):
                entry.run?.counts.selected = Int64(plan.items.count { $0.origin != .formerly })
                entry.run?.counts.failed = Int64(plan.problems.count)
            case .moved(_, let bytes):
                entry.bytes &+= bytes
                entry.run?.counts.bytes &+= bytes
            case .ended(_, let outcome): entry.run?.counts.note(outcome)
            case .began, .finished: break
            }
        }
    }

    /// What became of a run.
    func end(_ name: String, _ run: MirrorRun, firstFailure: MirrorFailure?) {
        change(name) { entry in
            entry.ended[run.outcome, default: 0] += 1
            entry.remember(run, firstFailure: firstFailure)
        }
    }
}

extension MirrorBoard.Entry {
    /// Takes over what the last run says.
    mutating func remember(_ run: MirrorRun, firstFailure: MirrorFailure?) {
        last = run
        switch run.outcome {
        case .succeeded:
            succeededAt = run.endedAt
            lastError = nil
        case .failed: lastError = run.message.isEmpty ? firstFailure?.reason : run.message
        case .cancelled: lastError = "the run was stopped"
        case .interrupted: lastError = "the run was cut off: its process ended"
        case .running: break
        }
    }
}

extension MirrorCounts {
    fileprivate mutating func note(_ outcome: ItemOutcome) {
        switch outcome {
        case .copied: copied += 1
        case .retagged: retagged += 1
        case .left: left += 1
        case .marked: marked += 1
        case .pruned: pruned += 1
        case .failed: failed += 1
        }
    }
}
