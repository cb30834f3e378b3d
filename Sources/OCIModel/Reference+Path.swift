extension Reference {
    /// Parses `repository[:tag][@digest]`, in which there is no host, whatever the first element looks like.
    ///
    /// A `+` in the tag is written `_`.
    /// - Throws: `OCIParseError` of the part that is wrong.
    public init(path text: some StringProtocol) throws(OCIParseError) {
        var rest = Substring(text)
        var digest: Digest?
        if let at = rest.utf8.firstIndex(of: UInt8(ascii: "@")) {
            digest = try Digest(parsing: rest[rest.utf8.index(after: at)...])
            rest = rest[..<at]
        }
        var tag: Tag?
        if let colon = rest.utf8.lastIndex(of: UInt8(ascii: ":")) {
            let written = rest[rest.utf8.index(after: colon)...]
            tag = try Tag(parsing: String(written.map { $0 == "+" ? "_" : $0 }))
            rest = rest[..<colon]
        }
        self.init(repository: try RepositoryName(parsing: rest), tag: tag, digest: digest)
    }

    /// `repository[:tag][@digest]`, which `init(path:)` reads as the same but for the host.
    public var path: String {
        repository.description + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
    }
}
