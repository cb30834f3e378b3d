// YAML: text to a tree, over libyaml's event stream. The only YAML parser of the house.
//
// Owns: the tree with its positions, the limits, the errors, and what a plain scalar means.
// Invariant: a tree that exists is finite and within its limits, its keys are scalars, no mapping holds a key twice,
// aliases and merge keys are resolved. Pure functions of the bytes: no files, no global state, any thread.
// Compatibility: scalars mean what go.yaml.in/yaml/v2 (YAML 1.1, under sigs.k8s.io/yaml) takes them for, because that
// is what Helm reads charts with. Stricter than it: duplicate keys and a second document are errors.

/// Reads YAML documents.
public enum YAMLDocument {
    /// Parses one document of UTF-8 text to a tree.
    ///
    /// Linear in the input and in what aliases expand to; recursion stops at `limits.depth`.
    /// - Returns: the root node, or nil when the text holds no document (empty, or comments only).
    /// - Throws: `YAMLError` with the place and one sentence: malformed YAML or UTF-8, a duplicate key, an unknown
    ///   anchor or one that contains itself, a second document, or a limit that is exceeded.
    public static func parse(_ bytes: [UInt8], limits: YAMLLimits = YAMLLimits()) throws(YAMLError) -> YAMLNode? {
        guard bytes.count <= limits.bytes else {
            throw YAMLError(line: 1, column: 1, message: "the text is larger than \(limits.bytes) bytes")
        }
        return try bytes.withUnsafeBufferPointer { buffer throws(YAMLError) in
            var composer = Composer(reader: try EventReader(borrowing: withoutMark(buffer)), limits: limits)
            return try composer.document()
        }
    }

    /// The text without a byte order mark, which libyaml counts as a column: it would indent the first line.
    static func withoutMark(_ buffer: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        buffer.starts(with: [0xEF, 0xBB, 0xBF]) ? buffer.extracting(3...) : buffer
    }
}

/// What a document may cost at most.
public struct YAMLLimits: Sendable {
    /// The size of the text in bytes, and that of what aliases repeat of it; 8 MiB.
    public var bytes = 8 << 20
    /// How deep collections nest, where a scalar at the root has depth 1; 64.
    public var depth = 64
    /// Nodes of the tree, or of one piece of a document that is walked, those that aliases produce included; 1,000,000.
    public var nodes = 1_000_000
    /// Nodes that aliases produce; 10,000.
    public var aliasExpansion = 10_000

    /// The defaults.
    public init() {}
}

/// What is wrong with a document, and where.
public struct YAMLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The line, counted from 1.
    public let line: Int
    /// The column in characters, counted from 1.
    public let column: Int
    /// One sentence without a final full stop.
    public let message: String

    /// Keeps the place and the sentence; for readers of a tree that find a value wrong.
    public init(line: Int, column: Int, message: String) {
        self.line = line
        self.column = column
        self.message = message
    }

    /// `line 3, column 7: …`.
    public var description: String { "line \(line), column \(column): \(message)" }

    /// Quotes hostile text for a message: at most 60 characters, control characters replaced.
    static func quote(_ text: String) -> String {
        let scalars = text.unicodeScalars
        let shown = scalars.prefix(60).map { scalar in
            scalar.value < 0x20 || scalar.value == 0x7F || scalar == "\"" ? "?" : Character(scalar)
        }
        return "\"" + String(shown) + (scalars.dropFirst(60).isEmpty ? "" : "…") + "\""
    }
}
