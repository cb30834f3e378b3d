import Content
import OCIModel

extension Command {
    static let manifestUpdate = Command(
        name: "update", summary: "Lock or unlock a manifest", arguments: [.manifestReference],
        options: LockOptions.options + [OutputFormat.option] + TargetSelection.options,
        run: { invocation async throws(CommandError) in
            let (reference, manifest) = try invocation.manifestReference()
            let change = try LockOptions.change(invocation.arguments)
            let opened = try await invocation.open(reference)
            let digest = try await invocation.digest(of: manifest, in: reference.repository, opened.end)
            let changed = try await contentWork { () async throws(ContentError) in
                try await opened.end.changeAttributes(change, of: .digest(digest), in: reference.repository)
                return try await opened.end.manifestAttributes(digest, in: reference.repository)
            }
            try invocation.showManifest(changed)
        })
}
