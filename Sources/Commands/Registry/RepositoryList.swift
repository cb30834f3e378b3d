import Content
import OCIModel

extension Command {
    static let repositoryList = Command(
        name: "list", summary: "List the names of repositories",
        options: [.limit, OutputFormat.option] + TargetSelection.options,
        examples: [.init(line: "chartroom repository list --server http://127.0.0.1:5000", purpose: "of a server")],
        run: { invocation async throws(CommandError) in
            let opened = try await invocation.open()
            let names = try await everything(limit: invocation.arguments["limit"], key: \.description) {
                page async throws(ContentError) in try await opened.end.repositories(page)
            }
            try invocation.show(
                json: .array(names.map { .string($0.description) }),
                table: names.map { $0.description + "\n" }.joined())
        })
}
