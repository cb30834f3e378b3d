import ChartRepository
import Content
import HTTPClient
import Posix
import RemoteRegistry
import Sync
import Synchronization
import Telemetry

/// The clients of a mirror file's hosts, each made once.
///
/// A host that the file names, as an end of a mirror or under `hosts`, may lie anywhere. One that only content names lies
/// no nearer than the world at large, or it must be named under `hosts` (decision 0016). Safe to share; one for a process,
/// since everybody who asks a host shares what it may be asked.
final class MirrorClients: Sendable {
    private struct Made {
        var clients: [(tls: HTTPClientTLS, client: HTTPClient)] = []
        var budgets: [(limits: HostBudgets.Limits, budgets: HostBudgets)] = []
        var registries: [Key: RegistryClient] = [:]
        var charts: [Key: ChartRepositoryClient] = [:]
        var museums: [Key: ChartMuseumClient] = [:]
    }

    private struct Key: Hashable {
        var place: MirrorPlace
        var isNamedByContent: Bool
    }

    private let hosts: [String: MirrorHost]
    /// What hosts may be asked by others of this process too, by `host[:port]`.
    private let shared: [String: HostBudgets]
    /// Hosts that the file names.
    private let named: Set<String>
    /// Registries that the file names without TLS.
    private let plain: Set<String>
    private let environment: [String: String]
    private let logger: Logger
    private let made = Mutex(Made())
    /// Indexes are parsed here: a large one takes a second.
    private let parser = ThreadPool(name: "mirror-index", threads: 1)

    /// Contacts nobody.
    ///
    /// - Parameter shared: what hosts may be asked by others of this process too; it holds for those to which the file
    ///   gives no limits of their own.
    init(
        _ file: MirrorFile, environment: [String: String], logger: Logger, shared: [String: HostBudgets] = [:]
    ) {
        self.shared = shared
        hosts = Dictionary(file.hosts.map { ($0.host, $0) }) { first, _ in first }
        let places = file.mirrors.flatMap { [$0.from, $0.to, $0.closure.images?.to].compactMap { $0 } }
        named = Set(file.hosts.map(\.host) + places.compactMap(\.host))
        plain = Set(
            places.compactMap { place in
                if case .registry(let authority, false, _) = place { authority } else { nil }
            })
        self.environment = environment
        self.logger = logger
    }

    /// The registry at `host[:port]`; sends nothing yet.
    ///
    /// - Throws: `.parameterInvalid` for what is no host, `.internal` when a client's thread cannot be started.
    func registry(
        authority: String, isSecure: Bool, isNamedByContent: Bool
    ) throws(ContentError) -> RegistryClient {
        let place = MirrorPlace.registry(authority: authority, isSecure: isSecure, path: "")
        let key = Key(place: place, isNamedByContent: isNamedByContent)
        return try made.withLock { made throws(ContentError) in
            if let known = made.registries[key] { return known }
            let host = host(authority)
            var options = RegistryClient.Options()
            options.retry.maximumAttempts = host.attempts
            options.budgets = budgets(authority, host, &made)
            options.addresses = addresses(of: authority, isNamedByContent)
            let client = RegistryClient(
                try RegistryEndpoint(scheme: isSecure ? .https : .http, authority: authority),
                credentials: host.provider(environment, logger),
                client: try MirrorClients.client(host.tls.client, &made), options)
            made.registries[key] = client
            return client
        }
    }

    /// The chart repository at a URL; reads `repositories.yaml` where the file has no credentials for its host.
    ///
    /// - Throws: `.parameterInvalid` for a bad URL, `.unauthorized` when a password cannot be read, `.internal` when a
    ///   client's thread cannot be started.
    func charts(url: String, isNamedByContent: Bool) async throws(ContentError) -> ChartRepositoryClient {
        let key = Key(place: .charts(url: url), isNamedByContent: isNamedByContent)
        if let known = made.withLock({ $0.charts[key] }) { return known }
        let authority = key.place.host ?? ""
        let host = host(authority)
        var source = try ChartRepositorySource(
            parsing: url, credential: try await credential(for: url, authority, host))
        source.allowedHosts = .any
        return try made.withLock { [source] made throws(ContentError) in
            if let known = made.charts[key] { return known }
            let client = ChartRepositoryClient(
                source, client: try MirrorClients.client(host.tls.client, &made),
                foreign: try MirrorClients.client(host.tls.foreign, &made),
                options(of: authority, isNamedByContent, &made))
            made.charts[key] = client
            return client
        }
    }

    /// The ChartMuseum at a URL, to write to.
    ///
    /// - Throws: as `charts`.
    func museum(url: String) async throws(ContentError) -> ChartMuseumClient {
        let key = Key(place: .charts(url: url), isNamedByContent: false)
        if let known = made.withLock({ $0.museums[key] }) { return known }
        let authority = key.place.host ?? ""
        let host = host(authority)
        let source = try ChartRepositorySource(
            parsing: url, credential: try await credential(for: url, authority, host))
        return try made.withLock { made throws(ContentError) in
            if let known = made.museums[key] { return known }
            let client = ChartMuseumClient(
                source, client: try MirrorClients.client(host.tls.client, &made),
                options(of: authority, false, &made))
            made.museums[key] = client
            return client
        }
    }

