import Content
import HelmModel
import OCIModel
import RepositoryIndexing
import TestSupport
import Testing

/// Random changes, held against what the entries should make.
@Suite struct ModelTests {
    private static let names = ["alpha", "alpha-2", "b", "chart", "delta.x", "z"]

    private static func changes(
        _ count: Int, of room: Room, _ generator: inout SeededGenerator
    ) throws -> [MemoryCharts.Change] {
        let there = room.charts.entries(in: Room.namespace)
        return try (0..<count).map { _ in
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<4:
                guard let victim = there.randomElement(using: &generator) else { fallthrough }
                return .remove(victim.key)
            case 4..<6:
                guard let victim = there.randomElement(using: &generator) else { fallthrough }
                let mark = "m\(UInt8.random(in: 0...255, using: &generator))"
                return .put(try Room.entry(victim.key.name, victim.version, mark: mark))
            default:
                let name = names.randomElement(using: &generator) ?? "a"
                let version =
                    "\(Int.random(in: 0...9, using: &generator)).\(Int.random(in: 0...40, using: &generator)).0"
                return .put(try Room.entry(name, version))
            }
        }
    }

    @Test(
        "Served bytes are those of the entries after any changes, and of an index made from nothing",
        arguments: Seeds.some())
    func changes(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let room = try Room()
        var tags: [String: [UInt8]] = [:]
        room.charts.change(
            Room.namespace,
            try (0..<500).map { .put(try Room.entry(Self.names[$0 % 6], "\($0 / 50).\($0 % 50).0")) })
        for step in 0..<60 {
            if step % 20 == 19 { room.charts.forgetChanges(in: Room.namespace) }
            let size = [1, 1, 1, 2, 5, 40].randomElement(using: &generator) ?? 1
            room.charts.change(Room.namespace, try Self.changes(size, of: room, &generator))
            let index = try await room.service.build(IndexRequest(Room.namespace))
            let bytes = try Room.bytes(of: index)
            #expect(bytes == room.expected)
            #expect(tags.updateValue(bytes, forKey: index.entityTag) ?? bytes == bytes)
            guard step % 4 == 0 else { continue }
            let packed = try await room.service.build(IndexRequest(Room.namespace, isGzip: true))
            let packedBytes = try Room.bytes(of: packed)
            #expect(try Gunzip.strict(packedBytes) == bytes)
            let fresh = try room.another()
            #expect(try await fresh.build(IndexRequest(Room.namespace)).entityTag == index.entityTag)
            let freshPacked = try await fresh.build(IndexRequest(Room.namespace, isGzip: true))
            #expect(freshPacked.entityTag == packed.entityTag && packed.entityTag != index.entityTag)
            #expect(try Room.bytes(of: freshPacked) == packedBytes)
        }
        #expect(try JSONValue(parsing: room.expected)["apiVersion"] == .string("v1"))
        #expect(try Gunzip.bytes(of: try await room.bytes(IndexRequest(Room.namespace, isGzip: true))) == room.expected)
    }

    @Test("A repository that shrinks to nothing and grows again is right at every step", arguments: Seeds.some([3]))
    func emptying(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let room = try Room()
        try room.fill(300)
        #expect(try await room.bytes() == room.expected)
        while let victim = room.charts.entries(in: Room.namespace).randomElement(using: &generator) {
            let more = room.charts.entries(in: Room.namespace).shuffled(using: &generator).prefix(9)
            room.charts.change(Room.namespace, ([victim] + more).map { .remove($0.key) })
            #expect(try await room.bytes() == room.expected)
            #expect(try await Gunzip.strict(room.bytes(IndexRequest(Room.namespace, isGzip: true))) == room.expected)
        }
        let empty = try JSONValue(parsing: try await room.bytes())
        #expect(empty["entries"] == .object([]))
        try room.fill(200)
        #expect(try await room.bytes() == room.expected)
    }

    @Test("Versions without end marks are cut all the same, and changes near a forced cut are right")
    func forcedCuts() async throws {
        let room = try Room()
        // Digests that never end a block: only the count does.
        var entries: [ChartEntry] = []
        for number in 0..<1300 {
            var entry = try Room.entry("chart", "1.\(number).0")
            var bytes = try #require(entry.archive).bytes
            bytes[32] |= 1
            entry.archive = Digest(bytes: bytes)
            entries.append(entry)
        }
        room.charts.change(Room.namespace, entries.map { .put($0) })
        #expect(try await room.bytes() == room.expected)
        for victim in [0, 511, 512, 513, 1024, 1299] {
            room.charts.change(Room.namespace, [.remove(entries[victim].key)])
            let index = try await room.service.build(IndexRequest(Room.namespace))
            #expect(try Room.bytes(of: index) == room.expected)
            #expect(try await room.another().build(IndexRequest(Room.namespace)).entityTag == index.entityTag)
        }
    }
}
