public import OCIModel

/// A classic chart repository's place: the path in front of its charts' repositories.
///
/// An OCI repository `a/b/name` that holds chart `name` belongs to the classic repository `a/b`; one without a slash to
/// the root. Alias rule: upper-case ASCII letters, which OCI names cannot hold, become lower case; whatever else an OCI
/// name cannot hold is refused.
public struct ChartNamespace: Hashable, Sendable, CustomStringConvertible {
    /// The path; nil for the root.
    public let path: RepositoryName?

    /// The namespace at a path; nil for the root.
    public init(_ path: RepositoryName?) {
        self.path = path
    }

    /// The root.
    public static let root = ChartNamespace(nil)

    /// The namespace a repository's chart belongs to.
    public init(of repository: RepositoryName) {
        let text = repository.description
        path = text.lastIndex(of: "/").flatMap { try? RepositoryName(parsing: text[..<$0]) }
    }

    /// Parses a namespace by the alias rule; empty text is the root.
    ///
    /// - Throws: `.nameInvalid`.
    public init(parsing text: some StringProtocol) throws(ContentError) {
        guard !text.isEmpty else {
            path = nil
            return
        }
        do {
            path = try RepositoryName(parsing: ChartNamespace.alias(of: text))
        } catch {
            throw .nameInvalid("namespace: \(error)")
        }
    }

    /// The OCI repository that holds a chart of this name.
    ///
    /// - Throws: `.chartInvalid` when the name cannot be one in a registry.
    public func repository(forChart name: some StringProtocol) throws(ContentError) -> RepositoryName {
        let alias = ChartNamespace.alias(of: name)
        guard !alias.utf8.contains(UInt8(ascii: "/")) else {
            throw .chartInvalid("the chart's name \(OCIParseError.quote(name)) must not be a path")
        }
        do {
            return try RepositoryName(parsing: path.map { "\($0)/\(alias)" } ?? alias)
        } catch {
            throw .chartInvalid(
                "the chart's name \(OCIParseError.quote(name)) cannot be a repository's name: use letters, digits and "
                    + "single '.', '_' or '-' between them")
        }
    }

    /// The path as text; empty for the root.
    public var description: String { path?.description ?? "" }

    /// Upper-case ASCII letters become lower case; nothing else changes.
    static func alias(of text: some StringProtocol) -> String {
        String(decoding: text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}
