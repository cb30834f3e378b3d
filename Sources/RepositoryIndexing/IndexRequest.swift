// RepositoryIndexing: `index.yaml` of classic chart repositories, made from ready fragments.
//
// Owns: the text of an index in blocks, its compressed form, views of it, their entity tags, and the directory they are
// written to. That directory holds derived data only; it is emptied at the start and its files have no names for longer
// than it takes to open them. Invariants: bytes in a log are never overwritten, so an answer under way is never torn;
// blocks made by changes are those that would be made from nothing. Thread rule: `IndexService.ready` never waits;
// `IndexService.build` reads and writes files and belongs on a thread that may block.

public import Content
public import HelmModel

/// Which index is asked for.
public struct IndexRequest: Sendable {
    /// The text an index is written in.
    public enum Form: Hashable, Sendable {
        /// JSON, which every Helm reads under the name `index.yaml`.
        case json
        /// YAML, for strict old readers.
        case yaml
    }

    /// The classic repository.
    public var namespace: ChartNamespace
    /// What a view chooses; nil for all of the repository.
    public var selector: ChartSelector?
    /// The text.
    public var form: Form
    /// Whether it is compressed as gzip.
    public var isGzip: Bool

    /// Builds a request.
    public init(
        _ namespace: ChartNamespace, selector: ChartSelector? = nil, form: Form = .json, isGzip: Bool = false
    ) {
        self.namespace = namespace
        self.selector = selector
        self.form = form
        self.isGzip = isGzip
    }
}

/// An index that can be sent.
public struct ServedIndex: Sendable {
    /// Where its bytes are.
    public enum Body: Sendable {
        /// In memory.
        case bytes([UInt8])
        /// In parts of a file.
        case file(IndexFile)
    }

    /// The strong entity tag without quotes.
    ///
    /// It follows from the content alone: another process with the same charts gives the same tag. Each form has a tag
    /// of its own.
    public var entityTag: String
    /// The length in bytes.
    public var length: Int64
    /// The bytes.
    public var body: Body
}
