extension JSONValue {
    /// How a document is written.
    public struct Style: Sendable {
        /// Line breaks and two-space indentation.
        public var isIndented: Bool
        /// `<`, `>`, `&`, U+2028 and U+2029 written as `\u…`, as Go's `json.Marshal` does.
        public var escapesHTML: Bool

        /// Compact, only what JSON demands escaped.
        public static let compact = Style(isIndented: false, escapesHTML: false)
        /// Byte for byte what Go's `json.Marshal` writes.
        public static let go = Style(isIndented: false, escapesHTML: true)
        /// For people.
        public static let indented = Style(isIndented: true, escapesHTML: false)
    }

    /// The document as UTF-8 text without a final newline.
    ///
    /// Linear in its size.
    public func text(_ style: Style = .compact) -> [UInt8] {
        var output: [UInt8] = []
        write(into: &output, style, depth: 0)
        return output
    }

    /// The document as a string without a final newline.
    public func description(_ style: Style = .compact) -> String {
        String(decoding: text(style), as: UTF8.self)
    }

    private func write(into output: inout [UInt8], _ style: Style, depth: Int) {
        switch self {
        case .null: output += "null".utf8
        case .bool(let value): output += (value ? "true" : "false").utf8
        case .integer(let value): output += String(value).utf8
        case .number(let value): output += JSONValue.numberText(value).utf8
        case .string(let value): JSONValue.writeString(value, into: &output, style)
        case .array(let values):
            JSONValue.writeList(values, between: ("[", "]"), into: &output, style, depth: depth) {
                $0.write(into: &$1, style, depth: depth + 1)
            }
        case .object(let members):
            JSONValue.writeList(members, between: ("{", "}"), into: &output, style, depth: depth) { member, output in
                JSONValue.writeString(member.0, into: &output, style)
                output += (style.isIndented ? ": " : ":").utf8
                member.1.write(into: &output, style, depth: depth + 1)
            }
        }
    }

    private static func writeList<Element>(
        _ elements: [Element], between brackets: (String, String), into output: inout [UInt8], _ style: Style,
        depth: Int, _ writeElement: (Element, inout [UInt8]) -> Void
    ) {
        output += brackets.0.utf8
        var isFirst = true
        for element in elements {
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            if style.isIndented { breakLine(&output, depth: depth + 1) }
            writeElement(element, &output)
        }
        if style.isIndented, !isFirst { breakLine(&output, depth: depth) }
        output += brackets.1.utf8
    }

    private static func breakLine(_ output: inout [UInt8], depth: Int) {
        output.append(UInt8(ascii: "\n"))
        output += repeatElement(UInt8(ascii: " "), count: 2 * depth)
    }

    /// A number as Go's `encoding/json` writes it: digits between 1e-6 and 1e21, else an exponent without zeros.
    ///
    /// JSON has no infinity and no NaN, so they become null.
    private static func numberText(_ value: Double) -> String {
        guard value.isFinite else { return "null" }
        if value == 0 { return value.sign == .minus ? "-0" : "0" }
        if let whole = Int64(exactly: value) { return String(whole) }
        let (digits, point) = decimalDigits(value)
        let sign = value < 0 ? "-" : ""
        if abs(value) >= 1e-6, abs(value) < 1e21 {
            return sign + plain(digits, point: point)
        }
        let fraction = digits.dropFirst()
        let exponent = point - 1
        return sign + digits.prefix(1) + (fraction.isEmpty ? "" : "." + fraction) + "e"
            + (exponent < 0 ? "-" : "+") + String(abs(exponent))
    }

    /// The shortest digits that give the number back, and where the decimal point stands in them.
    private static func decimalDigits(_ value: Double) -> (digits: String, point: Int) {
        let parts = "\(abs(value))".split(separator: "e")
        let exponent = parts.count == 2 ? Int(parts[1]) ?? 0 : 0
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let whole = mantissa[0]
        let all = whole + (mantissa.count == 2 ? mantissa[1] : "")
        let leadingZeros = all.prefix { $0 == "0" }.count
        var digits = String(all.dropFirst(leadingZeros))
        while digits.hasSuffix("0") { digits.removeLast() }
        return (digits, whole.count + exponent - leadingZeros)
    }

    private static func plain(_ digits: String, point: Int) -> String {
        if point <= 0 { return "0." + String(repeating: "0", count: -point) + digits }
        if point >= digits.count { return digits + String(repeating: "0", count: point - digits.count) }
        return digits.prefix(point) + "." + digits.dropFirst(point)
    }

    private static func writeString(_ value: String, into output: inout [UInt8], _ style: Style) {
        output.append(UInt8(ascii: "\""))
        if value.utf8.allSatisfy({ isPlain($0, style) }) {
            output += value.utf8
        } else {
            writeScalars(value, into: &output, style)
        }
        output.append(UInt8(ascii: "\""))
    }

    /// Whether a byte stands for itself whatever is around it; in Go's style U+2028 and U+2029 begin with `E2`.
    private static func isPlain(_ byte: UInt8, _ style: Style) -> Bool {
        switch byte {
        case 0..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"): false
        case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), 0xE2: !style.escapesHTML
        default: true
        }
    }

    private static func writeScalars(_ value: String, into output: inout [UInt8], _ style: Style) {
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\"".utf8
            case "\\": output += "\\\\".utf8
            case "\n": output += "\\n".utf8
            case "\r": output += "\\r".utf8
            case "\t": output += "\\t".utf8
            case "\u{8}": output += "\\b".utf8
            case "\u{C}": output += "\\f".utf8
            case "\u{0}"..."\u{1F}": writeEscape(scalar, into: &output)
            case "<", ">", "&", "\u{2028}", "\u{2029}":
                if style.escapesHTML { writeEscape(scalar, into: &output) } else { output += String(scalar).utf8 }
            default:
                output += String(scalar).utf8
            }
        }
    }

    private static func writeEscape(_ scalar: Unicode.Scalar, into output: inout [UInt8]) {
        let hex = String(scalar.value, radix: 16)
        output += ("\\u" + String(repeating: "0", count: 4 - hex.count) + hex).utf8
    }
}
