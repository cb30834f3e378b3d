import Content
import HelmModel
import LocalRegistry
import OCIModel
import RepositoryIndexing
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

    /// The first version of each chart.
    private static func firsts(of entries: [ChartEntry]) -> [ChartEntry] {
        var seen: Set<String> = []
        return entries.filter { seen.insert($0.key.name).inserted }
    }
}
