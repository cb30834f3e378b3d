import OCIModel

/// The same index as YAML, for readers that want the file to be what its name says.
///
/// `yamlHead`, then for each chart `yamlOpening(of:)` and its entries, and `yamlTail`. Each piece but the head begins
/// with the line break that ends the one before it, so nothing stands between them. Fields are those of the JSON form:
/// Helm's YAML reader refuses unknown ones.
extension ChartIndexText {
    /// What an index begins with.
    public static let yamlHead = Array("apiVersion: v1\nentries:".utf8)

    /// What stands in front of a chart's entries.
    public static func yamlOpening(of name: String) -> [UInt8] {
        var text = BlockText()
        text.breakLine(2)
        text.writeString(name)
        text.append(":")
        return text.bytes
    }

    /// One version, from what `entry` gave.
    ///
    /// - Throws: `HelmParseError` when the text is no JSON object.
    public static func yamlEntry(_ json: [UInt8]) throws(HelmParseError) -> [UInt8] {
        let tree: JSONValue
        do {
            tree = try JSONValue(parsing: json)
        } catch {
            throw HelmParseError("the entry of a repository index: \(error.description)")
        }
        guard tree.members != nil else { throw HelmParseError("the entry of a repository index is no JSON object") }
        var text = BlockText()
        text.breakLine(2)
        text.append("- ")
        text.write(tree, indent: 4, isInline: true)
        return text.bytes
    }

    /// What an index ends with.
    ///
    /// - Parameters:
    ///   - time: an RFC 3339 time, written as it is.
    ///   - isEmpty: whether no chart stands between head and tail.
    public static func yamlTail(generated time: String, isEmpty: Bool = false) -> [UInt8] {
        var text = BlockText()
        if isEmpty { text.append(" {}") }
        text.breakLine(0)
        text.append("generated: ")
        text.writeString(time)
        text.breakLine(0)
        return text.bytes
    }
}
