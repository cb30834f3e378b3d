import HelmModel
import OCIModel

extension ChartMetadata {
    /// The config object as a tree.
    var tree: JSONValue { (try? JSONValue(parsing: configJSON)) ?? .null }
}
