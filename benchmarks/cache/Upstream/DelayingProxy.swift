import BenchmarkSupport
import Glibc
import Posix
import Synchronization

/// Stands in front of a server, forwards each request some time after it came, and counts.
///
/// Just enough of HTTP/1.1 for what is measured here: GET and HEAD one after another on a connection, answers whose
/// length is told. It has one thread a connection and, for each, a connection of its own to the server; it runs until
/// the program ends.
final class DelayingProxy: Sendable {
    /// What came since the last `reset`.
    struct Counts: Sendable {
        var requests = 0
        var connections = 0
        /// The most requests that were under way at one time.
        var mostAtOnce = 0
        /// Requests by their method and what they ask for: `GET manifests`.
        var kinds: [String: Int] = [:]
    }

    private struct State {
        var counts = Counts()
        var underWay = 0
        var lastAt = 0
        var failure: BenchmarkFailure?
    }

    let port: UInt16
    private let target: UInt16
    private let delay: Int
    private let state = Mutex(State())

    /// Listens on a port that the kernel chooses.
    init(to target: UInt16, milliseconds: Int) throws(BenchmarkFailure) {
        let listening = try Socket.listen()
        (port, self.target, delay) = (listening.port, target, milliseconds * 1_000_000)
        try start { [self] () throws(BenchmarkFailure) in
            while true {
                let client = try Socket.accept(listening.descriptor)
                state.withLock { $0.counts.connections += 1 }
                try start { () throws(BenchmarkFailure) in try self.serve(client) }
            }
        }
    }

    /// Begins to count anew.
    func reset() {
        state.withLock { $0.counts = Counts() }
    }

    /// What was counted; waits until nobody has asked for anything for a while.
    func settledCounts() throws(BenchmarkFailure) -> Counts {
        while true {
            let (counts, isIdle, failure) = state.withLock { state in
                let isIdle = state.underWay == 0 && nanoseconds() - state.lastAt > 150_000_000
                return (state.counts, isIdle, state.failure)
            }
            if let failure { throw failure }
            if isIdle { return counts }
            _ = poll(nil, 0, 5)
        }
    }

    private func start(_ body: @escaping @Sendable () throws(BenchmarkFailure) -> Void) throws(BenchmarkFailure) {
        do throws(SystemError) {
            _ = try SystemThread(name: "proxy") { [self] in
                do throws(BenchmarkFailure) {
                    try body()
                } catch {
                    state.withLock { $0.failure = error }
                }
            }
        } catch {
            throw BenchmarkFailure(error)
        }
    }

    /// One connection until the client leaves.
    private func serve(_ client: CInt) throws(BenchmarkFailure) {
        let relay = Relay(client: client)
        while let request = try relay.nextRequest() {
            let due = nanoseconds() + delay
            note(request)
            defer { noteEnd() }
            sleep(until: due)
            try relay.connect(to: target)
            try relay.forward(request)
        }
    }

    private func note(_ request: Relay.Request) {
        state.withLock { state in
            state.underWay += 1
            state.counts.requests += 1
            state.counts.kinds[request.kind, default: 0] += 1
            state.counts.mostAtOnce = max(state.counts.mostAtOnce, state.underWay)
        }
    }

    private func noteEnd() {
        state.withLock { state in
            state.underWay -= 1
            state.lastAt = nanoseconds()
        }
    }

    private func sleep(until due: Int) {
        var time = timespec(tv_sec: due / 1_000_000_000, tv_nsec: due % 1_000_000_000)
        while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
    }
}
