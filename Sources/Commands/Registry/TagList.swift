import Content
import OCIModel

extension Command {
    static let tagList = Command(
        name: "list", summary: "List the tags of a repository", arguments: [.repository],
        options: [
            .value("digest", "DIGEST", "Show only the tags that name this manifest."), .limit, OutputFormat.option,
        ] + TargetSelection.options,
        run: { invocation async throws(CommandError) in
            let reference = try invocation.repositoryReference()
            let digest = try invocation.digestOption()
            let opened = try await invocation.open(reference)
            let tags = try await everything(limit: invocation.arguments["limit"], key: \.name.description) {
                page async throws(ContentError) in
                try await opened.end.tagList(in: reference.repository, naming: digest, page)
            }
            try invocation.showTags(tags)
        })
}

extension Invocation {
    fileprivate func digestOption() throws(CommandError) -> Digest? {
        guard let text = arguments["digest"] else { return nil }
        do {
            return try Digest(parsing: text)
        } catch {
            throw CommandError(.usage, error.description)
        }
    }
}
