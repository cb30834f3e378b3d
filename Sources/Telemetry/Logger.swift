// Telemetry: log records and metrics as values.
//
// Owns: the logger, its two line formats, counters, gauges, histograms and their text exposition.
// Invariant: no I/O. A logger ends in a closure and metrics end in bytes; who composes the program picks where
// they go. A hostile value can neither forge a line nor steer a terminal.
// Threads: everything is Sendable and may be called from any thread. Counting is an atomic add, never a lock.

import Glibc

/// How much a log record matters; a logger drops what lies below its level.
public enum LogLevel: Int, CaseIterable, Sendable, Comparable {
    /// For finding faults; off by default.
    case debug
    /// What happened.
    case info
    /// What deserves a look and went on working.
    case warning
    /// What failed.
    case error

    /// The name in log lines and in the configuration, in lower case.
    public var name: String {
        switch self {
        case .debug: "debug"
        case .info: "info"
        case .warning: "warning"
        case .error: "error"
        }
    }

    /// Finds a level by its name.
    public init?(name: String) {
        guard let level = LogLevel.allCases.first(where: { $0.name == name }) else { return nil }
        self = level
    }

    /// Orders by importance.
    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

/// Takes what happens and hands it to a sink, as records.
///
/// A record below the level costs one comparison: its message and fields are not evaluated.
public struct Logger: Sendable {
    /// Records below this level are dropped.
    public var level: LogLevel
    private var context: [LogRecord.Field]
    private let now: @Sendable () -> Int64
    private let sink: @Sendable (LogRecord) -> Void

    /// Builds a logger.
    ///
    /// `sink` is called on the thread that logs, possibly on several at once. `now` gives microseconds since 1970;
    /// the system's clock when left out.
    public init(
        level: LogLevel = .info, now: @escaping @Sendable () -> Int64 = Logger.systemTime,
        sink: @escaping @Sendable (LogRecord) -> Void
    ) {
        self.level = level
        self.now = now
        self.sink = sink
        context = []
    }

    /// A logger that drops everything.
    public static let off = Logger(level: .error) { _ in }

    /// A logger whose records begin with these fields.
    public func with(_ fields: [LogRecord.Field]) -> Logger {
        var logger = self
        logger.context += fields
        return logger
    }

    /// Logs at `debug`.
    public func debug(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogRecord.Field] = []) {
        log(.debug, message(), fields())
    }

    /// Logs at `info`.
    public func info(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogRecord.Field] = []) {
        log(.info, message(), fields())
    }

    /// Logs at `warning`.
    public func warning(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogRecord.Field] = []) {
        log(.warning, message(), fields())
    }

    /// Logs at `error`.
    public func error(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogRecord.Field] = []) {
        log(.error, message(), fields())
    }

    /// Logs at a level chosen at run time.
    public func log(
        _ level: LogLevel, _ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogRecord.Field] = []
    ) {
        guard level >= self.level else { return }
        sink(LogRecord(microseconds: now(), level: level, message: message(), fields: context + fields()))
    }

    /// The system's clock, in microseconds since 1970 (`clock_gettime(2)`, `CLOCK_REALTIME`).
    public static let systemTime: @Sendable () -> Int64 = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
