internal import Content
internal import HTTPClient
internal import HTTPMessage
internal import OCIModel

/// A token server as a Bearer challenge names it.
///
/// Source: distribution v2.8.3 docs/spec/auth/token.md and oauth.md.
struct TokenServer: Sendable, Hashable {
    private let realm: HTTPURL
    private let service: String?
    private let unixSocketPath: String?
    private let addresses: HTTPAddressPolicy

    /// Tokens are used until this long before their end, so that none ends on the way.
    private static let margin = Duration.seconds(5)
    private static let maximumBodyBytes = 1 << 20

    /// Takes the realm of a challenge; `addresses` says where it may lie when it is not on the registry's own
    /// host, `own` when it is.
    ///
    /// - Throws: `.denied` when a registry over TLS sends its clients to a token server without: they would show it
    ///   their password in the clear.
    init(
        _ challenge: AuthenticationChallenge, endpoint: RegistryEndpoint, own: HTTPAddressPolicy = .any,
        addresses: HTTPAddressPolicy = .any
    ) throws(ContentError) {
        do {
            realm = try endpoint.base.resolving(challenge.parameter("realm") ?? "")
        } catch {
            throw .unavailable("\(endpoint.name) names a bad token server: \(error.message)")
        }
        guard realm.origin.scheme == .https || endpoint.base.origin.scheme == .http else {
            throw .denied("\(endpoint.name) names the token server \(realm.authority) without TLS, which is refused")
        }
        service = challenge.parameter("service")
        self.addresses = realm.origin.host == endpoint.base.origin.host ? own : addresses
        unixSocketPath = realm.origin == endpoint.base.origin ? endpoint.unixSocketPath : nil
    }

    /// Fetches a token: with a refresh token by POST, else by GET, and by POST where GET is not offered.
    func fetch(
        scope: String, _ credential: Credential?, _ sender: RetryingSender, _ deadlines: HTTPDeadlines
    ) async throws(ContentError) -> Authorizer.Token {
        switch credential {
        case .identityToken(let token)?:
            let form = [("grant_type", "refresh_token"), ("refresh_token", token.revealed)]
            return try await self.token(try post(scope, form), sender, deadlines)
        case .password(let user, let password)?:
            guard let pair = BasicCredentials(user: user, password: password.revealed) else {
                throw .unauthorized("the user name for \(realm.authority) holds a colon, which HTTP cannot carry")
            }
            let response = try await send(try get(scope, authorization: pair.fieldValue), sender, deadlines)
            guard [404, 405].contains(response.status.rawValue) else { return try await token(response, sender) }
            response.cancel()
            let form = [("grant_type", "password"), ("username", user), ("password", password.revealed)]
            return try await token(try post(scope, form), sender, deadlines)
        case .accessToken?, nil:
            return try await token(try get(scope, authorization: nil), sender, deadlines)
        }
    }

    private func get(_ scope: String, authorization: String?) throws(ContentError) -> HTTPClientRequest {
        // One item for each scope: some servers do not split a list.
        let scopes = scope.split(separator: " ").map { ("scope", String($0)) }
        var items = scopes + [("client_id", "chartroom")]
        if let service { items.insert(("service", service), at: 0) }
        let query = TokenServer.form(items)
        let text = realm.description + (realm.query == nil ? "?" : "&") + query
        do {
            var request = HTTPClientRequest(.get, try HTTPURL(parsing: text), unixSocketPath: unixSocketPath)
            if let authorization { request.headers.append("Authorization", authorization) }
            return request
        } catch {
            throw .unavailable("the token server \(realm.authority) cannot be asked: \(error.message)")
        }
    }

    private func post(_ scope: String, _ form: [(String, String)]) throws(ContentError) -> HTTPClientRequest {
        var items = form + (scope.isEmpty ? [] : [("scope", scope)]) + [("client_id", "chartroom")]
        if let service { items.append(("service", service)) }
        var request = HTTPClientRequest(
            .post, realm, body: Array(TokenServer.form(items).utf8), unixSocketPath: unixSocketPath)
        request.headers.append("Content-Type", "application/x-www-form-urlencoded")
        return request
    }

    private static func form(_ items: [(String, String)]) -> String {
        items.map { $0.0 + "=" + PercentEncoding.encodeQueryValue($0.1) }.joined(separator: "&")
    }

    private func token(
        _ request: HTTPClientRequest, _ sender: RetryingSender, _ deadlines: HTTPDeadlines
    ) async throws(ContentError) -> Authorizer.Token {
        try await token(try await send(request, sender, deadlines), sender)
    }

    /// Asking for a token changes nothing, so it may be repeated.
    private func send(
        _ request: HTTPClientRequest, _ sender: RetryingSender, _ deadlines: HTTPDeadlines
    ) async throws(ContentError) -> HTTPClientResponse {
        var request = request
        request.deadlines = deadlines
        request.deadlines.total = min(deadlines.total ?? .seconds(60), .seconds(60))
        request.addresses = addresses
        request.maximumResponseBytes = Int64(TokenServer.maximumBodyBytes)
        request.headers.append("Accept", "application/json")
        do {
            return try await sender.send(request, isRepeatable: true, takesSlot: false)
        } catch {
            throw ContentError(error, registry: "the token server \(realm.authority)")
        }
    }

    private func token(
        _ response: HTTPClientResponse, _ sender: RetryingSender
    ) async throws(ContentError) -> Authorizer.Token {
        let name = "the token server \(realm.authority)"
        switch response.status.rawValue {
        case 200..<300: break
        case 400..<404:
            throw .unauthorized("\(name) refuses the credentials (\(response.status.rawValue)); log in again")
        default: throw .unavailable("\(name) answered \(response.status.rawValue)")
        }
        let tree: JSONValue
        do {
            tree = try JSONValue(parsing: try await response.collect(maximumBytes: TokenServer.maximumBodyBytes))
        } catch let error as HTTPClientError {
            throw ContentError(error, registry: name)
        } catch {
            throw .unavailable("\(name) sent no JSON")
        }
        let texts = [tree["token"]?.string, tree["access_token"]?.string]
        guard let text = texts.compactMap({ $0 }).first(where: { !$0.isEmpty }) else {
            throw .unavailable("\(name) sent no token")
        }
        let seconds = min(max(tree["expires_in"]?.integer ?? 60, 1), 86_400)
        let life = max(Duration.seconds(seconds) - TokenServer.margin, .seconds(seconds) / 2)
        return Authorizer.Token(text: Secret(text), expiry: sender.timing.now().advanced(by: life))
    }
}

extension ContentError {
    /// What a failure of transport means for the caller.
    init(_ error: HTTPClientError, registry: String) {
        switch error {
        case .urlInvalid, .requestInvalid: self = .parameterInvalid(error.message)
        case .responseTooLarge(let text, _): self = .tooLarge(text)
        case .engineFailed: self = .internal(error.message)
        case .hostBusy(let text, let delay): self = .rateLimited(text, retryAfter: delay)
        case .cancelled: self = .unavailable("the request to \(registry) was cancelled")
        case .hostNotFound, .connectFailed, .tlsFailed, .timedOut, .connectionLost, .responseInvalid, .redirectRefused,
            .addressRefused, .requestBodyFailed:
            self = .unavailable(error.message)
        }
    }
}
