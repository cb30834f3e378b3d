import Content
import OCIModel

extension Command {
    static let upstreamList = Command(
        name: "list", summary: "List upstreams and how they are",
        options: [OutputFormat.option] + TargetSelection.options,
        run: { invocation async throws(CommandError) in
            let control = try await invocation.openUpstreams()
            let states = try await contentWork { () async throws(ContentError) in try await control.upstreams() }
            var table = Table([
                ("PREFIX", .left), ("KIND", .left), ("HEALTH", .left), ("TAGS", .right), ("GONE", .right),
                ("CONTACT", .left), ("URL", .left), ("ERROR", .left),
            ])
            for state in states {
                table.add([
                    state.prefix, state.kind, state.health, String(state.cachedTags), String(state.goneTags),
                    state.lastContact.map(Objects.shortTime) ?? "-", state.urls.joined(separator: " "),
                    state.lastError.map { Lines.short($0, 120) } ?? "",
                ])
            }
            try invocation.show(json: .array(states.map(\.json)), table: table.text)
        })

    static let upstreamTest = Command(
        name: "test", summary: "Ask upstreams whether they can be reached and let the server in",
        discussion: ["Each URL is asked. Ends with 1 when one of them cannot be used."],
        arguments: [
            .init(name: "PREFIX", help: "The upstream's prefix; all upstreams when left out.", arity: .optional)
        ],
        options: [OutputFormat.option] + TargetSelection.options,
        run: { invocation async throws(CommandError) in
            let prefix = invocation.arguments.positionals["PREFIX"]?.first
            let control = try await invocation.openUpstreams()
            let tests = try await contentWork { () async throws(ContentError) in
                try await control.testUpstreams(prefix)
            }
            var table = Table([("PREFIX", .left), ("URL", .left), ("TIME", .right), ("RESULT", .left)])
            for test in tests {
                table.add([
                    test.prefix, test.url, "\(test.milliseconds)ms",
                    test.problem.map { "failed: " + $0 } ?? test.finding,
                ])
            }
            try invocation.show(json: .array(tests.map(\.json)), table: table.text)
            let failed = tests.count { $0.problem != nil }
            guard failed == 0 else {
                throw CommandError(.failure, "\(failed) of \(tests.count) URLs cannot be used")
            }
        })
}
