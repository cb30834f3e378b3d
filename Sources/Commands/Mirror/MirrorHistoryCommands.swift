import Content
import OCIModel
import Posix
import Sync

extension Command {
    static let mirrorStatus = Command(
        name: "status", summary: "Show the last run of each mirror, and when the next is due",
        discussion: [
            "Contacts nobody. Shows the mirrors of the mirror file; without one, every mirror that ever ran here. The "
                + "next run is what the file's schedule says: it takes place when a server with this data directory has "
                + "the mirrors."
        ],
        arguments: [MirrorFileOptions.mirrors],
        options: [MirrorFileOptions.file, OutputFormat.option] + MirrorFileOptions.options + MirrorFileOptions.data,
        examples: [.init(line: "chartroom mirror status", purpose: "all mirrors of mirror.yaml")],
        run: { invocation async throws(CommandError) in
            let states = try await invocation.mirrorStates()
            try invocation.show(
                json: .array(states.map(\.json)), table: MirrorStanding.text(states))
        })

    static let mirrorHistory = Command(
        name: "history", summary: "List the runs of mirrors, the latest first",
        arguments: [.init(name: "MIRROR", help: "Only of this mirror.", arity: .optional)],
        options: [
            .value("limit", "N", "Show at most so many; default 20.", kind: .count), OutputFormat.option,
        ] + MirrorFileOptions.data,
        examples: [.init(line: "chartroom mirror history stable --limit 5", purpose: "the last five runs of one")],
        run: { invocation async throws(CommandError) in
            let limit = invocation.arguments["limit"].flatMap { Int($0) } ?? 20
            let name = invocation.arguments.positional("MIRROR")
            let ledger = try invocation.openLedger(try TargetSelection.directory(of: invocation))
            let runs = try await contentWork { () async throws(ContentError) in
                try ledger.runs(of: name.isEmpty ? nil : name, before: nil, limit: min(limit, 100_000))
            }
            var table = Table([
                ("RUN", .right), ("MIRROR", .left), ("STARTED", .left), ("TIME", .right), ("BY", .left),
                ("OUTCOME", .left), ("COPIED", .right), ("LEFT", .right), ("FAILED", .right), ("BYTES", .right),
            ])
            for run in runs {
                table.add([
                    String(run.id), run.mirror, Objects.shortTime(run.startedAt), MirrorRunReport.time(run),
                    run.trigger.rawValue, run.outcome.rawValue, String(run.counts.copied), String(run.counts.left),
                    String(run.counts.failed), Measure.size(run.counts.bytes),
                ])
            }
            try invocation.show(json: .array(runs.map(\.json)), table: table.text)
        })

    static let mirrorShow = Command(
        name: "show", summary: "Show what a run did, and everything that failed in it",
        arguments: [.init(name: "RUN", help: "The run's number, as 'mirror history' lists it.", kind: .count)],
        options: [OutputFormat.option] + MirrorFileOptions.data,
        examples: [.init(line: "chartroom mirror show 17", purpose: "one run")],
        run: { invocation async throws(CommandError) in
            let number = Int64(invocation.arguments.positional("RUN")) ?? -1
            let ledger = try invocation.openLedger(try TargetSelection.directory(of: invocation))
            let found = try await contentWork { () async throws(ContentError) in try ledger.run(number) }
            guard let run = found else {
                throw CommandError(
                    .notFound, "there is no run \(Printable.quoted(invocation.arguments.positional("RUN")))",
                    hints: ["'chartroom mirror history' lists them"])
            }
            let failures = try await contentWork { () async throws(ContentError) in try ledger.failures(of: number) }
            try invocation.show(
                json: .object([
                    ("run", run.json), ("failures", .array(failures.map(\.json))),
                ]),
                table: MirrorRunReport.details(run) + failures.map { MirrorRunReport.text($0) }.joined())
        })
}

