import Codecs
import Content
import HelmModel
import LocalRegistry
import OCIModel
import Posix
import Synchronization
import Telemetry
import TestSupport

@testable import PullThrough

/// Something a task waits for; opens once, stays open.
final class Latch: Sendable {
    private let state = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// A registry in memory that does what a test tells it.
final class FakeRegistry: UpstreamRegistry {
    struct State {
        var tags: [String: StoredManifest] = [:]
        var manifests: [Digest: StoredManifest] = [:]
        var blobs: [Digest: [UInt8]] = [:]
        var referrers: [Descriptor] = []
        var failure: ContentError?
        /// What each request was, in order.
        var log: [String] = []
        /// Called before each piece of a blob, with its number.
        var beforePiece: (@Sendable (Int) async -> Void)?
        /// Called before each answer, with the request.
        var beforeAnswer: (@Sendable (String) async -> Void)?
        var tellsSize = true
        var isRegistry = true
    }

    let state = Mutex(State())
    static let pieceBytes = 1000

    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }
    var log: [String] { state.withLock { $0.log } }

    func add(_ chart: PackedChart, tag: String? = nil) {
        change { state in
            state.tags[tag ?? chart.version] = chart.manifest
            state.manifests[chart.manifest.digest] = chart.manifest
            for bytes in [chart.config, chart.archive] { state.blobs[Digest(of: bytes)] = bytes }
        }
    }

    private func begin(_ request: String) async throws(ContentError) {
        let (failure, hook) = state.withLock { state in
            state.log.append(request)
            return (state.failure, state.beforeAnswer)
        }
        await hook?(request)
        if let failure { throw failure }
    }

    func fetchManifest(_ reference: ManifestReference, in repository: RepositoryName) async throws(ContentError)
        -> StoredManifest
    {
        try await begin("GET \(repository) \(reference)")
        let found = state.withLock { state in
            switch reference {
            case .tag(let tag): state.tags[tag.description]
            case .digest(let digest): state.manifests[digest]
            }
        }
        guard let found else { throw .manifestUnknown("\(repository) \(reference) is unknown upstream") }
        return found
    }

    func checkTag(_ tag: Tag, in repository: RepositoryName, unless known: Digest?) async throws(ContentError)
        -> UpstreamTag
    {
        try await begin("HEAD \(repository) \(tag)")
        guard let found = state.withLock({ $0.tags[tag.description] }) else {
            throw .manifestUnknown("\(repository):\(tag) is unknown upstream")
        }
        return found.digest == known ? .same : .other(found.digest)
    }

    func listTags(in repository: RepositoryName, unless entityTag: String?) async throws(ContentError)
        -> UpstreamListing<Tag>?
    {
        try await begin("TAGS \(repository)")
        let tags = state.withLock { $0.tags.keys.sorted() }
        let mark = tags.joined(separator: ",")
        if entityTag == mark { return nil }
        return UpstreamListing(elements: tags.compactMap { try? Tag(parsing: $0) }, entityTag: mark)
    }

    func listReferrers(of subject: Digest, in repository: RepositoryName) async throws(ContentError) -> [Descriptor] {
        try await begin("REFERRERS \(repository)")
        return state.withLock { $0.referrers }
    }

    func fetchBlob(
        _ digest: Digest, in repository: RepositoryName, from offset: Int64,
        head: (Int64?) async throws(ContentError) -> Void, _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError) {
        try await begin("BLOB \(repository)")
        let (found, hook, tellsSize) = state.withLock { ($0.blobs[digest], $0.beforePiece, $0.tellsSize) }
        guard let bytes = found else { throw .blobUnknown("blob \(digest) is unknown upstream") }
        try await head(tellsSize ? Int64(bytes.count) : nil)
        var position = Int(offset)
        var number = 0
        while position < bytes.count {
            await hook?(number)
            if let failure = state.withLock({ $0.failure }) { throw failure }
            let end = min(bytes.count, position + FakeRegistry.pieceBytes)
            try await body(Array(bytes[position..<end]))
            position = end
            number += 1
        }
        guard offset > 0 || Digest(of: bytes) == digest else { throw .corrupt("blob \(digest) does not hash to it") }
    }

    func ping() async throws(ContentError) {
        try await begin("PING")
        guard state.withLock({ $0.isRegistry }) else { throw .unsupported("it is no registry") }
    }
}

/// A classic repository in memory that does what a test tells it.
final class FakeCharts: UpstreamCharts {
    struct State {
        var charts: [String: PackedChart] = [:]
        /// Digests in the index that are not those of the archives.
        var lies: [String: Digest] = [:]
        var provenance: [String: [UInt8]] = [:]
        var created = "2024-01-02T03:04:05Z"
        /// Whether the index has what stands at its end.
        var hasEnd = true
        var failure: ContentError?
        /// Of archives alone.
        var archiveFailure: ContentError?
        /// What stands in front of the archives' names in the index.
        var base = "files/"
        var log: [String] = []
        var beforePiece: (@Sendable (Int) async -> Void)?
        /// Counts up with each change of the index.
        var revision = 0
    }

    let state = Mutex(State())

