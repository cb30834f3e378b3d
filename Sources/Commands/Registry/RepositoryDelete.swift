import Content
import OCIModel

extension Command {
    static let repositoryDelete = Command(
        name: "delete", summary: "Delete a repository with its manifests and tags", arguments: [.repository],
        options: [.yes] + TargetSelection.options,
        run: { invocation async throws(CommandError) in
            let reference = try invocation.repositoryReference()
            let name = reference.repository
            let opened = try await invocation.open(reference)
            try invocation.confirm("Delete repository \(name) with all its manifests and tags?")
            let counts = try await contentWork { () async throws(ContentError) in
                try await opened.end.deleteRepository(name)
            }
            invocation.console.talk("deleted repository \(name): \(counts.manifests) manifests, \(counts.tags) tags")
        })
}
