import Content
import OCIModel

extension Command {
    static let chartSearch = Command(
        name: "search", summary: "Search charts by name, keywords, description and maintainers",
        discussion: ["A chart is found when it holds every word; a word matches by its beginning. Best first."],
        arguments: [.init(name: "WORD", help: "What to look for.", arity: .many)],
        options: [
            .value("namespace", "NAMESPACE", "Look in this namespace only: charts."),
            .value("limit", "N", "Show at most so many; default 25.", kind: .count), OutputFormat.option,
        ] + TargetSelection.options,
        examples: [
            .init(line: "chartroom chart search ingress proxy", purpose: "charts that hold both words"),
            .init(line: "chartroom chart search redis --server http://127.0.0.1:5000", purpose: "on a server"),
        ],
        run: { invocation async throws(CommandError) in
            let words = invocation.arguments.positionals["WORD"] ?? []
            guard words.contains(where: { !$0.isEmpty }) else {
                throw CommandError(.usage, "there is no word to look for")
            }
            let namespace = try invocation.namespaceOption()
            let limit = invocation.arguments["limit"].flatMap { Int($0) } ?? 25
            let catalog = try await invocation.open().end
            let charts = try await contentWork { () async throws(ContentError) in
                try await catalog.searchCharts(words.joined(separator: " "), in: namespace, limit: limit)
            }
            try invocation.showCharts(charts)
        })
}

extension Invocation {
    fileprivate func namespaceOption() throws(CommandError) -> ChartNamespace? {
        guard let text = arguments["namespace"] else { return nil }
        do {
            return try ChartNamespace(parsing: text)
        } catch {
            throw CommandError(error)
        }
    }
}
