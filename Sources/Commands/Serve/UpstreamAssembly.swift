import ChartRepository
import Content
import HTTPClient
import LocalRegistry
import OCIModel
import Posix
import PullThrough
import RemoteRegistry
import Telemetry

/// Puts upstreams together as they are configured: rules, clients, credentials.
struct UpstreamAssembly {
    private let configuration: Configuration
    private let environment: [String: String]
    private let logger: Logger
    /// One client for each way TLS is spoken; each has a thread.
    private var clients: [(tls: HTTPClientTLS, client: HTTPClient)] = []
    /// One for all upstreams with the same limits: what a host may be asked is shared by everyone who asks it.
    private var budgets: [(limits: HostBudgets.Limits, budgets: HostBudgets)] = []
    /// The same by `host[:port]`, for others who ask these hosts.
    private var budgetsByHost: [String: HostBudgets] = [:]

    /// The cache in front of the configured upstreams, and what each of their hosts may be asked.
    ///
    /// Contacts nobody.
    static func cache(
        _ configuration: Configuration, _ registry: Registry, environment: [String: String], metrics: MetricsRegistry,
        _ logger: Logger
    ) throws(CommandError) -> (cache: PullThroughCache, budgets: [String: HostBudgets]) {
        let (upstreams, budgets) = try upstreams(configuration, environment: environment, logger)
        var options = PullThroughOptions()
        options.logger = logger
        let cache = PullThroughCache(
            registry, upstreams, pool: ThreadPool(name: "fetch", threads: 8), metrics: metrics, options)
        return (cache, budgets)
    }

    /// Every upstream of a configuration, for the cache.
    ///
    /// Contacts nobody.
    static func upstreams(
        _ configuration: Configuration, environment: [String: String], _ logger: Logger
    ) throws(CommandError) -> (upstreams: [(UpstreamRule, [UpstreamPlace])], budgets: [String: HostBudgets]) {
        var assembly = UpstreamAssembly(configuration: configuration, environment: environment, logger: logger)
        var upstreams: [(UpstreamRule, [UpstreamPlace])] = []
        do throws(ContentError) {
            for entry in configuration.upstreams {
                for place in entry.places {
                    var places: [UpstreamPlace] = []
                    for address in place.addresses { places.append(try assembly.place(address, entry)) }
                    upstreams.append((UpstreamAssembly.rule(place, entry, configuration), places))
                }
            }
        } catch {
            throw CommandError(error)
        }
        return (upstreams, assembly.budgetsByHost)
    }

    private init(configuration: Configuration, environment: [String: String], logger: Logger) {
        self.configuration = configuration
        self.environment = environment
        self.logger = logger
    }

    // MARK: Rules

    private static func rule(
        _ place: UpstreamConfiguration.Place, _ entry: UpstreamConfiguration, _ configuration: Configuration
    ) -> UpstreamRule {
        var rule = UpstreamRule(
            prefix: place.prefix, kind: kind(place.addresses), urls: place.addresses.map(\.shown))
        rule.rewrites = entry.rewrites.compactMap { PathRewrite(from: $0.from, to: $0.to) }
        rule.allow = entry.allowed.map { PathPattern($0) }
        rule.deny = entry.denied.map { PathPattern($0) }
        rule.freshness.versions = entry.freshness.versions
        rule.freshness.tags = entry.freshness.tags
        rule.freshness.lists = entry.freshness.lists
        rule.freshness.isStrict = entry.freshness.mode == .strict
        rule.freshness.strictDeadline = entry.freshness.deadline
        rule.deadline = entry.deadline
        rule.negative = entry.negativeLifetime
        rule.deletes = entry.deleted == .follow
        rule.takesPushes = entry.takesPushes
        rule.minimumAge = entry.minimumAge
        rule.minimumAgeExceptions = entry.minimumAgeExceptions.map { PathPattern($0) }
        rule.shrinkPercent = entry.shrinkPercent
        rule.isOffline = entry.isOffline || configuration.isOffline
        return rule
    }

    private static func kind(_ addresses: [UpstreamAddress]) -> UpstreamRule.Kind {
        switch addresses.first?.kind {
        case .oci: .registry
        case .classic: .charts
        case .unknown, nil: .either
        }
    }

    // MARK: Places

    private mutating func place(
        _ address: UpstreamAddress, _ entry: UpstreamConfiguration
    ) throws(ContentError) -> UpstreamPlace {
        let client = try client(entry.tls.client)
        let budgets = budgets(entry.limits)
        budgetsByHost[address.authority] = budgetsByHost[address.authority] ?? budgets
        var place = UpstreamPlace(url: address.shown, registry: nil, charts: nil)
        if address.kind != .classic {
            place.registry = try registry(address.authority, isSecure: address.isSecure, entry, client, budgets)
            if address.kind == .oci { place.path = address.path }
        }
        if address.kind != .oci { place.charts = try charts(address, entry, client, budgets) }
        return place
    }

    private func registry(
        _ authority: String, isSecure: Bool, _ entry: UpstreamConfiguration, _ client: HTTPClient,
        _ budgets: HostBudgets
    ) throws(ContentError) -> RegistryClient {
        var options = RegistryClient.Options()
        options.deadlines = UpstreamAssembly.deadlines(entry)
        options.retry = UpstreamAssembly.retry(entry)
        options.budgets = budgets
        options.maximumManifestBytes = configuration.manifestBytes
        return RegistryClient(
            try RegistryEndpoint(scheme: isSecure ? .https : .http, authority: authority),
            credentials: entry.credentials.provider(environment, logger), client: client, options)
    }

