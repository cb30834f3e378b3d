import Content
import HelmModel
import OCIModel
import Posix
import RepositoryIndexing
import TestSupport
import Testing

/// What a change, a view and a crowd cost, counted in entries and files.
@Suite struct CostTests {
    @Test("One more version reads the blocks it touches, not the repository")
    func oneChange() async throws {
        let room = try Room()
        try room.fill(6000)
        _ = try await room.bytes()
        var read = 0
        for number in 0..<30 {
            try room.put("chart\(number * 9)", "2.0.\(number)")
            let before = room.charts.counts.entries
            let index = try await room.service.build(IndexRequest(Room.namespace))
            read += room.charts.counts.entries - before
            if number % 10 == 9 { #expect(try Room.bytes(of: index) == room.expected) }
        }
        // A block has 64 versions on average, and 512 at most.
        #expect(read < 30 * 300)
    }

    @Test("What did not change is not asked for again")
    func warm() async throws {
        let room = try Room()
        try room.fill(300)
        #expect(try room.service.ready(IndexRequest(Room.namespace)) == nil)
        let first = try await room.service.build(IndexRequest(Room.namespace))
        let before = room.charts.counts
        let second = try #require(try room.service.ready(IndexRequest(Room.namespace)))
        #expect(second.entityTag == first.entityTag)
        #expect(room.charts.counts == before)
        #expect(try room.service.ready(IndexRequest(Room.namespace, isGzip: true)) == nil)
        _ = try await room.bytes(IndexRequest(Room.namespace, isGzip: true))
        #expect(try room.service.ready(IndexRequest(Room.namespace, isGzip: true)) != nil)
        #expect(room.charts.counts == before)
        try room.put("chart0", "9.0.0")
        #expect(try room.service.ready(IndexRequest(Room.namespace)) == nil)
    }

    @Test("A change is packed alone")
    func packing() async throws {
        let room = try Room()
        try room.fill(3000)
        let gzip = IndexRequest(Room.namespace, isGzip: true)
        let whole = try await room.service.build(gzip)
        let written = { room.calls.record.count { $0.kind == .write } }
        let before = written()
        try room.put("chart7", "3.0.0")
        let next = try await room.service.build(gzip)
        #expect(next.entityTag != whole.entityTag)
        // Text and deflate of up to three blocks and two ends, and the copies of both in pieces of 256 KiB.
        #expect(written() - before <= 16)
        guard case .file(let file) = next.body else {
            Issue.record("a large index in memory")
            return
        }
        #expect(file.parts.count == 1)
        #expect(try Gunzip.strict(Room.bytes(of: next)) == room.expected)
    }

    @Test("A crowd waits for one build")
    func crowd() async throws {
        let pool = ThreadPool(name: "builds", threads: 4)
        let room = try Room(executor: pool)
        try room.fill(2000)
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 {
                group.addTask(executorPreference: pool) {
                    try await room.service.build(IndexRequest(Room.namespace)).entityTag
                }
            }
            var tags: Set<String> = []
            for try await tag in group { tags.insert(tag) }
            #expect(tags.count == 1)
        }
        #expect(room.charts.counts.entries == 2000)
    }

    @Test("An answer under way is never torn, whatever changes and is tidied meanwhile")
    func readers() async throws {
        let room = try Room()
        try room.fill(400, padding: 3000)
        let plain = try await room.service.build(IndexRequest(Room.namespace))
        let packed = try await room.service.build(IndexRequest(Room.namespace, isGzip: true))
        let expected = room.expected
        for number in 0..<120 {
            let name = "chart\(number % 20)"
            room.charts.change(
                Room.namespace, [.put(try Room.entry(name, "1.\(number % 20).0", mark: "x\(number)", padding: 3000))])
            let index = try await room.service.build(IndexRequest(Room.namespace))
            if number % 10 == 0 {
                #expect(try Room.bytes(of: index) == room.expected)
                _ = try await room.bytes(IndexRequest(Room.namespace, isGzip: true))
            }
        }
        #expect(try Room.bytes(of: plain) == expected)
        #expect(try Gunzip.strict(Room.bytes(of: packed)) == expected)
        // More than the first file and the two that are left were made: the log was written anew.
        #expect(room.calls.record.count { $0.kind == .unlink } > 3)
    }

    @Test("Answers of a large index in many pieces make the log be written in one")
    func tidying() async throws {
        let room = try Room(executor: ThreadPool(name: "builds", threads: 2))
        try room.fill(1000, padding: 6000)
        _ = try await room.bytes()
        try room.put("chart3", "7.0.0")
        var parts = 0
        var turns = 0
        repeat {
            let index = try await room.service.build(IndexRequest(Room.namespace))
            guard case .file(let file) = index.body else { throw Gunzip.Failure("not a file") }
            parts = file.parts.count
            #expect(try Room.bytes(of: index) == room.expected)
            turns += 1
            await Task.yield()
        } while parts > 1 && turns < 100_000
        #expect(parts == 1)
        #expect(turns > 2)
    }

    @Test("Repositories that nobody asks for are forgotten, and made anew")
    func manyRepositories() async throws {
        let room = try Room()
        let namespaces = try (0..<80).map { try ChartNamespace(parsing: "team/n\($0)") }
        for namespace in namespaces { try room.fill(70, padding: 0, namespace) }
        for _ in 0..<2 {
            for namespace in namespaces {
                let bytes = try await room.bytes(IndexRequest(namespace))
                #expect(bytes == Room.expected(room.charts.entries(in: namespace)))
            }
        }
        #expect(try room.service.ready(IndexRequest(namespaces[79])) != nil)
        #expect(try room.service.ready(IndexRequest(namespaces[10])) == nil)
    }
}
