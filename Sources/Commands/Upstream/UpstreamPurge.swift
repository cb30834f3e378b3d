import Content
import OCIModel
import Posix

extension Command {
    static let upstreamPurge = Command(
        name: "purge", summary: "Remove what was cached below a path",
        discussion: ["What was pushed stays. What is removed is fetched again when somebody asks for it."],
        arguments: [
            .init(name: "PATH", help: "The repository, or a path in front of repositories: ghcr.io/org.")
        ],
        options: [
            .value("older-than", "DURATION", "Only what nobody pulled for so long: 30d, 12h."),
            .flag("gone", "Only tags that the upstream does not have any more."),
            .flag("dry-run", "Count what would be removed, and remove nothing."), .yes, OutputFormat.option,
        ] + TargetSelection.options,
        examples: [
            .init(line: "chartroom upstream purge ghcr.io/org --older-than 30d --dry-run", purpose: "what would go")
        ],
        run: { invocation async throws(CommandError) in
            let reference = try UpstreamReference.path(invocation.arguments.positional("PATH"))
            let options = try invocation.purgeOptions()
            let control = try await invocation.openUpstreams(reference)
            let path = reference.repository
            if !options.isDryRun {
                let limits =
                    (options.onlyGone ? ", of what its upstream deleted" : "")
                    + (invocation.arguments["older-than"].map { ", not pulled for \($0)" } ?? "")
                try invocation.confirm("Remove what was cached below \(path)\(limits)?")
            }
            let summary = try await contentWork { () async throws(ContentError) in
                try await control.purge(path, options)
            }
            let verb = options.isDryRun ? "would remove" : "removed"
            try invocation.show(
                json: summary.json,
                table: "\(verb) \(summary.tags) tags, \(summary.manifests) manifests, "
                    + "\(Measure.size(summary.bytes))\n")
        })
}

extension Invocation {
    fileprivate func purgeOptions() throws(CommandError) -> PurgeOptions {
        var options = PurgeOptions()
        options.onlyGone = arguments.has("gone")
        options.isDryRun = arguments.has("dry-run")
        guard let text = arguments["older-than"] else { return options }
        do throws(ValueMistake) {
            let (seconds, attoseconds) = try ValueText.duration(text).components
            let (microseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
            guard !overflow else { throw ValueMistake("\(Printable.quoted(text)) is too long") }
            options.notPulledSince = WallClock.now() - microseconds - attoseconds / 1_000_000_000_000
        } catch {
            throw CommandError(.usage, "--older-than: \(error.message)", hints: error.hint.map { [$0] } ?? [])
        }
        return options
    }
}
