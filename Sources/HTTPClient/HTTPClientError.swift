/// Why no response came, or why its body ended early.
///
/// A status of 400 or more is a response, not an error.
///
/// Messages name the host and what to do; none holds a credential, a header field or a query.
public enum HTTPClientError: Error, Sendable, Equatable {
    /// The text is not an absolute http or https URL without a password.
    case urlInvalid(String)
    /// The request cannot be sent as it is, for instance with a line break in a header field.
    case requestInvalid(String)
    /// The name of the host or of the proxy has no address.
    case hostNotFound(String)
    /// No connection could be made.
    case connectFailed(String)
    /// The TLS handshake failed, the certificate is not trusted, or a certificate file cannot be read.
    case tlsFailed(String)
    /// A deadline passed.
    case timedOut(HTTPDeadline, String)
    /// The connection ended before the response did.
    case connectionLost(String)
    /// The response is not HTTP, or its header is larger than allowed.
    case responseInvalid(String)
    /// The body is larger than allowed.
    case responseTooLarge(String, limit: Int64)
    /// The redirect is not followed: too many, or to a place the policy forbids.
    case redirectRefused(String)
    /// The host's address is one that the request must not be sent to.
    case addressRefused(String)
    /// The host is not to be asked for the moment; how long to wait when known.
    ///
    /// Never thrown by the client itself, but by who shares it among many.
    case hostBusy(String, retryAfter: Duration?)
    /// The source of the request body failed, or gave more or fewer bytes than announced.
    case requestBodyFailed(String)
    /// The task was cancelled, or the response was given up.
    case cancelled
    /// A fault of this client or of the machine.
    case engineFailed(String)

    /// The sentence for people.
    public var message: String {
        switch self {
        case .urlInvalid(let text), .requestInvalid(let text), .hostNotFound(let text), .connectFailed(let text),
            .tlsFailed(let text), .timedOut(_, let text), .connectionLost(let text), .responseInvalid(let text),
            .responseTooLarge(let text, _), .redirectRefused(let text), .addressRefused(let text),
            .hostBusy(let text, _), .requestBodyFailed(let text),
            .engineFailed(let text):
            text
        case .cancelled: "the request was cancelled"
        }
    }

    /// Whether the same request may succeed a moment later.
    public var isTransient: Bool {
        switch self {
        case .hostNotFound, .connectFailed, .timedOut, .connectionLost: true
        case .urlInvalid, .requestInvalid, .tlsFailed, .responseInvalid, .responseTooLarge, .redirectRefused,
            .addressRefused, .hostBusy, .requestBodyFailed, .cancelled, .engineFailed:
            false
        }
    }
}

extension HTTPClientError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}

/// What a deadline bounds.
public enum HTTPDeadline: String, Sendable {
    /// Name look-up, connection and TLS handshake.
    case connect
    /// From the end of the request to the response's status line.
    case firstByte
    /// From the start to the end of the response's header.
    case head
    /// A pause in which no byte moved either way.
    case stall
    /// The whole exchange.
    case total
}
