internal import Content
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
    private let found: Mutex<UpstreamRule.Kind>
    private let probes: SingleFlight<Int, UpstreamRule.Kind>

    init(_ rule: UpstreamRule, _ places: [UpstreamPlace], pool: ThreadPool, now: @escaping @Sendable () -> Int64) {
        self.rule = rule
        self.places = places.map { Place(place: $0, breaker: CircuitBreaker(now)) }
        found = Mutex(rule.kind)
        probes = SingleFlight(pool)
    }

    var name: String { rule.prefix.description }

    /// What speaks there, as far as it is known.
    var knownKind: UpstreamRule.Kind { found.withLock { $0 } }

    /// What speaks there; asks when it is not known yet.
    ///
    /// - Throws: `.unavailable` when it cannot be found out.
    func kind() async throws(ContentError) -> UpstreamRule.Kind {
        let known = knownKind
        guard known == .either else { return known }
        return try await probes.value(0, deadline: rule.deadline, late: "\(self.name) does not answer") {
            () async throws(ContentError) in
            let kind = try await self.probe()
            self.found.withLock { $0 = kind }
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

    private func each<Value: Sendable>(
        _ body: (UpstreamPlace) async throws(ContentError) -> Value?
    ) async throws(ContentError) -> Value {
        guard !rule.isOffline else { throw .unavailable(reason) }
        var failure: ContentError?
        for place in places {
            guard place.breaker.admits() else { continue }
            do throws(ContentError) {
                // A place that cannot be asked this at all says nothing about its health.
                guard let value = try await body(place.place) else { continue }
                place.breaker.note(nil)
                return value
            } catch {
                place.breaker.note(error)
                failure = failure ?? error
                guard error.mayBeOtherwiseElsewhere else { throw error }
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
