internal import Content
internal import HTTPMessage
internal import OCIModel

/// The query of a question about charts.
struct KnowledgeQuery {
    /// How many elements a list gives when the client does not say, and at the most.
    private static let usualLimit = 100
    private static let largestLimit = 1000

    private let items: QueryItems

    init(_ items: QueryItems) {
        self.items = items
    }

    /// `namespace`: nil when it is not given, the root when it is empty.
    func namespace() throws(ContentError) -> ChartNamespace? {
        guard let text = items.first("namespace") else { return nil }
        return try ChartNamespace(parsing: text)
    }

    /// `n`.
    func limit() throws(ContentError) -> Int {
        guard let text = items.first("n") else { return KnowledgeQuery.usualLimit }
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw .parameterInvalid("n=\(OCIParseError.quote(text)) is not a number of 0 or more")
        }
        return min(Int(text) ?? KnowledgeQuery.largestLimit, KnowledgeQuery.largestLimit)
    }

    /// `last`: the chart a page follows, as `<namespace>/<name>`.
    func cursor() throws(ContentError) -> ChartCursor? {
        guard let text = items.first("last"), !text.isEmpty else { return nil }
        guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) else {
            return ChartCursor(namespace: .root, name: text)
        }
        return ChartCursor(
            namespace: try ChartNamespace(parsing: text[..<slash]),
            name: String(text[text.index(after: slash)...]))
    }

    /// A parameter there is no answer without.
    func required(_ name: String) throws(ContentError) -> String {
        guard let text = items.first(name), !text.isEmpty else {
            throw .parameterInvalid("the query names no \(name): add ?\(name)=")
        }
        return text
    }

    /// `<namespace>/<name>[:<version>][@<digest>]`; there is no host in it, whatever the namespace looks like.
    func reference(_ name: String) throws(ContentError) -> Reference {
        let text = try required(name)
        do throws(OCIParseError) {
            return try Reference(path: text)
        } catch {
            throw .parameterInvalid("\(name)=\(OCIParseError.quote(text)): \(error.description)")
        }
    }
}
