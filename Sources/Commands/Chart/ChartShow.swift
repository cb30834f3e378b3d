import ChartInspection
import Content
import HelmModel
import OCIModel

extension Command {
    static let chartShow = Command(
        name: "show", summary: "Show what a chart is, and why no index lists it if none does",
        arguments: [.chartReference], options: [.chartVersion, OutputFormat.option] + TargetSelection.options,
        examples: [
            .init(line: "chartroom chart show charts/nginx", purpose: "the newest version"),
            .init(line: "chartroom chart show oci://127.0.0.1:5000/charts/nginx:1.2.3", purpose: "one on a server"),
        ],
        run: { invocation async throws(CommandError) in
            let reference = try invocation.inspectedReference()
            let chart = try await invocation.inspect(reference) { inspector async throws(ContentError) in
                try await inspector.show(reference)
            }
            try invocation.show(json: chart.json, table: Table.pairs(ChartRendering.pairs(chart)))
        })
}

/// Charts as people read them.
enum ChartRendering {
    /// Names and values; what a chart does not say is left out.
    static func pairs(_ chart: ChartDescription) -> [(String, String)] {
        var pairs = [("Reference", chart.chart.reference.description), ("Manifest", chart.chart.digest.description)]
        if let metadata = chart.metadata { pairs += self.pairs(metadata) }
        if let created = chart.created { pairs.append(("Created", created)) }
        if let count = chart.fileCount { pairs.append(("Files", String(count))) }
        if let archive = chart.archive {
            pairs.append(("Archive", "\(chart.sha256 ?? archive.digest), \(Measure.size(archive.size))"))
            pairs.append(("Provenance", chart.provenance.map { "\($0.digest), signature not checked" } ?? "-"))
        }
        pairs.append(("Listed", chart.problem.map { "no: " + $0 } ?? "yes"))
        return pairs + chart.warnings.map { ("Warning", $0) }
    }

    private static func pairs(_ metadata: ChartMetadata) -> [(String, String)] {
        let dependencies = metadata.dependencies.map { $0.name + ($0.version.isEmpty ? "" : " " + $0.version) }
        let maintainers = metadata.maintainers.map { $0.name + ($0.email.isEmpty ? "" : " <\($0.email)>") }
        let pairs = [
            ("Name", metadata.name), ("Version", metadata.version), ("App version", metadata.appVersion),
            ("Type", metadata.type.isEmpty ? "application" : metadata.type), ("Description", metadata.description),
            ("Deprecated", metadata.isDeprecated ? "yes" : ""), ("Kubernetes", metadata.kubeVersion),
            ("Home", metadata.home), ("Sources", metadata.sources.joined(separator: ", ")),
            ("Keywords", metadata.keywords.joined(separator: ", ")),
            ("Maintainers", maintainers.joined(separator: ", ")),
            ("Dependencies", dependencies.joined(separator: ", ")),
        ]
        return pairs.filter { !$0.1.isEmpty }
    }
}
