/// How far the loop thread is with a request.
///
/// The loop thread alone reads and writes it.
enum Stage {
    /// Libmicrohttpd has not called the handler yet.
    case fresh
    /// The response is known; what comes of the body is thrown away first.
    case answering(Response)
    /// Work starts when the body has been thrown away.
    case performing(@Sendable () async -> Response)
    /// The body is collected for the work.
    case collecting([UInt8], maximumBytes: Int, @Sendable ([UInt8]) async -> Response)
    /// The body goes to a consumer piece by piece.
    case streaming(BodyStream)
    /// The handler works: the connection is suspended until there is an answer.
    case away
    /// The response is libmicrohttpd's.
    case queued
}

/// What the loop thread and the executor share about a request that is being worked on.
///
/// The connection is suspended while `isSuspended`; who clears that resumes it, under the same lock, so it is
/// resumed exactly once and never after it died.
struct Flight {
    var isSuspended = false
    /// The connection died or was cut: nothing may touch it any more.
    var isDead = false
    /// The bytes a response waits for have come, perhaps before the connection was suspended for them.
    var isWoken = false
    var answer: Response?
}
