public import HTTPMessage

/// A request: what to ask of whom, and how long to wait.
public struct HTTPClientRequest: Sendable {
    /// The method.
    public var method: HTTPMethod
    /// Where it goes.
    public var url: HTTPURL
    /// The header fields.
    ///
    /// `Content-Length`, `Transfer-Encoding`, `Host` and `Connection` are the client's own.
    public var headers: HeaderFields
    /// The body's bytes; nil for a request without a body.
    public var body: [UInt8]?
    /// A unix socket to connect to instead of the URL's host; the URL still gives the `Host` field.
    public var unixSocketPath: String?
    /// Which addresses it may be sent to.
    ///
    /// A redirect to another host is never followed to an address nearer than the first host's.
    public var addresses: HTTPAddressPolicy
    /// How long to wait for what.
    public var deadlines: HTTPDeadlines
    /// Which redirects are followed.
    public var redirects: HTTPRedirectPolicy
    /// Whether the client may send it again by itself when a kept connection dies before any of the response came.
    ///
    /// The server may have acted on the first one all the same. A streamed body is never sent again.
    public var maySendAgain: Bool
    /// The largest response body taken, in bytes; a larger one fails with `.responseTooLarge`.
    public var maximumResponseBytes: Int64

    /// Builds a request with the default deadlines, redirects and no limit on the response body.
    public init(
        _ method: HTTPMethod, _ url: HTTPURL, headers: HeaderFields = HeaderFields(), body: [UInt8]? = nil,
        unixSocketPath: String? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.unixSocketPath = unixSocketPath
        addresses = .any
        deadlines = HTTPDeadlines()
        redirects = HTTPRedirectPolicy()
        maySendAgain = true
        maximumResponseBytes = .max
    }
}

/// How long to wait for what; nil waits for ever.
///
/// Time in which the client itself waits for the reader of the response or for the source of the request body
/// counts for `total` only.
public struct HTTPDeadlines: Sendable, Equatable {
    /// The longest name look-up, connection and TLS handshake together.
    public var connect: Duration?
    /// The longest wait from the end of the request to the response's status line.
    public var firstByte: Duration?
    /// The longest wait from `send` to the end of the response's header, redirects included.
    public var head: Duration?
    /// The longest pause in which no byte moves either way.
    public var stall: Duration?
    /// The longest exchange, from `send` to the end of the response body.
    public var total: Duration?

    /// Ten seconds to connect, one minute for the first byte and for a stall, no limit on the header and the whole.
    public init(
        connect: Duration? = .seconds(10), firstByte: Duration? = .seconds(60), head: Duration? = nil,
        stall: Duration? = .seconds(60), total: Duration? = nil
    ) {
        self.connect = connect
        self.firstByte = firstByte
        self.head = head
        self.stall = stall
        self.total = total
    }
}

/// Which redirects of a GET or HEAD are followed; those of other methods are handed to the caller as responses.
///
/// From https to http none is followed. `Authorization`, `Cookie` and `Proxy-Authorization` go only to the origin
/// they were given for, and a request over a unix socket is never redirected away from it.
public struct HTTPRedirectPolicy: Sendable, Equatable {
    /// How many redirects one request follows; 0 hands the first to the caller as a response.
    public var maximumCount: Int

    /// Follows at most that many redirects.
    public init(maximumCount: Int = 5) {
        self.maximumCount = maximumCount
    }

    /// Follows none.
    public static let none = HTTPRedirectPolicy(maximumCount: 0)
}
