extension Reference {
    /// The longest text that is read as an image, in bytes.
    private static let maximumImageLength = 512

    /// Parses the name of a container image as Docker does: `nginx:1.25` is `docker.io/library/nginx:1.25`.
    ///
    /// The first element is a host when it holds a `.`, a `:` or an upper-case letter, or is `localhost`; otherwise the
    /// host is `docker.io`, where a name of one element lies below `library`. A missing tag stays missing.
    /// Source: distribution/reference v0.6.0, `normalize.go`.
    /// - Throws: `OCIParseError` of the part that is wrong.
    public init(image text: some StringProtocol) throws(OCIParseError) {
        let bytes = Substring(text).utf8
        let slash = UInt8(ascii: "/")
        guard bytes.count <= Reference.maximumImageLength else {
            throw OCIParseError(
                "image \(OCIParseError.quote(text)) is longer than \(Reference.maximumImageLength) bytes")
        }
        guard !bytes.contains(UInt8(ascii: "+")), bytes.first != slash else {
            throw OCIParseError("image \(OCIParseError.quote(text)) must be [host/]repository[:tag][@digest]")
        }
        let first = bytes.prefix { $0 != slash }
        let isHost = first.count < bytes.count && Reference.isImageHost(first)
        try self.init(parsing: isHost ? "oci://\(text)" : "oci://docker.io/\(text)")
        guard host == "docker.io" || host == "index.docker.io" else { return }
        host = "docker.io"
        if repository.elements.count == 1 { repository = try RepositoryName(parsing: "library/\(repository)") }
    }

    /// Whether the name of an image begins with a host rather than with a path element.
    public static func imageHasHost(_ text: some StringProtocol) -> Bool {
        let bytes = Substring(text).utf8
        let first = bytes.prefix { $0 != UInt8(ascii: "/") }
        return first.count < bytes.count && isImageHost(first)
    }

    private static func isImageHost(_ text: Substring.UTF8View) -> Bool {
        text.elementsEqual("localhost".utf8)
            || text.contains { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") || (0x41...0x5A).contains($0) }
    }
}
