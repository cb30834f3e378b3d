import Synchronization
import Telemetry
import Testing

/// Keeps the records a logger gives.
final class Records: Sendable {
    let all = Mutex<[LogRecord]>([])

    func logger(_ level: LogLevel) -> Logger {
        Logger(level: level, now: { 1_700_000_000_123_456 }) { record in self.all.withLock { $0.append(record) } }
    }
}

@Suite struct LogTests {
    static let record = LogRecord(
        microseconds: 1_700_000_000_123_456, level: .info, message: "request",
        fields: [
            ("status", 200), ("path", "/v2/a b"), ("ok", true), ("ms", .duration(.microseconds(12_345))),
            ("object", "demo/chart:1.0.0"), ("empty", ""),
        ])

    @Test("A text line has time, level, message and fields")
    func textLine() {
        let expected =
            "2023-11-14T22:13:20.123Z info    request status=200 path=\"/v2/a b\" ok=true ms=12.345 "
            + "object=demo/chart:1.0.0 empty=\"\"\n"
        #expect(LogFormat.text.line(Self.record) == expected)
    }

    @Test("A JSON line is one object with numbers as numbers")
    func jsonLine() {
        let expected =
            #"{"time":"2023-11-14T22:13:20.123Z","level":"info","message":"request","status":200,"path":"/v2/a b","#
            + #""ok":true,"ms":12.345,"object":"demo/chart:1.0.0","empty":""}"# + "\n"
        #expect(LogFormat.json.line(Self.record) == expected)
    }

    @Test(
        "A hostile value cannot forge a line, close a quote or steer a terminal",
        arguments: LogFormat.allCases,
        ["a\nb", "a\r\nb", "\u{1B}[2J", "\"x=\"1", "\u{85}\u{2028}\u{2029}", "\u{202E}abc", "\u{0}\u{7F}"])
    func hostile(format: LogFormat, value: String) {
        let line = format.line(
            LogRecord(microseconds: 0, level: .error, message: value, fields: [("v", .string(value))]))
        #expect(line.unicodeScalars.filter { $0 == "\n" }.count == 1)
        #expect(line.hasSuffix("\n"))
        let unsafe: Set<Unicode.Scalar> = [
            "\r", "\u{1B}", "\u{85}", "\u{2028}", "\u{2029}", "\u{202E}", "\u{0}", "\u{7F}",
        ]
        #expect(line.unicodeScalars.allSatisfy { !unsafe.contains($0) })
    }

    @Test("Escapes in JSON are JSON's")
    func jsonEscapes() {
        let line = LogFormat.json.line(
            LogRecord(microseconds: 0, level: .debug, message: "\"\\\u{1}\u{E0001}", fields: []))
        #expect(line.contains(#""message":"\"\\\u0001\udb40\udc01""#))
    }

    @Test("Escapes in text keep quoted values apart")
    func textEscapes() {
        let line = LogFormat.text.line(
            LogRecord(microseconds: 0, level: .debug, message: "m", fields: [("a", "x\" b=1\\"), ("c", "é")]))
        #expect(line.hasSuffix(#"m a="x\" b=1\\" c="é""# + "\n"))
    }

    @Test("What lies below the level is neither evaluated nor written")
    func level() {
        let records = Records()
        let logger = records.logger(.warning)
        var isEvaluated = false
        func message() -> String {
            isEvaluated = true
            return "no"
        }
        logger.info(message())
        logger.debug("no", [("x", 1)])
        #expect(!isEvaluated)
        logger.warning("yes")
        logger.error("yes")
        #expect(records.all.withLock { $0.map(\.level) } == [.warning, .error])
    }

    @Test("A logger with context puts its fields first")
    func context() {
        let records = Records()
        records.logger(.debug).with([("request", "7")]).info("m", [("a", 1)])
        #expect(records.all.withLock { $0[0].fields.map(\.value) } == ["7", 1])
        #expect(records.all.withLock { $0[0].microseconds } == 1_700_000_000_123_456)
    }

    @Test("Levels have names and an order")
    func levels() {
        for level in LogLevel.allCases { #expect(LogLevel(name: level.name) == level) }
        #expect(LogLevel(name: "loud") == nil)
        #expect(LogLevel.allCases.sorted() == [.debug, .info, .warning, .error])
    }
}

@Suite struct TimestampTests {
    @Test(
        "Known times",
        arguments: [
            (0, 3, "1970-01-01T00:00:00.000Z"), (-1, 6, "1969-12-31T23:59:59.999999Z"),
            (951_782_400_000_000, 0, "2000-02-29T00:00:00Z"),
            (1_709_164_800_000_000, 7, "2024-02-29T00:00:00.0000000Z"),
            (4_107_542_400_000_000, 0, "2100-03-01T00:00:00Z"),
            (253_402_300_799_999_999, 3, "9999-12-31T23:59:59.999Z"),
            (-62_167_219_200_000_000, 0, "0000-01-01T00:00:00Z"),
        ])
    func known(microseconds: Int64, digits: Int, text: String) {
        #expect(Timestamp.rfc3339(microseconds: microseconds, fractionDigits: digits) == text)
    }

    @Test("The ends of the clock do not trap", arguments: [Int64.min, Int64.max])
    func extremes(microseconds: Int64) {
        #expect(Timestamp.rfc3339(microseconds: microseconds, fractionDigits: 9).hasSuffix("Z"))
    }
}
