/// Puts a line together in bytes.
///
/// Text without anything to escape, nearly all of it, is copied as it lies.
struct LineWriter {
    private(set) var bytes: [UInt8]

    init(bytes: [UInt8]) {
        self.bytes = bytes
        self.bytes.reserveCapacity(bytes.count + 512)
    }

    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    mutating func append(microseconds: Int64) {
        Timestamp.append(microseconds: microseconds, fractionDigits: 3, to: &bytes)
    }

    /// Numbers and booleans as they are, texts by `text`.
    mutating func append(_ value: LogValue, text: (inout LineWriter, String) -> Void) {
        switch value {
        case .string(let string): text(&self, string)
        case .integer(let number): Decimal.append(number, to: &bytes)
        case .bool(let flag): append(flag ? "true" : "false")
        case .duration(let duration):
            let milliseconds = Decimal.text(nanoseconds: Decimal.nanoseconds(duration), pointAt: 6, digits: 3)
            bytes.append(contentsOf: milliseconds.utf8)
        }
    }

    /// Bare when every character is printable ASCII without quote, `=` or backslash; quoted otherwise.
    mutating func appendTextValue(_ text: String) {
        let isPlain = copy(text) { (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x3D && $0 != 0x5C }
        if isPlain, !text.isEmpty { return }
        append("\"")
        appendText(text, isQuoted: true)
        append("\"")
    }

    mutating func appendText(_ text: String, isQuoted: Bool) {
        if copy(text, where: { (0x20...0x7E).contains($0) && $0 != 0x5C && ($0 != 0x22 || !isQuoted) }) { return }
        for scalar in text.unicodeScalars {
            if escapeCommon(scalar, quote: isQuoted) { continue }
            if LineWriter.isUnsafe(scalar) {
                bytes += Array(("\\u{" + String(scalar.value, radix: 16) + "}").utf8)
            } else {
                bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
            }
        }
    }

    mutating func appendJSON(_ text: String) {
        if copy(text, where: { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }) { return }
        for scalar in text.unicodeScalars {
            if escapeCommon(scalar, quote: true) { continue }
            if LineWriter.isUnsafe(scalar) {
                for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
                    let hex = String(unit, radix: 16)
                    bytes += Array(("\\u" + String(repeating: "0", count: 4 - hex.count) + hex).utf8)
                }
            } else {
                bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
            }
        }
    }

    private mutating func escapeCommon(_ scalar: Unicode.Scalar, quote: Bool) -> Bool {
        switch scalar {
        case "\\": append("\\\\")
        case "\"" where quote: append("\\\"")
        case "\n": append("\\n")
        case "\r": append("\\r")
        case "\t": append("\\t")
        default: return false
        }
        return true
    }

    /// Copies the text when every byte of it is fine; false, and nothing is copied, otherwise.
    private mutating func copy(_ text: String, where isFine: (UInt8) -> Bool) -> Bool {
        let done = text.utf8.withContiguousStorageIfAvailable { buffer -> Bool in
            for byte in buffer where !isFine(byte) { return false }
            bytes.append(contentsOf: buffer)
            return true
        }
        if let done { return done }
        guard text.utf8.allSatisfy(isFine) else { return false }
        bytes.append(contentsOf: text.utf8)
        return true
    }

    /// Whether a character could end a line, move a cursor or turn text around.
    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate: return true
        default: return false
        }
    }
}
