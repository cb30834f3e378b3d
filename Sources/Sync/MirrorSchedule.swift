/// When a mirror runs by itself.
public struct MirrorSchedule: Sendable, Equatable {
    /// The rhythm.
    public var rhythm: Rhythm
    /// Up to so much is added to each time, by chance.
    public var jitter = Duration.zero

    /// How times follow each other.
    public enum Rhythm: Sendable, Equatable {
        /// So long after the last time that was due.
        case every(Duration)
        /// By a cron line, in UTC.
        case cron(CronLine)
    }

    /// Builds a schedule.
    public init(_ rhythm: Rhythm, jitter: Duration = .zero) {
        self.rhythm = rhythm
        self.jitter = jitter
    }
}

/// The next time a mirror runs by itself; times are in microseconds since 1970.
public struct ScheduledRun: Sendable, Equatable {
    /// When it is due by the rhythm; what is to be given as `lastDue` once it ran.
    public var due: Int64
    /// When it begins: the due time and the jitter, or now when that was missed.
    public var start: Int64

    /// Builds it.
    public init(due: Int64, start: Int64) {
        self.due = due
        self.start = start
    }
}

extension MirrorSchedule {
    /// When to run next, given the last run's due time (nil for none) and the time now, in microseconds since 1970.
    ///
    /// What was missed is made up for once and at once, however much it was. A mirror that never ran is due at once by an
    /// interval, and at its next time by a cron line. The same arguments give the same answer: ask once for each run.
    /// - Parameter random: a number from 0 up to 1, the part of the jitter that is added.
    /// - Returns: nil when a cron line does not come within 50 years.
    public func next(after lastDue: Int64?, now: Int64, random: Double) -> ScheduledRun? {
        let chance = Int64(min(max(random, 0), 1) * Double(min(jitter.microseconds, MirrorSchedule.longest)))
        // A due time far ahead was noted by a clock that was wrong.
        let (tomorrow, isLate) = now.addingReportingOverflow(86_400_000_000)
        let last = lastDue.map { !isLate && $0 > tomorrow ? now : $0 }
        guard let first = first(after: last, now: now) else { return nil }
        let (start, overflows) = first.addingReportingOverflow(chance)
        if overflows { return nil }
        if start > now { return ScheduledRun(due: first, start: start) }
        return ScheduledRun(due: lastMissed(since: first, now: now), start: now)
    }

    private static let longest: Int64 = 1 << 50

    private func first(after last: Int64?, now: Int64) -> Int64? {
        switch rhythm {
        case .every(let interval):
            guard let last else { return now }
            let (sum, overflows) = last.addingReportingOverflow(max(1, interval.microseconds))
            return overflows ? nil : sum
        case .cron(let line): return line.next(after: last ?? now)
        }
    }

    /// The last due time up to now: with an interval the rhythm is kept.
    private func lastMissed(since first: Int64, now: Int64) -> Int64 {
        switch rhythm {
        case .every(let interval):
            let (behind, overflows) = now.subtractingReportingOverflow(first)
            return overflows ? now : now - behind % max(1, interval.microseconds)
        // What is next after now is the same, whichever of the times was the last.
        case .cron: return now
        }
    }
}

extension Duration {
    /// Whole microseconds, at most those of an `Int64`.
    fileprivate var microseconds: Int64 {
        let (seconds, overflows) = components.seconds.multipliedReportingOverflow(by: 1_000_000)
        return overflows
            ? .max
            : seconds.addingReportingOverflow(components.attoseconds / 1_000_000_000_000)
                .partialValue
    }
}
