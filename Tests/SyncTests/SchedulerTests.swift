import Content
import Metadata
import Sync
import Synchronization
import Telemetry
import TestSupport
import Testing

@Suite("When mirrors run by themselves") struct SchedulerTests {
    let scratch: ScratchDirectory
    let ledger: MirrorDatabase
    let time = TestTime()
    let ended = Count()

    init() throws {
        scratch = try ScratchDirectory()
        ledger = try MirrorDatabase(in: scratch.path)
    }

    private func job(_ name: String = "m", every interval: Duration? = nil, jitter: Duration = .zero) -> HeldJob {
        var rule = MirrorRule(name: name, from: Fixture.from, to: Fixture.to)
        rule.schedule = interval.map { MirrorSchedule(.every($0), jitter: jitter) }
        return HeldJob(rule, ledger, time)
    }

    private func scheduler(_ jobs: HeldJob..., random: Double = 0) -> MirrorScheduler {
        var options = SchedulerOptions()
        options.ended = { [ended] _ in ended.add() }
        return MirrorScheduler(jobs, ledger: ledger, time.timing(random: random), options)
    }

    @Test("What never ran runs at once, then each time the interval has gone") func interval() async throws {
        let job = job(every: .seconds(3600))
        let scheduler = scheduler(job)
        let start = time.now
        scheduler.start()
        scheduler.start()
        await job.begun.reached(1)
        #expect(try await scheduler.mirror("m").activity == .running)
        #expect(try await scheduler.mirror("m").run?.trigger == .schedule)
        job.finish()
        await time.slept.reached(1)
        let state = try await scheduler.mirror("m")
        #expect(state.activity == .idle && state.run == nil && state.last?.outcome == .succeeded)
        #expect(state.nextRunAt == start + TestTime.hour && state.succeededAt == start)
        // The clock is looked at in between.
        time.advance(59 * TestTime.minute)
        await time.slept.reached(2)
        #expect(job.begun.value == 1)
        time.advance(TestTime.minute)
        await job.begun.reached(2)
        await scheduler.stop()
    }

    @Test("Chance moves the start, not the rhythm") func jitter() async throws {
        let due = time.now - 30 * TestTime.minute
        try ledger.noteDue(of: "m", at: due)
        let job = job(every: .seconds(3600), jitter: .seconds(600))
        let scheduler = scheduler(job, random: 0.5)
        scheduler.start()
        await time.slept.reached(1)
        #expect(try await scheduler.mirror("m").nextRunAt == due + TestTime.hour + 5 * TestTime.minute)
        time.advance(35 * TestTime.minute)
        await job.begun.reached(1)
        job.finish()
        await time.slept.reached(2)
        #expect(try ledger.lastDue(of: "m") == due + TestTime.hour)
        await scheduler.stop()
    }

    @Test("What was missed while nobody was there is made up for once") func catchesUp() async throws {
        let due = time.now - 10 * TestTime.hour - TestTime.minute
        try ledger.noteDue(of: "m", at: due)
        let job = job(every: .seconds(3600))
        let scheduler = scheduler(job)
        scheduler.start()
        await job.begun.reached(1)
        job.finish()
        await time.slept.reached(1)
        #expect(job.begun.value == 1)
        // The rhythm is the old one.
        #expect(try await scheduler.mirror("m").nextRunAt == due + 11 * TestTime.hour)
        await scheduler.stop()
    }

