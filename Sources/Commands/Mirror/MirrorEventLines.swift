import Content
import OCIModel
import Posix
import Sync
import Synchronization

/// Writes what happens in runs to standard output, one JSON object a line.
///
/// The shapes are documented in `docs/mirroring.md` and kept. Bytes come as `progress`, once a second at the most.
final class MirrorEventLines: MirrorWatch {
    private struct State {
        var current: MirrorCountdown?
        var lastProgress: ContinuousClock.Instant?
        var failure: CommandError?
    }

    private let console: Console
    private let state = Mutex(State())

    init(_ console: Console) {
        self.console = console
    }

    func note(_ event: MirrorEvent) {
        let now = console.now()
        state.withLock { state in
            if case .surveying(let mirror) = event { state.current = MirrorCountdown(mirror, at: now) }
            state.current?.take(event, at: now)
            guard let current = state.current else { return }
            switch event {
            case .surveying: write(&state, "surveying", current.mirror, [])
            case .planned(let plan):
                write(&state, "planned", current.mirror, plan.json(wantsAll: false).members ?? [])
            case .began(let item): write(&state, "began", current.mirror, MirrorEventLines.names(item))
            case .moved: progress(&state, now)
            case .ended(let item, let outcome):
                // There may be many thousands, and nothing happened.
                if outcome == .left { return }
                write(
                    &state, "ended", current.mirror,
                    MirrorEventLines.names(item) + MirrorEventLines.members(outcome))
            case .finished(let run, let failures):
                write(
                    &state, "finished", current.mirror,
                    [
                        ("run", run.json),
                        ("failures", .array(failures.map(\.json))),
                    ])
            }
        }
    }

    func refuse(_ mirror: String, _ error: ContentError) {
        state.withLock { write(&$0, "refused", mirror, [("reason", .string(error.message))]) }
    }

    func finish() throws(CommandError) {
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    private func progress(_ state: inout State, _ now: ContinuousClock.Instant) {
        if let last = state.lastProgress, last.duration(to: now) < .seconds(1) { return }
        state.lastProgress = now
        guard let current = state.current else { return }
        write(
            &state, "progress", current.mirror,
            [
                ("done", .integer(Int64(current.done))), ("moving", .integer(Int64(current.moving))),
                ("skipped", .integer(Int64(current.skipped))), ("failed", .integer(Int64(current.failed))),
                ("total", .integer(Int64(current.total ?? 0))), ("bytes", .integer(current.bytes)),
            ])
    }

    /// A line at a time; after the first that cannot be written no more are.
    private func write(_ state: inout State, _ event: String, _ mirror: String, _ members: [(String, JSONValue)]) {
        guard state.failure == nil else { return }
        let all: [(String, JSONValue)] = [("event", .string(event)), ("mirror", .string(mirror))]
        let line = JSONValue.object(all + members.filter { $0.0 != "mirror" }).description()
        do throws(CommandError) {
            try console.output(Printable.json(line) + "\n")
        } catch {
            state.failure = error
        }
    }

    private static func names(_ item: PlannedReference) -> [(String, JSONValue)] {
        [
            ("action", .string(item.action.rawValue)), ("source", .string(item.sourceName)),
            ("destination", .string(item.destinationName)),
        ]
    }

    private static func members(_ outcome: ItemOutcome) -> [(String, JSONValue)] {
        switch outcome {
        case .copied(let bytes): [("outcome", .string("copied")), ("bytes", .integer(bytes))]
        case .retagged: [("outcome", .string("retagged"))]
        case .left: [("outcome", .string("left"))]
        case .marked: [("outcome", .string("marked"))]
        case .pruned: [("outcome", .string("pruned"))]
        case .failed(let failure):
            [
                ("outcome", .string("failed")), ("side", .string(failure.side.rawValue)),
                ("reason", .string(failure.reason)), ("hint", .string(failure.hint)),
            ]
        }
    }
}
