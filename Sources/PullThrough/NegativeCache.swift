internal import Content
internal import OCIModel
internal import Synchronization
internal import Telemetry

/// What was not there, or could not be checked, a moment ago.
final class NegativeCache: Sendable {
    enum Key: Hashable, Sendable {
        case manifest(ManifestReference, RepositoryName)
        case blob(Digest, RepositoryName)
        case file(String, ChartNamespace)
        /// A check that failed; the copy is served meanwhile.
        case check(Tag, RepositoryName)
        case listing(CachedListingKey)
        case index(ChartNamespace)
    }

    private static let most = 20_000

    private let entries = Mutex<[Key: (until: Int64, error: ContentError)]>([:])
    private let now: @Sendable () -> Int64

    init(_ now: @escaping @Sendable () -> Int64) {
        self.now = now
    }

    /// What is still taken for true.
    func error(_ key: Key) -> ContentError? {
        entries.withLock { [now] entries in
            guard let found = entries[key] else { return nil }
            if found.until > now() { return found.error }
            entries[key] = nil
            return nil
        }
    }

    /// Remembers an error for so many microseconds; a flood of names pushes the others out.
    func remember(_ key: Key, _ error: ContentError, for duration: Int64) {
        guard duration > 0 else { return }
        entries.withLock { [now] entries in
            let moment = now()
            if entries.count >= NegativeCache.most {
                entries = entries.filter { $0.value.until > moment }
                if entries.count >= NegativeCache.most { entries = [:] }
            }
            entries[key] = (moment + duration, error)
        }
    }

    func forget(_ key: Key) {
        entries.withLock { entries in entries[key] = nil }
    }

    /// Forgets everything: what was purged may be asked for again at once.
    func forgetAll() {
        entries.withLock { $0 = [:] }
    }
}

/// Counts how requests were answered.
struct CacheMeter: Sendable {
    enum Answer: Int, CaseIterable {
        /// From disk, fresh.
        case hit
        /// From disk, older than it should be.
        case stale
        /// From the upstream.
        case miss
        /// Known not to be there.
        case negative
        /// Neither here nor to be had.
        case failed
    }

    private let answers: [Counter]
    let fetchedBytes: Counter
    let requests: Counter
    let corrupt: Counter

    init(_ metrics: MetricsRegistry) {
        let family = metrics.counters(
            "chartroom_cache_answers_total", "Answers about what upstreams stand behind, by where they came from.",
            labels: ["result"], maximumChildren: 8)
        answers = Answer.allCases.map { family("\($0)") }
        fetchedBytes = metrics.counter(
            "chartroom_upstream_received_bytes_total", "Bytes of blobs fetched from upstreams.")
        requests = metrics.counter(
            "chartroom_upstream_fetches_total", "Manifests, blobs, archives, listings and indexes asked of upstreams.")
        corrupt = metrics.counter(
            "chartroom_upstream_corrupt_total", "Blobs and archives that did not hash to their digest.")
    }

    func count(_ answer: Answer) {
        answers[answer.rawValue].increment()
    }
}
