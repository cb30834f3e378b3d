import Content
import Glibc
import LocalRegistry
import OCIModel
import Synchronization
import TestSupport
import Testing

/// The upstream of these tests.
let hub = "hub"

/// A chart that an upstream has, and the parts of it.
struct UpstreamSample {
    let chart: PackedChart
    let repository: RepositoryName
    let tag: Tag

    init(_ name: String, _ version: String, in path: String = "room", more: String = "") throws {
        chart = PackedChart(name, version, chart: more)
        repository = try RepositoryName(parsing: "\(path)/\(name)")
        tag = try Tag(parsing: version)
    }

    var archive: Digest { Digest(of: chart.archive) }
    var config: Digest { Digest(of: chart.config) }

    /// The manifest as a cache stores it: nothing that it names is there.
    func cacheManifest(_ registry: Registry) async throws(ContentError) {
        try await registry.cacheManifest(chart.manifest, tag: tag, from: hub, in: repository)
    }

    /// One of its blobs as a cache stores it.
    func fill(_ registry: Registry, _ bytes: [UInt8]) async throws(ContentError) {
        try await registry.fill(bytes, in: repository)
    }

    /// All of it.
    func cache(_ registry: Registry) async throws(ContentError) {
        try await cacheManifest(registry)
        try await fill(registry, chart.config)
        try await fill(registry, chart.archive)
    }

    /// The version as a classic upstream lists it.
    func listed(archive: Digest?? = nil, visibleFrom: Int64 = 0, mark: String = "") -> UpstreamChart {
        return UpstreamChart(
            key: ChartVersionKey(name: chart.name, order: order), version: chart.version, tag: tag,
            urls: ["https://upstream.example/\(chart.name)-\(chart.version).tgz"],
            archive: archive ?? Digest(of: chart.archive), isPrerelease: false, isDeprecated: false,
            json: Array("{\"name\":\"\(chart.name)\",\"version\":\"\(chart.version)\",\"mark\":\"\(mark)\"}".utf8),
            visibleFrom: visibleFrom)
    }

    /// The order of the store's own reading, for plain releases.
    private var order: [UInt8] {
        let numbers = chart.version.split(separator: ".").flatMap { part -> [UInt8] in
            [0, 0, 0, 0, 0, 0, 0, UInt8(part) ?? 0]
        }
        return numbers + [0xFF, 0] + Array(chart.version.utf8) + [0]
    }
}

extension Registry {
    func fill(_ bytes: [UInt8], in repository: RepositoryName) async throws(ContentError) {
        let fill = try openFill(of: Digest(of: bytes), in: repository)
        do throws(ContentError) {
            let step = max(1000, bytes.count / 4 + 1)
            for start in stride(from: 0, to: bytes.count, by: step) {
                try fill.append(Array(bytes[start..<min(start + step, bytes.count)]))
            }
        } catch {
            fill.abandon()
            throw error
        }
        try await fill.finish {}
    }

    /// Takes an archive as a classic upstream gives it.
    @discardableResult
    func fillChart(
        _ sample: UpstreamSample, as expected: UpstreamChart? = nil, bytes: [UInt8]? = nil, provenance: [UInt8]? = nil,
        _ verified: @Sendable () -> Void = {}
    ) async throws(ContentError) -> StoredChart {
        let fill = try openChartFill(in: ChartNamespace(of: sample.repository))
        do throws(ContentError) {
            try fill.append(bytes ?? sample.chart.archive)
        } catch {
            fill.abandon()
            throw error
        }
        return try await fill.finish(expected ?? sample.listed(), from: hub, provenance: { provenance }, verified)
    }

    /// Takes an index of these versions over.
    @discardableResult
    func take(
        _ charts: [UpstreamChart], of namespace: ChartNamespace, deletes: Bool = false, tag: String? = nil
    ) async throws(ContentError) -> UpstreamIndexChange {
        let state = UpstreamIndexState(
            upstream: hub, entityTag: tag, lastModified: nil, content: nil, checkedAt: 1,
            versionCount: Int64(charts.count))
        let left = Mutex(charts[...])
        return try await takeUpstreamIndex(state, of: namespace, deletes: deletes) {
            left.withLock { $0.popFirst() }
        }
    }

    /// `name version` of what is listed, in the index's order.
    func listed(_ namespace: ChartNamespace) throws -> [String] {
        var found: [String] = []
        try forEachEntry(in: namespace, from: nil, before: nil) {
            found.append("\($0.key.name) \($0.version)")
            return true
        }
        return found
    }
}

/// What can be read through a descriptor from its beginning, which is closed.
func contents(of descriptor: Int32) -> [UInt8] {
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4 << 20)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    return Array(bytes.prefix(max(0, count)))
}
