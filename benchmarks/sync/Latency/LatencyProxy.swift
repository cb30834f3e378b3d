import BenchmarkSupport
import Glibc
import Posix
import Synchronization

/// Stands in front of a server, forwards each request some time after its head came, and counts.
///
/// It passes on what movers send: uploads of any form, chunked bodies either way, `Expect`. It has one thread a
/// connection and, for each, a connection of its own to the server; it runs until the program ends.
final class LatencyProxy: Sendable {
    /// What came and went since the last `reset`.
    struct Counts: Sendable {
        var requests = 0
        var connections = 0
        var fromClients = 0
        var toClients = 0
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
                // One connection that breaks is the client's matter, which tells in how it ends.
                try start { () throws(BenchmarkFailure) in try? self.serve(client) }
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
                let isIdle = state.underWay == 0 && nanoseconds() - state.lastAt > 50_000_000
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

    /// One connection until either side leaves.
    private func serve(_ accepted: CInt) throws(BenchmarkFailure) {
        let client = MessageStream(accepted)
        let connected = try Socket.connect(to: target)
        guard connected >= 0 else { throw BenchmarkFailure("the server behind the proxy does not listen") }
        let server = MessageStream(connected)
        var noted = (received: 0, sent: 0)
        while let request = try client.nextHead() {
            let due = nanoseconds() + delay
            state.withLock { $0.underWay += 1 }
            defer {
                let now = (received: client.receivedBytes, sent: client.sentBytes)
                noteEnd(now.received - noted.received, now.sent - noted.sent)
                noted = now
            }
            sleep(until: due)
            guard try exchange(request, client, server) else { return }
        }
    }

    /// Passes on one request and its answer; whether more may follow.
    private func exchange(
        _ request: MessageHead, _ client: MessageStream, _ server: MessageStream
    ) throws(BenchmarkFailure) -> Bool {
        try server.send(request.bytes[...])
        if request.expectsContinue { try client.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)[...]) }
        try client.forward(request.requestBody, to: server)
        while let answer = try server.nextHead() {
            // The server's own 100 comes late: the client was told to go on.
            if answer.status < 200 { continue }
            try client.send(answer.bytes[...])
            let body = answer.responseBody(to: request.method)
            try server.forward(body, to: client)
            return !answer.isLast && !request.isLast && body != .untilClose
        }
        throw BenchmarkFailure("the server behind the proxy hung up")
    }

    private func noteEnd(_ received: Int, _ sent: Int) {
        state.withLock { state in
            state.underWay -= 1
            state.lastAt = nanoseconds()
            state.counts.requests += 1
            state.counts.fromClients += received
            state.counts.toClients += sent
        }
    }

    private func sleep(until due: Int) {
        var time = timespec(tv_sec: due / 1_000_000_000, tv_nsec: due % 1_000_000_000)
        while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
    }
}
