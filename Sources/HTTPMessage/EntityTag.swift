/// An entity tag (RFC 9110 section 8.8.3).
public struct EntityTag: Sendable, Equatable {
    /// The text between the quotes.
    public let text: String
    /// Whether it was marked `W/`.
    public let isWeak: Bool

    /// Builds a tag; `text` must not hold quotes or control characters.
    public init(_ text: String, isWeak: Bool = false) {
        self.text = text
        self.isWeak = isWeak
    }

    /// The field value, as `"text"` or `W/"text"`.
    public var fieldValue: String { isWeak ? "W/\"\(text)\"" : "\"\(text)\"" }

    /// Whether an `If-None-Match` field lists this tag, by weak comparison, or is `*`; false without a field.
    ///
    /// True means: answer GET and HEAD with 304. A bare word counts as a strong tag, since registry clients send
    /// digests without quotes. Allocates nothing for the usual tags.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2>
    public func matches(ifNoneMatch value: String?) -> Bool {
        guard let value else { return false }
        var scanner = FieldScanner(value)
        while true {
            scanner.skip { $0 == 0x20 || $0 == 0x09 || $0 == 0x2C }
            guard let first = scanner.next else { return false }
            if first == 0x57 {
                var trial = scanner
                if trial.take(0x57), trial.take(0x2F), trial.next == 0x22 { scanner = trial }
            }
            let candidate: Substring
            if scanner.take(0x22) {
                candidate = scanner.take { $0 != 0x22 }
                guard scanner.take(0x22) else { return false }
            } else {
                candidate = scanner.take { $0 != 0x2C && $0 != 0x20 && $0 != 0x09 }
                if candidate == "*" { return true }
            }
            if candidate == text { return true }
        }
    }
}
