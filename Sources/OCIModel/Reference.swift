/// A reference as people write it: `[oci://][host[:port]/]repository[:tag][@digest]`.
///
/// The first element is a host when it holds a `.` or a `:` or is `localhost`, as Docker's reference grammar has it
/// (distribution/reference v0.6.0), or whenever the text begins with `oci://`. A `+` in the tag is written `_`, as
/// Helm does, because tags cannot hold it.
public struct Reference: Hashable, Sendable, CustomStringConvertible {
    /// `host[:port]`, nil for a repository of the local store.
    public var host: String?
    /// The repository.
    public var repository: RepositoryName
    /// The tag, if any.
    public var tag: Tag?
    /// The digest, if any; it wins over the tag.
    public var digest: Digest?

    /// Builds a reference from its parts.
    public init(host: String? = nil, repository: RepositoryName, tag: Tag? = nil, digest: Digest? = nil) {
        self.host = host
        self.repository = repository
        self.tag = tag
        self.digest = digest
    }

    /// Parses a reference.
    ///
    /// - Throws: `OCIParseError` of the part that is wrong.
    public init(parsing text: some StringProtocol) throws(OCIParseError) {
        var rest = Substring(text)
        let scheme = "oci://"
        let mustHaveHost = rest.hasPrefix(scheme)
        if mustHaveHost { rest = rest.dropFirst(scheme.count) }
        if let at = rest.firstIndex(of: "@") {
            digest = try Digest(parsing: rest[rest.index(after: at)...])
            rest = rest[..<at]
        }
        if let slash = rest.firstIndex(of: "/"), mustHaveHost || Reference.looksLikeHost(rest[..<slash]) {
            host = try Reference.host(rest[..<slash])
            rest = rest[rest.index(after: slash)...]
        } else if mustHaveHost {
            throw OCIParseError("reference \(OCIParseError.quote(text)) names no repository behind the host")
        }
        let lastSlash = rest.lastIndex(of: "/") ?? rest.startIndex
        if let colon = rest[lastSlash...].firstIndex(of: ":") {
            let written = rest[rest.index(after: colon)...]
            tag = try Tag(parsing: String(written.map { $0 == "+" ? "_" : $0 }))
            rest = rest[..<colon]
        }
        repository = try RepositoryName(parsing: rest)
    }

    /// The digest when there is one, else the tag; nil when the reference names a whole repository.
    public var manifest: ManifestReference? {
        if let digest { return .digest(digest) }
        return tag.map { .tag($0) }
    }

    /// The reference as text, which `init(parsing:)` reads as the same.
    ///
    /// Without a scheme, unless the host would be taken for a path element then.
    public var description: String {
        let scheme = host.map { Reference.looksLikeHost($0[...]) } ?? true ? "" : "oci://"
        return scheme + (host.map { $0 + "/" } ?? "") + repository.description + (tag.map { ":\($0)" } ?? "")
            + (digest.map { "@\($0)" } ?? "")
    }

    private static func looksLikeHost(_ text: Substring) -> Bool {
        text == "localhost" || text.contains(".") || text.contains(":")
    }

    /// A name or address of letters, digits, `.`, `-` and `_`, or an IPv6 literal in brackets; then a port or nothing.
    ///
    /// Nothing that could end a URL's authority.
    private static func host(_ text: Substring) throws(OCIParseError) -> String {
        var name = text
        var end = text.utf8.firstIndex(of: UInt8(ascii: ":")) ?? text.endIndex
        var others = ".-_"
        if text.hasPrefix("["), let bracket = text.utf8.firstIndex(of: UInt8(ascii: "]")) {
            name = text[text.utf8.index(after: text.startIndex)..<bracket]
            end = text.utf8.index(after: bracket)
            others = ":."
        } else {
            name = text[..<end]
        }
        let port = text[end...].utf8
        let isPortLegal =
            port.isEmpty
            || port.first == UInt8(ascii: ":") && (2...6).contains(port.count) && port.dropFirst().allSatisfy(isDigit)
        guard isPortLegal, !name.isEmpty,
            name.utf8.allSatisfy({ isDigit($0) || isLetter($0) || others.utf8.contains($0) })
        else {
            throw OCIParseError("host \(OCIParseError.quote(text)) is not host or host:port")
        }
        return String(text)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
