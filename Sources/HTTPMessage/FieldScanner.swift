/// Walks once over a field value, byte by byte, without copying it.
struct FieldScanner {
    private(set) var rest: Substring.UTF8View

    init(_ text: String) {
        rest = Substring(text).utf8
    }

    init(_ text: Substring) {
        rest = text.utf8
    }

    var isAtEnd: Bool { rest.isEmpty }
    var next: UInt8? { rest.first }

    /// Skips blanks and tabs: `OWS` of RFC 9110 section 5.6.3.
    mutating func skipBlanks() {
        rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
    }

    mutating func skip(while condition: (UInt8) -> Bool) {
        rest = rest.drop(while: condition)
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard rest.first == byte else { return false }
        rest.removeFirst()
        return true
    }

    /// Takes one letter word of any case at the start.
    mutating func takeWord(_ word: StaticString) -> Bool {
        var trial = rest
        let matches = word.withUTF8Buffer { letters in
            letters.allSatisfy { letter in trial.popFirst().map { $0 | 0x20 == letter } ?? false }
        }
        if matches { rest = trial }
        return matches
    }

    mutating func take(while condition: (UInt8) -> Bool) -> Substring {
        let start = rest
        rest = rest.drop(while: condition)
        return Substring(start[..<rest.startIndex])
    }

    /// Takes a token (RFC 9110 section 5.6.2), nil when there is none.
    mutating func token() -> Substring? {
        let word = take(while: FieldScanner.isTokenByte)
        return word.isEmpty ? nil : word
    }

    /// Takes a quoted string with its escapes undone, nil when there is none or it never ends.
    mutating func quotedString() -> String? {
        var trial = rest
        guard trial.popFirst() == 0x22 else { return nil }
        var bytes: [UInt8] = []
        while let byte = trial.popFirst() {
            switch byte {
            case 0x22:
                rest = trial
                return String(decoding: bytes, as: UTF8.self)
            case 0x5C:
                guard let escaped = trial.popFirst() else { return nil }
                bytes.append(escaped)
            default:
                bytes.append(byte)
            }
        }
        return nil
    }

    /// Takes digits as a number; one that does not fit becomes `Int64.max`.
    ///
    /// Nil when there is no digit.
    mutating func number() -> Int64? {
        var value: Int64 = 0
        var hasDigit = false
        var fits = true
        while let byte = rest.first, (0x30...0x39).contains(byte) {
            rest.removeFirst()
            hasDigit = true
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = product.addingReportingOverflow(Int64(byte - 0x30))
            fits = fits && !overflows && !overflowsToo
            value = fits ? sum : 0
        }
        guard hasDigit else { return nil }
        return fits ? value : .max
    }

    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}

extension StringProtocol {
    /// Whether both are the same when the case of ASCII letters is ignored.
    func equalsIgnoringCase(_ other: some StringProtocol) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        return zip(utf8, other.utf8).allSatisfy {
            $0 == $1 || ($0 | 0x20 == $1 | 0x20 && (0x61...0x7A).contains($0 | 0x20))
        }
    }
}
