public import HTTPMessage

/// What a handler may ask of the request it answers.
///
/// One object a request. On the loop thread header look-ups read the server's own memory without copying the
/// header first; the server takes a snapshot before the request leaves that thread, so every member is safe to
/// call from anywhere until the response is sent.
public protocol Request: AnyObject, Sendable {
    /// The method as sent.
    var method: HTTPMethod { get }
    /// The path exactly as sent, before any percent-decoding, without the query; it starts with `/`.
    ///
    /// The server has refused paths with a NUL (raw or encoded), a control byte or a byte above 0x7E.
    var rawPath: String { get }
    /// The query exactly as sent, without the `?`; empty when there is none.
    var rawQuery: String { get }
    /// The values of one header field joined by `, `, or nil. Names compare without case.
    func header(_ name: StaticString) -> String?
    /// The announced length of the body: nil for a chunked one, 0 when there is none.
    var contentLength: Int64? { get }
    /// The client's address as text, `unix` on a unix socket.
    var peer: String { get }
    /// An identifier for logs and the `X-Request-Id` answer header, unique in this process.
    var requestID: String { get }
    /// Whether the request came over TLS.
    var isSecure: Bool { get }
    /// A place for the handler to note who asks and what for; read by the access log after the response.
    var annotations: RequestAnnotations { get set }
}

/// What the handler tells the access log and the metrics about a request.
public struct RequestAnnotations: Sendable {
    /// The authenticated user, nil when anonymous.
    public var user: String?
    /// The handler's number for the route, for metrics: a closed set.
    ///
    /// 0 when no route was found.
    public var route = 0
    /// The object asked for, as `repository:tag` or `repository@digest`.
    public var object: String?

    /// Nothing known yet.
    public init() {}
}
