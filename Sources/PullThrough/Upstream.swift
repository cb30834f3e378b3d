internal import Content
internal import HelmModel
internal import OCIModel
internal import Posix
internal import Synchronization

/// A configured upstream at work: its rule, its URLs and how they are.
final class Upstream: Sendable {
    /// A URL and its circuit.
    struct Place: Sendable {
        let place: UpstreamPlace
        let breaker: CircuitBreaker
    }

    let rule: UpstreamRule
    let places: [Place]
    /// Its own: one that is slow makes nobody wait who wants something of another.
    let turnstile: Turnstile
    /// An index is in memory while it is read.
    private let indexTurnstile = Turnstile(4, waiting: 256)
    private let found: Mutex<UpstreamRule.Kind>
    private let probes: SingleFlight<Int, UpstreamRule.Kind>

    init(
        _ rule: UpstreamRule, _ places: [UpstreamPlace], pool: ThreadPool, turnstile: Turnstile = Turnstile(64),
        now: @escaping @Sendable () -> Int64
    ) {
        self.rule = rule
        self.turnstile = turnstile
        self.places = places.map { Place(place: $0, breaker: CircuitBreaker(now)) }
        found = Mutex(rule.kind)
        probes = SingleFlight(pool)
    }

    var name: String { rule.prefix.description }

    /// What speaks there, as far as it is known.
    var knownKind: UpstreamRule.Kind { found.withLock { $0 } }

    /// Takes note that a classic repository was read there.
    ///
    /// An answer to a knock that is no registry's is not enough to remember it for good: it may be a page that says that
    /// the registry is being worked on.
    func foundCharts() { found.withLock { $0 = .charts } }

    /// What speaks there; asks when it is not known yet.
    ///
    /// - Throws: `.unavailable` when it cannot be found out.
    func kind() async throws(ContentError) -> UpstreamRule.Kind {
        let known = knownKind
        guard known == .either else { return known }
        return try await probes.value(0, deadline: rule.deadline, late: "\(self.name) does not answer") {
            () async throws(ContentError) in
            let kind = try await self.probe()
            if kind == .registry { self.found.withLock { $0 = kind } }
            return kind
        }
    }

    private func probe() async throws(ContentError) -> UpstreamRule.Kind {
        try await each { place throws(ContentError) in
            guard let registry = place.registry else { return nil }
            do throws(ContentError) {
                try await registry.ping()
            } catch .unsupported {
                return .charts
            } catch .unauthorized {
                return .registry
            } catch .denied {
                return .registry
            }
            return .registry
        }
    }

    /// Whether somebody would be asked now.
    var isAsked: Bool { !rule.isOffline && places.contains { $0.breaker.wouldAdmit } }

    /// Why it is not asked now: one sentence without a full stop.
    var reason: String {
        if rule.isOffline { return "\(name) is configured to be offline" }
        let error = places.lazy.compactMap { $0.breaker.snapshot.lastError }.first
        return "\(name) is left alone for a while after failures" + (error.map { ": " + $0 } ?? "")
    }

    // MARK: Asking

    /// Runs the fetch of a blob or an archive when it is its turn.
    ///
    /// - Throws: `.rateLimited` when too many wait; what the fetch throws.
    func inTurn(_ fetch: () async throws(ContentError) -> Void) async throws(ContentError) {
        try await passing(turnstile, fetch)
    }

    /// The same for an index.
    func inTurnForIndex<Value>(_ fetch: () async throws(ContentError) -> Value) async throws(ContentError) -> Value {
        try await passing(indexTurnstile, fetch)
    }

    private func passing<Value>(
        _ turnstile: Turnstile, _ fetch: () async throws(ContentError) -> Value
    ) async throws(ContentError) -> Value {
        guard await turnstile.enter() else {
            throw .rateLimited("too many fetches from \(name) are under way; try again later", retryAfter: .seconds(5))
        }
        defer { turnstile.leave() }
        return try await fetch()
    }

