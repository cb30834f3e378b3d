/// Percent-encoding (RFC 3986 section 2.1).
///
/// `+` means `+`, never a blank: versions of charts contain it.
public enum PercentEncoding {
    /// Undoes every escape once.
    ///
    /// Nil for a broken escape, a NUL (raw or encoded) or bytes that are not UTF-8.
    public static func decode(_ text: String) -> String? {
        decode(Substring(text))
    }

    /// Undoes every escape once.
    ///
    /// Nil for a broken escape, a NUL (raw or encoded) or bytes that are not UTF-8.
    public static func decode(_ text: Substring) -> String? {
        guard text.utf8.contains(where: { $0 == 0x25 || $0 == 0 }) else { return String(text) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == 0x25 else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        guard !bytes.contains(0) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Encodes text as one segment of a path: everything but unreserved characters, `+`, `:`, `@` and the
    /// other sub-delimiters is escaped, so `/`, `?`, `#` and `%` are.
    public static func encodePathSegment(_ text: String) -> String {
        encode(text) { isUnreserved($0) || isSubDelimiter($0) || $0 == 0x3A || $0 == 0x40 }
    }

    /// Encodes text as the name or value of a query item: only unreserved characters, `/`, `:` and `@` stay, so
    /// `&`, `=` and `+` are escaped and no reader can take a `+` for a blank.
    public static func encodeQueryValue(_ text: String) -> String {
        encode(text) { isUnreserved($0) || $0 == 0x2F || $0 == 0x3A || $0 == 0x40 }
    }

    private static func encode(_ text: String, keeping isKept: (UInt8) -> Bool) -> String {
        if text.utf8.allSatisfy(isKept) { return text }
        var encoded = ""
        encoded.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 {
            if isKept(byte) {
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                append(byte, to: &encoded)
            }
        }
        return encoded
    }

    static func append(_ byte: UInt8, to text: inout String) {
        let digits: StaticString = "0123456789ABCDEF"
        text.append("%")
        digits.withUTF8Buffer { digits in
            text.unicodeScalars.append(Unicode.Scalar(digits[Int(byte >> 4)]))
            text.unicodeScalars.append(Unicode.Scalar(digits[Int(byte & 15)]))
        }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
        default: false
        }
    }

    private static func isSubDelimiter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x21, 0x24, 0x26...0x2C, 0x3B, 0x3D: true
        default: false
        }
    }
}
