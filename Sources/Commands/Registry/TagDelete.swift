import Content
import OCIModel

extension Command {
    static let tagDelete = Command(
        name: "delete", summary: "Delete a tag; its manifest stays", arguments: [.taggedReference],
        options: [.yes] + TargetSelection.options,
        run: { invocation async throws(CommandError) in
            let (reference, tag) = try invocation.tagReference()
            let opened = try await invocation.open(reference)
            try invocation.confirm("Delete tag \(tag) of repository \(reference.repository)?")
            try await contentWork { () async throws(ContentError) in
                try await opened.end.deleteManifest(.tag(tag), in: reference.repository)
            }
            invocation.console.talk("deleted tag \(tag) of repository \(reference.repository)")
        })
}
