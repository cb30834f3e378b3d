extension JSONValue {
    /// Parses a JSON document (RFC 8259) strictly: UTF-8 only, no comments, nothing behind the value.
    ///
    /// Linear in the input; recursion stops at `maximumDepth`. Whole numbers that fit are `.integer`.
    /// - Throws: `OCIParseError` saying what is wrong at which byte.
    public init(parsing bytes: [UInt8], maximumDepth: Int = 64) throws(OCIParseError) {
        var parser = JSONParser(bytes: bytes, maximumDepth: maximumDepth)
        self = try parser.document()
    }
}

/// A recursive-descent parser over bytes in memory.
///
/// Depth is bounded, every index is checked.
struct JSONParser {
    let bytes: [UInt8]
    let maximumDepth: Int
    /// How many values a tree may hold.
    let maximumValues: Int
    var position = 0
    var valueCount = 0

    init(bytes: [UInt8], maximumDepth: Int, maximumValues: Int = .max) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
        self.maximumValues = maximumValues
    }

    mutating func document() throws(OCIParseError) -> JSONValue {
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw failure("text behind the JSON value") }
        return value
    }

    func failure(_ what: String) -> OCIParseError {
        OCIParseError("invalid JSON at byte \(position): \(what)")
    }

    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    mutating func value(depth: Int) throws(OCIParseError) -> JSONValue {
        guard depth < maximumDepth else { throw failure("nested deeper than \(maximumDepth) levels") }
        valueCount += 1
        guard valueCount <= maximumValues else { throw failure("more than \(maximumValues) values") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case let byte? where byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte): return try number()
        case nil: throw failure("the text ends where a value should be")
        default: throw failure("no value begins here")
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(OCIParseError) -> JSONValue {
        for byte in "\(text)".utf8 {
            guard take(byte) else { throw failure("no value begins here") }
        }
        return value
    }

    private mutating func object(depth: Int) throws(OCIParseError) -> JSONValue {
        position += 1
        var members: [(String, JSONValue)] = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            members.append((try memberName(), try value(depth: depth + 1)))
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw failure("',' or '}' expected") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(OCIParseError) -> JSONValue {
        position += 1
        var values: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(values) }
        repeat {
            values.append(try value(depth: depth + 1))
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw failure("',' or ']' expected") }
        return .array(values)
    }

    private mutating func digits() -> Int {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        return position - start
    }

    private mutating func number() throws(OCIParseError) -> JSONValue {
        let start = position
        _ = take(UInt8(ascii: "-"))
        let leadingZero = next == UInt8(ascii: "0")
        let wholeDigits = digits()
        guard wholeDigits > 0, !leadingZero || wholeDigits == 1 else { throw failure("malformed number") }
        var isWhole = true
        if take(UInt8(ascii: ".")) {
            isWhole = false
            guard digits() > 0 else { throw failure("malformed number") }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isWhole = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            guard digits() > 0 else { throw failure("malformed number") }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else { throw failure("number out of range") }
        return .number(number)
    }

    /// Copies runs between escapes; checks UTF-8 once for the whole string.
    mutating func string() throws(OCIParseError) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else { throw failure("not UTF-8") }
                return string
            case UInt8(ascii: "\\"): text += String(try escape()).utf8
            case 0..<0x20: throw failure("control character in a string")
            default: text.append(byte)
            }
        }
        throw failure("the text ends inside a string")
    }

    private mutating func escape() throws(OCIParseError) -> Unicode.Scalar {
        guard let byte = next else { throw failure("the text ends inside a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw failure("unknown escape in a string")
        }
    }

    /// `\uXXXX`, a surrogate pair as one scalar; a lone surrogate becomes U+FFFD, as Go's decoder has it.
    private mutating func unicodeEscape() throws(OCIParseError) -> Unicode.Scalar {
        let unit = try hexUnit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        let mark = position
        if UTF16.isLeadSurrogate(UInt16(unit)), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
            let trail = try hexUnit()
            if UTF16.isTrailSurrogate(UInt16(trail)) {
                return Unicode.Scalar(0x10000 + (unit & 0x3FF) << 10 + (trail & 0x3FF)) ?? "\u{FFFD}"
            }
        }
        position = mark
        return "\u{FFFD}"
    }

    private mutating func hexUnit() throws(OCIParseError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let nibble = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw failure("\\u must be followed by four hex digits")
            }
            position += 1
            unit = unit << 4 | UInt32(nibble)
        }
        return unit
    }
}
