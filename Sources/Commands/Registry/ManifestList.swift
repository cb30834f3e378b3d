import Content
import OCIModel

extension Command {
    static let manifestList = Command(
        name: "list", summary: "List the manifests of a repository with their attributes", arguments: [.repository],
        options: [.limit, OutputFormat.option] + TargetSelection.options,
        run: { invocation async throws(CommandError) in
            let reference = try invocation.repositoryReference()
            let opened = try await invocation.open(reference)
            let manifests = try await everything(limit: invocation.arguments["limit"], key: \.digest) {
                page async throws(ContentError) in try await opened.end.manifestList(in: reference.repository, page)
            }
            var table = Table([
                ("DIGEST", .left), ("SIZE", .right), ("UPDATED", .left), ("LOCKED", .left), ("TAGS", .left),
            ])
            for manifest in manifests {
                table.add([
                    manifest.digest.description, Measure.size(manifest.imageSize),
                    Objects.shortTime(manifest.updatedAt), Objects.lockText(manifest.locks),
                    manifest.tags.isEmpty ? "-" : manifest.tags.map(\.description).joined(separator: ", "),
                ])
            }
            try invocation.show(json: .array(manifests.map(Objects.manifest)), table: table.text)
        })
}
