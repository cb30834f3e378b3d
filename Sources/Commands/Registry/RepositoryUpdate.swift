import Content
import OCIModel

extension Command {
    static let repositoryUpdate = Command(
        name: "update", summary: "Lock or unlock a repository", arguments: [.repository],
        options: LockOptions.options + [OutputFormat.option] + TargetSelection.options,
        examples: [
            .init(line: "chartroom repository update charts/nginx --write-enabled false", purpose: "refuse pushes")
        ],
        run: { invocation async throws(CommandError) in
            let reference = try invocation.repositoryReference()
            let change = try LockOptions.change(invocation.arguments)
            let opened = try await invocation.open(reference)
            try await contentWork { () async throws(ContentError) in
                try await opened.end.changeAttributes(change, of: nil, in: reference.repository)
            }
            try await invocation.showRepository(reference.repository, opened)
        })
}
