/// A pattern for the path behind an upstream's prefix: `*` is anything but a slash, `**` anything at all.
public struct PathPattern: Hashable, Sendable, CustomStringConvertible {
    /// The pattern as written.
    public let description: String
    private let pieces: [Piece]

    private enum Piece: Hashable, Sendable {
        case byte(UInt8)
        case withinElement
        case anything
    }

    /// Takes a pattern; every text is one.
    public init(_ text: String) {
        description = text
        var pieces: [Piece] = []
        for byte in text.utf8 {
            if byte != UInt8(ascii: "*") {
                pieces.append(.byte(byte))
            } else if pieces.last == .withinElement || pieces.last == .anything {
                pieces[pieces.count - 1] = .anything
            } else {
                pieces.append(.withinElement)
            }
        }
        self.pieces = pieces
    }

    /// Whether the whole path is what the pattern says.
    ///
    /// Time: pattern times path, whatever stars there are.
    public func matches(_ path: some StringProtocol) -> Bool {
        // The positions in the pattern that the path so far may have led to.
        var reached = [Bool](repeating: false, count: pieces.count + 1)
        reached[0] = true
        skipStars(&reached)
        for byte in path.utf8 {
            var next = [Bool](repeating: false, count: pieces.count + 1)
            for (place, piece) in pieces.enumerated() where reached[place] {
                switch piece {
                case .byte(let wanted): if wanted == byte { next[place + 1] = true }
                case .withinElement: if byte != UInt8(ascii: "/") { next[place] = true }
                case .anything: next[place] = true
                }
            }
            skipStars(&next)
            reached = next
        }
        return reached[pieces.count]
    }

    /// A star may stand for nothing.
    private func skipStars(_ reached: inout [Bool]) {
        for (place, piece) in pieces.enumerated() where reached[place] {
            if case .byte = piece { continue }
            reached[place + 1] = true
        }
    }
}

/// A rewriting of the path behind a prefix: `from=to`, each with one `*` or none.
public struct PathRewrite: Hashable, Sendable {
    private let from: (head: String, tail: String?)
    private let to: (head: String, tail: String?)

    /// Builds it of two texts, each with at most one `*`, which stands for the same part; nil otherwise.
    public init?(from: String, to: String) {
        guard let source = PathRewrite.split(from), let target = PathRewrite.split(to),
            source.tail != nil || target.tail == nil
        else { return nil }
        self.from = source
        self.to = target
    }

    /// The path it makes of one; nil when it is not meant.
    public func applied(to path: String) -> String? {
        guard let tail = from.tail else {
            return path == from.head ? to.head : nil
        }
        guard path.utf8.count >= from.head.utf8.count + tail.utf8.count, path.hasPrefix(from.head), path.hasSuffix(tail)
        else { return nil }
        let middle = path.utf8.dropFirst(from.head.utf8.count).dropLast(tail.utf8.count)
        return to.tail.map { to.head + String(decoding: middle, as: UTF8.self) + $0 } ?? to.head
    }

    /// Two are equal when they are written alike.
    public static func == (left: PathRewrite, right: PathRewrite) -> Bool {
        left.from == right.from && left.to == right.to
    }

    /// Hashes what it is written like.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(from.head)
        hasher.combine(from.tail)
        hasher.combine(to.head)
        hasher.combine(to.tail)
    }

    private static func split(_ text: String) -> (head: String, tail: String?)? {
        let parts = text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        switch parts.count {
        case 1: return (parts[0], nil)
        case 2: return (parts[0], parts[1])
        default: return nil
        }
    }
}
