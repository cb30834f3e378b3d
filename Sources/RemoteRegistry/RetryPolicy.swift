package import HTTPMessage
internal import Posix

/// How often and after what pauses a request is repeated.
public struct RetryPolicy: Sendable, Equatable {
    /// How many times a request is sent at most, the first included.
    public var maximumAttempts = 5
    /// The longest pause before the second attempt; it doubles with each further one.
    public var firstPause = Duration.milliseconds(200)
    /// The longest pause at all.
    public var longestPause = Duration.seconds(10)
    /// The longest `Retry-After` that is waited for; a longer one ends the attempts.
    public var longestRetryAfter = Duration.seconds(60)

    /// How long a request may take to the header of its answer, with every attempt, every pause and every wait for its
    /// host; nil for no limit.
    ///
    /// No attempt begins afterwards. A token that must be fetched first may take as long again; the body is bounded by
    /// `HTTPDeadlines`.
    public var totalDeadline: Duration?

    /// Five attempts, no limit to them in all, pauses of up to 0.2, 0.4, 0.8 and 1.6 seconds.
    public init() {}

    /// One attempt.
    public static var never: RetryPolicy {
        var policy = RetryPolicy()
        policy.maximumAttempts = 1
        return policy
    }

    /// The pause before the attempt of that number (from 2): a random part of the exponential bound.
    ///
    /// The whole range is drawn from, so that many clients turned away at once do not come back at once.
    package func pause(before attempt: Int, random: Double) -> Duration {
        let doublings = min(max(attempt - 2, 0), 30)
        let bound = min(longestPause, firstPause * (1 << doublings))
        return bound * min(max(random, 0), 1)
    }
}

/// Time and chance, as parameters.
public struct RetryTiming: Sendable {
    /// Seconds since 1970, for `Retry-After` dates.
    public var wallSeconds: @Sendable () -> Int64
    /// A moment that only grows, for the life of tokens.
    public var now: @Sendable () -> ContinuousClock.Instant
    /// Waits; returns early when the task is cancelled.
    public var sleep: @Sendable (Duration) async -> Void
    /// A number from 0 up to 1.
    public var random: @Sendable () -> Double

    /// Builds a timing.
    public init(
        wallSeconds: @escaping @Sendable () -> Int64, now: @escaping @Sendable () -> ContinuousClock.Instant,
        sleep: @escaping @Sendable (Duration) async -> Void, random: @escaping @Sendable () -> Double
    ) {
        self.wallSeconds = wallSeconds
        self.now = now
        self.sleep = sleep
        self.random = random
    }
}

/// Reads `Retry-After` (RFC 9110 section 10.2.3): seconds or a date.
package func retryDelay(_ headers: HeaderFields, wallSeconds: Int64) -> Duration? {
    guard let text = headers.values("Retry-After").first else { return nil }
    if let seconds = Int64(text) { return seconds < 0 ? nil : .seconds(min(seconds, 1_000_000_000)) }
    guard let moment = HTTPDate.parse(text) else { return nil }
    return .seconds(max(0, moment - wallSeconds))
}

extension RetryTiming {
    /// The machine's clocks, the task's own sleep and the system's randomness.
    public static var system: RetryTiming {
        RetryTiming(
            wallSeconds: { WallClock.now() / 1_000_000 }, now: { .now },
            sleep: { duration in try? await Task.sleep(for: duration) }, random: { Double.random(in: 0..<1) })
    }
}
