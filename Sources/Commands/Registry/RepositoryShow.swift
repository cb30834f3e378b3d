import OCIModel

extension Command {
    static let repositoryShow = Command(
        name: "show", summary: "Show one repository's attributes", arguments: [.repository],
        options: [OutputFormat.option] + TargetSelection.options,
        run: { invocation async throws(CommandError) in
            let reference = try invocation.repositoryReference()
            let opened = try await invocation.open(reference)
            try await invocation.showRepository(reference.repository, opened)
        })
}
