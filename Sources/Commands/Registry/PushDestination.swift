import HelmModel
import OCIModel

/// Where a chart is pushed to.
enum PushDestination {
    /// The reference of a chart of this name and version.
    ///
    /// `oci://host/namespace` gets the chart's name, as Helm does it; anything else is the repository itself. A tag
    /// must be the version's.
    static func reference(_ text: String, _ metadata: ChartMetadata) throws(CommandError) -> Reference {
        let tag: Tag
        do {
            tag = try Tag(chartVersion: metadata.version)
        } catch {
            throw CommandError(.invalidContent, "version \(metadata.version) gives no tag: \(error)")
        }
        var reference = try parsed(text, metadata)
        if let written = reference.tag, written != tag {
            throw CommandError(
                .usage, "the reference says \(written), the chart's version is \(metadata.version)",
                hints: ["leave out the tag, or write \(tag)"])
        }
        if reference.digest != nil {
            throw CommandError(.usage, "a chart is pushed to a repository, not to a digest")
        }
        reference.tag = tag
        return reference
    }

    private static func parsed(_ text: String, _ metadata: ChartMetadata) throws(CommandError) -> Reference {
        do {
            guard text.hasPrefix("oci://") else { return try Reference(parsing: text) }
            let bare = text.hasSuffix("/") ? String(text.dropLast()) : text
            let reference = try Reference(parsing: bare + "/" + metadata.name)
            return reference
        } catch {
            let hint =
                text.hasPrefix("oci://")
                ? "write oci://host/namespace; the chart's name and version are added"
                : "write REPOSITORY or REPOSITORY:TAG"
            throw CommandError(.usage, error.description, hints: [hint])
        }
    }
}
