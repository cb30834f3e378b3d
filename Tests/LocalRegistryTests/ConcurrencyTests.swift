import Content
import LocalRegistry
import Metadata
import OCIModel
import Posix
import TestSupport
import Testing

@Suite struct ConcurrencyTests {
    @Test("32 who push distinct and equal blobs at once all find what was acknowledged", arguments: Seeds.some())
    func pushes(seed: UInt64) async throws {
        let store = try StoreFixture()
        var generator = SeededGenerator(seed: seed)
        let shared = (0..<4).map { _ in generator.bytes(Int.random(in: 1...50_000, using: &generator)) }
        let own = (0..<32).map { _ in generator.bytes(Int.random(in: 1...50_000, using: &generator)) }
        try await store.with { registry in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<32 {
                    group.addTask {
                        for bytes in [own[number], shared[number % 4], shared[(number + 1) % 4]] {
                            try await registry.upload(bytes, client: "client \(number)")
                            #expect(try registry.served(Digest(of: bytes)) == bytes, "read your own write")
                        }
                    }
                }
                try await group.waitForAll()
            }
            let totals = try registry.totals()
            #expect(totals.blobs == 36)
            #expect(totals.physicalBytes == Int64((shared + own).map(\.count).reduce(0, +)))
            for bytes in shared + own { #expect(try registry.served(Digest(of: bytes)) == bytes) }
            #expect(registry.openSessions == 0)
        }
        #expect(try store.damagedFiles() == [])
        #expect(try store.names("blobs/sha256").count == 36)
        #expect(try store.usedSlots() == 0)
        let readable = try await store.with { registry in
            try (shared + own).allSatisfy { try registry.served(Digest(of: $0)) == $0 }
        }
        #expect(readable)
    }

    @Test("Requests at once share flushes and transactions")
    func grouping() async throws {
        let store = try StoreFixture()
        let (flushes, flushed, commits, hold) = (Tally(), Tally(), Tally(), Hold())
        let calls = CallFaults()
        try await store.with(options: {
            $0.calls = calls.calls
            $0.observer.didFlush = { _, blobs in
                flushes.add()
                flushed.add(blobs)
            }
            $0.observer.didCommit = { _ in
                commits.add()
                hold.pass()
            }
        }) { registry in
            try await registry.upload([0])
            let (flushesBefore, commitsBefore) = (flushes.value, commits.value)
            let flushedBefore = flushed.value
            let kinds = try await registry.inOneGroup((0..<32).map { [$0, 1] }, hold) {}
            #expect(kinds == [Kind?](repeating: nil, count: 32))
            #expect(flushed.value - flushedBefore == 32)
            // One each when all are in line in time; on a busy machine some come late, and housekeeping commits too.
            #expect(flushes.value - flushesBefore < 16, "32 blobs share flushes")
            #expect(commits.value - commitsBefore < 16, "and transactions")
        }
    }

    @Test("One tag pushed by 32 at once names one of their manifests, and each push was one step")
    func oneTag() async throws {
        let store = try StoreFixture()
        let tag = try Tag("latest")
        let charts = (0..<32).map { SampleChart("demo", "\($0).0.0", archiveBytes: 100) }
        try await store.with { registry in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for chart in charts { group.addTask { try await chart.push(to: registry, demo, tags: [tag]) } }
                try await group.waitForAll()
            }
            let named = try registry.findManifest(.tag(tag), in: demo)
            #expect(charts.contains { $0.manifest == named })
            let attributes = try await registry.repository(demo)
            #expect(attributes.manifestCount == 32 && attributes.tagCount == 1)
            let history = try registry.history(of: tag, in: demo)
            #expect(history.count == 32 && history.first?.digest == named.digest)
        }
    }

    @Test("Pushes and deletes of one tag at once leave it there or not, and nothing between")
    func tagAndDelete() async throws {
        let store = try StoreFixture()
        let tag = try Tag("latest")
        let charts = (0..<16).map { SampleChart("demo", "\($0).0.0", archiveBytes: 100) }
        try await store.with { registry in
            for chart in charts { try await chart.push(to: registry, demo, tags: []) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for chart in charts {
                    group.addTask { try await registry.putManifest(chart.manifest, tags: [tag], in: demo) }
                    group.addTask {
                        let kind = await failure { () throws(ContentError) in
                            try await registry.deleteManifest(.tag(tag), in: demo)
                        }
                        #expect(kind == nil || kind == .manifestUnknown)
                    }
                }
                try await group.waitForAll()
            }
            let found = try? registry.findManifest(.tag(tag), in: demo)
            let listed = try registry.tagPage(in: demo, PageRequest(limit: 10)).elements
            #expect(listed == (found == nil ? [] : [tag]))
            let attributes = try await registry.repository(demo)
            #expect(attributes.tagCount == Int64(listed.count))
            #expect(attributes.manifestCount == 16, "a removed tag leaves its manifest")
        }
    }

    @Test("A blob that is pushed and deleted at once is served whole or not at all")
    func blobAndDelete() async throws {
        let store = try StoreFixture()
        let bytes = [UInt8](repeating: 7, count: 5000)
        let digest = Digest(of: bytes)
        try await store.with { registry in
            try await registry.putBytes([0])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask { for _ in 0..<25 { try await registry.putBytes(bytes) } }
                    group.addTask {
                        for _ in 0..<25 {
                            let kind = await failure { () throws(ContentError) in
                                try await registry.deleteBlob(digest, in: demo)
                            }
                            #expect(kind == nil || kind == .blobUnknown)
                        }
                    }
                    group.addTask {
                        for _ in 0..<200 {
                            do throws(ContentError) {
                                #expect(try registry.served(digest) == bytes)
                            } catch {
                                #expect(Kind(error) == .blobUnknown, "\(error)")
                            }
                            await Task.yield()
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await registry.putBytes(bytes)
            #expect(try registry.served(digest) == bytes)
        }
        #expect(try store.damagedFiles() == [])
        #expect(try store.names("blobs/sha256").count == 2)
    }

    @Test("A refused request of a group takes nobody with it")
    func refusedInGroup() async throws {
        let store = try StoreFixture()
        let hold = Hold()
        try await store.with(options: { $0.observer.didCommit = { _ in hold.pass() } }) { registry in
            try await registry.putBytes([0])
            try await registry.changeAttributes(AttributeChange(disable: [.delete]), of: nil, in: demo)
            hold.close()
            async let held: Void = registry.putBytes([1])
            await hold.untilHeld()
            async let refused: Kind? = failure { () throws(ContentError) in
                try await registry.deleteBlob(Digest(of: [0]), in: demo)
            }
            async let taken: Kind? = failure { () throws(ContentError) in try await registry.putBytes([2]) }
            while registry.waitingWrites < 2 { await Task.yield() }
            hold.open()
            try await held
            #expect(await refused == .unsupported)
            #expect(await taken == nil)
            #expect(try registry.served(Digest(of: [2])) == [2])
            #expect(try registry.served(Digest(of: [0])) == [0])
        }
    }
}
