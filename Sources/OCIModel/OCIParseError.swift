/// A text that is not what it should be.
public struct OCIParseError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence: what is wrong with which text.
    public let description: String

    /// Keeps the sentence.
    public init(_ description: String) {
        self.description = description
    }

    /// Quotes hostile text for a message: at most 100 characters, control characters replaced.
    public static func quote(_ text: some StringProtocol) -> String {
        let shown = text.unicodeScalars.prefix(100).map { scalar in
            scalar.value < 0x20 || scalar.value == 0x7F || scalar == "\"" ? "?" : Character(scalar)
        }
        return "\"" + String(shown) + (text.unicodeScalars.count > 100 ? "…" : "") + "\""
    }
}
