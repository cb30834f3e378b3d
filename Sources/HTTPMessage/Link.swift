/// The `Link` header field (RFC 8288), as far as pagination needs it.
///
/// <https://www.rfc-editor.org/rfc/rfc8288#section-3>
public enum Link {
    /// Builds the field value that points at the next page.
    ///
    /// Bytes that would break the syntax are percent-encoded.
    public static func next(_ target: String) -> String {
        var safe = ""
        for byte in target.utf8 {
            if (0x21...0x7E).contains(byte) && byte != 0x3C && byte != 0x3E && byte != 0x22 {
                safe.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                PercentEncoding.append(byte, to: &safe)
            }
        }
        return "<\(safe)>; rel=\"next\""
    }

    /// The target of the first link whose relation is `next`, as written: relative or absolute.
    ///
    /// Nil when there is none; a malformed link ends the search.
    public static func next(in value: String?) -> String? {
        guard let value else { return nil }
        var scanner = FieldScanner(value)
        while true {
            scanner.skip { $0 == 0x20 || $0 == 0x09 || $0 == 0x2C }
            guard scanner.take(0x3C) else { return nil }
            let target = scanner.take { $0 != 0x3E }
            guard scanner.take(0x3E) else { return nil }
            guard let relation = relation(&scanner) else { return nil }
            if relation.split(separator: " ").contains(where: { $0.equalsIgnoringCase("next") }) {
                return String(target)
            }
        }
    }

    /// Reads the parameters behind a target; the first `rel` counts.
    ///
    /// Nil when malformed.
    private static func relation(_ scanner: inout FieldScanner) -> String? {
        var relation: String?
        while true {
            scanner.skipBlanks()
            if scanner.isAtEnd || scanner.next == 0x2C { return relation ?? "" }
            guard scanner.take(0x3B) else { return nil }
            scanner.skipBlanks()
            guard let name = scanner.token() else { continue }
            scanner.skipBlanks()
            var value = ""
            if scanner.take(0x3D) {
                scanner.skipBlanks()
                guard let text = scanner.quotedString() ?? scanner.token().map(String.init) else { return nil }
                value = text
            }
            if relation == nil, name.equalsIgnoringCase("rel") { relation = value }
        }
    }
}