    @Test("What is due while it runs is passed over") func passesOver() async throws {
        try ledger.noteDue(of: "m", at: time.now)
        let job = job(every: .seconds(60))
        let scheduler = scheduler(job)
        scheduler.start()
        await time.slept.reached(1)
        #expect(try await scheduler.run("m").run?.trigger == .api)
        await #expect {
            _ = try await scheduler.run("m")
        } throws: { error in
            if case .conflict(let text)? = error as? ContentError { text.contains("under way") } else { false }
        }
        time.advance(TestTime.minute)
        await time.slept.reached(2)
        #expect(job.begun.value == 1)
        #expect(try ledger.lastDue(of: "m") == time.now)
        job.finish()
        await ended.reached(1)
        // Waits for the task, whose run is over.
        #expect(try await scheduler.cancel("m").last?.outcome == .succeeded)
        time.advance(TestTime.minute)
        await job.begun.reached(2)
        await scheduler.stop()
    }

    @Test("A run can be stopped, and the mirror runs again") func cancels() async throws {
        let job = job()
        let scheduler = scheduler(job)
        scheduler.start()
        #expect(try await scheduler.cancel("m").activity == .idle)
        let begun = try await scheduler.run("m")
        #expect(begun.activity == .running && begun.run?.outcome == .running && begun.run?.id != 0)
        await job.begun.reached(1)
        #expect(try await scheduler.mirror("m").run?.counts.bytes == 700)
        let stopped = try await scheduler.cancel("m")
        #expect(stopped.activity == .idle && stopped.run == nil && stopped.last?.outcome == .cancelled)
        #expect(stopped.lastError != nil && stopped.succeededAt == nil)
        _ = try await scheduler.run("m")
        await job.begun.reached(2)
        await scheduler.stop()
    }

    @Test("Stopping cuts what runs, which begins anew at the next start") func stops() async throws {
        let job = job(every: .seconds(3600))
        let scheduler = scheduler(job)
        scheduler.start()
        await job.begun.reached(1)
        await scheduler.stop()
        #expect(try ledger.runs(of: "m", before: nil, limit: 1).first?.outcome == .cancelled)
        #expect(try ledger.lastDue(of: "m") == nil)
        await #expect(throws: ContentError.self) { try await scheduler.run("m") }
        #expect(job.begun.value == 1)
        let again = self.scheduler(job)
        again.start()
        await job.begun.reached(2)
        await again.stop()
    }

    @Test("So many run at a time; the next waits, and may be told not to") func places() async throws {
        let (first, second, third) = (job("a"), job("b"), job("c"))
        let scheduler = scheduler(first, second, third)
        scheduler.start()
        #expect(try await scheduler.run("a").activity == .running)
        #expect(try await scheduler.run("b").activity == .running)
        #expect(try await scheduler.run("c").activity == .waiting)
        await #expect(throws: ContentError.self) { try await scheduler.run("c") }
        #expect(try await scheduler.cancel("c").activity == .idle)
        #expect(try await scheduler.run("c").activity == .waiting)
        #expect(third.begun.value == 0)
        await first.begun.reached(1)
        first.finish()
        await third.begun.reached(1)
        #expect(try await scheduler.mirrors().map(\.activity) == [.idle, .running, .running])
        await scheduler.stop()
    }

    @Test("A run that a command began is seen, and not begun twice") func elsewhere() async throws {
        let job = job()
        let scheduler = scheduler(job)
        let other = try ledger.beginRun(of: "m", .command, at: time.now)
        let state = try await scheduler.mirror("m")
        #expect(state.activity == .running && state.run?.id == other.id && state.run?.trigger == .command)
        await #expect {
            _ = try await scheduler.run("m")
        } throws: { error in
            if case .conflict? = error as? ContentError { true } else { false }
        }
        #expect(try await scheduler.runs(of: "m", before: nil, limit: 10).map(\.id) == [other.id])
        await scheduler.stop()
    }

    @Test("What nobody configured is not there") func unknown() async throws {
        let scheduler = scheduler(job())
        for ask in [
            { _ = try await scheduler.mirror("x") }, { _ = try await scheduler.run("x") },
            { _ = try await scheduler.cancel("x") }, { _ = try await scheduler.plan(of: "x") },
            { _ = try await scheduler.runs(of: "x", before: nil, limit: 1) },
            { _ = try await scheduler.report(of: 99) },
        ] as [() async throws -> Void] {
            await #expect {
                try await ask()
            } throws: { error in
                if case .nameUnknown? = error as? ContentError { true } else { false }
            }
        }
        #expect(try await scheduler.plan(of: "m").notes == ["looked"])
    }

    @Test("A scrape tells of runs, also of those before this program's") func metrics() async throws {
        let job = job()
        let earlier = scheduler(job)
        _ = try await earlier.run("m")
        await job.begun.reached(1)
        job.finish(fails: true)
        await ended.reached(1)
        await earlier.stop()
        let report = try await earlier.report(of: 1)
        #expect(report.failures.map(\.reason) == ["it is not there"])

        let scheduled = self.job("n", every: .seconds(3600))
        try ledger.noteDue(of: "n", at: time.now)
        let scheduler = scheduler(job, scheduled)
        let metrics = MetricsRegistry()
        scheduler.addMetrics(to: metrics)
        scheduler.start()
        await time.slept.reached(1)
        #expect(try await scheduler.mirror("m").lastError == "it is not there")
        var text = String(decoding: metrics.exposition(), as: UTF8.self)
        #expect(text.contains("chartroom_mirror_failures{mirror=\"m\"} 1\n"))
        #expect(text.contains("chartroom_mirror_runs_total{mirror=\"m\",outcome=\"failed\"} 0\n"))
        #expect(!text.contains("chartroom_mirror_last_success_timestamp_seconds{"))
        #expect(text.contains("chartroom_mirror_next_run_timestamp_seconds{mirror=\"n\"} 1700003600\n"))
        _ = try await scheduler.run("m")
        await job.begun.reached(2)
        text = String(decoding: metrics.exposition(), as: UTF8.self)
        #expect(text.contains("chartroom_mirror_running{mirror=\"m\"} 1\n"))
        job.finish()
        await ended.reached(2)
        await scheduler.stop()
        text = String(decoding: metrics.exposition(), as: UTF8.self)
        for line in [
            "running{mirror=\"m\"} 0", "runs_total{mirror=\"m\",outcome=\"succeeded\"} 1",
            "last_success_timestamp_seconds{mirror=\"m\"} 1700000000", "references{mirror=\"m\",state=\"copied\"} 3",
            "bytes_total{mirror=\"m\"} 700", "failures{mirror=\"m\"} 0",
        ] {
            #expect(text.contains("chartroom_mirror_" + line + "\n"), "\(line)")
        }
    }
}
