/// A cron line of five fields, or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`; in UTC.
public struct CronLine: Sendable, Equatable, CustomStringConvertible {
    /// As written.
    public let description: String
}
