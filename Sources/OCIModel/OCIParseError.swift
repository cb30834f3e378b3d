/// A text that is not what it should be.
public struct OCIParseError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence: what is wrong with which text.
    public let description: String

    /// Keeps the sentence.
    public init(_ description: String) {
        self.description = description
    }

    /// Quotes hostile text for a message: at most 100 characters, quotes and what a terminal might obey replaced.
    public static func quote(_ text: some StringProtocol) -> String {
        let shown = text.unicodeScalars.prefix(100).map { scalar in
            scalar == "\"" || isObeyed(scalar) ? "?" : Character(scalar)
        }
        return "\"" + String(shown) + (text.unicodeScalars.count > 100 ? "…" : "") + "\""
    }

    /// Control characters of both sets, line ends, and the invisible ones that turn the direction of text round.
    private static func isObeyed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