extension MirrorRunReport {
    /// A run's values below each other.
    fileprivate static func details(_ run: MirrorRun) -> String {
        let counts = run.counts
        var pairs = [
            ("run", String(run.id)), ("mirror", run.mirror), ("begun by", run.trigger.rawValue),
            ("started", Objects.shortTime(run.startedAt)),
            ("ended", run.endedAt.map { Objects.shortTime($0) } ?? "-"), ("time", time(run)),
            ("outcome", run.outcome.rawValue),
        ]
        if !run.message.isEmpty { pairs.append(("message", run.message)) }
        pairs += [
            ("selected", counts.selected), ("copied", counts.copied), ("retagged", counts.retagged),
            ("left", counts.left), ("marked", counts.marked), ("pruned", counts.pruned), ("failed", counts.failed),
            ("blobs sent", counts.blobs), ("blobs mounted", counts.mounted),
        ].map { ($0.0, String($0.1)) }
        pairs.append(("bytes sent", Measure.size(counts.bytes)))
        pairs.append(
            ("requests", "\(counts.sourceRequests) to the source, \(counts.destinationRequests) to the destination"))
        return Table.pairs(pairs)
    }
}

/// How a mirror stands.
struct MirrorStanding: Sendable {
    var name: String
    /// Nil for one that is not in the file.
    var rule: MirrorRule?
    var last: MirrorRun?
    /// When it is due next; nil for on demand.
    var next: Int64?

    static func text(_ states: [MirrorStanding]) -> String {
        var table = Table([
            ("MIRROR", .left), ("LAST RUN", .right), ("OUTCOME", .left), ("STARTED", .left), ("SELECTED", .right),
            ("COPIED", .right), ("FAILED", .right), ("NEXT", .left),
        ])
        for state in states {
            let counts = state.last?.counts
            table.add([
                state.name, state.last.map { String($0.id) } ?? "-", state.last?.outcome.rawValue ?? "never run",
                state.last.map { Objects.shortTime($0.startedAt) } ?? "-", counts.map { String($0.selected) } ?? "-",
                counts.map { String($0.copied) } ?? "-", counts.map { String($0.failed) } ?? "-",
                state.next.map { Objects.shortTime($0) } ?? "on demand",
            ])
        }
        return table.text
    }

    /// `name`, and what there is of `from`, `to`, `last`, `nextRunAt`.
    var json: JSONValue {
        var members: [(String, JSONValue)] = [("name", .string(name))]
        if let rule { members += [("from", .string(rule.from.description)), ("to", .string(rule.to.description))] }
        if let last { members.append(("last", last.json)) }
        if let next { members.append(("nextRunAt", Objects.time(next))) }
        return .object(members)
    }
}

extension Invocation {
    fileprivate func mirrorStates() async throws(CommandError) -> [MirrorStanding] {
        let ledger = try openLedger(try TargetSelection.directory(of: self))
        let rules = try rulesIfAny()
        let now = WallClock.now()
        let names = arguments.positionals["MIRROR"] ?? []
        return try await contentWork { () async throws(ContentError) in
            guard let rules else {
                let runs = try ledger.runs(of: nil, before: nil, limit: 10_000)
                let known = names.isEmpty ? Set(runs.map(\.mirror)).sorted() : names
                return known.map { name in MirrorStanding(name: name, last: runs.first { $0.mirror == name }) }
            }
            var states: [MirrorStanding] = []
            for rule in rules {
                var state = MirrorStanding(name: rule.name, rule: rule)
                state.last = try ledger.runs(of: rule.name, before: nil, limit: 1).first
                let lastDue = try ledger.lastDue(of: rule.name)
                state.next = rule.schedule?.next(after: lastDue, now: now, random: 0)?.start
                states.append(state)
            }
            return states
        }
    }

    /// The mirrors of the file that are meant; nil when none was named and there is none.
    private func rulesIfAny() throws(CommandError) -> [MirrorRule]? {
        if arguments["file"] == nil {
            do throws(SystemError) {
                if try FileStatus(path: MirrorFileOptions.defaultPath) == nil { return nil }
            } catch {
                throw CommandError(error)
            }
        }
        let loaded = try loadMirrorFile()
        try loaded.throwMistakes()
        return try meant(loaded)
    }
}
