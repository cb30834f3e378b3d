import Posix
import Synchronization
import Telemetry

/// Writes log lines on a thread of its own, so that a slow reader of standard error never holds up a request.
///
/// At most `capacity` lines wait; further ones are dropped and counted, and the count is logged when there is room.
final class LogQueue: Sendable {
    private struct State {
        var lines: [String] = []
        var dropped = 0
        var isClosed = false
        var isIdle = true
    }

    private let state = Condition(State())
    private let capacity: Int
    private let format: LogFormat
    private let write: @Sendable (String) -> Void
    /// Lines that were dropped.
    let dropped = Counter()

    /// Starts the thread.
    init(
        format: LogFormat, capacity: Int = 8192, write: @escaping @Sendable (String) -> Void
    ) throws(SystemError) {
        self.format = format
        self.capacity = capacity
        self.write = write
        _ = try SystemThread(name: "log") { [self] in run() }
    }

    /// Puts a record in line.
    ///
    /// Does not block.
    func add(_ record: LogRecord) {
        let line = format.line(record)
        state.updateAll { state in
            if state.lines.count < capacity {
                state.lines.append(line)
            } else {
                state.dropped += 1
                dropped.increment()
            }
        }
    }

    /// Writes what waits, waits for it at most `timeout`, and ends the thread.
    func close(timeout: Duration = .seconds(2)) {
        state.updateAll { $0.isClosed = true }
        state.wait(timeout: timeout) { state, isLate in
            (state.lines.isEmpty && state.isIdle) || isLate ? () : nil
        }
    }

    private func run() {
        while true {
            let batch: (text: String, isLast: Bool) = state.wait { state, _ in
                guard !state.lines.isEmpty || state.isClosed else { return nil }
                var lines = state.lines
                state.lines = []
                state.isIdle = false
                if state.dropped > 0 {
                    lines.append(self.note(dropped: state.dropped))
                    state.dropped = 0
                }
                return (lines.joined(), state.isClosed)
            }
            if !batch.text.isEmpty { write(batch.text) }
            state.updateAll { $0.isIdle = true }
            if batch.isLast { return }
        }
    }

    private func note(dropped: Int) -> String {
        format.line(
            LogRecord(
                microseconds: WallClock.now(), level: .warning, message: "log lines were dropped",
                fields: [("count", .count(dropped))]))
    }
}
