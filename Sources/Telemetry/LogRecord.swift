/// One thing that happened.
public struct LogRecord: Sendable {
    /// A named value.
    ///
    /// Names are the program's own words, never data.
    public typealias Field = (name: StaticString, value: LogValue)

    /// When, in microseconds since 1970.
    public var microseconds: Int64
    /// How much it matters.
    public var level: LogLevel
    /// What happened, as a sentence without the data.
    public var message: String
    /// The data, in the order it is written.
    public var fields: [Field]

    /// Builds a record.
    public init(microseconds: Int64, level: LogLevel, message: String, fields: [Field]) {
        self.microseconds = microseconds
        self.level = level
        self.message = message
        self.fields = fields
    }
}

/// A value in a log record.
public enum LogValue: Sendable, Equatable {
    /// Any text, hostile or not.
    case string(String)
    /// A whole number.
    case integer(Int64)
    /// Yes or no.
    case bool(Bool)
    /// A span of time, written in milliseconds with three decimals: name the field `ms`.
    case duration(Duration)

    /// Any whole number; beyond 64 bits it saturates.
    public static func count(_ value: some BinaryInteger) -> LogValue { .integer(Int64(clamping: value)) }

    /// Anything by its description.
    public static func text(_ value: some CustomStringConvertible) -> LogValue { .string(value.description) }
}

extension LogValue: ExpressibleByStringInterpolation {
    /// A text.
    public init(stringLiteral value: String) { self = .string(value) }
}

extension LogValue: ExpressibleByIntegerLiteral {
    /// A whole number.
    public init(integerLiteral value: Int64) { self = .integer(value) }
}

extension LogValue: ExpressibleByBooleanLiteral {
    /// Yes or no.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}
