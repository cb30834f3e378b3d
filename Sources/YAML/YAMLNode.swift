/// A node of a YAML tree and the place where it begins.
///
/// What an alias stands for has the place of the anchored node.
public struct YAMLNode: Sendable {
    /// What the node holds.
    public var content: Content
    /// The line, counted from 1.
    public var line: Int
    /// The column in characters, counted from 1.
    public var column: Int

    /// What a node holds.
    public enum Content: Sendable {
        /// A scalar's text. It is plain when it was written without quotes, not as a block, and without a tag that
        /// makes it text: only then can it mean a number, a boolean or null.
        case scalar(String, isPlain: Bool)
        /// The elements in order.
        case sequence([YAMLNode])
        /// The entries in order; every key is a scalar and occurs once.
        case mapping([(key: YAMLNode, value: YAMLNode)])
    }

    /// Builds a node.
    public init(_ content: Content, line: Int, column: Int) {
        self.content = content
        self.line = line
        self.column = column
    }
}

extension YAMLNode {
    /// The value of a key, when the node is a mapping that has it.
    ///
    /// Linear in the mapping.
    public subscript(_ key: String) -> YAMLNode? {
        entries?.first { $0.key.text == key }?.value
    }

    /// The entries, when the node is a mapping.
    public var entries: [(key: YAMLNode, value: YAMLNode)]? {
        if case .mapping(let entries) = content { entries } else { nil }
    }

    /// The elements, when the node is a sequence.
    public var elements: [YAMLNode]? {
        if case .sequence(let elements) = content { elements } else { nil }
    }

    /// The text of a scalar as written, whatever it means; nil for collections.
    public var text: String? {
        if case .scalar(let text, _) = content { text } else { nil }
    }

    /// The text of a scalar as written, numbers and booleans included; nil for null and for collections.
    public var string: String? { isNull ? nil : text }

    /// The boolean, when the node is a plain scalar that means one: `true`, `yes`, `on`, `y` and their opposites.
    public var bool: Bool? {
        if case .bool(let value) = value { value } else { nil }
    }

    /// The whole number, when the node is a plain scalar that means one and it fits 64 bits with a sign.
    public var integer: Int64? {
        if case .integer(let value) = value { value } else { nil }
    }

    /// Whether the node is a plain scalar that means null: nothing, `~` or `null`.
    public var isNull: Bool {
        if case .null = value { true } else { false }
    }

    /// What the scalar means; nil for collections.
    public var value: YAMLScalar? {
        guard case .scalar(let text, let isPlain) = content else { return nil }
        return isPlain ? YAMLScalar(plain: text) : .string(text)
    }

    /// An error at this node's place, for readers of the tree.
    public func error(_ message: String) -> YAMLError {
        YAMLError(line: line, column: column, message: message)
    }
}
