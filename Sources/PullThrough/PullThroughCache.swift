public import Content
internal import HelmModel
public import OCIModel
public import Posix
public import Telemetry

/// How a cache works.
public struct PullThroughOptions: Sendable {
    /// Fills from one upstream under way at a time; more wait in line, up to `waitingFills`.
    public var fills = 64
    /// Fills from one upstream that wait in line; what is more is turned away.
    public var waitingFills = 1000
    /// Checks behind requests under way at a time; more are left to later requests.
    public var checks = 256
    /// Where things that went wrong are told.
    public var logger = Logger.off
    /// The time in microseconds since 1970.
    public var now: @Sendable () -> Int64 = WallClock.now

    /// The defaults.
    public init() {}
}

/// A store with upstreams behind it.
///
/// Safe to share.
public final class PullThroughCache: UpstreamReads {
    let store: any CacheStore
    let table: UpstreamTable
    let options: PullThroughOptions
    let pool: ThreadPool
    let manifests: SingleFlight<ManifestKey, StoredManifest>
    let checks: SingleFlight<TagKey, Bool>
    let listings: SingleFlight<CachedListingKey, CachedListing>
    let indexes: SingleFlight<ChartNamespace, Bool>
    let heads: SingleFlight<FillTable.Key, Fill.Head>
    let ends: SingleFlight<FillTable.Key, Bool>
    let fills = FillTable()
    let negatives: NegativeCache
    let meter: CacheMeter

    struct ManifestKey: Hashable, Sendable {
        let repository: RepositoryName
        let reference: ManifestReference
    }

    struct TagKey: Hashable, Sendable {
        let repository: RepositoryName
        let tag: Tag
    }

    /// Puts upstreams behind a store.
    ///
    /// - Parameters:
    ///   - upstreams: rules with their places; of two with the same prefix the first counts.
    ///   - pool: where everything that waits or writes runs.
    public init(
        _ store: any CacheStore, _ upstreams: [(UpstreamRule, [UpstreamPlace])], pool: ThreadPool,
        metrics: MetricsRegistry, _ options: PullThroughOptions = PullThroughOptions()
    ) {
        self.store = store
        self.options = options
        self.pool = pool
        table = UpstreamTable(
            upstreams.map { rule, places in
                Upstream(
                    rule, places, pool: pool, turnstile: Turnstile(options.fills, waiting: options.waitingFills),
                    now: options.now)
            })
        manifests = SingleFlight(pool)
        checks = SingleFlight(pool, mostBehind: options.checks)
        listings = SingleFlight(pool)
        indexes = SingleFlight(pool)
        heads = SingleFlight(pool)
        ends = SingleFlight(pool)
        negatives = NegativeCache(options.now)
        meter = CacheMeter(metrics)
    }

    /// The repository that a mirror request means: that of an upstream for a whole host.
    public func repository(mirroring host: String, _ name: RepositoryName) -> RepositoryName? {
        let alias = host.lowercased().utf8.map { $0 == UInt8(ascii: ":") ? UInt8(ascii: "_") : $0 }
        guard let upstream = table.upstream(at: String(decoding: alias, as: UTF8.self)) else { return nil }
        return try? RepositoryName(parsing: "\(upstream.name)/\(name)")
    }

    /// Refuses a push into a repository that is a cache and takes none.
    public func checkPush(to repository: RepositoryName) throws(ContentError) {
        guard let match = table.match(repository) ?? table.match(ChartNamespace(repository)) else { return }
        guard match.upstream.rule.takesPushes else {
            throw .denied(
                "\(repository) is cached from \(match.upstream.rule.urls.first ?? match.upstream.name), and pushes into it "
                    + "are off; push elsewhere, or set push: true for the upstream \(match.upstream.name)")
        }
    }

    // MARK: What all look-ups share

    /// Refuses what the upstream will not be asked for: because of a rule, because it is known not to be there, or
    /// because the upstream is left alone.
    func checkAsking(_ match: UpstreamTable.Match, _ key: NegativeCache.Key) throws(ContentError) {
        let upstream = match.upstream
        guard upstream.rule.allows(match.rest) else {
            throw .denied("\(upstream.name)/\(match.rest) may not be cached: allow and deny of the upstream forbid it")
        }
        try checkAnswering(upstream, key)
    }

    /// The same where the rules of paths were looked at otherwise.
    func checkAnswering(_ upstream: Upstream, _ key: NegativeCache.Key) throws(ContentError) {
        if let known = negatives.error(key) {
            meter.count(.negative)
            throw known
        }
        guard upstream.isAsked else {
            meter.count(.failed)
            throw .unavailable("nothing is cached, and " + upstream.reason)
        }
    }

    /// An upstream's error as a client should see it; what is absent is remembered.
    func told(_ error: ContentError, _ match: UpstreamTable.Match, _ key: NegativeCache.Key) -> ContentError {
        meter.count(.failed)
        if error.isAbsence { negatives.remember(key, error, for: match.upstream.rule.negative.microseconds) }
        return error.asCause(of: match.upstream)
    }

    func seconds(since moment: Int64) -> Int64 { max(0, (options.now() - moment) / 1_000_000) }

    /// The note for something that the upstream said a while ago and should be asked for again, but is not.
    func staleNote(_ age: Int64, _ upstream: Upstream) -> CacheNote {
        meter.count(.stale)
        return CacheNote(
            age: age,
            warnings: upstream.rule.isOffline ? [.disconnected] : [.stale, .revalidationFailed(upstream.reason)])
    }
}

extension ContentError {
    /// What a client may see: its own credentials are not meant when ours are refused, and our store is not damaged when
    /// the upstream's bytes are wrong.
    func asCause(of upstream: Upstream) -> ContentError {
        switch self {
        case .unauthorized(let text):
            .denied("the upstream \(upstream.name) refuses our credentials, or what is asked for: \(text)")
        case .denied(let text): .denied("the upstream \(upstream.name) refuses: \(text)")
        case .corrupt(let text), .chartInvalid(let text), .sizeInvalid(let text), .digestInvalid(let text),
            .manifestInvalid(let text), .tooLarge(let text):
            .unavailable("the upstream \(upstream.name) has it, but not as it should be: \(text)")
        default: self
        }
    }
}

extension PullThroughCache {
    /// Whether anything is under way behind requests.
    package var isBusy: Bool {
        manifests.isBusy || checks.isBusy || listings.isBusy || indexes.isBusy || heads.isBusy || ends.isBusy
            || fills.isBusy
    }
}
