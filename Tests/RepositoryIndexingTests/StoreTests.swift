import Content
import HelmModel
import LocalRegistry
import OCIModel
import RepositoryIndexing
import Synchronization
import TestSupport
import Testing

/// Indexes over a real store.
@Suite struct StoreTests {
    private static func upload(_ chart: PackedChart, _ registry: Registry, _ namespace: ChartNamespace) async throws {
        let upload = try await registry.openChart(in: namespace)
        try await upload.append(chart.archive)
        _ = try await upload.finish(provenance: nil, replacing: false)
    }

    private static func entries(_ registry: Registry, _ namespace: ChartNamespace) throws -> [ChartEntry] {
        var entries: [ChartEntry] = []
        try registry.forEachEntry(in: namespace, from: nil, before: nil) { entry in
            entries.append(entry)
            return true
        }
        return entries
    }

    @Test("What a store lists is in its index after each change, and in the view of its chart")
    func changes() async throws {
        let scratch = try ScratchDirectory(below: "/dev/shm")
        let registry = try Registry(at: scratch.path + "/store")
        defer { registry.close() }
        let namespace = try ChartNamespace(parsing: "room")
        let service = try IndexService(reads: registry, directory: scratch.path + "/indexes")
        for number in 0..<80 {
            try await Self.upload(PackedChart("chart\(number % 4)", "1.\(number).0"), registry, namespace)
        }
        for step in 0..<12 {
            if step % 3 == 2 {
                try await registry.removeChart("chart\(step % 4)", version: "1.\(step).0", in: namespace)
            } else {
                try await Self.upload(PackedChart("chart\(step % 4)", "2.\(step).0-rc.1"), registry, namespace)
            }
            let all = try Self.entries(registry, namespace)
            #expect(all.count > 64)
            let index = try await service.build(IndexRequest(namespace))
            #expect(try Room.bytes(of: index) == Room.expected(all))
            let packed = try await service.build(IndexRequest(namespace, isGzip: true))
            #expect(try Gunzip.strict(Room.bytes(of: packed)) == Room.expected(all))
            for name in ["chart0", "chart3", "other"] {
                let selector = try ChartSelector(parsing: "chart=\(name)")
                let view = try #require(try service.ready(IndexRequest(namespace, selector: selector)))
                #expect(try Room.bytes(of: view) == Room.expected(all.filter { $0.key.name == name }))
            }
            let newest = try await service.build(
                IndexRequest(namespace, selector: try ChartSelector(parsing: "newest=1")))
            #expect(try Room.bytes(of: newest) == Room.expected(Self.firsts(of: all)))
        }
    }

    /// A version as an upstream lists it.
    private static func upstream(_ name: String, _ version: String, mark: String = "", isSilent: Bool = false) throws
        -> UpstreamChart
    {
        let entry = try Room.entry(name, version, mark: mark)
        return UpstreamChart(
            key: ChartVersionKey(name: name, order: SemanticVersion.listingOrder(ofVersion: version) ?? []),
            version: version, tag: try Tag(parsing: version), urls: ["https://upstream.example/a.tgz"],
            archive: isSilent ? nil : entry.archive, isPrerelease: false, isDeprecated: false, json: entry.json)
    }

    private static func take(_ charts: [UpstreamChart], _ registry: Registry, _ namespace: ChartNamespace) async throws
    {
        let state = UpstreamIndexState(
            upstream: "hub", entityTag: nil, lastModified: nil, content: nil, checkedAt: 1,
            versionCount: Int64(charts.count))
        let left = Mutex(charts[...])
        _ = try await registry.takeUpstreamIndex(state, of: namespace, deletes: false) {
            left.withLock { $0.popFirst() }
        }
    }

    @Test("What an upstream lists beside the store is in the index after each change, as in one made from nothing")
    func merged() async throws {
        let scratch = try ScratchDirectory(below: "/dev/shm")
        let registry = try Registry(at: scratch.path + "/store")
        defer { registry.close() }
        let namespace = try ChartNamespace(parsing: "room")
        let service = try IndexService(reads: registry, directory: scratch.path + "/indexes")
        var listed: [UpstreamChart] = []
        for number in 0..<300 {
            listed.append(try Self.upstream("chart\(number % 5)", "1.\(number).0", isSilent: number % 7 == 0))
        }
        for step in 0..<10 {
            switch step % 5 {
            case 0: try await Self.take(listed, registry, namespace)
            case 1: try await Self.upload(PackedChart("chart\(step)", "3.0.0"), registry, namespace)
            // One that the upstream lists as well: it becomes the store's own, and later the upstream's again.
            case 2: try await Self.upload(PackedChart("chart0", "1.\(step * 5).0"), registry, namespace)
            case 3:
                listed.removeSubrange(100 + step..<120 + step)
                listed.append(try Self.upstream("chart1", "9.\(step).0", mark: "new"))
                try await Self.take(listed, registry, namespace)
            default: try await registry.removeChart("chart0", version: "1.\((step - 2) * 5).0", in: namespace)
            }
            let all = try Self.entries(registry, namespace)
            let state = try #require(try registry.chartRepository(namespace))
            #expect(all.count > 250 && state.versionCount == Int64(all.count))
            #expect(all.map(\.key) == all.map(\.key).sorted())
            #expect(state.chartCount == Int64(Set(all.map(\.key.name)).count))
            let index = try await service.build(IndexRequest(namespace))
            #expect(try Room.bytes(of: index) == Room.expected(all), "step \(step)")
            let fresh = try IndexService(reads: registry, directory: scratch.path + "/fresh")
            #expect(try Room.bytes(of: try await fresh.build(IndexRequest(namespace))) == Room.expected(all))
            let selector = try ChartSelector(parsing: "chart=chart0")
            let view = try await service.build(IndexRequest(namespace, selector: selector))
            #expect(try Room.bytes(of: view) == Room.expected(all.filter { $0.key.name == "chart0" }))
        }
    }

    /// The first version of each chart.
    private static func firsts(of entries: [ChartEntry]) -> [ChartEntry] {
        var seen: Set<String> = []
        return entries.filter { seen.insert($0.key.name).inserted }
    }
}
