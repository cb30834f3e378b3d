import TestSupport
import Testing

/// The memory registry passes the suites, so tests that use it stand on the same ground as the real ends.
@Suite struct MemoryRegistryTests {
    private let seed = UInt64.random(in: 0 ... .max)

    @Test("Blobs") func blobs() async throws {
        print("seed \(seed)")
        try await checkBlobs(of: MemoryRegistry(), prefix: "memory", seed: seed)
    }

    @Test("Tags") func tags() async throws {
        print("seed \(seed)")
        try await checkTags(of: MemoryRegistry(), prefix: "memory", seed: seed)
    }

    @Test("Deletes") func deletes() async throws {
        print("seed \(seed)")
        try await checkDeletes(of: MemoryRegistry(), prefix: "memory", seed: seed)
    }

    @Test("Inventory") func inventory() async throws {
        print("seed \(seed)")
        try await checkInventory(of: MemoryRegistry(), prefix: "memory", seed: seed)
    }
}
