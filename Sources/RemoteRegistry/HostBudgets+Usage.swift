public import HTTPClient
internal import Synchronization

/// What one host was asked so far.
public struct HostUsage: Sendable, Equatable {
    /// Requests sent, with repeated ones.
    public var requests: Int64 = 0
    /// Bytes of bodies that came from it.
    public var bytesReceived: Int64 = 0
    /// Bytes of bodies sent to it.
    public var bytesSent: Int64 = 0

    /// Nothing yet.
    public init() {}
}

// What is counted, and what follows from it.
extension HostBudgets {
    /// What a host was asked so far; forgotten for hosts nobody asks when there are more than a thousand.
    public func usage(of host: HTTPURL.Origin) -> HostUsage {
        state.withLock { $0.lines[host]?.usage ?? HostUsage() }
    }

    /// How many requests at a time a host is asked now.
    public func width(of host: HTTPURL.Origin) -> Int {
        state.withLock { width(of: $0.lines[host] ?? Line()) }
    }

    func width(of line: Line) -> Int {
        guard limits.adapts else { return max(1, limits.requests) }
        return (line.pace ?? RequestPace(most: limits.requests)).width
    }

    func noteRequest(to host: HTTPURL.Origin) {
        state.withLock { $0.lines[host, default: Line()].usage.requests += 1 }
    }

    /// Takes note of how a host answered; lets more in when that makes room.
    func noteAnswer(from host: HTTPURL.Origin, _ answer: RequestPace.Answer) {
        guard limits.adapts else { return }
        let next = state.withLock { state in
            var line = state.lines[host] ?? Line()
            var pace = line.pace ?? RequestPace(most: limits.requests)
            pace.note(answer, running: line.running)
            line.pace = pace
            state.lines[host] = line
            return letIn(&state, host)
        }
        for waiter in next { waiter.enter() }
    }

    /// Counts bytes that came, and waits until the rate allows them.
    func spend(received count: Int, _ host: HTTPURL.Origin) async throws(HTTPClientError) {
        try await spend(count, host) { $0.bytesReceived += Int64(count) }
    }

    /// Counts bytes that go out, and waits until the rate allows them.
    func spend(sent count: Int, _ host: HTTPURL.Origin) async throws(HTTPClientError) {
        try await spend(count, host) { $0.bytesSent += Int64(count) }
    }

    private func spend(
        _ count: Int, _ host: HTTPURL.Origin, _ note: (inout HostUsage) -> Void
    ) async throws(HTTPClientError) {
        let now = timing.now()
        let wait = state.withLock { state -> Duration in
            note(&state.lines[host, default: Line()].usage)
            guard let rate = limits.bytesPerSecond, rate > 0 else { return .zero }
            let spent = max(state.lines[host]?.bytesUntil ?? now, now)
                .advanced(by: .seconds(Double(count) / Double(rate)))
            state.lines[host]?.bytesUntil = spent
            return now.duration(to: spent) - .milliseconds(250)
        }
        guard wait > .zero else { return }
        await timing.sleep(wait)
        if Task.isCancelled { throw .cancelled }
    }
}
