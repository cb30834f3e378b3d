/// What a scalar means, by the rules of go.yaml.in/yaml/v2.
///
/// Source: go.yaml.in/yaml/v2 v2.4.2 `resolve.go`. Dates stay strings, as that library hands them to untyped readers.
public enum YAMLScalar: Sendable, Equatable {
    /// Null.
    case null
    /// A boolean.
    case bool(Bool)
    /// A whole number that fits 64 bits with a sign.
    case integer(Int64)
    /// A whole number that fits 64 bits only without a sign.
    case unsigned(UInt64)
    /// Any other number, infinities and not-a-number included.
    case number(Double)
    /// Text.
    case string(String)

    /// Resolves the text of a plain scalar.
    ///
    /// Whole numbers may have a sign, underscores and a prefix (`0x`, `0o`, `0b`; a leading `0` means octal).
    public init(plain text: String) {
        self = YAMLScalar.word(text) ?? YAMLScalar.numeral(text) ?? .string(text)
    }

    private static func word(_ text: String) -> YAMLScalar? {
        guard text.utf8.count <= 5 else { return nil }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y": return .bool(true)
        case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N": return .bool(false)
        case ".nan", ".NaN", ".NAN": return .number(.nan)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .number(.infinity)
        case "-.inf", "-.Inf", "-.INF": return .number(-.infinity)
        default: return nil
        }
    }

    private static func numeral(_ text: String) -> YAMLScalar? {
        guard let first = text.utf8.first, "+-.0123456789".utf8.contains(first) else { return nil }
        var digits = Array(text.utf8)
        if first != UInt8(ascii: ".") { digits.removeAll { $0 == UInt8(ascii: "_") } }
        if let whole = wholeNumber(digits[...]) { return whole }
        guard isDecimal(digits[...]), let number = Double(String(decoding: digits, as: UTF8.self)), number.isFinite
        else { return nil }
        return .number(number)
    }

    /// A sign, a prefix, digits: Go's `ParseInt(text, 0, 64)`, then its `ParseUint`, which takes no sign.
    private static func wholeNumber(_ text: ArraySlice<UInt8>) -> YAMLScalar? {
        let isNegative = text.first == UInt8(ascii: "-")
        let hasSign = isNegative || text.first == UInt8(ascii: "+")
        let (digits, radix) = withoutPrefix(text.dropFirst(hasSign ? 1 : 0))
        guard let first = digits.first, !"+-".utf8.contains(first),
            let magnitude = UInt64(String(decoding: digits, as: UTF8.self), radix: radix)
        else { return nil }
        if isNegative {
            guard magnitude <= Int64.min.magnitude else { return nil }
            return .integer(Int64(truncatingIfNeeded: 0 &- magnitude))
        }
        if let signed = Int64(exactly: magnitude) { return .integer(signed) }
        return hasSign ? nil : .unsigned(magnitude)
    }

    private static func withoutPrefix(_ text: ArraySlice<UInt8>) -> (digits: ArraySlice<UInt8>, radix: Int) {
        guard text.count > 1, text.first == UInt8(ascii: "0") else { return (text, 10) }
        switch text[text.startIndex + 1] | 0x20 {
        case UInt8(ascii: "x"): return (text.dropFirst(2), 16)
        case UInt8(ascii: "o"): return (text.dropFirst(2), 8)
        case UInt8(ascii: "b"): return (text.dropFirst(2), 2)
        default: return (text.dropFirst(), 8)
        }
    }

    /// Whether it matches `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
    private static func isDecimal(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        func takeDigits() -> Int {
            let count = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
            rest = rest.dropFirst(count)
            return count
        }
        func take(_ characters: String) -> Bool {
            guard let first = rest.first, characters.utf8.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        _ = take("+-")
        let wholeDigits = takeDigits()
        let fractionDigits = take(".") ? takeDigits() : 0
        guard wholeDigits > 0 || fractionDigits > 0 else { return false }
        if take("eE") {
            _ = take("+-")
            guard takeDigits() > 0 else { return false }
        }
        return rest.isEmpty
    }
}
