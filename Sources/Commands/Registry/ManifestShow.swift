import Content
import OCIModel

extension Command {
    static let manifestShow = Command(
        name: "show", summary: "Show one manifest's attributes, or its bytes", arguments: [.manifestReference],
        options: [.flag("raw", "Write the manifest itself, byte for byte as it was pushed."), OutputFormat.option]
            + TargetSelection.options,
        run: { invocation async throws(CommandError) in
            let (reference, manifest) = try invocation.manifestReference()
            if invocation.arguments.has("raw"), invocation.arguments["output"] != nil {
                throw CommandError(.usage, "--raw and --output exclude each other")
            }
            let opened = try await invocation.open(reference)
            if invocation.arguments.has("raw") {
                let stored = try await contentWork { () async throws(ContentError) in
                    try await opened.end.manifest(manifest, in: reference.repository)
                }
                return try invocation.console.output(stored.bytes)
            }
            let digest = try await invocation.digest(of: manifest, in: reference.repository, opened.end)
            let attributes = try await contentWork { () async throws(ContentError) in
                try await opened.end.manifestAttributes(digest, in: reference.repository)
            }
            try invocation.showManifest(attributes)
        })
}
