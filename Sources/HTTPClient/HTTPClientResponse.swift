public import HTTPMessage

/// A response whose header is complete and whose body is pulled piece by piece.
///
/// One task reads the body; a second reader at the same time is a programmer's error and traps. Until the body is
/// read to its end, cancelled or the response is dropped it holds a connection; a dropped response is cancelled.
public final class HTTPClientResponse: Sendable {
    /// The status code.
    public let status: HTTPStatus
    /// The header fields in order of arrival.
    ///
    /// Values that are not UTF-8 have U+FFFD in place of the bad bytes.
    public let headers: HeaderFields
    /// The URL that answered: the last one when redirects were followed.
    public let url: HTTPURL
    /// Where the host that was asked first lies; nil when only a proxy knows.
    public let firstAddress: HTTPAddressKind?
    private let exchange: Exchange
    /// Keeps the thread alive while the body is read.
    private let client: HTTPClient

    init(_ head: ResponseHead, url: HTTPURL, firstAddress: HTTPAddressKind?, exchange: Exchange, client: HTTPClient) {
        status = HTTPStatus(rawValue: head.status)
        headers = head.headers
        self.url = url
        self.firstAddress = firstAddress
        self.exchange = exchange
        self.client = client
    }

    deinit {
        exchange.cancel()
    }

    /// The announced length of the body in bytes, nil when there is none or it is no number.
    public var contentLength: Int64? {
        guard let text = headers.values("Content-Length").first, let length = Int64(text), length >= 0 else {
            return nil
        }
        return length
    }

    /// The next piece of the body, 1 byte to `HTTPClientConfiguration.bufferBytes`; nil at the end.
    ///
    /// While nobody asks, at most that many bytes wait in memory and the connection is not read.
    /// - Throws: what ended the body early; again on each further call.
    public func next() async throws(HTTPClientError) -> [UInt8]? {
        try await exchange.nextPiece()
    }

    /// The rest of the body in one piece.
    ///
    /// - Throws: `.responseTooLarge` beyond `maximumBytes` (the exchange is cancelled then), or as `next`.
    public func collect(maximumBytes: Int) async throws(HTTPClientError) -> [UInt8] {
        var body: [UInt8] = []
        while let piece = try await next() {
            guard piece.count <= maximumBytes - body.count else {
                cancel()
                throw .responseTooLarge(
                    "\(url.authority) answered with more than \(maximumBytes) bytes", limit: Int64(maximumBytes))
            }
            if body.isEmpty { body = piece } else { body += piece }
        }
        return body
    }

    /// Has a function called once when the exchange holds nothing any more: its body has come, broke off, or was given
    /// up.
    ///
    /// At once when that is so already; else on the thread that ends it, where it must not block. One at a time: another
    /// takes the place of the first.
    package func whenOver(_ action: @escaping @Sendable () -> Void) {
        exchange.whenOver(action)
    }

    /// Gives the response up: its connection is closed unless the body was already complete.
    ///
    /// Safe to repeat.
    public func cancel() {
        exchange.cancel()
    }
}
