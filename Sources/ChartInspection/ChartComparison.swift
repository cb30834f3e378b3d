import ChartArchive
public import Content
import HelmModel
public import OCIModel

/// What changed between two versions of a chart, or between two charts.
public struct ChartComparison: Sendable {
    /// The version compared from.
    public let old: ResolvedChart
    /// The version compared to.
    public let new: ResolvedChart
    /// Fields of `Chart.yaml` that differ, dependencies left out; `path` is the field's name.
    public let metadata: ValueDiff
    /// The default values.
    public let values: ValueDiff
    /// Why the values could not be compared as trees: one sentence without a final full stop.
    ///
    /// Helm takes some YAML that Chartroom does not, for one a key that is there twice.
    public let valuesProblem: String?
    /// The values compared as text, when they could not be compared as trees.
    public let valuesText: TextDiff?
    /// Templates.
    public let templates: FileDiff
    /// Custom resource definitions.
    public let crds: FileDiff
    /// Dependencies; `path` is the alias or the name, the value the dependency as `Chart.yaml` has it.
    public let dependencies: ValueDiff

    /// Whether nothing of it differs.
    public var isEmpty: Bool {
        metadata.isEmpty && values.isEmpty && valuesProblem == nil && templates.isEmpty && crds.isEmpty
            && dependencies.isEmpty
    }

    /// `from` and `to` (objects of `reference`, `repository`, `tag`, `manifest`), `metadata`, `values` and
    /// `dependencies` (as `ValueDiff.json`; `values` with `problem` and `diff`, texts or null), `templates` and `crds` (as
    /// `FileDiff.json`).
    public var json: JSONValue {
        .object([
            ("from", .object(old.members)), ("to", .object(new.members)), ("metadata", metadata.json),
            (
                "values",
                .object(
                    (values.json.members ?? []) + [
                        ("problem", JSONValue(optional: valuesProblem)),
                        ("diff", JSONValue(optional: valuesText?.text)),
                    ])
            ),
            ("templates", templates.json), ("crds", crds.json), ("dependencies", dependencies.json),
        ])
    }
}

extension ValueDiff {
    /// Whether nothing differs.
    public var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }
}

extension ChartInspector {
    /// Compares two versions.
    ///
    /// - Throws: as `resolve`; `.chartInvalid` when one of the archives cannot be read.
    public func compare(_ old: Reference, _ new: Reference) async throws(ContentError) -> ChartComparison {
        let old = try await opened(old)
        let new = try await opened(new)
        var values = ValueDiff(from: .null, to: .null)
        var problem: String?
        var text: TextDiff?
        do throws(ChartArchiveError) {
            values = ValueDiff(from: try old.values(), to: try new.values())
        } catch {
            // Broken or not, the same bytes are the same values.
            if old.files.values != new.files.values {
                problem = error.description
                text = TextDiff(from: old.files.values?.bytes ?? [], to: new.files.values?.bytes ?? [])
            }
        }
        return ChartComparison(
            old: old.chart, new: new.chart, metadata: ValueDiff(from: old.fields, to: new.fields), values: values,
            valuesProblem: problem, valuesText: text,
            templates: FileDiff(from: old.files.templates, to: new.files.templates),
            crds: FileDiff(from: old.files.crds, to: new.files.crds),
            dependencies: ValueDiff(from: old.dependencies, to: new.dependencies, depth: 1))
    }

    private func opened(_ reference: Reference) async throws(ContentError) -> OpenedChart {
        let chart = try await resolve(reference)
        let archive = try await archive(of: chart)
        return try ChartInspector.reading(chart) { () throws(ChartArchiveError) in
            OpenedChart(
                chart: chart, metadata: try ChartArchiveReader.read(nextPiece: archive.source).metadata,
                files: try ChartFiles([.values, .templates], nextPiece: archive.source))
        }
    }
}

/// One side of a comparison.
private struct OpenedChart {
    let chart: ResolvedChart
    let metadata: ChartMetadata
    let files: ChartFiles

    /// The tree of `values.yaml`.
    func values() throws(ChartArchiveError) -> JSONValue {
        guard let values = files.values else { return .null }
        return try ChartYAML.tree(values.bytes, file: "\(chart.reference): values.yaml")
    }

    /// The config object without its dependencies.
    var fields: JSONValue {
        .object((metadata.tree.members ?? []).filter { $0.0 != "dependencies" })
    }

    /// The dependencies by alias or name.
    var dependencies: JSONValue {
        let trees = metadata.tree["dependencies"]?.array ?? []
        return .object(
            zip(metadata.dependencies, trees).map { dependency, tree in
                (dependency.alias.isEmpty ? dependency.name : dependency.alias, tree)
            })
    }
}
