import Content
import OCIModel

extension Command {
    static let tagUpdate = Command(
        name: "update", summary: "Lock or unlock a tag", arguments: [.taggedReference],
        options: LockOptions.options + [OutputFormat.option] + TargetSelection.options,
        examples: [
            .init(
                line: "chartroom tag update charts/nginx:1.2.3 --write-enabled false --delete-enabled false",
                purpose: "freeze a release")
        ],
        run: { invocation async throws(CommandError) in
            let (reference, tag) = try invocation.tagReference()
            let change = try LockOptions.change(invocation.arguments)
            let opened = try await invocation.open(reference)
            let changed = try await contentWork { () async throws(ContentError) in
                try await opened.end.changeAttributes(change, of: .tag(tag), in: reference.repository)
                return try await opened.end.tagAttributes(tag, in: reference.repository)
            }
            try invocation.showTags([changed])
        })
}
