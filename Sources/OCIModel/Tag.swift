/// A tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}` (distribution-spec v1.1.1, section Pulling manifests).
public struct Tag: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The tag as text.
    public let description: String

    /// Parses a tag.
    ///
    /// - Throws: `OCIParseError` naming the text and the rule.
    public init(parsing text: some StringProtocol) throws(OCIParseError) {
        try self.init(parsing: Substring(text))
    }

    /// The same without generics, for the request path.
    ///
    /// - Throws: `OCIParseError` naming the text and the rule.
    public init(parsing text: Substring) throws(OCIParseError) {
        guard Tag.matches(text.utf8.span) else {
            throw OCIParseError(
                "tag \(OCIParseError.quote(text)) must be 1 to 128 letters, digits, '_', '.' or '-', "
                    + "and begin with a letter, a digit or '_'")
        }
        description = String(text)
    }

    /// Orders by bytes, as tag lists are sorted.
    public static func < (left: Tag, right: Tag) -> Bool {
        left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
    }

    private static func matches(_ text: Span<UInt8>) -> Bool {
        guard (1...128).contains(text.count) else { return false }
        guard text[0] != UInt8(ascii: "."), text[0] != UInt8(ascii: "-") else { return false }
        for position in text.indices {
            switch text[position] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
                continue
            default: return false
            }
        }
        return true
    }
}

/// What names a manifest in a repository: a tag or a digest.
public enum ManifestReference: Hashable, Sendable, CustomStringConvertible {
    /// By tag.
    case tag(Tag)
    /// By digest.
    case digest(Digest)

    /// Parses a reference: a digest when it holds a colon, a tag otherwise.
    ///
    /// - Throws: `OCIParseError` of the digest's or the tag's grammar.
    public init(parsing text: some StringProtocol) throws(OCIParseError) {
        try self.init(parsing: Substring(text))
    }

    /// The same without generics, for the request path.
    ///
    /// - Throws: `OCIParseError` of the digest's or the tag's grammar.
    public init(parsing text: Substring) throws(OCIParseError) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            self = .digest(try Digest(parsing: text))
        } else {
            self = .tag(try Tag(parsing: text))
        }
    }

    /// The tag or the digest as text.
    public var description: String {
        switch self {
        case .tag(let tag): tag.description
        case .digest(let digest): digest.description
        }
    }
}
