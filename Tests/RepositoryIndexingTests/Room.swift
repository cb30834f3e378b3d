import Content
import HelmModel
import OCIModel
import Posix
import RepositoryIndexing
import TestSupport
import Testing

/// Charts in memory and an index service over them.
struct Room: Sendable {
    let charts = MemoryCharts()
    let directory: ScratchDirectory
    let service: IndexService
    let calls: FaultyCalls

    init(executor: (any TaskExecutor)? = nil) throws {
        directory = try ScratchDirectory(below: "/dev/shm")
        calls = FaultyCalls()
        service = try IndexService(
            reads: charts, directory: directory.path + "/indexes", executor: executor, calls: calls.calls)
    }

    static let namespace = ChartNamespace.root

    /// An entry as a store would list it; `mark` changes its archive.
    static func entry(_ name: String, _ version: String, mark: String = "", padding: Int = 0) throws -> ChartEntry {
        let order = try SemanticVersion(lenient: version).orderKey
        let digest = Digest(of: Array("\(name) \(version) \(mark)".utf8))
        let description = mark + String(repeating: "text \(mark) ", count: padding / 6)
        let metadata = try ChartMetadata(
            configJSON: Array(
                #"{"name":"\#(name)","version":"\#(version)","description":"\#(description)","apiVersion":"v2"}"#.utf8))
        let created = "20\(10 + Int(digest.bytes[5]) % 20)-01-02T03:04:05Z"
        let json = ChartIndexText.entry(
            metadata, fileName: "\(name)-\(version).tgz", created: created, digest: digest)
        return ChartEntry(
            key: ChartVersionKey(name: name, order: order), version: version, archive: digest, isDeprecated: false,
            json: json)
    }

    /// Fills a repository with `count` versions, 20 of each chart.
    func fill(_ count: Int, padding: Int = 100, _ namespace: ChartNamespace = Room.namespace) throws {
        charts.change(
            namespace,
            try (0..<count).map { .put(try Room.entry("chart\($0 / 20)", "1.\($0 % 20).0", padding: padding)) })
    }

    func put(_ name: String, _ version: String, mark: String = "") throws {
        charts.change(Room.namespace, [.put(try Room.entry(name, version, mark: mark))])
    }

    func bytes(_ request: IndexRequest = IndexRequest(Room.namespace)) async throws(ContentError) -> [UInt8] {
        try Room.bytes(of: try await service.build(request))
    }

    /// What is sent, of the length that is announced.
    static func bytes(of index: ServedIndex) throws(ContentError) -> [UInt8] {
        let bytes =
            switch index.body {
            case .bytes(let bytes): bytes
            case .file(let file): try file.read()
            }
        #expect(Int64(bytes.count) == index.length)
        return bytes
    }

    /// The index that these entries should make, put together without blocks.
    static func expected(_ entries: [ChartEntry]) -> [UInt8] {
        var text = ChartIndexText.head
        var last: String?
        var newest = "0001-01-01T00:00:00Z"
        for entry in entries {
            if entry.key.name == last {
                text += ChartIndexText.between
            } else {
                if last != nil { text += ChartIndexText.closing + ChartIndexText.between }
                text += ChartIndexText.opening(of: entry.key.name)
            }
            text += entry.json
            last = entry.key.name
            if case .string(let created)? = (try? JSONValue(parsing: entry.json))?["created"] {
                newest = max(newest, created)
            }
        }
        if last != nil { text += ChartIndexText.closing }
        return text + ChartIndexText.tail(generated: newest)
    }

    /// What the repository's index should be now.
    var expected: [UInt8] { Room.expected(charts.entries(in: Room.namespace)) }

    /// A second service over the same charts, as another process would have it.
    func another() throws -> IndexService {
        try IndexService(reads: charts, directory: directory.path + "/others")
    }
}
