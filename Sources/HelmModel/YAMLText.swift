public import OCIModel

/// Writes trees as YAML.
public enum YAMLText {
    /// A tree as a document of blocks that readers of YAML 1.1 and 1.2 read back as the same tree.
    ///
    /// Members stay in their order; ends with a line break.
    public static func document(_ tree: JSONValue) -> String {
        var text = BlockText()
        text.write(tree, indent: 0, isInline: true)
        text.breakLine(0)
        return String(decoding: text.bytes, as: UTF8.self)
    }
}
