import Content
import OCIModel

extension Command {
    static let manifestDelete = Command(
        name: "delete", summary: "Delete a manifest with all its tags", arguments: [.manifestReference],
        options: [.yes] + TargetSelection.options,
        run: { invocation async throws(CommandError) in
            let (reference, manifest) = try invocation.manifestReference()
            let opened = try await invocation.open(reference)
            let digest = try await invocation.digest(of: manifest, in: reference.repository, opened.end)
            try invocation.confirm("Delete manifest \(digest) of repository \(reference.repository) with all its tags?")
            try await contentWork { () async throws(ContentError) in
                try await opened.end.deleteManifest(.digest(digest), in: reference.repository)
            }
            invocation.console.talk("deleted manifest \(digest) of repository \(reference.repository)")
        })
}