    func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            body(&state)
            state.revision += 1
        }
    }

    var log: [String] { state.withLock { $0.log } }

    func add(_ chart: PackedChart) { change { $0.charts["\(chart.name)-\(chart.version).tgz"] = chart } }

    private func begin(_ request: String) throws(ContentError) {
        let failure = state.withLock { state in
            state.log.append(request)
            return state.failure
        }
        if let failure { throw failure }
    }

    func fetchIndex(unless known: UpstreamIndexState?) async throws(ContentError) -> UpstreamIndex {
        try begin("INDEX")
        let now = state.withLock { $0 }
        if let known, known.entityTag == "\(now.revision)" { return .same }
        var builder = RepositoryIndexBuilder()
        _ = builder.step(at: [])
        _ = builder.take(.string("v1"), at: ["apiVersion"])
        if now.hasEnd { _ = builder.take(.string(now.created), at: ["generated"]) }
        _ = builder.step(at: ["entries"])
        for (name, files) in Dictionary(grouping: now.charts, by: \.value.name).sorted(by: { $0.key < $1.key }) {
            _ = builder.step(at: ["entries", name])
            for (file, chart) in files {
                let digest = now.lies[file] ?? Digest(of: chart.archive)
                let tree = JSONValue.object([
                    ("apiVersion", .string("v2")), ("name", .string(name)), ("version", .string(chart.version)),
                    ("urls", .array([.string(now.base + file)])), ("created", .string(now.created)),
                    ("digest", .string(digest.hex)),
                ])
                _ = builder.take(tree, at: ["entries", name, nil])
            }
        }
        do {
            return .other(try builder.finish(), entityTag: "\(now.revision)", lastModified: nil, content: nil)
        } catch {
            throw .unavailable("the index is broken: \(error)")
        }
    }

    func fetchArchive(
        of entry: RepositoryIndexEntry, head: (Int64?) async throws(ContentError) -> Void,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError) {
        try begin("ARCHIVE \(entry.urls.first ?? "")")
        let file = entry.urls.first?.split(separator: "/").last.map(String.init) ?? ""
        let (found, hook, failure) = state.withLock { ($0.charts[file], $0.beforePiece, $0.archiveFailure) }
        if let failure { throw failure }
        guard let bytes = found?.archive else { throw .manifestUnknown("\(file) is gone upstream") }
        try await head(Int64(bytes.count))
        for (number, start) in stride(from: 0, to: bytes.count, by: 100).enumerated() {
            await hook?(number)
            if let failure = state.withLock({ $0.failure }) { throw failure }
            try await body(Array(bytes[start..<min(bytes.count, start + 100)]))
        }
    }

    func fetchProvenance(of entry: RepositoryIndexEntry) async throws(ContentError) -> [UInt8]? {
        try begin("PROV \(entry.name)")
        return state.withLock { $0.provenance["\(entry.name)-\(entry.version).tgz"] }
    }
}

/// A store with fakes behind it, and a clock that stands still until it is moved.
final class Fixture: Sendable {
    static let pool = ThreadPool(name: "test", threads: 8)

    let scratch: ScratchDirectory
    let store: Registry
    let registry = FakeRegistry()
    /// The second URL of the upstream `mirrored`, whose first is `registry`.
    let spare = FakeRegistry()
    let charts = FakeCharts()
    let cache: PullThroughCache

    init(_ change: (inout UpstreamRule) -> Void = { _ in }) throws {
        scratch = try ScratchDirectory()
        let shared = SharedClock()
        var registryOptions = RegistryOptions()
        registryOptions.now = { shared.now }
        store = try Registry(at: scratch.path + "/store", registryOptions)
        var options = PullThroughOptions()
        options.now = { shared.now }
        var remote = UpstreamRule(
            prefix: try RepositoryName(parsing: "remote"), kind: .registry, urls: ["oci://remote.example"])
        var classic = UpstreamRule(
            prefix: try RepositoryName(parsing: "classic"), kind: .charts, urls: ["https://classic.example"])
        var either = UpstreamRule(
            prefix: try RepositoryName(parsing: "any.example"), kind: .either, urls: ["https://any.example"])
        var mirrored = UpstreamRule(
            prefix: try RepositoryName(parsing: "mirrored"), kind: .registry,
            urls: ["oci://one.example/a", "oci://two.example/b"])
        change(&mirrored)
        change(&remote)
        change(&classic)
        change(&either)
        let (registry, spare, charts) = (registry, spare, charts)
        cache = PullThroughCache(
            store,
            [
                (remote, [UpstreamPlace(url: "oci://remote.example", registry: registry, charts: nil)]),
                (
                    mirrored,
                    [
                        UpstreamPlace(url: "oci://one.example/a", registry: registry, path: "a", charts: nil),
                        UpstreamPlace(url: "oci://two.example/b", registry: spare, path: "b", charts: nil),
                    ]
                ),
                (
                    classic,
                    [UpstreamPlace(url: "https://classic.example", registry: nil) { _ throws(ContentError) in charts }]
                ),
                (
                    either,
                    [UpstreamPlace(url: "https://any.example", registry: registry) { _ throws(ContentError) in charts }]
                ),
            ], pool: Fixture.pool, metrics: MetricsRegistry(), options)
        self.shared = shared
    }

    private let shared: SharedClock

    /// Moves the clock on.
    func wait(_ seconds: Int64) { shared.move(seconds * 1_000_000) }

    deinit { store.close() }
}

final class SharedClock: Sendable {
    private let time = Mutex<Int64>(1_700_000_000_000_000)
    var now: Int64 { time.withLock { $0 } }
    func move(_ microseconds: Int64) { time.withLock { $0 += microseconds } }
}

/// Counts what many tasks do.
final class Count: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func add() { count.withLock { $0 += 1 } }
}
