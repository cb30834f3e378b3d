internal import Telemetry

/// Times as attribute objects write them: ISO 8601 in UTC with seven digits behind the second.
enum AttributeTime {
    /// The text of microseconds since 1970.
    static func text(_ microseconds: Int64) -> String {
        Timestamp.rfc3339(microseconds: microseconds, fractionDigits: 7)
    }
}
