internal import Content
internal import HTTPClient
internal import HTTPMessage
internal import OCIModel
internal import Synchronization

/// The authentication layer: knows how a registry wants to be asked and keeps the tokens it gave.
///
/// The first request goes out bare, unless an access token was given; the registry's challenge says what it wants, and
/// from then on requests carry it at once. Tokens are kept per scope until shortly before they end, and one fetch
/// serves all who wait for the same scope.
final class Authorizer: Sendable {
    /// What the registry's challenge said.
    enum Method: Sendable {
        case unknown
        case basic
        case bearer(TokenServer)
    }

    /// A token and when it is no longer to be used.
    struct Token: Sendable {
        var text: Secret
        var expiry: ContinuousClock.Instant
    }

    private struct State {
        var method = Method.unknown
        /// Where the registry lies, once it has answered.
        var address: HTTPAddressKind?
        var credentials: [RepositoryName?: Credential?] = [:]
        var tokens: [TokenScope: Token] = [:]
        /// The scope the registry's own challenge named for ours.
        var challengedScopes: [TokenScope: String] = [:]
        var fetches: [TokenScope: Task<Result<Token, ContentError>, Never>] = [:]
    }

    /// The most of each that is kept: a cache is asked for any number of repositories, also by who makes names up.
    private static let mostKept = 1000

    private let endpoint: RegistryEndpoint
    private let provider: any CredentialProvider
    private let sender: RetryingSender
    private let deadlines: HTTPDeadlines
    private let ownAddresses: HTTPAddressPolicy
    private let state = Mutex(State())

    init(
        endpoint: RegistryEndpoint, provider: any CredentialProvider, sender: RetryingSender, deadlines: HTTPDeadlines,
        ownAddresses: HTTPAddressPolicy = .any
    ) {
        self.ownAddresses = ownAddresses
        self.deadlines = deadlines
        self.endpoint = endpoint
        self.provider = provider
        self.sender = sender
    }

    /// Takes note of where the registry lies.
    func note(_ response: HTTPClientResponse) {
        guard let address = response.firstAddress else { return }
        state.withLock { $0.address = address }
    }

    /// Which addresses other hosts may have that the registry names.
    var foreignAddresses: HTTPAddressPolicy {
        let known = state.withLock { $0.address }
        return .upTo(known ?? HTTPAddressKind(host: endpoint.base.origin.host) ?? .global)
    }

    /// The `Authorization` value to send at once, nil for none.
    func authorization(for scope: TokenScope) async throws(ContentError) -> Secret? {
        switch state.withLock({ $0.method }) {
        case .unknown:
            if case .accessToken(let token)? = try await credential(scope.repository) {
                return Secret("Bearer " + token.revealed)
            }
            return nil
        case .basic: return try await basic(scope.repository)
        case .bearer(let server):
            do throws(ContentError) {
                return Secret("Bearer " + (try await token(for: scope, server)).text.revealed)
            } catch {
                // It may not be the right token server any more: the registry names it anew when it is asked bare.
                state.withLock { $0.method = .unknown }
                return nil
            }
        }
    }

    /// What to send after the registry answered 401 to `sent`; nil when there is nothing else to try.
    func authorization(
        answering response: HTTPClientResponse, for scope: TokenScope, sent: Secret?
    ) async throws(ContentError) -> Secret? {
        let challenges = AuthenticationChallenge.parse(response.headers["WWW-Authenticate"] ?? "")
        if let challenge = challenges.first(where: { $0.isScheme("Bearer") && $0.parameter("realm") != nil }) {
            let server = try TokenServer(
                challenge, endpoint: endpoint, own: ownAddresses, addresses: foreignAddresses)
            state.withLock { state in
                state.method = .bearer(server)
                if state.challengedScopes.count >= Authorizer.mostKept { state.challengedScopes = [:] }
                if let wanted = challenge.parameter("scope"), !wanted.isEmpty { state.challengedScopes[scope] = wanted }
                state.tokens = state.tokens.filter { Secret("Bearer " + $0.value.text.revealed) != sent }
            }
            if case .accessToken? = try await credential(scope.repository) { return nil }
            return Secret("Bearer " + (try await token(for: scope, server)).text.revealed)
        }
        guard challenges.contains(where: { $0.isScheme("Basic") }) else { return nil }
        guard let header = try await basic(scope.repository), header != sent else { return nil }
        state.withLock { $0.method = .basic }
        return header
    }

    private func basic(_ repository: RepositoryName?) async throws(ContentError) -> Secret? {
        switch try await credential(repository) {
        case .password(let user, let password)?:
            guard let pair = BasicCredentials(user: user, password: password.revealed) else {
                throw .unauthorized("the user name for \(endpoint.name) holds a colon, which HTTP cannot carry")
            }
            return Secret(pair.fieldValue)
        case .accessToken(let token)?: return Secret("Bearer " + token.revealed)
        case .identityToken?, nil: return nil
        }
    }

    private func credential(_ repository: RepositoryName?) async throws(ContentError) -> Credential? {
        if let known = state.withLock({ $0.credentials[repository] }) { return known }
        let found = try await provider.credential(for: endpoint.authority, repository: repository?.description)
        state.withLock { state in
            if state.credentials.count >= Authorizer.mostKept { state.credentials = [:] }
            state.credentials[repository] = .some(found)
        }
        return found
    }

    private func token(for scope: TokenScope, _ server: TokenServer) async throws(ContentError) -> Token {
        let now = sender.timing.now()
        let known = state.withLock { state -> Token? in
            let exact = state.tokens[scope].flatMap { $0.expiry > now ? $0 : nil }
            return exact ?? state.tokens.first { $0.key.covers(scope) && $0.value.expiry > now }?.value
        }
        if let known { return known }
        let credential = try await credential(scope.repository)
        let task = state.withLock { state in
            if let running = state.fetches[scope] { return running }
            let wanted = state.challengedScopes[scope] ?? scope.description
            let fetch = Task { [sender, deadlines] () -> Result<Token, ContentError> in
                do throws(ContentError) {
                    let token = try await server.fetch(scope: wanted, credential, sender, deadlines)
                    return .success(token)
                } catch {
                    return .failure(error)
                }
            }
            state.fetches[scope] = fetch
            return fetch
        }
        let result = await task.value
        state.withLock { state in
            state.fetches[scope] = nil
            guard case .success(let token) = result else { return }
            if state.tokens.count >= Authorizer.mostKept {
                state.tokens = state.tokens.filter { $0.value.expiry > now }
                if state.tokens.count >= Authorizer.mostKept { state.tokens = [:] }
            }
            state.tokens[scope] = token
        }
        return try result.get()
    }
}
