import Posix
import Synchronization
import Telemetry

/// Writes log lines on a thread of its own, so that a slow reader of standard error never holds up a request.
///
/// At most `capacity` lines wait; further ones are dropped and counted, and the count is logged when there is room.
final class LogQueue: Sendable {
    private struct State {
        var records: [LogRecord] = []
        var dropped = 0
        var isClosed = false
        var isIdle = true
    }

    private struct Batch {
        var records: [LogRecord]
        var dropped: Int
        var isLast: Bool
    }

    private let state = Condition(State())
    private let capacity: Int
    private let format: LogFormat
    private let write: @Sendable ([UInt8]) -> Void
    /// Records that were dropped.
    let dropped = Counter()

    /// Starts the thread.
    init(
        format: LogFormat, capacity: Int = 8192, write: @escaping @Sendable ([UInt8]) -> Void
    ) throws(SystemError) {
        self.format = format
        self.capacity = capacity
        self.write = write
        _ = try SystemThread(name: "log") { [self] in run() }
    }

    /// Puts a record in line.
    ///
    /// Does not block, and wakes the thread only when it may be asleep; the line is made there.
    func add(_ record: LogRecord) {
        state.update { state in
            guard state.records.count < capacity else {
                state.dropped += 1
                dropped.increment()
                return false
            }
            state.records.append(record)
            return state.records.count == 1
        }
    }

    /// Writes what waits, waits for it at most `timeout`, and ends the thread.
    func close(timeout: Duration = .seconds(2)) {
        state.updateAll { $0.isClosed = true }
        state.wait(timeout: timeout) { state, isLate in
            (state.records.isEmpty && state.isIdle) || isLate ? () : nil
        }
    }

    private func run() {
        while true {
            let batch: Batch = state.wait { state, _ in
                guard !state.records.isEmpty || state.isClosed else { return nil }
                let batch = Batch(records: state.records, dropped: state.dropped, isLast: state.isClosed)
                state.records = []
                state.dropped = 0
                state.isIdle = false
                return batch
            }
            var bytes: [UInt8] = []
            for record in batch.records { format.append(record, to: &bytes) }
            if batch.dropped > 0 { format.append(note(dropped: batch.dropped), to: &bytes) }
            if !bytes.isEmpty { write(bytes) }
            state.updateAll { $0.isIdle = true }
            if batch.isLast { return }
        }
    }

    private func note(dropped: Int) -> LogRecord {
        LogRecord(
            microseconds: WallClock.now(), level: .warning, message: "log lines were dropped",
            fields: [("count", .count(dropped))])
    }
}
