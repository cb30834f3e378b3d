import Content
import HelmModel
import Metadata
import OCIModel
import PullThrough
import Sync
import Synchronization
import TestSupport

/// Registries and a classic repository in memory that charts lead to, and who was asked for which of them.
final class ClosureFixture: Sendable {
    let base: Fixture
    let charts = ScriptedCharts()
    let hub = ScriptedEnd()
    let other = ScriptedEnd()
    let ends: RecordingEnds

    static let classic = MirrorPlace.charts(url: "https://charts.test")
    static let elsewhere = MirrorPlace.registry(authority: "other.test", isSecure: true, path: "")

    init() throws {
        base = try Fixture()
        base.ends.add(ClosureFixture.classic, source: .charts(charts))
        base.ends.add(.registry(authority: "docker.io", isSecure: true, path: ""), source: .artifacts(hub))
        base.ends.add(ClosureFixture.elsewhere, source: .artifacts(other))
        ends = RecordingEnds(base.ends)
    }

    func rule(
        from: MirrorPlace = Fixture.from, _ names: [String], dependencies: Bool = true, images: Bool = false,
        _ change: (inout MirrorRule) throws -> Void = { _ in }
    ) throws -> MirrorRule {
        var rule = MirrorRule(name: "m", from: from, to: Fixture.to)
        rule.repositories = try names.map { try NamePattern($0) }
        rule.closure.dependencies = dependencies
        if images { rule.closure.images = ImageClosure() }
        try change(&rule)
        return rule
    }

    func worker(_ rule: MirrorRule, lock: LockedMirror? = nil) -> MirrorWorker {
        var options = MirrorOptions(now: { [base] in base.clock.withLock { $0 } })
        options.spoolDirectory = base.scratch.path
        options.lock = lock
        return MirrorWorker(rule, ends: ends, ledger: base.ledger, options)
    }

    /// Puts a chart into the source registry's `team`.
    @discardableResult
    func add(
        _ name: String, _ version: String = "1.0.0", needs: [Need] = [], chart: String = "",
        files: [(path: String, text: String)] = []
    ) async throws -> PackedChart {
        let chart = PackedChart(name, version, chart: Need.yaml(needs) + chart, files: files)
        try await chart.push(to: base.source.registry, try RepositoryName(parsing: "team/" + name))
        return chart
    }

    /// Puts a chart into the classic repository.
    func addClassic(
        _ name: String, _ version: String = "1.0.0", needs: [Need] = [], files: [(path: String, text: String)] = []
    ) {
        charts.add(PackedChart(name, version, chart: Need.yaml(needs), files: files))
    }

    /// Puts a chart into the other registry's `lib`.
    func addElsewhere(_ name: String, _ version: String = "1.0.0", needs: [Need] = []) async throws {
        let chart = PackedChart(name, version, chart: Need.yaml(needs))
        try await chart.push(to: other.registry, try RepositoryName(parsing: "lib/" + name))
    }

    /// Puts something into Docker Hub; what an image holds is nothing that anybody here looks into.
    @discardableResult
    func addImage(_ repository: String, _ tag: String) async throws -> Digest {
        let content = PackedChart("image", "1.0.0", archive: Array("\(repository):\(tag)".utf8))
        try await content.push(
            to: hub.registry, try RepositoryName(parsing: repository), tags: [try Tag(parsing: tag)])
        return content.manifest.digest
    }
}

/// A dependency in a `Chart.yaml`.
struct Need {
    var name: String
    var version = "1.x"
    var repository: String

    static let classic = "https://charts.test/"

    init(_ name: String, _ version: String = "1.x", at repository: String) {
        self.name = name
        self.version = version
        self.repository = repository
    }

    static func yaml(_ needs: [Need]) -> String {
        guard !needs.isEmpty else { return "" }
        let lines = needs.map { "- {name: \($0.name), version: \"\($0.version)\", repository: \"\($0.repository)\"}\n" }
        return "dependencies:\n" + lines.joined()
    }
}

/// Ends that note for which places they were asked, and in whose name.
final class RecordingEnds: MirrorEnds {
    private let ends: FakeEnds
    private let state = Mutex<[MirrorPlace: Set<Bool>]>([:])

    init(_ ends: FakeEnds) {
        self.ends = ends
    }

    /// Whether charts alone named a place, for each time it was asked for; empty when it never was.
    func asked(_ place: MirrorPlace) -> Set<Bool> { state.withLock { $0[place] ?? [] } }
    var places: Set<MirrorPlace> { state.withLock { Set($0.keys) } }

    func source(_ place: MirrorPlace, isNamedByContent: Bool) async throws(ContentError) -> MirrorSource {
        state.withLock { _ = $0[place, default: []].insert(isNamedByContent) }
        return try await ends.source(place, isNamedByContent: isNamedByContent)
    }

    func destination(_ place: MirrorPlace) async throws(ContentError) -> MirrorDestination {
        try await ends.destination(place)
    }

    func requestCount(of place: MirrorPlace) -> Int64 { 0 }
    func requestRate(of place: MirrorPlace) -> Double? { nil }
}

/// A classic repository in memory that says what it was asked.
final class ScriptedCharts: UpstreamCharts {
    private struct State {
        var charts: [String: PackedChart] = [:]
        var log: [String] = []
        var failure: ContentError?
    }

    private let state = Mutex(State())

    func add(_ chart: PackedChart) { state.withLock { $0.charts["\(chart.name)-\(chart.version).tgz"] = chart } }
    func fail(_ error: ContentError?) { state.withLock { $0.failure = error } }

    /// What was asked since the last time.
    func takeLog() -> [String] {
        state.withLock { state in
            defer { state.log = [] }
            return state.log
        }
    }

    private func begin(_ line: String) throws(ContentError) -> [String: PackedChart] {
        let (charts, failure) = state.withLock { state in
            state.log.append(line)
            return (state.charts, state.failure)
        }
        if let failure { throw failure }
        return charts
    }

    func fetchIndex(unless known: UpstreamIndexState?) async throws(ContentError) -> UpstreamIndex {
        let charts = try begin("index")
        var builder = RepositoryIndexBuilder()
        _ = builder.step(at: [])
        _ = builder.take(.string("v1"), at: ["apiVersion"])
        _ = builder.take(.string("2024-01-02T03:04:05Z"), at: ["generated"])
        _ = builder.step(at: ["entries"])
        for (name, files) in Dictionary(grouping: charts, by: \.value.name).sorted(by: { $0.key < $1.key }) {
            _ = builder.step(at: ["entries", name])
            for (file, chart) in files {
                let tree = JSONValue.object([
                    ("apiVersion", .string("v2")), ("name", .string(name)), ("version", .string(chart.version)),
                    ("urls", .array([.string(file)])), ("created", .string("2024-01-02T03:04:05Z")),
                    ("digest", .string(Digest(of: chart.archive).hex)),
                ])
                _ = builder.take(tree, at: ["entries", name, nil])
            }
        }
        do {
            return .other(try builder.finish(), entityTag: nil, lastModified: nil, content: nil)
        } catch {
            throw .unavailable("the index is broken: \(error)")
        }
    }

    func fetchArchive(
        of entry: RepositoryIndexEntry, head: (Int64?) async throws(ContentError) -> Void,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError) {
        let charts = try begin("archive \(entry.name)")
        guard let bytes = charts[entry.urls.first ?? ""]?.archive else { throw .manifestUnknown("it is gone") }
        try await head(Int64(bytes.count))
        try await body(bytes)
    }

    func fetchProvenance(of entry: RepositoryIndexEntry) async throws(ContentError) -> [UInt8]? { nil }
}
