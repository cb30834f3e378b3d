import Synchronization

/// A bar on standard error for what takes more than a second; nothing when nobody watches.
final class Progress: Sendable {
    private struct State {
        var done: Int64 = 0
        var lastDrawn: ContinuousClock.Instant?
    }

    /// What is counted.
    enum Unit: Sendable {
        case bytes
        /// Things; their total is known.
        case items
    }

    private let console: Console
    private let unit: Unit
    private let title: String
    private let total: Int64
    private let start: ContinuousClock.Instant
    private let state = Mutex(State())

    /// Begins; `total` is 0 when unknown.
    init(_ title: String, total: Int64, unit: Unit = .bytes, console: Console) {
        self.unit = unit
        self.console = console
        self.title = Printable.text(title)
        self.total = total
        start = console.now()
    }

    /// Notes that so much more is done; draws at most ten times a second.
    func advance(by count: Int) {
        guard console.isErrorTerminal else { return }
        let now = console.now()
        let line = state.withLock { state -> String? in
            let (sum, overflow) = state.done.addingReportingOverflow(Int64(count))
            state.done = overflow ? .max : sum
            guard start.duration(to: now) > .seconds(1) else { return nil }
            if let last = state.lastDrawn, last.duration(to: now) < .milliseconds(100) { return nil }
            state.lastDrawn = now
            return self.line(done: state.done, after: start.duration(to: now))
        }
        if let line { console.writeError("\r" + line + "\u{1B}[K") }
    }

    /// Wipes the bar, if one was drawn.
    func finish() {
        if state.withLock({ $0.lastDrawn != nil }) { console.writeError("\r\u{1B}[K") }
    }

    private func line(done: Int64, after time: Duration) -> String {
        let (seconds, attoseconds) = time.components
        let elapsed = Double(seconds) + Double(attoseconds) / 1e18
        let speed = Int64(Double(done) / max(elapsed, 0.001))
        var line = title
        if total > 0 {
            let share = min(1, Double(done) / Double(total))
            let filled = Int(share * 20)
            line += "  [" + String(repeating: "#", count: filled) + String(repeating: "-", count: 20 - filled) + "] "
            line += "\(Int(share * 100))%  " + text(done) + " of " + text(total)
        } else {
            line += "  " + text(done)
        }
        if case .bytes = unit { line += "  " + Measure.size(speed) + "/s" }
        return String(line.prefix(max(20, console.columns - 1)))
    }

    private func text(_ amount: Int64) -> String {
        switch unit {
        case .bytes: Measure.size(amount)
        case .items: String(amount)
        }
    }
}
