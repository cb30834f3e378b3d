/// The boundary of a multipart body (RFC 2046 section 5.1.1).
public struct MultipartBoundary: Sendable, Hashable {
    /// The text between the two dashes and the end of the line, 1 to 70 characters.
    public let text: String

    /// Takes a boundary; nil when it is empty, longer than 70 characters, or holds a character none may have.
    public init?(_ text: String) {
        guard (1...70).contains(text.utf8.count), text.utf8.allSatisfy(MultipartBoundary.isAllowed),
            text.utf8.last != 0x20
        else { return nil }
        self.text = text
    }

    /// Reads the `boundary` of a `multipart/…` Content-Type, quoted or not; nil when there is none that is allowed.
    ///
    /// Without quotes everything up to the next `;` or blank counts: clients send `=` and `/` bare.
    public init?(contentType value: String) {
        var scanner = FieldScanner(value)
        scanner.skipBlanks()
        guard let type = scanner.token(), type.equalsIgnoringCase("multipart"), scanner.take(0x2F),
            scanner.token() != nil, let text = FieldParameters(&scanner).first("boundary")
        else { return nil }
        self.init(text)
    }

    /// Whether a Content-Type names a multipart form, whatever its boundary.
    public static func isForm(contentType value: String) -> Bool {
        var scanner = FieldScanner(value)
        scanner.skipBlanks()
        guard let type = scanner.token(), type.equalsIgnoringCase("multipart"), scanner.take(0x2F),
            let subtype = scanner.token()
        else { return false }
        return subtype.equalsIgnoringCase("form-data")
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x20, 0x27...0x29, 0x2B...0x2F, 0x3A, 0x3D, 0x3F, 0x5F: true
        default: false
        }
    }
}

/// The parameters behind a field's first word: `; name=value; name="value"`.
struct FieldParameters {
    private let items: [(name: Substring, value: String)]

    /// Reads parameters until something is none.
    init(_ scanner: inout FieldScanner) {
        var items: [(name: Substring, value: String)] = []
        while true {
            scanner.skipBlanks()
            guard scanner.take(0x3B) else { break }
            scanner.skipBlanks()
            guard let name = scanner.token() else { continue }
            guard scanner.take(0x3D) else { break }
            if let quoted = scanner.quotedString() {
                items.append((name, quoted))
            } else {
                items.append((name, String(scanner.take { $0 != 0x3B && $0 != 0x20 && $0 != 0x09 })))
            }
        }
        self.items = items
    }

    /// The value of the first parameter of that name, which compares without case.
    func first(_ name: String) -> String? {
        items.first { $0.name.equalsIgnoringCase(name) }?.value
    }
}
