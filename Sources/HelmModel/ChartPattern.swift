/// A chart's name, or a pattern of names in which `*` stands for any characters, also none.
public struct ChartPattern: Hashable, Sendable {
    /// The text, with one `*` where several stood together.
    public let text: String

    /// Letters, digits, `.`, `_`, `-` and `*`; nil for anything else and for no text.
    public init?(_ text: some StringProtocol) {
        guard !text.isEmpty, text.utf8.allSatisfy({ SemanticVersion.isIdentifier($0) || "._*".utf8.contains($0) })
        else { return nil }
        var bytes: [UInt8] = []
        for byte in text.utf8 where byte != ChartPattern.star || bytes.last != byte { bytes.append(byte) }
        self.text = String(decoding: bytes, as: UTF8.self)
    }

    private static let star = UInt8(ascii: "*")

    /// Whether it is a name and no pattern.
    public var isExact: Bool { !text.utf8.contains(ChartPattern.star) }

    /// Whether it takes every name.
    var isEverything: Bool { text == "*" }

    /// Whether a name fits; names are compared by their bytes.
    public func matches(_ name: String) -> Bool {
        let pattern = text.utf8
        let bytes = name.utf8
        var place = pattern.startIndex
        var position = bytes.startIndex
        // Where to go on when what follows the last `*` does not fit: one byte later.
        var retry: (place: String.Index, position: String.Index)?
        while position < bytes.endIndex {
            if place < pattern.endIndex, pattern[place] == ChartPattern.star {
                place = pattern.index(after: place)
                retry = (place, position)
            } else if place < pattern.endIndex, pattern[place] == bytes[position] {
                place = pattern.index(after: place)
                position = bytes.index(after: position)
            } else if let last = retry {
                let later = bytes.index(after: last.position)
                retry = (last.place, later)
                (place, position) = (last.place, later)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == ChartPattern.star }
    }
}
