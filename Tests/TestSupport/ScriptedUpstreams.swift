public import Content
public import OCIModel
internal import Synchronization

/// Upstreams that answer as they are told, and keep what they were asked.
public final class ScriptedUpstreams: UpstreamControl {
    private struct State {
        var asked: [String] = []
        var running = 0
        var mostRunning = 0
    }

    private let state = Mutex(State())
    private let warming: @Sendable (Reference) async throws(ContentError) -> WarmedReference

    public init(
        warming: @escaping @Sendable (Reference) async throws(ContentError) -> WarmedReference = {
            reference throws(ContentError) in
            guard reference.tag?.description != "9.9.9" else { throw .manifestUnknown("no \(reference.path)\u{7}") }
            return WarmedReference(fetched: 3, bytes: 2048)
        }
    ) {
        self.warming = warming
    }

    /// The questions, one line each.
    public var asked: [String] { state.withLock { $0.asked } }
    /// How many references were warmed at the same time at the most.
    public var mostRunning: Int { state.withLock { $0.mostRunning } }

    public static let states = [
        UpstreamState(
            prefix: "ghcr.io", kind: "oci", urls: ["oci://ghcr.io"], health: "ok", lastContact: 1_700_000_000_123_456,
            cachedTags: 7, goneTags: 1),
        UpstreamState(
            prefix: "stable", kind: "classic", urls: ["https://a.example/s", "http://b.example:8080/s"],
            health: "failing", lastError: "answered 503\u{1B}[2J"),
    ]

    public static let tests = [
        UpstreamTest(
            prefix: "ghcr.io", url: "oci://ghcr.io", problem: nil, finding: "an OCI registry", milliseconds: 12),
        UpstreamTest(
            prefix: "stable", url: "https://a.example/s", problem: "it cannot be reached", finding: "",
            milliseconds: 3000),
    ]

    public static func explanation(_ reference: Reference) -> Explanation {
        Explanation(
            reference: reference.path, digest: Digest(of: [1]), missingBlobs: 2, origin: "cached", upstream: "stable",
            url: "https://a.example/s/nginx", checkedAt: 1_700_000_000_000_000, freshUntil: 1_700_000_060_000_000,
            pulledAt: 1_699_999_999_999_999, outcome: "it is answered from here", rule: "freshness.versions")
    }

    private func note(_ line: String) { state.withLock { $0.asked.append(line) } }

    public func upstreams() async throws(ContentError) -> [UpstreamState] {
        note("upstreams")
        return ScriptedUpstreams.states
    }

    public func testUpstreams(_ prefix: String?) async throws(ContentError) -> [UpstreamTest] {
        note("test \(prefix ?? "all")")
        guard let prefix else { return ScriptedUpstreams.tests }
        let found = ScriptedUpstreams.tests.filter { $0.prefix == prefix }
        guard !found.isEmpty else { throw .nameUnknown("there is no upstream at \(prefix)") }
        return found
    }

    public func explain(_ reference: Reference) async throws(ContentError) -> Explanation {
        note("explain \(reference.path)")
        guard reference.repository.description != "none" else {
            return Explanation(reference: reference.path, origin: "absent", outcome: "it is not there", rule: "none")
        }
        return ScriptedUpstreams.explanation(reference)
    }

    public func upstreamReferences(in path: RepositoryName) async throws(ContentError) -> [Reference] {
        note("references \(path)")
        guard path.description != "none" else { throw .nameUnknown("no upstream stands behind none") }
        let names = ["nginx:1.2.0", "nginx:1.10.0", "nginx:1.9.0", "nginx:latest", "redis:2.0.0_up1", "redis:1.0.0"]
        do throws(OCIParseError) {
            return try names.map { name throws(OCIParseError) in try Reference(path: "\(path)/\(name)") }
        } catch {
            throw .internal(error.description)
        }
    }

    public func warm(_ reference: Reference) async throws(ContentError) -> WarmedReference {
        state.withLock { state in
            state.asked.append("warm \(reference.path)")
            state.running += 1
            state.mostRunning = max(state.mostRunning, state.running)
        }
        defer { state.withLock { $0.running -= 1 } }
        return try await warming(reference)
    }

    public func purge(_ path: RepositoryName, _ options: PurgeOptions) async throws(ContentError) -> PurgeSummary {
        let since = options.notPulledSince.map { " since \($0)" } ?? ""
        note("purge \(path)\(since)\(options.onlyGone ? " gone" : "")\(options.isDryRun ? " dry" : "")")
        return PurgeSummary(tags: 3, manifests: 2, bytes: 5 << 20)
    }
}
