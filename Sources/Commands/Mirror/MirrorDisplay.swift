import Content
import Sync
import Synchronization

/// Shows on standard error how runs go: two live lines on a terminal, some plain lines elsewhere.
///
/// Drawn when something happens, at most ten times a second; elsewhere once in ten seconds at the most, and at the end
/// of each mirror.
final class MirrorDisplay: MirrorWatch {
    private struct State {
        var current: MirrorCountdown?
        var finished = 0
        var done = 0
        var failed = 0
        var bytes: Int64 = 0
        var lastDrawn: ContinuousClock.Instant?
        var hasLines = false
    }

    private let console: Console
    private let mirrors: Int
    private let state = Mutex(State())

    init(_ console: Console, mirrors: Int) {
        self.console = console
        self.mirrors = mirrors
    }

    func note(_ event: MirrorEvent) {
        let now = console.now()
        state.withLock { state in
            switch event {
            case .surveying(let mirror): state.current = MirrorCountdown(mirror, at: now)
            case .finished(let run, _): return end(&state, MirrorDisplay.last(run))
            case .planned, .began, .moved, .ended: state.current?.take(event, at: now)
            }
            let pause: Duration = console.isErrorTerminal ? .milliseconds(100) : .seconds(10)
            // Elsewhere a short run says nothing until its end.
            let since = state.lastDrawn ?? (console.isErrorTerminal ? nil : state.current?.start)
            if let since, since.duration(to: now) < pause { return }
            state.lastDrawn = now
            draw(&state, now)
        }
    }

    func refuse(_ mirror: String, _ error: ContentError) {
        state.withLock { end(&$0, "\(mirror): not run: \(error.message)") }
    }

    func finish() throws(CommandError) {
        state.withLock { wipe(&$0) }
    }

    // MARK: Lines; under the lock, so that they do not mix

    private func draw(_ state: inout State, _ now: ContinuousClock.Instant) {
        guard let current = state.current else { return }
        guard console.isErrorTerminal else { return console.talk(Printable.text(current.line(now))) }
        wipe(&state)
        var text = fit(current.line(now))
        if mirrors > 1 {
            let bytes = Measure.size(state.bytes &+ current.bytes)
            text += "\n"
            text += fit(
                "all: mirror \(state.finished + 1) of \(mirrors), \(state.done + current.done) done, "
                    + "\(state.failed + current.failed) failed, \(bytes)")
        }
        state.hasLines = true
        console.writeError(text)
    }

    /// Takes the live lines away.
    private func wipe(_ state: inout State) {
        guard state.hasLines else { return }
        state.hasLines = false
        console.writeError("\r\u{1B}[K" + (mirrors > 1 ? "\u{1B}[A\r\u{1B}[K" : ""))
    }

    /// A mirror is over: its line stays.
    private func end(_ state: inout State, _ line: String) {
        wipe(&state)
        console.talk(Printable.text(line))
        state.finished += 1
        state.done += state.current?.done ?? 0
        state.failed += state.current?.failed ?? 0
        state.bytes &+= state.current?.bytes ?? 0
        state.current = nil
        state.lastDrawn = nil
    }

    private func fit(_ line: String) -> String { String(Printable.text(line).prefix(max(20, console.columns - 1))) }

    private static func last(_ run: MirrorRun) -> String {
        let counts = run.counts
        let done = counts.copied + counts.retagged + counts.marked + counts.pruned
        return "\(run.mirror): \(run.outcome.rawValue) in \(MirrorRunReport.time(run)), \(done) done, "
            + "\(counts.left) skipped, \(counts.failed) failed of \(counts.selected), \(Measure.size(counts.bytes))"
    }
}
