public import Content
public import HTTPClient
public import HelmModel
public import Posix
public import RemoteRegistry

/// A classic chart repository somewhere else.
///
/// Safe to share; keeps nothing between calls but connections.
public final class ChartRepositoryClient: Sendable {
    /// How it is spoken to.
    public struct Options: Sendable {
        /// How failures that pass are met.
        public var retry = RetryPolicy()
        /// Clocks and chance.
        public var timing = RetryTiming.system
        /// What hosts may be asked at a time, shared with others; nil for as much as comes.
        public var budgets: HostBudgets?
        /// How long one request may take: ten minutes in all.
        public var deadlines = HTTPDeadlines(total: .seconds(600))
        /// How many redirects one request follows.
        public var maximumRedirects = 5
        /// How large an index may be.
        public var indexLimits = RepositoryIndexLimits()
        /// The largest archive taken, in bytes; 100 MiB.
        public var maximumArchiveBytes: Int64 = 100 << 20
        /// The largest provenance taken, in bytes; 1 MiB.
        public var maximumProvenanceBytes = 1 << 20
        /// Where an index is parsed, which may take seconds; nil for the calling task.
        public var worker: ThreadPool?
        /// Where it may lie; for a repository that somebody else named, and not whoever configured it.
        public var addresses = HTTPAddressPolicy.any

        /// The defaults.
        public init() {}
    }

    /// Where it is.
    public let source: ChartRepositorySource
    let options: Options
    let transport: RepositoryTransport

    /// How many requests were sent, to whatever host, with repeated ones.
    public var requestCount: Int64 { transport.own.sent.count }

    /// Makes a source of the repository; sends nothing yet.
    ///
    /// - Parameters:
    ///   - client: for the repository's own origin; it may show a client certificate.
    ///   - foreign: for the other hosts that are allowed; it must not. Nil for the same, when it shows none.
    public init(
        _ source: ChartRepositorySource, client: HTTPClient, foreign: HTTPClient? = nil, _ options: Options = Options()
    ) {
        self.source = source
        self.options = options
        let sent = RequestCounter()
        transport = RepositoryTransport(
            source: source,
            own: RetryingSender(
                client: client, policy: options.retry, timing: options.timing, budgets: options.budgets,
                sent: sent),
            foreign: RetryingSender(
                client: foreign ?? client, policy: options.retry, timing: options.timing, budgets: options.budgets,
                sent: sent),
            deadlines: options.deadlines, maximumRedirects: options.maximumRedirects,
            ownAddresses: options.addresses)
    }

    /// Makes a source of the repository with HTTP clients of its own; sends nothing yet.
    ///
    /// What the configuration says of TLS is for the repository's own origin: other hosts see no certificate of ours and
    /// are always verified; further authorities hold for them too.
    /// - Throws: `.internal` when a client's thread cannot be started.
    public convenience init(
        _ source: ChartRepositorySource, configuration: HTTPClientConfiguration, _ options: Options = Options()
    ) throws(ContentError) {
        var foreign = configuration
        foreign.tls = HTTPClientTLS()
        foreign.tls.additionalAuthorities = configuration.tls.additionalAuthorities
        do {
            let client = try HTTPClient(configuration)
            let needsOther = foreign.tls != configuration.tls
            self.init(source, client: client, foreign: needsOther ? try HTTPClient(foreign) : nil, options)
        } catch {
            throw .internal("no HTTP client for \(source.name): \(error.message)")
        }
    }

    /// Whether a request that broke off may be sent once more, which would be the attempt after this one.
    ///
    /// Waits for the pause before it when it may.
    func mayRepeat(
        after attempt: Int, _ error: HTTPClientError, until deadline: ContinuousClock.Instant?
    ) async -> Bool {
        guard error.isTransient, attempt < options.retry.maximumAttempts else { return false }
        let pause = options.retry.pause(before: attempt + 1, random: options.timing.random())
        guard deadline.map({ options.timing.now().advanced(by: pause) < $0 }) ?? true else { return false }
        await options.timing.sleep(pause)
        return !Task.isCancelled
    }

    /// What a response says that is none of those asked for.
    func failure(_ response: HTTPClientResponse, _ file: AskedFile) -> ContentError {
        file.error(response, wallSeconds: options.timing.wallSeconds())
    }

    func file(_ kind: AskedFile.Kind) -> AskedFile {
        AskedFile(kind: kind, repository: source.name)
    }
}
