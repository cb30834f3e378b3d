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
