/// What is wrong with one value.
struct ValueMistake: Error {
    var message: String
    var hint: String?
    /// Which element of a list is wrong; nil for the whole value.
    var element: Int?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}

/// A value as given, before it is understood.
enum GivenValue: Sendable {
    /// Text of the file, a variable or a flag. Paths in it are relative to `base`.
    case text(String, base: String)
    /// A list of the file.
    case list([String])

    /// The text of a single value.
    func single() throws(ValueMistake) -> String {
        switch self {
        case .text(let text, _): return text
        case .list: throw ValueMistake("must be one value, not a list")
        }
    }

    /// A list: of the file, or separated by commas in a variable or flag.
    func list(fromFile: Bool) throws(ValueMistake) -> [String] {
        switch self {
        case .list(let elements): return elements
        case .text(let text, _):
            guard !fromFile else { throw ValueMistake("must be a list", hint: "write [\(Printable.text(text))]") }
            return text.split(separator: ",").map { String($0.drop { $0 == " " }) }
        }
    }

    /// A path, made absolute against `base`; a leading `~/` is the home directory.
    func path(home: String?) throws(ValueMistake) -> String {
        guard case .text(let text, let base) = self else { throw ValueMistake("must be one path, not a list") }
        guard !text.isEmpty, !text.utf8.contains(0) else { throw ValueMistake("must be a path") }
        if text.hasPrefix("/") { return text }
        if text.hasPrefix("~/") {
            guard let home else { throw ValueMistake("there is no HOME that ~ could stand for") }
            return home + text.dropFirst()
        }
        return base.isEmpty || base == "." ? text : base + "/" + text
    }
}

/// Sizes, durations, numbers and words as people write them.
enum ValueText {
    private static let sizeUnits: [(String, Int)] = [
        ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("KB", 1000), ("MB", 1_000_000),
        ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("B", 1), ("", 1),
    ]

    private static let timeUnits: [(String, Int64)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    /// `4MiB`, `10MB`, `512`: digits and a unit; upper and lower case mean the same.
    static func size(_ text: String) throws(ValueMistake) -> Int {
        let (digits, unit) = split(text)
        guard let number = Int(digits), let factor = sizeUnits.first(where: { $0.0.lowercased() == unit })?.1 else {
            throw ValueMistake("\(Printable.quoted(text)) is no size", hint: "write 4MiB, 10MB or a number of bytes")
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow else { throw ValueMistake("\(Printable.quoted(text)) is too large") }
        return product
    }

    /// The shortest exact way to write a size.
    static func text(size: Int) -> String {
        for (unit, factor) in sizeUnits.prefix(4).reversed() where size >= factor && size % factor == 0 {
            return "\(size / factor)\(unit)"
        }
        return String(size)
    }

    /// `30s`, `5m`, `24h`, `7d`, `250ms`.
    static func duration(_ text: String) throws(ValueMistake) -> Duration {
        let (digits, unit) = split(text)
        guard let number = Int64(digits), let factor = timeUnits.first(where: { $0.0 == unit })?.1 else {
            throw ValueMistake("\(Printable.quoted(text)) is no duration", hint: "write 30s, 5m or 24h")
        }
        let (milliseconds, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow else { throw ValueMistake("\(Printable.quoted(text)) is too long") }
        return .milliseconds(milliseconds)
    }

    /// The shortest exact way to write a duration; parts of a millisecond are dropped.
    static func text(duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        for (unit, factor) in timeUnits[1...].reversed()
        where milliseconds >= max(factor, unit == "d" ? 2 * factor : 0) && milliseconds % factor == 0 {
            return "\(milliseconds / factor)\(unit)"
        }
        return "\(milliseconds)ms"
    }

    static func count(_ text: String) throws(ValueMistake) -> Int {
        guard let number = Int(text), number >= 0 else {
            throw ValueMistake("\(Printable.quoted(text)) is no whole number")
        }
        return number
    }

    static func boolean(_ text: String) throws(ValueMistake) -> Bool {
        switch text.lowercased() {
        case "true", "yes", "on", "1": true
        case "false", "no", "off", "0": false
        default: throw ValueMistake("\(Printable.quoted(text)) is neither true nor false")
        }
    }

    /// One of the raw values of an enumeration.
    static func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ text: String, _ type: Value.Type
    ) throws(ValueMistake) -> Value {
        if let value = Value(rawValue: text) { return value }
        let words = Value.allCases.map(\.rawValue)
        throw ValueMistake(
            "must be \(Printable.list(words, "or")), not \(Printable.quoted(text))",
            hint: Suggestion.hint(for: text, among: words))
    }

    /// Leading digits, and the rest in lower case without blanks.
    private static func split(_ text: String) -> (digits: Substring, unit: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        return (digits, text[digits.endIndex...].drop { $0 == " " }.lowercased())
    }
}
