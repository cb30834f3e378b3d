import OCIModel

/// Where charts are cached from, and how: one entry of `upstreams`.
///
/// Every value is legal by itself; `UpstreamCheck` tells whether they fit together.
struct UpstreamConfiguration: Sendable, Equatable {
    /// The path in front of its repositories; nil where `hosts` are given.
    var prefix: RepositoryName?
    /// Where it is, in the order in which the addresses are tried.
    var urls: [UpstreamAddress] = []
    /// Hosts whose name, as `UpstreamAddress.hostPrefix` has it, is the prefix.
    var hosts: [UpstreamAddress] = []
    var credentials = UpstreamCredentials()
    var tls = UpstreamTLS()
    /// How the path behind the prefix is changed for the upstream; the first that fits.
    var rewrites: [UpstreamRewrite] = []
    /// Patterns of the path behind the prefix; without any, all is allowed.
    var allowed: [String] = []
    /// Patterns of the path behind the prefix; they win over `allowed`.
    var denied: [String] = []
    var freshness = Freshness()
    /// How long a request may wait for the upstream.
    var deadline: Duration = .seconds(30)
    /// How long "there is no such thing" is believed.
    var negativeLifetime: Duration = .seconds(30)
    var deleted = Deleted.keep
    /// Whether clients may push into its repositories.
    var takesPushes = false
    /// How old a version must be before it is shown; zero for no such rule.
    var minimumAge: Duration = .zero
    /// Patterns of what may be younger.
    var minimumAgeExceptions: [String] = []
    /// An index that loses more of its versions than this share is refused, in percent.
    var shrinkPercent = 50
    /// Whether this upstream is not asked at all.
    var isOffline = false
    /// Many published repositories keep their archives elsewhere.
    var allowedHosts = OtherHosts.any
    var limits = Limits()

    /// How long what was said is taken for true.
    struct Freshness: Sendable, Equatable {
        /// A tag that is a version.
        var versions: Duration = .seconds(7 * 86_400)
        /// Any other tag.
        var tags: Duration = .seconds(60)
        /// Lists of tags, and the index of a classic repository.
        var lists: Duration = .seconds(60)
        var mode = Mode.background
        /// How long a request waits for the question whether what is cached still holds.
        var deadline: Duration = .seconds(5)
    }

    enum Mode: String, CaseIterable, Sendable {
        /// What is old is answered at once, and asked for meanwhile.
        case background
        /// What is old is asked for first.
        case strict
    }

    enum Deleted: String, CaseIterable, Sendable {
        /// What the upstream deleted stays.
        case keep
        /// What the upstream deleted goes.
        case follow
    }

    /// Which other hosts an index may name.
    enum OtherHosts: Sendable, Equatable {
        /// `host`, `host:port` or `*.domain`; none when it is empty.
        case listed([String])
        case any
    }

    struct Limits: Sendable, Equatable {
        /// Requests at a time, for each host.
        var connections = 32
        /// Requests in a second, for each host; 0 for no limit.
        var requestsPerSecond = 0
        /// The largest chart.
        var chartBytes = 64 << 20
    }

    /// One path and the addresses behind it.
    struct Place: Sendable, Equatable {
        var prefix: RepositoryName
        /// At least one, in the order in which they are tried.
        var addresses: [UpstreamAddress]
    }

    /// The upstreams this entry stands for: one at its prefix, or one for each host.
    var places: [Place] {
        if let prefix { return urls.isEmpty ? [] : [Place(prefix: prefix, addresses: urls)] }
        return hosts.compactMap { host in host.hostPrefix.map { Place(prefix: $0, addresses: [host]) } }
    }
}

/// What an upstream lets in.
struct UpstreamCredentials: Sendable, Equatable {
    /// Whether nothing is shown.
    var isAnonymous = false
    var username: String?
    /// A file whose first line is the password.
    var passwordFile: String?
    /// The variable that holds the password.
    var passwordEnvironment: String?
    /// A credential file as Docker and Helm write them.
    var file: String?
}

/// How TLS is spoken with an upstream; the paths name PEM files.
struct UpstreamTLS: Sendable, Equatable {
    /// Certificates to trust besides the system's.
    var authorities: String?
    /// What this side shows.
    var certificate: String?
    var key: String?
    /// Whether the upstream's certificate must be right.
    var verifies = true
}

/// A change of the path behind the prefix; one `*` on each side stands for the same text, slashes included.
struct UpstreamRewrite: Sendable, Equatable {
    var from: String
    var to: String
}
