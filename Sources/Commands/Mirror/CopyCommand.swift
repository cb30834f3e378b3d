import Content
import OCIModel
import Sync
import Transfer

extension Command {
    /// `chartroom copy`.
    static let copy = Command(
        name: "copy", summary: "Copy a chart or a repository between registries, repositories and the store",
        discussion: [
            "SRC and DST are oci://host/path/name (oci+http:// without TLS), store:path/name for the local store, "
                + "layout:DIR#name for an OCI image layout, or https://host/path#chart for a chart repository; SRC may "
                + "have :TAG or @DIGEST behind it. Without one, all tags are copied. Tags and digests stay as they are; "
                + "a chart repository or a layout as DST needs no name.",
            "Only what the destination lacks is moved, and nothing is remembered: for what is done again and again, "
                + "write a mirror file.",
        ],
        arguments: [
            .init(name: "SRC", help: "What to copy."), .init(name: "DST", help: "The repository it is copied to."),
        ],
        options: [
            .value(
                "platform", "OS/ARCHITECTURE", "Of images only these platforms; may be repeated.", isRepeatable: true),
            .flag("referrers", "Also copy signatures, SBOMs and the like."), OutputFormat.option,
        ] + MirrorFileOptions.data,
        examples: [
            .init(line: "chartroom copy oci://ghcr.io/org/nginx:1.2.3 store:charts/nginx", purpose: "one version"),
            .init(
                line: "chartroom copy https://charts.example.com/stable#nginx oci://registry.example.com/charts/nginx",
                purpose: "all versions of a chart"),
        ],
        run: { invocation async throws(CommandError) in
            let arguments = invocation.arguments
            var rule = try MirrorRule(
                copying: try CopyEnd(parsing: arguments.positional("SRC"), as: "SRC"),
                to: try CopyEnd(parsing: arguments.positional("DST"), as: "DST"))
            for text in arguments.options["platform"] ?? [] {
                guard let platform = Platform(text) else {
                    throw CommandError(
                        .usage, "--platform: \(Printable.quoted(text)) is no platform", hints: ["write linux/amd64"])
                }
                rule.platforms.append(platform)
            }
            if arguments.has("referrers") { rule.referrers = ReferrerFilter() }
            var loaded = LoadedMirrorFile(path: "")
            loaded.file.mirrors = [rule]
            let session = try await invocation.openMirrors(loaded, [rule], ledger: NoLedger())
            let display = MirrorDisplay(invocation.console, mirrors: 1)
            let worker = session.worker(rule, session.options { $0.distrusts = true })
            let result = try await contentWork { () async throws(ContentError) in
                try await worker.run(.command) { event in
                    // The summary says how it ended.
                    if case .finished = event { return }
                    display.note(event)
                }
            }
            try display.finish()
            let counts = result.run.counts
            try invocation.show(
                json: .object([
                    ("run", result.run.json),
                    ("references", .array(result.plan.items.map(\.json))),
                    ("failures", .array(result.failures.map(\.json))),
                ]),
                table: "\(counts.copied + counts.retagged) copied, \(counts.left) were there, \(counts.failed) failed, "
                    + "\(Measure.size(counts.bytes))\n" + result.failures.map { MirrorRunReport.text($0) }.joined())
            if Task.isCancelled { throw CommandError(.interrupted, "interrupted") }
            guard result.failures.isEmpty else {
                throw CommandError(
                    .failure, counts.failed == 1 ? "1 reference failed" : "\(counts.failed) references failed")
            }
        })
}