    // MARK: What was asked

    /// Requests sent to a place so far, whoever named it.
    func requestCount(of place: MirrorPlace) -> Int64 {
        made.withLock { made in
            var count: Int64 = 0
            for isNamedByContent in [false, true] {
                switch place {
                case .registry(let authority, let isSecure, _):
                    let root = MirrorPlace.registry(authority: authority, isSecure: isSecure, path: "")
                    let key = Key(place: root, isNamedByContent: isNamedByContent)
                    count += made.registries[key]?.requestCount ?? 0
                case .charts:
                    let key = Key(place: place, isNamedByContent: isNamedByContent)
                    count += (made.charts[key]?.requestCount ?? 0) + (made.museums[key]?.requestCount ?? 0)
                case .store, .layout: break
                }
            }
            return count
        }
    }

    /// Requests a second that the file allows for a place; nil for no limit.
    func requestRate(of place: MirrorPlace) -> Double? {
        guard let host = place.host, let rate = hosts[host]?.requestsPerSecond, rate > 0 else { return nil }
        return Double(rate)
    }

    /// Whether a registry is spoken to without TLS: where the file says so.
    func isSecure(authority: String) -> Bool { !plain.contains(authority) }

    // MARK: Parts

    private func options(
        of authority: String, _ isNamedByContent: Bool, _ made: inout Made
    ) -> ChartRepositoryClient.Options {
        let host = host(authority)
        var options = ChartRepositoryClient.Options()
        options.retry.maximumAttempts = host.attempts
        options.worker = parser
        options.addresses = addresses(of: authority, isNamedByContent)
        options.budgets = budgets(authority, host, &made)
        return options
    }

    private func host(_ authority: String) -> MirrorHost { hosts[authority] ?? MirrorHost() }

    private func addresses(of authority: String, _ isNamedByContent: Bool) -> HTTPAddressPolicy {
        isNamedByContent && !named.contains(authority) ? .upTo(.global) : .any
    }

    private func credential(
        for url: String, _ authority: String, _ host: MirrorHost
    ) async throws(ContentError) -> Credential? {
        if host.hasCredentials {
            return try await host.provider(environment, logger).credential(for: authority, repository: nil)
        }
        let plain = MirrorClients.trimmed(url)
        return try HelmRepositories(environment: environment).entries
            .first { MirrorClients.trimmed($0.url) == plain }?.credential
    }

    private static func trimmed(_ url: String) -> String { url.hasSuffix("/") ? String(url.dropLast()) : url }

    private static func client(_ tls: HTTPClientTLS, _ made: inout Made) throws(ContentError) -> HTTPClient {
        if let known = made.clients.first(where: { $0.tls == tls }) { return known.client }
        var configuration = HTTPClientConfiguration()
        configuration.userAgent = "chartroom/" + ProgramVersion.text
        configuration.tls = tls
        // The budgets say how many there are at a time; the client must not be narrower than the widest of them.
        configuration.maximumConnectionsPerHost = 1024
        do throws(HTTPClientError) {
            let client = try HTTPClient(configuration)
            made.clients.append((tls, client))
            return client
        } catch {
            throw .internal("no HTTP client for mirrors: \(error.message)")
        }
    }

    private func budgets(_ authority: String, _ host: MirrorHost, _ made: inout Made) -> HostBudgets {
        if let known = shared[authority], host.hasUsualLimits { return known }
        var limits = HostBudgets.Limits()
        limits.requests = host.requests
        if host.requestsPerSecond > 0 { limits.requestsPerSecond = Double(host.requestsPerSecond) }
        if host.bytesPerSecond > 0 { limits.bytesPerSecond = Int64(host.bytesPerSecond) }
        limits.adapts = true
        if let known = made.budgets.first(where: { $0.limits == limits }) { return known.budgets }
        let budgets = HostBudgets(limits)
        made.budgets.append((limits, budgets))
        return budgets
    }
}

extension MirrorHost {
    /// Whether the file leaves its limits as they are.
    fileprivate var hasUsualLimits: Bool {
        let usual = MirrorHost()
        return (requests, requestsPerSecond, bytesPerSecond)
            == (usual.requests, usual.requestsPerSecond, usual.bytesPerSecond)
    }

    /// Whether the file says what is shown to it.
    fileprivate var hasCredentials: Bool { username != nil || usernameEnvironment != nil }

    /// The credentials the file leads to, else Docker's and Helm's.
    fileprivate func provider(_ environment: [String: String], _ logger: Logger) -> any CredentialProvider {
        guard hasCredentials else { return CredentialStore(environment: environment, logger: logger) }
        let user = username ?? usernameEnvironment.flatMap { environment[$0] } ?? ""
        let source = UpstreamCredentials(
            username: user, passwordFile: passwordFile, passwordEnvironment: passwordEnvironment)
        return GivenCredential(username: user, credentials: source, environment: environment)
    }
}
