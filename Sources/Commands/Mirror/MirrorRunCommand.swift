import Content
import OCIModel
import Sync

extension Command {
    static let mirrorRun = Command(
        name: "run", summary: "Make the destinations what the mirror file says",
        discussion: [
            "Runs the mirrors one after the other. A reference that fails stops no other; each failure is shown at the "
                + "end with what to do about it, and the command ends with 1 then. A run that was stopped is taken up by "
                + "the next, also in the middle of a blob where both ends allow it.",
            "--locked brings exactly what the lock file says, and fails on what is not so any more.",
            "--output json writes events while they happen, one JSON object a line: planned, began, progress, ended, "
                + "finished.",
        ],
        arguments: [MirrorFileOptions.mirrors],
        options: [
            MirrorFileOptions.file, .flag("locked", "Bring exactly what the lock file says."), MirrorFileOptions.lock,
            .flag("check-destination", "Ask the destination for every digest, whatever is remembered of it."),
            .value(
                "images-out", "DIR",
                "Write there what makes a cluster use the images that come along: DIR/MIRROR/*.values.yaml and more.",
                kind: .directory),
            .value("store-host", "HOST", "For --images-out: host[:port] at which the local store is served."),
            OutputFormat.option,
        ] + MirrorFileOptions.options + MirrorFileOptions.data,
        examples: [
            .init(line: "chartroom mirror run", purpose: "all mirrors of mirror.yaml"),
            .init(line: "chartroom mirror run stable --locked", purpose: "one of them, as mirror.lock has it"),
        ],
        run: { invocation async throws(CommandError) in
            let session = try await invocation.openMirrors()
            var locks: [String: LockedMirror] = [:]
            if invocation.arguments.has("locked") {
                let file = MirrorLockFile(invocation, beside: session.loaded.path)
                let lock = try invocation.requiredLock(file)
                for rule in session.rules { locks[rule.name] = try file.mirror(rule.name, in: lock) }
            } else if invocation.arguments["lock"] != nil {
                throw CommandError(.usage, "--lock needs --locked")
            }
            let results = try await invocation.run(session, locks)
            if invocation.arguments["output"] != OutputFormat.json.rawValue {
                try invocation.console.output(MirrorRunReport.text(results))
            }
            if Task.isCancelled { throw CommandError(.interrupted, "interrupted") }
            try invocation.writeImageFiles(results.compactMap(\.plan))
            let failed = results.reduce(0) { $0 + $1.failed }
            guard failed == 0 else {
                throw CommandError(.failure, failed == 1 ? "1 reference failed" : "\(failed) references failed")
            }
        })
}

extension Invocation {
    /// Runs mirrors one after the other; stops early when the task is cancelled.
    fileprivate func run(
        _ session: MirrorSession, _ locks: [String: LockedMirror]
    ) async throws(CommandError) -> [MirrorRunReport] {
        let watch: any MirrorWatch =
            arguments["output"] == OutputFormat.json.rawValue
            ? MirrorEventLines(console) : MirrorDisplay(console, mirrors: session.rules.count)
        var reports: [MirrorRunReport] = []
        for rule in session.rules where !Task.isCancelled {
            let options = session.options { options in
                options.lock = locks[rule.name]
                options.distrusts = arguments.has("check-destination")
            }
            do throws(ContentError) {
                let result = try await session.worker(rule, options).run(.command) { watch.note($0) }
                reports.append(
                    MirrorRunReport(
                        mirror: rule.name, run: result.run, plan: result.plan, failures: result.failures))
            } catch {
                watch.refuse(rule.name, error)
                reports.append(MirrorRunReport(mirror: rule.name, refusal: CommandError(error)))
            }
        }
        try watch.finish()
        return reports
    }
}

/// Is told what happens in runs, from any task.
protocol MirrorWatch: Sendable {
    func note(_ event: MirrorEvent)
    /// A run could not begin, or its end could not be written down.
    func refuse(_ mirror: String, _ error: ContentError)
    /// Nothing more comes.
    ///
    /// - Throws: what writing threw first.
    func finish() throws(CommandError)
}

/// What came of a mirror's run.
struct MirrorRunReport {
    var mirror: String
    /// Nil when it could not begin.
    var run: MirrorRun?
    var plan: MirrorPlan?
    var failures: [MirrorFailure] = []
    /// Why it could not begin.
    var refusal: CommandError?

    /// Failures to be counted at the end.
    var failed: Int { run.map { Int($0.counts.failed) } ?? 1 }

    /// A table of all runs, then every failure.
    static func text(_ reports: [MirrorRunReport]) -> String {
        var table = Table([
            ("MIRROR", .left), ("RUN", .right), ("OUTCOME", .left), ("COPIED", .right), ("RETAGGED", .right),
            ("LEFT", .right), ("MARKED", .right), ("PRUNED", .right), ("FAILED", .right), ("BYTES", .right),
            ("REQUESTS", .right), ("TIME", .right),
        ])
        for report in reports {
            guard let run = report.run else {
                table.add([report.mirror, "-", "not begun"] + Array(repeating: "-", count: 9))
                continue
            }
            let counts = run.counts
            table.add(
                [report.mirror, String(run.id), run.outcome.rawValue]
                    + [counts.copied, counts.retagged, counts.left, counts.marked, counts.pruned, counts.failed]
                    .map(String.init) + [
                        Measure.size(counts.bytes), "\(counts.sourceRequests) + \(counts.destinationRequests)",
                        MirrorRunReport.time(run),
                    ])
        }
        return table.text + reports.map(\.failureText).joined()
    }

    /// How long a run took, or `-`.
    static func time(_ run: MirrorRun) -> String {
        run.endedAt.map { Measure.time(.microseconds(max(0, $0 - run.startedAt))) } ?? "-"
    }

    private var failureText: String {
        if let refusal {
            return "\nfailed: \(mirror): " + Printable.text(refusal.message) + "\n"
                + refusal.hints.map { "  hint: " + Printable.text($0) + "\n" }.joined()
        }
        return failures.map { MirrorRunReport.text($0) }.joined()
    }

    /// A failure in some lines, with an empty one in front.
    static func text(_ failure: MirrorFailure) -> String {
        let ends = [failure.source, failure.destination].filter { !$0.isEmpty }.joined(separator: " -> ")
        return "\nfailed: " + Printable.text(ends) + "\n  \(failure.side.rawValue): " + Printable.text(failure.reason)
            + "\n" + (failure.hint.isEmpty ? "" : "  hint: " + Printable.text(failure.hint) + "\n")
    }
}