    /// Asks a registry for something of a repository: one URL after the other until one answers.
    func askRegistry<Value: Sendable>(
        _ rest: String,
        _ body: (any UpstreamRegistry, RepositoryName) async throws(ContentError) -> Value
    ) async throws(ContentError) -> Value {
        let path = rule.rewritten(rest)
        return try await each { place throws(ContentError) in
            guard let registry = place.registry else { return nil }
            return try await body(registry, try Upstream.repository(path, at: place))
        }
    }

    /// Asks a classic repository for something.
    func askCharts<Value: Sendable>(
        _ rest: String, _ body: (any UpstreamCharts) async throws(ContentError) -> Value
    ) async throws(ContentError) -> Value {
        let path = rule.rewritten(rest)
        return try await each { place throws(ContentError) in
            guard let charts = place.charts else { return nil }
            return try await body(try await charts(path))
        }
    }

    /// Asks a classic repository for the files of a version.
    ///
    /// An archive may lie on another host; that this one is sick says nothing about the repository.
    func askCharts<Value: Sendable>(
        _ rest: String, of entry: RepositoryIndexEntry,
        _ body: (any UpstreamCharts) async throws(ContentError) -> Value
    ) async throws(ContentError) -> Value {
        let path = rule.rewritten(rest)
        return try await each(blames: { Upstream.isOwn(entry.urls, at: $0.url) }) { place throws(ContentError) in
            guard let charts = place.charts else { return nil }
            return try await body(try await charts(path))
        }
    }

    /// Whether all files lie where the index does.
    static func isOwn(_ urls: [String], at base: String) -> Bool {
        let authority = { (url: String) in
            String(
                decoding: url.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 3).dropFirst().first ?? [],
                as: UTF8.self
            )
            .lowercased()
        }
        return urls.allSatisfy { url in
            guard url.utf8.contains(UInt8(ascii: ":")) || url.hasPrefix("//") else { return true }
            return (url.hasPrefix("https://") || url.hasPrefix("http://")) && authority(url) == authority(base)
        }
    }

    /// Asks one place after the other; `blames` says whether a failure is the place's own.
    private func each<Value: Sendable>(
        blames: (UpstreamPlace) -> Bool = { _ in true },
        _ body: (UpstreamPlace) async throws(ContentError) -> Value?
    ) async throws(ContentError) -> Value {
        guard !rule.isOffline else { throw .unavailable(reason) }
        // Why a place before did not answer: what the next one lacks may be there.
        var failure: ContentError?
        for place in places {
            guard place.breaker.admits() else {
                failure = failure ?? .unavailable(reason)
                continue
            }
            do throws(ContentError) {
                // A place that cannot be asked this at all says nothing about its health.
                guard let value = try await body(place.place) else { continue }
                place.breaker.note(nil)
                return value
            } catch {
                if blames(place.place) { place.breaker.note(error) }
                guard error.mayBeOtherwiseElsewhere else { throw error.isAbsence ? failure ?? error : error }
                failure = failure ?? error
            }
        }
        throw failure ?? .unavailable(reason)
    }

    private static func repository(_ path: String, at place: UpstreamPlace) throws(ContentError) -> RepositoryName {
        do {
            return try RepositoryName(parsing: place.path.isEmpty ? path : "\(place.path)/\(path)")
        } catch {
            throw .nameInvalid("\(place.url): \(error)")
        }
    }

    /// How it is, for people.
    func health() -> (text: String, error: String?, contact: Int64?) {
        let states = places.map { ($0.breaker.snapshot, $0.breaker.wouldAdmit) }
        let contact = states.compactMap(\.0.lastContact).max()
        let error = states.lazy.compactMap(\.0.lastError).first
        if rule.isOffline { return ("offline", error, contact) }
        if states.contains(where: { $0.0.failures == 0 && $0.0.lastContact != nil }) { return ("ok", nil, contact) }
        if states.allSatisfy({ !$0.1 }) { return ("open", error, contact) }
        return (error == nil ? "idle" : "failing", error, contact)
    }
}

extension ContentError {
    /// Whether another URL of the same upstream may do better.
    var mayBeOtherwiseElsewhere: Bool {
        switch self {
        case .unavailable, .rateLimited, .unauthorized, .denied, .corrupt: true
        default: false
        }
    }
}
