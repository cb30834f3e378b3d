import Content
import OCIModel
import Sync

extension Command {
    static let mirrorPlan = Command(
        name: "plan", summary: "Show what a run would do, and do nothing",
        discussion: [
            "Asks both ends what they have and writes for each mirror how much there is to do, then every reference that "
                + "would change, what stands in the way, and what is good to know. Ends with 0 when the destinations are "
                + "as they should be, with 2 when there is something to do, and with 1 when something could not be found "
                + "out.",
            "--write-lock writes down which digest every reference has now; 'mirror run --locked' brings exactly those. "
                + "What a person has excluded in the lock before stays excluded.",
        ],
        arguments: [MirrorFileOptions.mirrors],
        options: [
            MirrorFileOptions.file, .flag("all", "Also list what is as it should be."),
            .flag("check-destination", "Ask the destination for every digest, whatever is remembered of it."),
            .flag("write-lock", "Write the lock file when everything could be found out."), MirrorFileOptions.lock,
            .value(
                "images-out", "DIR",
                "Write there what makes a cluster use the images that come along: DIR/MIRROR/*.values.yaml and more.",
                kind: .directory),
            .value("store-host", "HOST", "For --images-out: host[:port] at which the local store is served."),
            OutputFormat.option,
        ] + MirrorFileOptions.options + MirrorFileOptions.data,
        examples: [
            .init(line: "chartroom mirror plan", purpose: "all mirrors of mirror.yaml"),
            .init(line: "chartroom mirror plan stable --write-lock", purpose: "one of them, into mirror.lock"),
        ],
        run: { invocation async throws(CommandError) in
            let session = try await invocation.openMirrors()
            let writesLock = invocation.arguments.has("write-lock")
            let options = session.options { $0.distrusts = invocation.arguments.has("check-destination") }
            var reports: [MirrorPlanReport] = []
            for rule in session.rules {
                let plan = await session.worker(rule, options).plan(wantsBytes: true, wantsDigests: writesLock)
                if Task.isCancelled { throw CommandError(.interrupted, "interrupted") }
                let runs = try await contentWork { () async throws(ContentError) in
                    try session.ledger.runs(of: rule.name, before: nil, limit: 20)
                }
                reports.append(
                    MirrorPlanReport(
                        plan: plan, forecast: MirrorForecast(plan, ends: session.ends, runs: runs)))
            }
            let wantsAll = invocation.arguments.has("all")
            try invocation.show(
                json: .object([("mirrors", .array(reports.map { $0.json(wantsAll: wantsAll) }))]),
                table: MirrorPlanReport.text(reports, wantsAll: wantsAll))
            if writesLock { try invocation.writeLock(reports.map(\.plan), session) }
            try invocation.writeImageFiles(reports.map(\.plan))
            try MirrorPlanReport.end(reports)
        })
}

extension Invocation {
    /// Writes the lock of the plans; mirrors that were not planned stay as they are in it.
    fileprivate func writeLock(_ plans: [MirrorPlan], _ session: MirrorSession) throws(CommandError) {
        let file = MirrorLockFile(self, beside: session.loaded.path)
        guard plans.allSatisfy(\.isComplete) else {
            throw CommandError(.failure, "the lock was not written: not everything could be found out")
        }
        let former = try file.read()
        var mirrors = Dictionary((former?.mirrors ?? []).map { ($0.name, $0) }) { first, _ in first }
        for plan in plans {
            let (lock, unknown) = LockedMirror.of(plan, former: mirrors[plan.mirror])
            guard unknown.isEmpty else {
                throw CommandError(
                    .failure,
                    "the lock was not written: nobody tells the digest of "
                        + unknown.prefix(3).map { Printable.text($0.sourceName) }.joined(separator: ", ")
                        + (unknown.count > 3 ? " and \(unknown.count - 3) more" : ""))
            }
            mirrors[plan.mirror] = lock
        }
        let names = session.loaded.file.mirrors.map(\.name)
        try file.write(MirrorLock(mirrors: names.compactMap { mirrors[$0] }))
        console.talk("wrote \(Printable.text(file.path))")
    }
}
