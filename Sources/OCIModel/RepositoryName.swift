/// A repository's name: path elements of lower-case letters, digits and separators, joined by `/`.
///
/// Grammar: distribution-spec v1.1.1, section Pulling manifests:
/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*`, and at most 255 characters.
public struct RepositoryName: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The longest name that is taken, in characters.
    ///
    /// The specification leaves the limit open; clients keep to 255 with the host's name counted in.
    public static let maximumLength = 255

    /// The name as text.
    public let description: String

    /// Parses a name.
    ///
    /// - Throws: `OCIParseError` naming the text and the rule it breaks.
    public init(parsing text: some StringProtocol) throws(OCIParseError) {
        try self.init(parsing: Substring(text))
    }

    /// The same without generics: the request path parses a name for each request.
    ///
    /// - Throws: `OCIParseError` naming the text and the rule it breaks.
    public init(parsing text: Substring) throws(OCIParseError) {
        guard text.utf8.count <= RepositoryName.maximumLength else {
            throw OCIParseError(
                "repository name \(OCIParseError.quote(text)) is longer than \(RepositoryName.maximumLength) characters"
            )
        }
        guard RepositoryName.matches(text.utf8.span) else {
            throw OCIParseError(
                "repository name \(OCIParseError.quote(text)) must be lower-case letters and digits, "
                    + "separated by one '.', '_' or '__', or by '-', in elements joined by '/'")
        }
        description = String(text)
    }

    /// The path elements, at least one.
    public var elements: [Substring] { description.split(separator: "/") }

    /// The last path element: for a Helm chart its name.
    public var lastElement: Substring { elements.last ?? "" }

    /// Orders by bytes, as the catalog is sorted.
    public static func < (left: RepositoryName, right: RepositoryName) -> Bool {
        left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
    }

    /// One pass: a separator run must stand between two alphanumerics and be `.`, `_`, `__`, `-…` or `/`.
    private static func matches(_ text: Span<UInt8>) -> Bool {
        var separator = SeparatorRun()
        var sawAny = false
        var previousWasAlphanumeric = false
        for position in text.indices {
            let byte = text[position]
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                guard !sawAny || previousWasAlphanumeric || separator.isLegal else { return false }
                separator = SeparatorRun()
                previousWasAlphanumeric = true
                sawAny = true
            default:
                guard sawAny, separator.take(byte) else { return false }
                previousWasAlphanumeric = false
            }
        }
        return previousWasAlphanumeric
    }

    /// A run of equal separator characters.
    private struct SeparatorRun {
        var character: UInt8 = 0
        var length = 0

        mutating func take(_ byte: UInt8) -> Bool {
            guard length == 0 || byte == character else { return false }
            character = byte
            length += 1
            return isLegal
        }

        var isLegal: Bool {
            switch character {
            case UInt8(ascii: "."), UInt8(ascii: "/"): length == 1
            case UInt8(ascii: "_"): length <= 2
            case UInt8(ascii: "-"): true
            default: false
            }
        }
    }
}
