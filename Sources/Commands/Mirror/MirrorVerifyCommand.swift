import Content
import OCIModel
import Sync

extension Command {
    static let mirrorVerify = Command(
        name: "verify", summary: "Hold the destinations against the lock file",
        discussion: [
            "Asks the destination for each reference of the lock: that the tag names what the lock says, and that "
                + "everything below it is there. Changes nothing. Ends with 2 when something is not so."
        ],
        arguments: [MirrorFileOptions.mirrors],
        options: [
            MirrorFileOptions.file, MirrorFileOptions.lock,
            .flag("deep", "Also read every blob and compare its digest."), OutputFormat.option,
        ] + MirrorFileOptions.options + MirrorFileOptions.data,
        examples: [.init(line: "chartroom mirror verify", purpose: "what mirror.lock has of all mirrors")],
        run: { invocation async throws(CommandError) in
            let session = try await invocation.openMirrors()
            let file = MirrorLockFile(invocation, beside: session.loaded.path)
            let lock = try invocation.requiredLock(file)
            var found: [(name: String, result: MirrorVerification)] = []
            for rule in session.rules {
                let locked = try file.mirror(rule.name, in: lock)
                let worker = session.worker(rule, session.options())
                found.append((rule.name, await worker.verify(locked, reads: invocation.arguments.has("deep"))))
                if Task.isCancelled { throw CommandError(.interrupted, "interrupted") }
            }
            var table = Table([("MIRROR", .left), ("AS LOCKED", .right), ("DIFFERENT", .right)])
            for (name, result) in found {
                table.add([name, String(result.matching), String(result.failures.count)])
            }
            let failures = found.flatMap(\.result.failures)
            try invocation.show(
                json: .array(
                    found.map { name, result in
                        .object([
                            ("mirror", .string(name)), ("matching", .integer(Int64(result.matching))),
                            ("failures", .array(result.failures.map(\.json))),
                        ])
                    }),
                table: table.text + failures.map { MirrorRunReport.text($0) }.joined())
            if !failures.isEmpty { throw CommandError(.usage, "") }
        })

    static let mirrorUndo = Command(
        name: "undo", summary: "Take back what a mirror marked for removal or removed",
        discussion: [
            "Takes marks away, and puts back what was removed while the destination still has what is below it. What is "
                + "still not selected is marked anew by the next run: select it before."
        ],
        arguments: [
            .init(name: "MIRROR", help: "The mirror, by its name."),
            .init(
                name: "REPOSITORY[:TAG]", help: "Only these, as the destination has them; default everything.",
                arity: .many),
        ],
        options: [MirrorFileOptions.file, OutputFormat.option] + MirrorFileOptions.options + MirrorFileOptions.data,
        examples: [.init(line: "chartroom mirror undo stable charts/nginx", purpose: "all tags of a repository")],
        run: { invocation async throws(CommandError) in
            let session = try await invocation.openMirrors()
            let meant = Set(invocation.arguments.positionals["REPOSITORY[:TAG]"] ?? [])
            guard let rule = session.rules.first else { throw CommandError(.notFound, "the file has no mirrors") }
            let worker = session.worker(rule, session.options())
            let (restored, failures) = try await contentWork { () async throws(ContentError) in
                try await worker.undoPrune { repository, tag in
                    meant.isEmpty || meant.contains(repository.description) || meant.contains("\(repository):\(tag)")
                }
            }
            let lines = restored.map { "restored " + Printable.text($0) + "\n" }.joined()
            try invocation.show(
                json: .object([
                    ("restored", .array(restored.map { .string($0) })),
                    ("failures", .array(failures.map(\.json))),
                ]),
                table: lines + failures.map { MirrorRunReport.text($0) }.joined())
            guard failures.isEmpty else {
                throw CommandError(
                    .failure,
                    failures.count == 1 ? "1 could not be restored" : "\(failures.count) could not be restored")
            }
            guard !restored.isEmpty else {
                throw CommandError(.notFound, "nothing of that is marked or removed")
            }
        })
}
