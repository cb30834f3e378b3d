package import HTTPClient
internal import HTTPMessage

/// The retry layer: sends a request again when the failure is one that passes.
///
/// Repeated are requests that may be sent twice: after a transport error, 502, 503 or 504; and after 429 any request,
/// since it was turned away unread. `Retry-After` is obeyed up to a limit. Cancelling the task ends the attempts.
package struct RetryingSender: Sendable {
    /// Up to how many bytes of a body a request is small: how long its answer takes is not the body's doing.
    private static let smallBytes = 64 << 10

    let client: HTTPClient
    let policy: RetryPolicy
    let timing: RetryTiming
    /// What the hosts may be asked; nil for as much as comes.
    let budgets: HostBudgets?
    /// What was sent so far.
    package let sent: RequestCounter

    package init(
        client: HTTPClient, policy: RetryPolicy, timing: RetryTiming, budgets: HostBudgets? = nil,
        sent: RequestCounter = RequestCounter()
    ) {
        self.client = client
        self.policy = policy
        self.timing = timing
        self.budgets = budgets
        self.sent = sent
    }

    /// When what begins now must have its answer.
    package var deadline: ContinuousClock.Instant? {
        policy.totalDeadline.map { timing.now().advanced(by: $0) }
    }

    /// The last attempt's response or error.
    ///
    /// A request that another one under way waits for takes no slot of its host's budget: it might wait for that very
    /// one. Its deadline is that of the policy when none is given.
    package func send(
        _ request: HTTPClientRequest, isRepeatable: Bool, takesSlot: Bool = true,
        until given: ContinuousClock.Instant? = nil
    ) async throws(HTTPClientError) -> HTTPClientResponse {
        let deadline = given ?? deadline
        var request = request
        request.maySendAgain = isRepeatable
        var attempt = 1
        while true {
            let pause: Duration
            do throws(HTTPClientError) {
                let response = try await sendOnce(request, takesSlot: takesSlot, until: deadline)
                guard let wanted = pauseWanted(after: response, attempt, isRepeatable: isRepeatable),
                    mayRepeat(after: attempt, wanted, deadline)
                else { return response }
                response.cancel()
                pause = wanted
            } catch {
                pause = policy.pause(before: attempt + 1, random: timing.random())
                guard isRepeatable, error.isTransient, mayRepeat(after: attempt, pause, deadline) else { throw error }
            }
            await timing.sleep(pause)
            if Task.isCancelled { throw .cancelled }
            attempt += 1
        }
    }

    private func mayRepeat(after attempt: Int, _ pause: Duration, _ deadline: ContinuousClock.Instant?) -> Bool {
        attempt < policy.maximumAttempts && deadline.map { timing.now().advanced(by: pause) < $0 } ?? true
    }

    private func sendOnce(
        _ request: HTTPClientRequest, takesSlot: Bool, until deadline: ContinuousClock.Instant?
    ) async throws(HTTPClientError) -> HTTPClientResponse {
        let slot = try await slot(for: request, takesSlot: takesSlot, until: deadline)
        defer { withExtendedLifetime(slot) {} }
        var request = request
        if let deadline {
            let left = timing.now().duration(to: deadline)
            guard left > .zero else {
                throw .timedOut(.head, "\(request.url.authority) did not answer within the time allowed")
            }
            request.deadlines.head = min(request.deadlines.head ?? left, left)
        }
        if let count = request.body?.count, count > 0 { try await spend(sent: count, to: request.url.origin) }
        let isSmall = (request.body?.count ?? 0) <= RetryingSender.smallBytes
        let begin = timing.now()
        let response = try await counted(request.url.origin) { () async throws(HTTPClientError) in
            try await client.send(request)
        }
        note(response, after: isSmall ? begin.duration(to: timing.now()) : nil, slot)
        return response
    }

    /// Sends a request once whose body is pulled from `next`.
    package func stream(
        _ request: HTTPClientRequest, length: Int64, _ next: () async throws(HTTPClientError) -> [UInt8]?
    ) async throws(HTTPClientError) -> HTTPClientResponse {
        let slot = try await slot(for: request, takesSlot: true, until: deadline)
        defer { withExtendedLifetime(slot) {} }
        let host = request.url.origin
        let response = try await counted(host) { () async throws(HTTPClientError) in
            try await client.send(request, bodyLength: length) { () async throws(HTTPClientError) in
                let piece = try await next()
                if let piece { try await spend(sent: piece.count, to: host) }
                return piece
            }
        }
        note(response, after: nil, slot)
        return response
    }

    /// Waits until the host's budget allows so many bytes that came from it.
    package func spend(received count: Int, from host: HTTPURL.Origin) async throws(HTTPClientError) {
        try await budgets?.spend(received: count, host)
    }

    private func spend(sent count: Int, to host: HTTPURL.Origin) async throws(HTTPClientError) {
        try await budgets?.spend(sent: count, host)
    }

    private func counted(
        _ host: HTTPURL.Origin, _ send: () async throws(HTTPClientError) -> HTTPClientResponse
    ) async throws(HTTPClientError) -> HTTPClientResponse {
        sent.add()
        budgets?.noteRequest(to: host)
        do throws(HTTPClientError) {
            return try await send()
        } catch {
            if error.isTransient { budgets?.noteAnswer(from: host, .bad) }
            throw error
        }
    }

    /// Tells the budgets how the host answered, and gives the slot back when the body has come.
    private func note(_ response: HTTPClientResponse, after latency: Duration?, _ slot: HostSlot?) {
        if let slot { response.whenOver { slot.release() } }
        let status = response.status.rawValue
        budgets?.noteAnswer(from: response.url.origin, status == 429 || status >= 500 ? .bad : .good(latency))
        if [429, 503].contains(status), let asked = retryDelay(response.headers, wallSeconds: timing.wallSeconds()) {
            budgets?.pause(response.url.origin, for: asked)
        }
    }

    private func slot(
        for request: HTTPClientRequest, takesSlot: Bool, until deadline: ContinuousClock.Instant?
    ) async throws(HTTPClientError) -> HostSlot? {
        guard let budgets, request.unixSocketPath == nil else { return nil }
        let (host, patience) = (request.url.origin, policy.longestRetryAfter)
        guard takesSlot else {
            try await budgets.waitForTurn(host, patience: patience, until: deadline)
            return nil
        }
        return try await budgets.slot(for: host, patience: patience, until: deadline)
    }

    private func pauseWanted(
        after response: HTTPClientResponse, _ attempt: Int, isRepeatable: Bool
    ) -> Duration? {
        switch response.status {
        case .tooManyRequests: break
        case .badGateway, .serviceUnavailable, .gatewayTimeout: guard isRepeatable else { return nil }
        default: return nil
        }
        let pause = policy.pause(before: attempt + 1, random: timing.random())
        guard let asked = retryDelay(response.headers, wallSeconds: timing.wallSeconds()) else { return pause }
        return asked <= policy.longestRetryAfter ? max(pause, asked) : nil
    }
}
