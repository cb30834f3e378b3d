public import OCIModel
public import YAML

/// Reads the YAML files of a chart.
public enum ChartYAML {
    /// The tree of a file as Helm reads it: scalars resolved, keys made text; null for an empty file.
    ///
    /// `file` names it in errors. At most 200,000 nodes, 10,000 of them by aliases, 64 levels, 8 MiB of text.
    /// - Throws: `.yaml`.
    public static func tree(_ bytes: [UInt8], file: String) throws(ChartArchiveError) -> JSONValue {
        var limits = YAMLLimits()
        limits.nodes = 200_000
        do {
            return try YAMLDocument.parse(bytes, limits: limits)?.jsonValue() ?? .null
        } catch {
            throw .yaml(file: file, error)
        }
    }

    /// The tree of a node of a file, as `tree(_:file:)` gives that of the whole.
    ///
    /// - Throws: `.yaml`.
    public static func tree(_ node: YAMLNode, file: String) throws(ChartArchiveError) -> JSONValue {
        do {
            return try node.jsonValue()
        } catch {
            throw .yaml(file: file, error)
        }
    }
}
