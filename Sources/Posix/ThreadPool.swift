/// Threads for work that may block, as a task executor: tasks that prefer it run there and nowhere else.
///
/// Measured with blocking calls in tasks, the cooperative pool of two cores delays a ready task by seconds; a pool of
/// its own by less than a millisecond. Threads start as work comes and stay.
public final class ThreadPool: TaskExecutor {
    private struct State {
        var jobs = WaitingLine<UnownedJob>()
        var idle = 0
        var started = 0
    }

    private let name: String
    private let limit: Int
    private let state = Condition(State())

    /// A pool of at most `threads` threads, none of which runs yet.
    public init(name: String, threads: Int) {
        self.name = name
        limit = max(1, threads)
    }

    /// Puts a job in line; first come, first served.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        var mustStart = false
        state.update { state in
            state.jobs.append(job)
            mustStart = state.jobs.count > state.idle && state.started < limit
            if mustStart { state.started += 1 }
            return state.idle > 0
        }
        if mustStart { startThread() }
    }

    /// A pool that has threads goes on with fewer when the system gives no more; one without cannot work at all.
    private func startThread() {
        do {
            _ = try SystemThread(name: name) { self.run() }
        } catch {
            var remaining = 0
            state.update { state in
                state.started -= 1
                remaining = state.started
                return false
            }
            precondition(remaining > 0, "the system gives no thread to work with: \(error)")
        }
    }

    private func run() {
        let executor = asUnownedTaskExecutor()
        while true {
            state.update { state in
                state.idle += 1
                return false
            }
            let job = state.wait { state, _ in
                let job = state.jobs.popFirst()
                if job != nil { state.idle -= 1 }
                return job
            }
            job.runSynchronously(on: executor)
        }
    }
}
