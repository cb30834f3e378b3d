public import OCIModel

extension Tag {
    /// The tag of a chart's version: `+`, which tags cannot hold, becomes `_`.
    ///
    /// Source: helm.sh/helm/v4 v4.3.0 `pkg/registry/reference.go`.
    /// - Throws: `OCIParseError` when what results is no tag, for one when it is longer than 128 characters.
    public init(chartVersion: some StringProtocol) throws(OCIParseError) {
        try self.init(parsing: Tag.replacing(chartVersion, "+", by: "_"))
    }

    /// The version a tag stands for when a chart is behind it: `_` becomes `+`.
    public var chartVersion: String { Tag.replacing(description, "_", by: "+") }

    private static func replacing(
        _ text: some StringProtocol, _ old: Character, by new: Character
    ) -> String {
        String(text.map { $0 == old ? new : $0 })
    }
}
