import ChartArchive
import ChartInspection
import Content
import OCIModel

extension Command {
    static let chartValues = Command(
        name: "values", summary: "Show a chart's default values, or their schema",
        arguments: [.chartReference],
        options: [
            .chartVersion, .flag("schema", "Show values.schema.json instead."), OutputFormat.option,
        ] + TargetSelection.options,
        examples: [.init(line: "chartroom chart values charts/nginx:1.2.3", purpose: "to begin from")],
        run: { invocation async throws(CommandError) in
            let reference = try invocation.inspectedReference()
            let answer = try await invocation.inspect(reference) { inspector async throws(ContentError) in
                try await inspector.values(reference)
            }
            if invocation.wantsJSON { return try invocation.show(json: answer.json, table: "") }
            if invocation.arguments.has("schema") {
                guard let schema = answer.schema else {
                    throw CommandError(.notFound, "\(answer.chart.reference) has no values.schema.json")
                }
                return try invocation.output(file: schema.bytes)
            }
            // A chart without the file has no values, which is what an empty file says.
            try invocation.output(file: answer.values?.bytes ?? [])
        })

    static let chartReadme = Command(
        name: "readme", summary: "Show a chart's readme", arguments: [.chartReference],
        options: [.chartVersion, OutputFormat.option] + TargetSelection.options,
        run: { invocation async throws(CommandError) in
            let reference = try invocation.inspectedReference()
            let answer = try await invocation.inspect(reference) { inspector async throws(ContentError) in
                try await inspector.readme(reference)
            }
            if invocation.wantsJSON { return try invocation.show(json: answer.json, table: "") }
            guard let readme = answer.readme else {
                throw CommandError(.notFound, "\(answer.chart.reference) has no readme")
            }
            try invocation.output(file: readme.bytes)
        })

    static let chartTemplates = Command(
        name: "templates", summary: "List a chart's templates and CRDs, or show one",
        arguments: [
            .chartReference,
            .init(name: "PATH", help: "The file to show: templates/service.yaml.", arity: .optional),
        ],
        options: [.chartVersion, OutputFormat.option] + TargetSelection.options,
        examples: [
            .init(line: "chartroom chart templates charts/nginx", purpose: "their paths and sizes"),
            .init(line: "chartroom chart templates charts/nginx templates/service.yaml", purpose: "one of them"),
        ],
        run: { invocation async throws(CommandError) in
            let reference = try invocation.inspectedReference()
            let path = invocation.arguments.positional("PATH")
            if !path.isEmpty, invocation.arguments["output"] != nil {
                throw CommandError(.usage, "PATH and --output exclude each other")
            }
            let answer = try await invocation.inspect(reference) { inspector async throws(ContentError) in
                try await inspector.templates(reference)
            }
            let files = answer.templates + answer.crds
            guard path.isEmpty else {
                guard let file = files.first(where: { $0.path == path }) else {
                    throw CommandError(
                        .notFound, "\(answer.chart.reference) has no template \(Printable.quoted(path))",
                        hints: ["'chartroom chart templates \(answer.chart.reference)' lists them"])
                }
                return try invocation.output(file: file.bytes)
            }
            var table = Table([("PATH", .left), ("SIZE", .right)])
            for file in files { table.add([file.path, Measure.size(Int64(file.bytes.count))]) }
            try invocation.show(json: answer.json, table: table.text)
        })
}

extension Invocation {
    fileprivate var wantsJSON: Bool { arguments["output"] == OutputFormat.json.rawValue }
}
