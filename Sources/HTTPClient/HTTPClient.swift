// HTTPClient: one request, one streamed response, over libcurl.
//
// Owns: a multi handle, the thread that drives it, connection reuse, deadlines, TLS and redirect policy.
// Invariant: every exchange ends exactly once, with a complete body or with one error, and then holds nothing.
// Threads: one thread per client touches libcurl; tasks talk to it through a mailbox and share one locked `Exchange`
// per request. Bodies are bounded by `bufferBytes` each way: a slow reader pauses the transfer, a slow source too.
// Errors are those of transport; a 404 is a response.

/// Sends requests.
///
/// One object serves any number of tasks and keeps connections for reuse.
///
/// HTTP/2 is used over TLS where the server offers it. The client's thread ends when the client and all its responses
/// are gone.
public final class HTTPClient: Sendable {
    private let configuration: HTTPClientConfiguration
    private let engine: Engine

    /// Starts the client's thread.
    ///
    /// - Throws: `.engineFailed` when libcurl or the thread cannot be started.
    public init(_ configuration: HTTPClientConfiguration = HTTPClientConfiguration()) throws(HTTPClientError) {
        self.configuration = configuration
        engine = try Engine(configuration)
    }

    deinit {
        engine.enqueue(.stop)
    }

    /// Sends a request and waits for the response's header, following redirects as the request allows.
    ///
    /// Cancelling the task cancels the exchange at once. One hop to the client's thread and back.
    /// - Throws: why no response came.
    public func send(_ request: HTTPClientRequest) async throws(HTTPClientError) -> HTTPClientResponse {
        let first = request
        let begin = ContinuousClock.now
        var request = request
        var firstAddress: HTTPAddressKind?
        var followed = 0
        while true {
            let body = request.body.map { Submission.Body.bytes($0) } ?? .none
            let exchange = try start(request, body: body)
            let head = try await exchange.head()
            if followed == 0 { firstAddress = head.peer }
            let response = HTTPClientResponse(
                head, url: request.url, firstAddress: firstAddress, exchange: exchange, client: self)
            guard let next = try request.following(response, followed: followed) else { return response }
            response.cancel()
            request = next
            request.addresses = first.addresses(for: next.url, reached: firstAddress)
            request.deadlines.head = first.deadlines.head.map { max(.zero, $0 - begin.duration(to: .now)) }
            followed += 1
        }
    }

    /// Sends a request whose body is pulled from `next` until it gives nil; `request.body` is ignored.
    ///
    /// With a length the body must have just that many bytes; without one it goes out in chunks. `next` is called in
    /// the caller's task, only while the outgoing buffer has room, and no longer once the server refused the request.
    /// Redirects are handed to the caller: the body is gone.
    /// - Throws: why no response came; what `next` throws ends the exchange.
    public func send(
        _ request: HTTPClientRequest, bodyLength: Int64?,
        _ next: () async throws(HTTPClientError) -> [UInt8]?
    ) async throws(HTTPClientError) -> HTTPClientResponse {
        let exchange = try start(request, body: .stream(length: bodyLength))
        do {
            try await pump(next, length: bodyLength, into: exchange)
        } catch {
            exchange.cancel(error)
            throw error
        }
        let head = try await exchange.head()
        return HTTPClientResponse(
            head, url: request.url, firstAddress: head.peer, exchange: exchange, client: self)
    }

    private func start(
        _ request: HTTPClientRequest, body: Submission.Body
    ) throws(HTTPClientError) -> Exchange {
        if Task.isCancelled { throw .cancelled }
        try request.validate()
        let exchange = Exchange(engine: engine, bufferBytes: max(1, configuration.bufferBytes))
        engine.enqueue(.start(Submission(head: request, body: body), exchange))
        return exchange
    }

    private func pump(
        _ next: () async throws(HTTPClientError) -> [UInt8]?, length: Int64?, into exchange: Exchange
    ) async throws(HTTPClientError) {
        var sent: Int64 = 0
        while await exchange.waitForRoom() {
            guard let piece = try await next() else {
                if let length, sent != length {
                    throw .requestBodyFailed("the request body ended after \(sent) of \(length) bytes")
                }
                return exchange.finishSending()
            }
            sent += Int64(piece.count)
            if let length, sent > length {
                throw .requestBodyFailed("the request body is longer than the \(length) bytes announced")
            }
            exchange.push(piece)
        }
    }
}