    private mutating func charts(
        _ address: UpstreamAddress, _ entry: UpstreamConfiguration, _ client: HTTPClient, _ budgets: HostBudgets
    ) throws(ContentError) -> @Sendable (String) async throws(ContentError) -> any UpstreamCharts {
        var options = ChartRepositoryClient.Options()
        options.deadlines = UpstreamAssembly.deadlines(entry)
        options.deadlines.total = .seconds(600)
        options.retry = UpstreamAssembly.retry(entry)
        options.budgets = budgets
        options.maximumArchiveBytes = Int64(entry.limits.chartBytes)
        options.worker = UpstreamAssembly.parser
        // Other hosts see no certificate of ours.
        let foreign = try self.client(entry.tls.foreign)
        let credentials = ChartCredentials(entry.credentials, address, environment, logger)
        let allowed = entry.allowedHosts.hosts
        let base = "\(address.isSecure ? "https" : "http")://\(address.authority)"
        let root = address.path.isEmpty ? base : "\(base)/\(address.path)"
        let others = OtherRegistries(
            entry: entry, own: address, environment: environment, logger: logger, client: foreign, budgets: budgets)
        return { [options] path async throws(ContentError) in
            let url = path.isEmpty ? root : "\(root)/\(path)"
            var source = try ChartRepositorySource(parsing: url, credential: try await credentials.credential(for: url))
            source.allowedHosts = allowed
            let repository = ChartRepositoryClient(source, client: client, foreign: foreign, options)
            return ChartRepositoryUpstream(repository) { host async throws(ContentError) in
                try others.registry(at: host, addresses: await repository.addresses(ofRegistry: host))
            }
        }
    }

    /// Indexes are parsed here: a large one takes a second.
    private static let parser = ThreadPool(name: "index", threads: 1)

    private mutating func client(_ tls: HTTPClientTLS) throws(ContentError) -> HTTPClient {
        if let known = clients.first(where: { $0.tls == tls }) { return known.client }
        var configuration = HTTPClientConfiguration()
        configuration.userAgent = "chartroom/" + ProgramVersion.text
        configuration.tls = tls
        // The budgets of the hosts say how many there are; the client must not be narrower than the widest of them.
        let widest = self.configuration.upstreams.map(\.limits.connections).max() ?? 0
        configuration.maximumConnectionsPerHost = max(configuration.maximumConnectionsPerHost, widest)
        do {
            let client = try HTTPClient(configuration)
            clients.append((tls, client))
            return client
        } catch {
            throw .internal("no HTTP client for upstreams: \(error.message)")
        }
    }

    private mutating func budgets(_ configured: UpstreamConfiguration.Limits) -> HostBudgets {
        var limits = HostBudgets.Limits()
        limits.requests = configured.connections
        if configured.requestsPerSecond > 0 { limits.requestsPerSecond = Double(configured.requestsPerSecond) }
        if let known = budgets.first(where: { $0.limits == limits }) { return known.budgets }
        let made = HostBudgets(limits)
        budgets.append((limits, made))
        return made
    }

    /// The whole of a blob may take long; its beginning and its pauses may not.
    fileprivate static func deadlines(_ entry: UpstreamConfiguration) -> HTTPDeadlines {
        HTTPDeadlines(
            connect: min(.seconds(10), entry.deadline), firstByte: entry.deadline,
            stall: max(.seconds(5), min(.seconds(60), entry.deadline)))
    }

    fileprivate static func retry(_ entry: UpstreamConfiguration) -> RetryPolicy {
        var policy = RetryPolicy()
        policy.maximumAttempts = 3
        policy.longestRetryAfter = min(.seconds(10), entry.deadline)
        policy.longestPause = .seconds(2)
        policy.totalDeadline = entry.deadline
        return policy
    }
}

/// Registries that the index of a classic repository points at.
private struct OtherRegistries: Sendable {
    let entry: UpstreamConfiguration
    let own: UpstreamAddress
    let environment: [String: String]
    let logger: Logger
    let client: HTTPClient
    let budgets: HostBudgets

    /// - Throws: `.denied` for a host that the configuration does not allow.
    func registry(at host: String, addresses: HTTPAddressPolicy) throws(ContentError) -> any UpstreamRegistry {
        let endpoint = try RegistryEndpoint(
            scheme: own.isSecure || host != own.authority ? .https : .http, authority: host)
        guard entry.allowedHosts.hosts.allows(registry: host, from: own.authority) else {
            throw .denied(
                "the index points at the registry \(host), which is not contacted; to allow it, name it in allowedHosts "
                    + "of the upstream")
        }
        // Ours are for the repository alone.
        let credentials: any CredentialProvider =
            entry.credentials.isDefault
            ? CredentialStore(environment: environment, logger: logger) : FixedCredential.anonymous
        var options = RegistryClient.Options()
        options.budgets = budgets
        options.addresses = addresses
        options.deadlines = UpstreamAssembly.deadlines(entry)
        options.retry = UpstreamAssembly.retry(entry)
        return RegistryClient(endpoint, credentials: credentials, client: client, options)
    }
}

extension UpstreamConfiguration.OtherHosts {
    /// In the words of the client.
    fileprivate var hosts: AllowedHosts {
        switch self {
        case .any: .any
        case .listed(let hosts): hosts.isEmpty ? .own : .listed(hosts)
        }
    }
}

extension UpstreamAddress {
    /// The URL for people.
    fileprivate var shown: String { kind == .unknown ? "https://" + authority : text }
}

extension UpstreamTLS {
    /// For the host itself.
    var client: HTTPClientTLS {
        var tls = foreign
        tls.certificate = certificate
        tls.privateKey = key
        tls.verification = verifies ? .full : .none
        return tls
    }

    /// For other hosts: no certificate of ours, and always verified.
    var foreign: HTTPClientTLS {
        var tls = HTTPClientTLS()
        tls.additionalAuthorities = authorities
        return tls
    }
}
