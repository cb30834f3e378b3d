package import HTTPClient
internal import HTTPMessage

/// The retry layer: sends a request again when the failure is one that passes.
///
/// Repeated are requests that may be sent twice: after a transport error, 502, 503 or 504; and after 429 any request,
/// since it was turned away unread. `Retry-After` is obeyed up to a limit. Cancelling the task ends the attempts.
package struct RetryingSender: Sendable {
    let client: HTTPClient
    let policy: RetryPolicy
    let timing: RetryTiming
    /// What the hosts may be asked; nil for as much as comes.
    let budgets: HostBudgets?

    package init(client: HTTPClient, policy: RetryPolicy, timing: RetryTiming, budgets: HostBudgets? = nil) {
        self.client = client
        self.policy = policy
        self.timing = timing
        self.budgets = budgets
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
        let response = try await client.send(request)
        if let slot { response.whenOver { slot.release() } }
        if [429, 503].contains(response.status.rawValue),
            let asked = retryDelay(response.headers, wallSeconds: timing.wallSeconds())
        {
            budgets?.pause(response.url.origin, for: asked)
        }
        return response
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
