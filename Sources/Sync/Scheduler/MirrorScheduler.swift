public import Content
internal import Synchronization

/// How a scheduler works.
public struct SchedulerOptions: Sendable {
    /// How many mirrors run at a time.
    public var concurrency = 2
    /// Told what people should know: a mirror's name and one sentence.
    public var report: @Sendable (_ mirror: String, _ text: String) -> Void = { _, _ in }
    /// Told of every run that is over.
    public var ended: @Sendable (MirrorRun) -> Void = { _ in }

    /// The defaults.
    public init() {}
}

/// Runs mirrors when they are due, and when somebody asks.
///
/// A mirror never runs twice at a time: what is due while it runs is passed over. What was due while nobody ran the
/// scheduler is made up for once. A run that `stop` or a crash cuts off counts as not begun, and is begun anew at the next
/// start. Safe to share.
public final class MirrorScheduler: Sendable {
    let jobs: [any MirrorJob]
    let board: MirrorBoard
    let desk: LedgerDesk
    private let timing: SchedulerTiming
    private let options: SchedulerOptions
    private let slots: RunSlots
    private let keeper = Mutex<Task<Void, Never>?>(nil)
    /// Clocks are set and machines sleep: nobody sleeps longer than this without a look at the time.
    private static let longestSleep: Int64 = 60_000_000

    /// Begins nothing; of jobs with the same name the first counts.
    public init(
        _ jobs: [any MirrorJob], ledger: any MirrorLedger, _ timing: SchedulerTiming,
        _ options: SchedulerOptions = SchedulerOptions()
    ) {
        var names: Set<String> = []
        self.jobs = jobs.filter { names.insert($0.rule.name).inserted }
        board = MirrorBoard(Array(names))
        desk = LedgerDesk(ledger: ledger)
        self.timing = timing
        self.options = options
        slots = RunSlots(options.concurrency)
    }

    /// Begins to run mirrors when they are due; a second time does nothing.
    public func start() {
        keeper.withLock { keeper in
            guard keeper == nil, !board.isStopped else { return }
            keeper = Task { [self] in
                await recall()
                await withTaskGroup { group in
                    for job in jobs {
                        guard let schedule = job.rule.schedule else { continue }
                        group.addTask { [self] in await attend(job, schedule) }
                    }
                }
            }
        }
    }

    /// Stops what runs, lets nothing begin any more, and returns when all is quiet.
    public func stop() async {
        let runs = board.stop()
        let task = keeper.withLock { $0 }
        task?.cancel()
        for run in runs { await run.value }
        await task?.value
    }

    // MARK: By the clock

    /// What the ledger knows of runs before this program's.
    private func recall() async {
        for job in jobs {
            let name = job.rule.name
            do throws(ContentError) {
                let runs = try await desk.ask { ledger throws(ContentError) in
                    try ledger.runs(of: name, before: nil, limit: 1000)
                }
                let last = runs.first { $0.outcome != .running }
                var failure: MirrorFailure?
                if let last, last.outcome == .failed {
                    failure = try await desk.ask { ledger throws(ContentError) in try ledger.failures(of: last.id).first
                    }
                }
                let succeeded = runs.first { $0.outcome == .succeeded }?.endedAt
                board.change(name) { [failure] entry in
                    guard entry.last == nil else { return }
                    if let last { entry.remember(last, firstFailure: failure) }
                    entry.succeededAt = succeeded
                }
            } catch {
                options.report(name, "what its last runs did cannot be read: \(error.message)")
            }
        }
    }

    /// Runs a mirror whenever it is due, until the task is cancelled.
    private func attend(_ job: any MirrorJob, _ schedule: MirrorSchedule) async {
        let name = job.rule.name
        guard var lastDue = await lastDue(of: name) else { return }
        while !Task.isCancelled {
            guard let next = schedule.next(after: lastDue, now: timing.now(), random: timing.random()) else { return }
            board.change(name) { $0.nextRunAt = next.start }
            while !Task.isCancelled {
                let left = next.start - timing.now()
                guard left > 0 else { break }
                await timing.sleep(.microseconds(min(left, MirrorScheduler.longestSleep)))
            }
            guard !Task.isCancelled else { return }
            if let run = begin(job, .schedule) { await run.task.value }
            guard !board.isStopped else { return }
            // In memory too: a ledger that cannot be written must not make a mirror run without a pause.
            lastDue = next.due
            await noteDue(name, next.due)
        }
    }

    /// When a mirror was last due; nil within for never.
    ///
    /// Nil itself when the task is cancelled before the ledger answers.
    private func lastDue(of name: String) async -> Int64?? {
        while !Task.isCancelled {
            do throws(ContentError) {
                let due = try await desk.ask { ledger throws(ContentError) in try ledger.lastDue(of: name) }
                return .some(due)
            } catch {
                options.report(name, "when it was last due cannot be read, it waits: \(error.message)")
                board.change(name) { $0.lastError = error.message }
                await timing.sleep(.microseconds(MirrorScheduler.longestSleep))
            }
        }
        return nil
    }

    private func noteDue(_ name: String, _ due: Int64) async {
        do throws(ContentError) {
            try await desk.ask { ledger throws(ContentError) in try ledger.noteDue(of: name, at: due) }
        } catch {
            options.report(name, "that it ran cannot be noted: \(error.message)")
        }
    }

    // MARK: Runs

    /// A run that was begun: its task, and whether its mirror began or could not.
    struct Begun {
        var task: Task<Void, Never>
        var isWaiting: Bool
        var beginning: Told<ContentError?>
    }

    /// Begins a run; nil while one is under way or waits, or after `stop`.
    func begin(_ job: any MirrorJob, _ trigger: MirrorTrigger) -> Begun? {
        let beginning = Told<ContentError?>()
        let hasPlace = slots.takeAtOnce()
        let task = board.claim(job.rule.name, hasPlace ? .running : .waiting) {
            Task { [self] in await execute(job, trigger, hasPlace: hasPlace, beginning) }
        }
        guard let task else {
            if hasPlace { slots.give() }
            return nil
        }
        return Begun(task: task, isWaiting: !hasPlace, beginning: beginning)
    }

    private func execute(
        _ job: any MirrorJob, _ trigger: MirrorTrigger, hasPlace: Bool, _ beginning: Told<ContentError?>
    ) async {
        let name = job.rule.name
        var holdsPlace = hasPlace
        if !holdsPlace { holdsPlace = await slots.take() }
        if holdsPlace {
            board.change(name) { $0.activity = .running }
            await perform(job, trigger, beginning)
        }
        board.change(name) { entry in
            entry.activity = .idle
            entry.run = nil
            entry.task = nil
        }
        if holdsPlace { slots.give() }
        beginning.tell(.conflict("the run of the mirror \(name) was stopped before it began"))
    }

    private func perform(_ job: any MirrorJob, _ trigger: MirrorTrigger, _ beginning: Told<ContentError?>) async {
        let name = job.rule.name
        let (board, now) = (board, timing.now)
        do throws(ContentError) {
            let result = try await job.run(trigger) { event in
                board.take(event, of: name, trigger, at: now())
                if case .surveying = event { beginning.tell(nil) }
            }
            board.end(name, result.run, firstFailure: result.failures.first)
            options.ended(result.run)
        } catch {
            board.change(name) { $0.lastError = error.message }
            options.report(name, "it did not run: \(error.message)")
            beginning.tell(error)
        }
    }
}
