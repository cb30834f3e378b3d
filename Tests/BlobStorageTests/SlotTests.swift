import BlobStorage
import Glibc
import OCIModel
import Posix
import TestSupport
import Testing

@Suite struct SlotTests {
    @Test("Slots come in batches: one flush of names for 256") func batch() throws {
        let fixture = try StoreFixture()
        fixture.faulty.rearm()
        var taken: Set<String> = []
        for _ in 0..<256 { taken.insert(try fixture.store.reserveSlot()) }
        #expect(taken.count == 256)
        #expect(taken == Set(try fixture.slots()))
        #expect(taken.allSatisfy { $0.wholeMatch(of: /[0-9a-f]{16}/) != nil })
        #expect(fixture.faulty.record.filter { $0.kind == .fsync }.map(\.object) == [fixture.scratch.path + "/ingest"])
        taken.insert(try fixture.store.reserveSlot())
        #expect(taken.count == 257)
        #expect(fixture.faulty.record.count { $0.kind == .fsync } == 2)
    }

    @Test("Many who want a slot at once get different ones, of one batch") func concurrent() async throws {
        let fixture = try StoreFixture()
        fixture.faulty.rearm()
        let store = fixture.store
        let slots = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<100 { group.addTask { try store.reserveSlot() } }
            return try await group.reduce(into: [String]()) { $0.append($1) }
        }
        #expect(Set(slots).count == 100)
        #expect(fixture.faulty.record.count { $0.kind == .fsync } == 1)
    }

    @Test("A discarded slot is empty room again, without a flush") func reuse() throws {
        let fixture = try StoreFixture()
        let ingest = try fixture.store.beginIngest(.sha256)
        try ingest.append([1, 2, 3])
        fixture.faulty.rearm()
        fixture.store.discard(slot: ingest.slot)
        #expect(try fixture.store.ingestSize(of: ingest.slot) == 0)
        let next = try fixture.store.beginIngest(.sha256)
        #expect(next.slot == ingest.slot)
        try next.append([4])
        #expect(try next.stage(.sha256).digest == Digest(of: [4]))
        #expect(fixture.bytes(at: fixture.path(ofSlot: next.slot)) == [4])
        #expect(fixture.faulty.record.allSatisfy { $0.kind != .fsync })
    }

    @Test("A slot that cannot be emptied is not used again") func cannotEmpty() throws {
        let fixture = try StoreFixture(only: [.ftruncate])
        let ingest = try fixture.store.beginIngest(.sha256)
        try ingest.append([1, 2, 3])
        fixture.faulty.rearm(failAt: 1)
        fixture.store.discard(slot: ingest.slot)
        #expect(fixture.faulty.hasFired)
        #expect(try fixture.store.ingestSize(of: ingest.slot) == nil)
        for _ in 0..<300 { #expect(try fixture.store.reserveSlot() != ingest.slot) }
    }

    @Test("A disk with room for a few files gives those; names that are not durable are given to nobody")
    func fewSlots() throws {
        let fixture = try StoreFixture(only: [.open])
        fixture.faulty.rearm(failAt: 4)
        let slot = try fixture.store.reserveSlot()
        #expect(fixture.faulty.hasFired)
        #expect(try fixture.slots().count == 3)
        #expect(try fixture.slots().contains(slot))

        let other = try StoreFixture(only: [.fsync])
        other.faulty.rearm(failAt: 1)
        #expect(throws: SystemError.self) { try other.store.reserveSlot() }
        #expect(try other.slots().isEmpty)
        _ = try other.store.reserveSlot()
    }

    @Test("A start keeps the named slots and takes all others as empty room") func recovery() throws {
        let fixture = try StoreFixture()
        let kept = try fixture.store.beginIngest(.sha256)
        try kept.append(Array("kept".utf8))
        let lost = try fixture.store.beginIngest(.sha256)
        try lost.append(Array("lost".utf8))
        try fixture.scratch.write("ingest/README", "not ours")
        try fixture.scratch.write("ingest/0123456789ABCDEF", "not ours either")

        let calls = FaultyCalls()
        let store = try BlobStore(root: fixture.scratch.path, calls: calls.calls)
        try store.recoverSlots(keeping: [kept.slot])
        #expect(fixture.bytes(at: fixture.path(ofSlot: kept.slot)) == Array("kept".utf8))
        #expect(fixture.bytes(at: fixture.path(ofSlot: lost.slot)) == [])
        #expect(fixture.bytes(at: fixture.path(ofSlot: "README")) == Array("not ours".utf8))
        #expect(fixture.bytes(at: fixture.path(ofSlot: "0123456789ABCDEF")) == Array("not ours either".utf8))
        // The dead process may have made them without flushing their names.
        #expect(calls.record.contains(.init(.fsync, fixture.scratch.path + "/ingest")))

        calls.rearm()
        let taken = try (0..<255).map { _ in try store.reserveSlot() }
        #expect(Set(taken).count == 255)
        #expect(taken.contains(lost.slot))
        #expect(!taken.contains(kept.slot))
        #expect(calls.record.allSatisfy { $0.kind != .fsync })
        #expect(taken.allSatisfy { (try? store.ingestSize(of: $0)) == 0 })
    }

    @Test("A start whose names cannot be flushed gives none of them away") func recoveryFails() throws {
        let fixture = try StoreFixture()
        _ = try fixture.store.reserveSlot()
        let calls = FaultyCalls(only: [.fsync])
        let store = try BlobStore(root: fixture.scratch.path, calls: calls.calls)
        calls.rearm(failAt: 1)
        #expect(throws: SystemError.self) { try store.recoverSlots(keeping: []) }
        calls.rearm()
        _ = try store.reserveSlot()
        #expect(calls.count == 1)
    }
}
