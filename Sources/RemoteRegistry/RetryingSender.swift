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

    package init(client: HTTPClient, policy: RetryPolicy, timing: RetryTiming) {
        self.client = client
        self.policy = policy
        self.timing = timing
    }

    /// The last attempt's response or error.
    package func send(
        _ request: HTTPClientRequest, isRepeatable: Bool
    ) async throws(HTTPClientError) -> HTTPClientResponse {
        var request = request
        request.maySendAgain = isRepeatable
        var attempt = 1
        while true {
            let isLast = attempt >= policy.maximumAttempts
            let pause: Duration
            do throws(HTTPClientError) {
                let response = try await client.send(request)
                guard !isLast, let wanted = pauseWanted(after: response, attempt, isRepeatable: isRepeatable) else {
                    return response
                }
                response.cancel()
                pause = wanted
            } catch {
                guard !isLast, isRepeatable, error.isTransient else { throw error }
                pause = policy.pause(before: attempt + 1, random: timing.random())
            }
            await timing.sleep(pause)
            if Task.isCancelled { throw .cancelled }
            attempt += 1
        }
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
