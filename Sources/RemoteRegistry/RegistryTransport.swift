internal import Content
internal import HTTPClient
internal import HTTPMessage
internal import OCIModel

/// A request to the registry, before authentication.
struct RegistryCall: Sendable {
    var method: HTTPMethod
    var url: HTTPURL
    var headers = HeaderFields()
    var body: [UInt8]?
    /// What a token must allow.
    var scope: TokenScope
    /// What it is about, for messages.
    var object: AskedObject
    /// Whether sending it twice does the same as sending it once.
    var isRepeatable = true
    /// Whether it counts among the requests its host is asked at a time; not when another one under way waits for it.
    var takesSlot = true
    /// The largest body the answer may have, in bytes.
    var maximumResponseBytes: Int64 = .max
}

/// Sends calls to one registry: authentication on top of retry on top of HTTP.
struct RegistryTransport: Sendable {
    let endpoint: RegistryEndpoint
    let sender: RetryingSender
    let authorizer: Authorizer
    /// Where the registry itself may lie.
    let addresses: HTTPAddressPolicy
    let deadlines: HTTPDeadlines

    /// The registry's response, whatever its status.
    func send(_ call: RegistryCall) async throws(ContentError) -> HTTPClientResponse {
        let isOwn = call.url.origin == endpoint.base.origin
        let sent = isOwn ? try await authorizer.authorization(for: call.scope) : nil
        let deadline = sender.deadline
        let response = try await send(call, authorization: sent, until: deadline)
        if isOwn { authorizer.note(response) }
        // A challenge counts only where the credentials belong, not on a host the registry redirected to.
        guard isOwn, response.status == .unauthorized, response.url.origin == endpoint.base.origin,
            let answer = try await authorizer.authorization(answering: response, for: call.scope, sent: sent)
        else { return response }
        response.cancel()
        return try await send(call, authorization: answer, until: deadline)
    }

    /// The response when it is a success.
    ///
    /// - Throws: what the registry's error body or the status says.
    func succeed(_ call: RegistryCall) async throws(ContentError) -> HTTPClientResponse {
        let response = try await send(call)
        guard response.status.isSuccess else { throw await failure(response).error(about: call.object) }
        return response
    }

    /// The whole body of a success.
    func body(of call: RegistryCall, maximumBytes: Int) async throws(ContentError) -> (HTTPClientResponse, [UInt8]) {
        var call = call
        call.maximumResponseBytes = Int64(maximumBytes)
        let response = try await succeed(call)
        return (response, try await collect(response, maximumBytes: maximumBytes))
    }

    /// The rest of a response's body.
    func collect(_ response: HTTPClientResponse, maximumBytes: Int) async throws(ContentError) -> [UInt8] {
        do {
            let body = try await response.collect(maximumBytes: maximumBytes)
            try await sender.spend(received: body.count, from: response.url.origin)
            return body
        } catch {
            throw ContentError(error, registry: endpoint.name)
        }
    }

    /// Sends a call whose body is pulled from `next`, once: neither repeated nor sent again with other credentials.
    func stream(
        _ call: RegistryCall, length: Int64, _ next: () async throws(ContentError) -> [UInt8]?
    ) async throws(ContentError) -> HTTPClientResponse {
        let isOwn = call.url.origin == endpoint.base.origin
        let authorization = isOwn ? try await authorizer.authorization(for: call.scope) : nil
        var sourceFailure: ContentError?
        do throws(HTTPClientError) {
            return try await sender.stream(request(call, authorization), length: length) {
                () async throws(HTTPClientError) in
                do throws(ContentError) {
                    return try await next()
                } catch {
                    sourceFailure = error
                    throw .requestBodyFailed(error.message)
                }
            }
        } catch {
            throw sourceFailure ?? ContentError(error, registry: endpoint.name)
        }
    }

    func failure(_ response: HTTPClientResponse) async -> RegistryFailure {
        await RegistryFailure(response, from: endpoint.name, wallSeconds: sender.timing.wallSeconds())
    }

    private func send(
        _ call: RegistryCall, authorization: Secret?, until deadline: ContinuousClock.Instant?
    ) async throws(ContentError) -> HTTPClientResponse {
        do {
            return try await sender.send(
                request(call, authorization), isRepeatable: call.isRepeatable, takesSlot: call.takesSlot,
                until: deadline)
        } catch {
            throw ContentError(error, registry: endpoint.name)
        }
    }

    private func request(_ call: RegistryCall, _ authorization: Secret?) -> HTTPClientRequest {
        var request = HTTPClientRequest(call.method, call.url, headers: call.headers, body: call.body)
        if call.url.origin == endpoint.base.origin { request.unixSocketPath = endpoint.unixSocketPath }
        let isOwnHost = call.url.origin.host == endpoint.base.origin.host
        request.addresses = isOwnHost ? addresses : authorizer.foreignAddresses
        if let authorization { request.headers.append("Authorization", authorization.revealed) }
        request.deadlines = deadlines
        request.maximumResponseBytes = call.maximumResponseBytes
        return request
    }
}
