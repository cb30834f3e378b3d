import Sync
import TestSupport
import Testing

@Suite struct MirrorScheduleTests {
    static let hour: Int64 = 3_600_000_000
    let hourly = MirrorSchedule(.every(.seconds(3600)))

    @Test("A mirror that never ran is due at once by an interval, and at its next time by a cron line")
    func first() throws {
        #expect(hourly.next(after: nil, now: 5, random: 0) == ScheduledRun(due: 5, start: 5))
        let cron = MirrorSchedule(.cron(try CronLine(parsing: "@daily")))
        #expect(cron.next(after: nil, now: 5, random: 0) == ScheduledRun(due: 24 * Self.hour, start: 24 * Self.hour))
    }

    @Test("A run that is not due yet waits for its time and its part of the jitter")
    func waits() {
        let schedule = MirrorSchedule(.every(.seconds(3600)), jitter: .seconds(60))
        let next = schedule.next(after: 0, now: 1, random: 0.5)
        #expect(next == ScheduledRun(due: Self.hour, start: Self.hour + 30_000_000))
    }

    @Test("A server that starts within the jitter waits for the rest of it")
    func withinJitter() {
        let schedule = MirrorSchedule(.every(.seconds(3600)), jitter: .seconds(60))
        let next = schedule.next(after: 0, now: Self.hour + 10_000_000, random: 0.5)
        #expect(next == ScheduledRun(due: Self.hour, start: Self.hour + 30_000_000))
    }

    @Test("After downtime it runs once at once, and then in its old rhythm")
    func catchesUp() throws {
        let now = 10 * Self.hour + 7
        let next = try #require(hourly.next(after: 0, now: now, random: 0.9))
        #expect(next == ScheduledRun(due: 10 * Self.hour, start: now))
        let then = hourly.next(after: next.due, now: now + 1, random: 0.9)
        #expect(then == ScheduledRun(due: 11 * Self.hour, start: 11 * Self.hour))
        let cron = MirrorSchedule(.cron(try CronLine(parsing: "0 * * * *")))
        let made = try #require(cron.next(after: 0, now: now, random: 0))
        #expect(made.start == now)
        #expect(cron.next(after: made.due, now: now + 1, random: 0)?.start == 11 * Self.hour)
    }

    @Test("A due time that a wrong clock noted does not stop a mirror for years")
    func wrongClock() {
        let next = hourly.next(after: 1_000_000 * Self.hour, now: 0, random: 0)
        #expect(next?.start == Self.hour)
    }

    @Test("Nothing overflows at the ends of time", arguments: [Int64.min, -1, 0, .max])
    func extremes(now: Int64) throws {
        let schedules = [
            hourly, MirrorSchedule(.every(.zero), jitter: .seconds(Int64.max)),
            MirrorSchedule(.every(.seconds(Int64.max))), MirrorSchedule(.cron(try CronLine(parsing: "@daily"))),
        ]
        for schedule in schedules {
            for last in [nil, Int64.min, 0, .max] {
                let next = schedule.next(after: last, now: now, random: 1)
                #expect(next.map { $0.start >= now } ?? true)
            }
        }
    }

    @Test("Each due time is run once, however the server comes and goes", arguments: Seeds.some())
    func once(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let schedules = [
            MirrorSchedule(.every(.seconds(5400)), jitter: .seconds(300)),
            MirrorSchedule(.cron(try CronLine(parsing: "*/20 3-9 * * *")), jitter: .seconds(600)),
        ]
        for schedule in schedules {
            var (now, last): (Int64, Int64?) = (0, nil)
            for _ in 0..<500 {
                let chance = Double.random(in: 0..<1, using: &random)
                let run = try #require(schedule.next(after: last, now: now, random: chance))
                #expect(run == schedule.next(after: last, now: now, random: chance))
                #expect(run.start >= now && run.start >= run.due)
                if let last { #expect(run.due > last) }
                last = run.due
                now = run.start + Int64.random(in: 0...(10 * Self.hour), using: &random) / 7
            }
        }
    }
}
