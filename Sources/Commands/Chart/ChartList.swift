import ChartInspection
import Content
import OCIModel

extension Command {
    static let chartList = Command(
        name: "list", summary: "List charts with their newest versions",
        arguments: [
            .init(
                name: "NAMESPACE",
                help: "The namespace: charts for the local store, oci://host/charts for a server; all when left out.",
                arity: .optional)
        ],
        options: [
            .value("chart", "NAME", "List all versions of this chart, newest first."),
            .flag("unlisted", "List what claims to be a chart and is in no repository index, and why."),
            .limit, OutputFormat.option,
        ] + TargetSelection.options,
        examples: [
            .init(line: "chartroom chart list charts", purpose: "the charts of one namespace"),
            .init(line: "chartroom chart list charts --chart nginx", purpose: "the versions of one chart"),
            .init(line: "chartroom chart list --unlisted", purpose: "what no index holds, and why"),
        ],
        run: { invocation async throws(CommandError) in
            let reference = try invocation.namespaceReference()
            let namespace = reference.map { ChartNamespace($0.repository) }
            if invocation.arguments.has("unlisted"), invocation.arguments["chart"] != nil {
                throw CommandError(.usage, "--unlisted and --chart exclude each other")
            }
            let catalog = try await invocation.open(reference).end
            if invocation.arguments.has("unlisted") {
                try await invocation.listUnlisted(catalog, in: namespace)
            } else if let chart = invocation.arguments["chart"] {
                try await invocation.listVersions(of: chart, in: namespace ?? .root, catalog)
            } else {
                let charts = try await everything(
                    limit: invocation.arguments["limit"],
                    key: { ChartCursor(namespace: $0.namespace, name: $0.name) },
                    { page async throws(ContentError) in try await catalog.listCharts(in: namespace, page) })
                try invocation.showCharts(charts)
            }
        })
}

extension Invocation {
    /// The namespace argument, which may name a host.
    fileprivate func namespaceReference() throws(CommandError) -> Reference? {
        guard !arguments.positional("NAMESPACE").isEmpty else { return nil }
        return try repositoryReference("NAMESPACE")
    }

    /// Writes charts by their newest versions.
    func showCharts(_ charts: [ChartSummary]) throws(CommandError) {
        var table = Table([
            ("CHART", .left), ("VERSION", .left), ("APP VERSION", .left), ("VERSIONS", .right), ("DESCRIPTION", .left),
        ])
        for chart in charts {
            table.add([
                chart.repository.description, chart.version, chart.appVersion.isEmpty ? "-" : chart.appVersion,
                String(chart.versionCount),
                (chart.isDeprecated ? "(deprecated) " : "") + Lines.short(chart.description),
            ])
        }
        try show(json: .array(charts.map(\.json)), table: table.text)
    }

    fileprivate func listVersions(
        of chart: String, in namespace: ChartNamespace, _ catalog: any ChartCatalog
    ) async throws(CommandError) {
        let all = try await contentWork { () async throws(ContentError) in
            try await catalog.listVersions(of: chart, in: namespace)
        }
        guard !all.isEmpty else {
            let place = namespace.path.map { "namespace \($0)" } ?? "the root namespace"
            throw CommandError(
                .notFound, "\(place) lists no chart \(Printable.quoted(chart))",
                hints: [
                    "'chartroom chart list' shows what there is, 'chartroom chart list --unlisted' what is left out"
                ])
        }
        let versions = all.prefix(arguments["limit"].flatMap { Int($0) } ?? .max)
        var table = Table([
            ("VERSION", .left), ("APP VERSION", .left), ("CREATED", .left), ("SIZE", .right), ("MANIFEST", .left),
        ])
        for version in versions {
            table.add([
                version.version, version.appVersion.isEmpty ? "-" : version.appVersion, version.created,
                Measure.size(version.size), version.manifest.description,
            ])
        }
        try show(json: .array(versions.map(\.json)), table: table.text)
    }

    fileprivate func listUnlisted(
        _ catalog: any ChartCatalog, in namespace: ChartNamespace?
    ) async throws(CommandError) {
        let limit = arguments["limit"].flatMap { Int($0) } ?? 10_000
        let found = try await contentWork { () async throws(ContentError) in
            try await catalog.listUnlisted(limit: limit)
        }
        let charts = found.filter { namespace == nil || ChartNamespace(of: $0.repository) == namespace }
        var table = Table([("REPOSITORY", .left), ("TAGS", .left), ("MANIFEST", .left), ("PROBLEM", .left)])
        for chart in charts {
            table.add([
                chart.repository.description,
                chart.tags.isEmpty ? "-" : chart.tags.map(\.description).joined(separator: ", "),
                chart.manifest.description, chart.problem,
            ])
        }
        try show(json: .array(charts.map(\.json)), table: table.text)
    }
}
