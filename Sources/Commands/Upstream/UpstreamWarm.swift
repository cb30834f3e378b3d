import Content
import OCIModel

extension Command {
    static let upstreamWarm = Command(
        name: "warm", summary: "Fetch references into the cache before somebody asks",
        discussion: [
            "The server fetches what each reference names and everything below it, unless it is here. Goes on when one "
                + "of them fails, lists the failures at the end, and ends with 1 then."
        ],
        arguments: [
            .init(name: "REFERENCE", help: "What to fetch: stable/nginx:1.2.3, ghcr.io/org/app@sha256:…", arity: .many)
        ],
        options: [
            .value(
                "file", "LIST", "A file with one reference a line, # before comments; - is standard input.",
                kind: .file(endings: [".txt"])),
            .value("index", "PATH", "Every version an upstream lists at this path.", isRepeatable: true),
            .value("newest", "N", "Of --index only the N newest versions of each chart.", kind: .count),
            .value("chart", "PATTERN", "Of --index only charts of this name, * for any text."),
            .value("jobs", "N", "How many are fetched at a time; default 4.", kind: .count), OutputFormat.option,
        ] + TargetSelection.options,
        examples: [
            .init(line: "chartroom upstream warm stable/nginx:1.2.3", purpose: "one version"),
            .init(line: "chartroom upstream warm --index stable --newest 3", purpose: "of each chart the last three"),
            .init(line: "chartroom upstream warm --file charts.txt --jobs 8", purpose: "a list"),
        ],
        run: { invocation async throws(CommandError) in
            let jobs = invocation.arguments["jobs"].flatMap { Int($0) } ?? 4
            guard (1...64).contains(jobs) else { throw CommandError(.usage, "--jobs must be 1 to 64, not \(jobs)") }
            let list = try WarmList(invocation)
            let control = try await invocation.openUpstreams(list.server)
            let references = try await list.references(of: control)
            let outcomes = await Warming(control: control, console: invocation.console).run(references, jobs: jobs)
            if Task.isCancelled { throw CommandError(.interrupted, "interrupted") }
            try invocation.show(json: Warming.json(outcomes), table: Warming.summary(outcomes))
            try Warming.throwFailures(outcomes)
        })
}

/// Warms references, some at a time.
struct Warming {
    let control: any UpstreamControl
    let console: Console

    /// What came of one reference.
    struct Outcome: Sendable {
        var reference: Reference
        var result: Result<WarmedReference, ContentError>
    }

    /// Tries every reference and gives the outcomes in the same order.
    ///
    /// Begins no further one when it is cancelled.
    func run(_ references: [Reference], jobs: Int) async -> [Outcome] {
        let progress = Progress("warming", total: Int64(references.count), unit: .items, console: console)
        defer { progress.finish() }
        return await withTaskGroup(of: (Int, Outcome).self) { group in
            var waiting = references.enumerated().makeIterator()
            var outcomes: [(Int, Outcome)] = []
            for _ in 0..<jobs {
                guard let (index, reference) = waiting.next() else { break }
                group.addTask { await (index, warmed(reference)) }
            }
            while let (index, outcome) = await group.next() {
                outcomes.append((index, outcome))
                progress.advance(by: 1)
                tell(outcome)
                guard !Task.isCancelled, let (next, reference) = waiting.next() else { continue }
                group.addTask { await (next, warmed(reference)) }
            }
            return outcomes.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func warmed(_ reference: Reference) async -> Outcome {
        do throws(ContentError) {
            return Outcome(reference: reference, result: .success(try await control.warm(reference)))
        } catch {
            return Outcome(reference: reference, result: .failure(error))
        }
    }

    /// A line for each where no bar is drawn.
    private func tell(_ outcome: Outcome) {
        guard !console.isErrorTerminal else { return }
        switch outcome.result {
        case .success(let warmed):
            console.talk(
                "\(outcome.reference.path): \(warmed.fetched) fetched, \(Measure.size(warmed.bytes))")
        case .failure: console.talk("\(outcome.reference.path): failed")
        }
    }

    static func json(_ outcomes: [Outcome]) -> JSONValue {
        .array(
            outcomes.map { outcome in
                let reference = ("reference", JSONValue.string(outcome.reference.path))
                return switch outcome.result {
                case .success(let warmed): .object([reference] + (warmed.json.members ?? []))
                case .failure(let error): .object([reference, ("error", .string(error.message))])
                }
            })
    }

    static func summary(_ outcomes: [Outcome]) -> String {
        let warmed = outcomes.compactMap { try? $0.result.get() }
        let fetched = warmed.reduce(into: Int64(0)) { $0 &+= $1.fetched }
        let bytes = warmed.reduce(into: Int64(0)) { $0 &+= $1.bytes }
        return "\(warmed.count) of \(outcomes.count) references are here: \(fetched) manifests and blobs fetched, "
            + "\(Measure.size(bytes))\n"
    }

    static func throwFailures(_ outcomes: [Outcome]) throws(CommandError) {
        let failures = outcomes.compactMap { outcome -> String? in
            if case .failure(let error) = outcome.result { "\(outcome.reference.path): \(error.message)" } else { nil }
        }
        guard !failures.isEmpty else { return }
        throw CommandError(
            .failure,
            "\(failures.count) of \(outcomes.count) references failed\n" + failures.joined(separator: "\n"))
    }
}
