// PullThrough: upstreams behind the store: fetched once, kept, and served when they are slow, down or have let go of it.
//
// Owns: which path belongs to which upstream, how long an answer is taken for true, what is done while an upstream is
// sick, and the fills that many readers share. Speaks `CacheStore` on one side and `UpstreamRegistry` and
// `UpstreamCharts` on the other. Invariants: no request makes anybody contact a host that the configuration does not
// name; nothing is served whole that does not hash to its digest; one upstream read for however many readers; what was
// pushed here is never overwritten. Threads: look-ups answer on the caller's thread and never block; everything that
// waits or writes runs on the pool it is given.

internal import Content
public import OCIModel

/// What is configured for one prefix.
public struct UpstreamRule: Sendable {
    /// What speaks behind it.
    public enum Kind: String, Sendable {
        /// A registry.
        case registry = "oci"
        /// Classic chart repositories.
        case charts = "classic"
        /// One of them: found out by asking.
        case either = "unknown"
    }

    /// How long an answer is taken for true, and what happens then.
    public struct Freshness: Sendable, Equatable {
        /// Of a tag that is a whole chart version, as `1.2.3`: as good as immutable.
        public var versions: Duration = .seconds(7 * 24 * 3600)
        /// Of any other tag, as `latest`.
        public var tags: Duration = .seconds(60)
        /// Of tag lists, indexes and referrers.
        public var lists: Duration = .seconds(60)
        /// Whether a request waits for the upstream when the answer is older; else it is checked behind the request.
        public var isStrict = false
        /// How long such a request waits before it takes the old answer.
        public var strictDeadline: Duration = .seconds(5)

        /// The defaults.
        public init() {}
    }

    /// The path in front of the repositories.
    public var prefix: RepositoryName
    /// What speaks behind it.
    public var kind: Kind
    /// Its URLs for people, without secrets, in the order in which they are tried.
    public var urls: [String]
    /// Changes of the path behind the prefix; the first that fits counts.
    public var rewrites: [PathRewrite] = []
    /// Paths behind the prefix that may be asked for; empty for all.
    public var allow: [PathPattern] = []
    /// Paths behind the prefix that may not be asked for.
    public var deny: [PathPattern] = []
    /// How long an answer is taken for true.
    public var freshness = Freshness()
    /// How long a request waits for the upstream when nothing is here.
    public var deadline: Duration = .seconds(30)
    /// How long "there is no such thing" is taken for true.
    public var negative: Duration = .seconds(30)
    /// Whether what the upstream has deleted is deleted here too.
    public var deletes = false
    /// Whether clients may push here.
    public var takesPushes = false
    /// Versions younger than this are invisible; zero for none.
    public var minimumAge: Duration = .zero
    /// Paths behind the prefix that may be as young as they like.
    public var minimumAgeExceptions: [PathPattern] = []
    /// The share of its versions that an index may lose at once, in percent.
    public var shrinkPercent = 50
    /// Whether it is not asked at all.
    public var isOffline = false

    /// Builds a rule with the defaults.
    public init(prefix: RepositoryName, kind: Kind, urls: [String]) {
        self.prefix = prefix
        self.kind = kind
        self.urls = urls
    }

    /// Whether a path behind the prefix may be asked for.
    func allows(_ rest: String) -> Bool {
        (allow.isEmpty || allow.contains { $0.matches(rest) }) && !deny.contains { $0.matches(rest) }
    }

    /// The path the upstream knows it by.
    func rewritten(_ rest: String) -> String {
        rewrites.lazy.compactMap { $0.applied(to: rest) }.first ?? rest
    }

    /// How old a version of this path must be, in microseconds.
    func minimumAge(of rest: String) -> Int64 {
        minimumAge > .zero && !minimumAgeExceptions.contains { $0.matches(rest) } ? minimumAge.microseconds : 0
    }

    /// How long an answer about a tag is taken for true, in microseconds.
    func freshness(of tag: Tag) -> Int64 {
        (UpstreamRule.isVersion(tag) ? freshness.versions : freshness.tags).microseconds
    }

    /// Whether a tag is a whole version, `1.2.3` with or without a `v` in front and with anything behind it: nobody moves
    /// those.
    ///
    /// Asked for each pull of a tag, so it is read by its bytes.
    static func isVersion(_ tag: Tag) -> Bool {
        var rest = tag.description.utf8[...]
        if rest.first == UInt8(ascii: "v") { rest = rest.dropFirst() }
        for part in 0..<3 {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            guard !digits.isEmpty, digits.count == 1 || digits.first != 0x30 else { return false }
            rest = rest[digits.endIndex...]
            guard part < 2 else { break }
            guard rest.first == UInt8(ascii: ".") else { return false }
            rest = rest.dropFirst()
        }
        // What is behind it, as `-rc.1` or `_up2.3.4`, is of the version as well.
        return rest.first.map { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") } ?? true
    }
}

extension Duration {
    /// Whole microseconds; a hundred years at the most.
    var microseconds: Int64 {
        let (seconds, attoseconds) = components
        return min(max(seconds, 0), 3_155_760_000) * 1_000_000 + max(attoseconds, 0) / 1_000_000_000_000
    }
}
