internal import PullThrough

/// A pattern for names: a plain name, one with `*` and `**`, or `/regex/`.
public struct NamePattern: Sendable, Hashable, CustomStringConvertible {
    /// The pattern as written.
    public let description: String
    private let matcher: Matcher

    private enum Matcher: Sendable, Hashable {
        case path(PathPattern)
        case text(TextPattern)
    }

    /// Reads a pattern.
    ///
    /// - Throws: `PatternError` when the text between slashes is no regular expression, or nothing is there.
    public init(_ text: String) throws(PatternError) {
        guard !text.isEmpty else { throw PatternError("a pattern must not be empty") }
        description = text
        if text.utf8.count > 2, text.hasPrefix("/"), text.hasSuffix("/") {
            matcher = .text(try TextPattern(String(text.dropFirst().dropLast())))
        } else {
            matcher = .path(PathPattern(text))
        }
    }

    /// Whether it names one thing only, which need not be looked for in a listing.
    public var isPlain: Bool {
        if case .path = matcher { return !description.utf8.contains(UInt8(ascii: "*")) }
        return false
    }

    /// Whether the whole name is what the pattern says.
    public func matches(_ name: String) -> Bool {
        switch matcher {
        case .path(let pattern): pattern.matches(name)
        case .text(let pattern): pattern.matches(name)
        }
    }
}

/// Why a text is no pattern; one sentence.
public struct PatternError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The sentence.
    public let description: String

    /// Builds it.
    public init(_ description: String) {
        self.description = description
    }
}

/// A regular expression that must match a whole text, in Swift's syntax, which is that of PCRE but for rarities.
public struct TextPattern: Sendable, Hashable, CustomStringConvertible {
    /// The expression as written.
    public let description: String

    /// Takes an expression of at most 1,000 bytes.
    ///
    /// - Throws: `PatternError` saying what is wrong with it.
    public init(_ text: String) throws(PatternError) {
        guard text.utf8.count <= 1000 else { throw PatternError("a regular expression of more than 1000 bytes") }
        do {
            _ = try Regex(text)
        } catch {
            throw PatternError("\"\(text)\" is no regular expression: \(error)")
        }
        description = text
    }

    /// Whether it matches all of a text.
    ///
    /// Compiles the expression anew: for many texts use `matcher`.
    public func matches(_ text: String) -> Bool { matcher(text) }

    /// A function that tells whether it matches all of a text; for the calling task only.
    public var matcher: (String) -> Bool {
        guard let regex = try? Regex(description) else { return { _ in false } }
        return { text in (try? regex.wholeMatch(in: text)) != nil }
    }
}

/// How a repository is named at the destination: text with `{repository}`, `{path}`, `{name}`, `{host}`.
///
/// `{repository}` is the whole name at the source, below the path it is mirrored from; `{path}` all but its last element
/// and `{name}` the last; `{host}` the source's host, a colon written as `_`. Empty elements are left out.
public struct NameTemplate: Sendable, Hashable, CustomStringConvertible {
    /// The template as written.
    public let description: String
    private let pieces: [Piece]

    private enum Piece: Sendable, Hashable {
        case text(String)
        case repository, path, name, host
    }

    /// `{repository}`.
    public static let same = NameTemplate([.repository], "{repository}")
    /// `{host}/{repository}`.
    public static let withHost = NameTemplate([.host, .text("/"), .repository], "{host}/{repository}")

    /// One name, for a mirror of a single repository.
    public static func fixed(_ name: String) -> NameTemplate { NameTemplate([.text(name)], name) }

    private init(_ pieces: [Piece], _ description: String) {
        self.pieces = pieces
        self.description = description
    }

    /// Reads a template.
    ///
    /// - Throws: `PatternError` for a placeholder that does not exist, a brace without its other half, and a template
    ///   without `{repository}` or `{name}`, which would give all the same name.
    public init(_ text: String) throws(PatternError) {
        var pieces: [Piece] = []
        var rest = Substring(text)
        while let open = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            guard rest[open] == "{", let close = rest[open...].firstIndex(of: "}") else {
                throw PatternError("\"\(text)\" has a brace without its other half")
            }
            if open > rest.startIndex { pieces.append(.text(String(rest[..<open]))) }
            switch rest[rest.index(after: open)..<close] {
            case "repository": pieces.append(.repository)
            case "path": pieces.append(.path)
            case "name": pieces.append(.name)
            case "host": pieces.append(.host)
            case let other:
                throw PatternError(
                    "there is no placeholder {\(other)}; there are {repository}, {path}, {name} and {host}")
            }
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        guard pieces.contains(.repository) || pieces.contains(.name) else {
            throw PatternError("\"\(text)\" gives every repository the same name; use {repository} or {name}")
        }
        self.init(pieces, text)
    }

    /// The name of a repository of a host.
    public func name(of repository: String, host: String?) -> String {
        let elements = repository.split(separator: "/")
        let text = pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .repository: repository
            case .path: elements.dropLast().joined(separator: "/")
            case .name: elements.last.map(String.init) ?? ""
            case .host: String((host ?? "local").map { $0 == ":" ? "_" : $0 })
            }
        }.joined()
        return text.split(separator: "/").joined(separator: "/")
    }
}
