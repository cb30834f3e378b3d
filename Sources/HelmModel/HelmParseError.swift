import OCIModel

/// A chart's metadata or version that is not what it should be.
public struct HelmParseError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence: what is wrong with which field.
    public let description: String

    /// Keeps the sentence.
    public init(_ description: String) {
        self.description = description
    }

    static func quote(_ text: some StringProtocol) -> String { OCIParseError.quote(text) }
}
