public import ChartArchive
public import Content
public import OCIModel

/// A chart's default values.
public struct ChartValues: Sendable {
    /// The version.
    public let chart: ResolvedChart
    /// `values.yaml`; nil when there is none.
    public let values: ArchivedFile?
    /// `values.schema.json`; nil when there is none.
    public let schema: ArchivedFile?

    /// `reference`, `repository`, `tag`, `manifest`, `values` and `schema` (the files' texts or null).
    public var json: JSONValue {
        .object(
            chart.members + [
                ("values", JSONValue(optional: values?.text)), ("schema", JSONValue(optional: schema?.text)),
            ])
    }
}

/// A chart's readme.
public struct ChartReadme: Sendable {
    /// The version.
    public let chart: ResolvedChart
    /// The file; nil when there is none.
    public let readme: ArchivedFile?

    /// `reference`, `repository`, `tag`, `manifest`, `file` (its name or null), `readme` (its text or null).
    public var json: JSONValue {
        .object(
            chart.members + [
                ("file", JSONValue(optional: readme?.path)), ("readme", JSONValue(optional: readme?.text)),
            ])
    }
}

/// A chart's templates and custom resource definitions.
public struct ChartTemplates: Sendable {
    /// The version.
    public let chart: ResolvedChart
    /// What is below `templates/`, sorted by path.
    public let templates: [ArchivedFile]
    /// What is below `crds/`, sorted by path.
    public let crds: [ArchivedFile]

    /// `reference`, `repository`, `tag`, `manifest`, `templates` and `crds`: lists of objects of `path`, `size` and
    /// `text` (null for a binary file).
    public var json: JSONValue {
        .object(
            chart.members + [
                ("templates", .array(templates.map(ChartTemplates.json))),
                ("crds", .array(crds.map(ChartTemplates.json))),
            ])
    }

    private static func json(_ file: ArchivedFile) -> JSONValue {
        .object([
            ("path", .string(file.path)), ("size", .integer(Int64(file.bytes.count))),
            ("text", JSONValue(optional: file.text)),
        ])
    }
}

extension ChartInspector {
    /// A chart's default values.
    ///
    /// - Throws: as `resolve`; `.chartInvalid` when the archive cannot be read.
    public func values(_ reference: Reference) async throws(ContentError) -> ChartValues {
        let chart = try await resolve(reference)
        let files = try await files(.values, of: chart)
        return ChartValues(chart: chart, values: files.values, schema: files.schema)
    }

    /// A chart's readme.
    ///
    /// - Throws: as `resolve`; `.chartInvalid` when the archive cannot be read.
    public func readme(_ reference: Reference) async throws(ContentError) -> ChartReadme {
        let chart = try await resolve(reference)
        return ChartReadme(chart: chart, readme: try await files(.readme, of: chart).readme)
    }

    /// A chart's templates.
    ///
    /// - Throws: as `resolve`; `.chartInvalid` when the archive cannot be read.
    public func templates(_ reference: Reference) async throws(ContentError) -> ChartTemplates {
        let chart = try await resolve(reference)
        let files = try await files(.templates, of: chart)
        return ChartTemplates(chart: chart, templates: files.templates, crds: files.crds)
    }
}
