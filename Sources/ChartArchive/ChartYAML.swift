public import OCIModel
import YAML

/// Reads the YAML files of a chart.
public enum ChartYAML {
    /// The tree of a file as Helm reads it: scalars resolved, keys made text; null for an empty file.
    ///
    /// `file` names it in errors.
    /// - Throws: `.yaml`.
    public static func tree(_ bytes: [UInt8], file: String) throws(ChartArchiveError) -> JSONValue {
        do {
            return try YAMLDocument.parse(bytes)?.jsonValue() ?? .null
        } catch {
            throw .yaml(file: file, error)
        }
    }
}
