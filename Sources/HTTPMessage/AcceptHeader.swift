/// The media types a client takes (RFC 9110 section 12.5.1).
///
/// Keeps the text and scans it per question, so building one costs nothing. Parameters other than `q` are not
/// compared. Without a field, or with one that holds no valid range, everything is accepted.
public struct AcceptHeader: Sendable {
    private let value: String

    /// Wraps a field value; nil stands for no such field.
    public init(parsing value: String?) {
        self.value = value ?? ""
    }

    /// Whether the client takes that media type, given without parameters.
    public func accepts(_ mediaType: String) -> Bool { quality(of: mediaType) > 0 }

    /// Whether the field names that media type itself, not by a wildcard, with a weight above 0.
    public func names(_ mediaType: String) -> Bool {
        let answer = scan(mediaType)
        return answer.precision == .exact && answer.quality > 0
    }

    /// The weight of a media type in thousandths, 0 to 1000, from the most precise range that covers it.
    public func quality(of mediaType: String) -> Int { scan(mediaType).quality }

    private enum Precision: Int {
        case nothing, anything, type, exact
    }

    private func scan(_ mediaType: String) -> (precision: Precision, quality: Int) {
        let slash = mediaType.utf8.firstIndex(of: 0x2F) ?? mediaType.endIndex
        let wantedType = mediaType[..<slash]
        let wantedSubtype = mediaType[slash...].dropFirst()
        var best = Precision.nothing
        var quality = 0
        var hasRange = false
        var scanner = FieldScanner(value)
        while true {
            scanner.skip { $0 == 0x20 || $0 == 0x09 || $0 == 0x2C }
            if scanner.isAtEnd { break }
            if let type = scanner.token(), scanner.take(0x2F), let subtype = scanner.token(),
                let weight = AcceptHeader.weight(&scanner)
            {
                hasRange = true
                let precision = AcceptHeader.precision(type, subtype, wantedType, wantedSubtype)
                if precision.rawValue > best.rawValue { (best, quality) = (precision, weight) }
            }
            AcceptHeader.skipElement(&scanner)
        }
        return hasRange ? (best, quality) : (.nothing, 1000)
    }

    private static func precision(
        _ type: Substring, _ subtype: Substring, _ wantedType: Substring, _ wantedSubtype: Substring
    ) -> Precision {
        if type == "*" { return subtype == "*" ? .anything : .nothing }
        guard type.equalsIgnoringCase(wantedType) else { return .nothing }
        if subtype == "*" { return .type }
        return subtype.equalsIgnoringCase(wantedSubtype) ? .exact : .nothing
    }

    /// Reads the parameters of a range and returns its weight, 1000 when it has none, nil when malformed.
    private static func weight(_ scanner: inout FieldScanner) -> Int? {
        var weight = 1000
        while true {
            scanner.skipBlanks()
            guard scanner.take(0x3B) else { return scanner.isAtEnd || scanner.next == 0x2C ? weight : nil }
            scanner.skipBlanks()
            guard let name = scanner.token() else { continue }
            guard scanner.take(0x3D) else { return nil }
            if name == "q" || name == "Q" {
                guard let text = scanner.token(), let thousandths = thousandths(text) else { return nil }
                weight = thousandths
            } else if scanner.token() == nil, scanner.quotedString() == nil {
                return nil
            }
        }
    }

    /// Reads `0`, `1`, `0.5`, `1.000`; nil above 1 or with anything else.
    private static func thousandths(_ text: Substring) -> Int? {
        var digits = text.utf8
        guard let first = digits.popFirst(), first == 0x30 || first == 0x31 else { return nil }
        var value = Int(first - 0x30) * 1000
        guard let point = digits.popFirst() else { return value }
        guard point == 0x2E, digits.count <= 3 else { return nil }
        var unit = 100
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            value += Int(digit - 0x30) * unit
            unit /= 10
        }
        return value <= 1000 ? value : nil
    }

    /// Moves to the comma that ends a list element, over quoted strings.
    private static func skipElement(_ scanner: inout FieldScanner) {
        while let byte = scanner.next, byte != 0x2C {
            if byte == 0x22 {
                // A string that never ends takes the rest with it: looking for its end once keeps the scan linear.
                if scanner.quotedString() == nil { scanner.skip { _ in true } }
            } else {
                _ = scanner.take(byte)
            }
        }
    }
}
