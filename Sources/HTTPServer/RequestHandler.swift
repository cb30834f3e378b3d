/// What answers requests: the one thing a user of this target writes.
public protocol RequestHandler: Sendable {
    /// Decides what happens to a request whose header is complete.
    ///
    /// Called on the loop thread that accepted the connection, before any byte of the body is read: it must not
    /// block. A plan that reads no body (`respond`, `perform`) on a request that has one drops the body: small
    /// ones are read and thrown away, large ones close the connection after the response.
    func plan(for request: any Request) -> Plan

    /// Called once for each request after its last byte was sent or its connection died, for logs and metrics.
    ///
    /// Called on the loop thread: it must not block.
    func finished(_ request: any Request, _ outcome: Outcome)

    /// The response for a request the server itself refuses (bad framing, too large, too slow, overloaded), so
    /// that such errors have the handler's own body format.
    func refusal(_ status: Int, _ message: String) -> Response
}

/// What to do with a request.
public enum Plan: Sendable {
    /// Answer at once, on the loop thread.
    case respond(Response)
    /// Leave the loop thread, work, answer. The closure runs on the server's task executor and may block there.
    case perform(@Sendable () async -> Response)
    /// Read the whole body (at most `maximumBytes`, else 413 through `refusal`), then work and answer like `perform`.
    case receive(maximumBytes: Int, @Sendable ([UInt8]) async -> Response)
    /// Hand the body over piece by piece with back-pressure; at most one piece is under way.
    case stream(maximumBytes: Int64, any BodyConsumer)
}

/// Takes a request body piece by piece.
///
/// Calls come one at a time, on the server's task executor; they may block.
public protocol BodyConsumer: Sendable {
    /// Takes the next piece, 1 byte to 256 KiB. A response ends the request early and closes the connection.
    func consume(_ piece: [UInt8]) async -> Response?
    /// The body is complete.
    func finish() async -> Response
    /// The client left, was too slow or sent too much. Nothing more will come; no response can be sent.
    func abandon() async
}

/// How a request ended.
public struct Outcome: Sendable {
    /// The status sent; 0 when the connection died before one was.
    public var status: Int
    /// Body bytes of the response that the server handed to the connection.
    public var bytesSent: Int64
    /// Body bytes received.
    public var bytesReceived: Int64
    /// From the complete header to the end of the response.
    public var duration: Duration
    /// Whether the whole response was sent.
    public var isComplete: Bool

    /// Builds an outcome.
    public init(status: Int, bytesSent: Int64, bytesReceived: Int64, duration: Duration, isComplete: Bool) {
        self.status = status
        self.bytesSent = bytesSent
        self.bytesReceived = bytesReceived
        self.duration = duration
        self.isComplete = isComplete
    }
}
