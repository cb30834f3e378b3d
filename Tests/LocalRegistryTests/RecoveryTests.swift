import Content
import LocalRegistry
import OCIModel
import Posix
import Synchronization
import TestSupport
import Testing

@Suite struct RecoveryTests {
    /// Runs a push and copies the store at a point of the committer's work, as a killed process would leave it.
    private func killed(
        at point: Point, after before: (Registry) async throws -> Void = { _ in },
        push: (Registry) async throws -> Void
    ) async throws -> StoreFixture {
        let store = try StoreFixture()
        try await store.with(before)
        let copies = Mutex<[StoreFixture]>([])
        let isArmed = Atomic(false)
        let take: @Sendable () -> Void = {
            guard isArmed.load(ordering: .acquiring), let copy = try? store.copy() else { return }
            copies.withLock { $0.append(copy) }
        }
        try await store.with(options: {
            switch point {
            case .bytesFlushed: $0.observer.didFlush = { _, _ in take() }
            case .rowsCommitted: $0.observer.didCommit = { _ in take() }
            }
        }) { registry in
            isArmed.store(true, ordering: .releasing)
            try await push(registry)
            isArmed.store(false, ordering: .releasing)
        }
        return try #require(copies.withLock { $0.first })
    }

    enum Point {
        case bytesFlushed
        case rowsCommitted
    }

    @Test("Killed between the bytes and the row, the blob is not there, and its slot is room again")
    func beforeRow() async throws {
        let copy = try await killed(at: .bytesFlushed) { try await $0.putBytes([1, 2, 3]) }
        #expect(try copy.usedSlots() == 1)
        try await copy.with { registry in
            let kind = await failure { () throws(ContentError) in _ = try registry.served(Digest(of: [1, 2, 3])) }
            #expect(kind == .nameUnknown)
            #expect(try copy.usedSlots() == 0)
            #expect(try copy.names("blobs/sha256") == [])
            try await registry.upload([1, 2, 3])
            #expect(try registry.served(Digest(of: [1, 2, 3])) == [1, 2, 3])
        }
    }

    @Test("Killed between the row and the name, the blob gets its name at the start")
    func beforeName() async throws {
        let copy = try await killed(at: .rowsCommitted) { try await $0.putBytes([1, 2, 3]) }
        #expect(!copy.exists(Digest(of: [1, 2, 3])))
        let told = Mutex<[String]>([])
        try await copy.with(options: {
            $0.observer.didRecover = { text in told.withLock { $0.append(text) } }
        }) { registry throws in
            #expect(copy.exists(Digest(of: [1, 2, 3])))
            #expect(try registry.served(Digest(of: [1, 2, 3])) == [1, 2, 3])
        }
        #expect(told.withLock { $0.count } == 1)
        let served = try await copy.with { try $0.served(Digest(of: [1, 2, 3])) }
        #expect(served == [1, 2, 3])
    }

    @Test("Killed between a removal's row and its file, the file goes at the start")
    func beforeRemoval() async throws {
        let copy = try await killed(at: .rowsCommitted, after: { try await $0.putBytes([1]) }) {
            try await $0.deleteBlob(Digest(of: [1]), in: demo)
        }
        #expect(copy.exists(Digest(of: [1])))
        try await copy.with { _ in }
        #expect(!copy.exists(Digest(of: [1])))
    }

    @Test(
        "A slot that does not hold what its row says never becomes the blob",
        arguments: [[], [9], [9, 9, 9]] as [[UInt8]])
    func wrongSlot(left: [UInt8]) async throws {
        let copy = try await killed(at: .rowsCommitted) { try await $0.putBytes([1, 2, 3]) }
        let slot = try #require(try copy.names("ingest").first { try !copy.bytes("ingest/" + $0).isEmpty })
        try copy.write(left, to: "ingest/" + slot)
        let lost = Tally()
        try await copy.with(options: { $0.observer.didFail = { _ in lost.add() } }) { registry in
            #expect(lost.value == 1)
            let kind = await failure { () throws(ContentError) in _ = try registry.served(Digest(of: [1, 2, 3])) }
            #expect(kind == .blobUnknown)
            try await registry.upload([1, 2, 3])
            #expect(try registry.served(Digest(of: [1, 2, 3])) == [1, 2, 3])
        }
        #expect(try copy.damagedFiles() == [])
    }

    @Test("A file that is not what its unsettled row says is dropped at the start")
    func wrongFile() async throws {
        let copy = try await killed(at: .rowsCommitted) { try await $0.putBytes([1, 2, 3]) }
        let slot = try #require(try copy.names("ingest").first { try !copy.bytes("ingest/" + $0).isEmpty })
        try copy.remove("ingest/" + slot)
        try copy.write([0, 0, 0], to: "blobs/sha256/" + Digest(of: [1, 2, 3]).hex)
        try await copy.with { _ in }
        #expect(try copy.names("blobs/sha256") == [])
    }

    @Test("A session goes on where it stood, and a client sees how far it is")
    func session() async throws {
        let store = try StoreFixture()
        var id: UploadID?
        let copy = try await store.with { registry in
            let begun = try await registry.beginUpload(in: demo, client: "a", algorithm: .sha256)
            id = begun
            let writer = try await registry.openUpload(begun, in: demo, at: 0)
            try await writer.append([1, 2, 3])
            await writer.abandon()
            return try store.copy()
        }
        let open = try #require(id)
        for place in [copy, store] {
            try await place.with { registry in
                #expect(registry.openSessions == 1)
                #expect(try await registry.uploadLength(open, in: demo) == 3)
                let kind = await failure { () throws(ContentError) in
                    _ = try await registry.openUpload(open, in: demo, at: 2)
                }
                #expect(kind == .chunkOutOfOrder)
                let writer = try await registry.openUpload(open, in: demo, at: 3)
                #expect(writer.length == 3)
                try await writer.append([4])
                try await writer.finish(Digest(of: [1, 2, 3, 4], .sha512))
                let digest = Digest(of: [1, 2, 3, 4], .sha512)
                #expect(try registry.served(digest) == [1, 2, 3, 4])
            }
            let left = try await place.with { $0.openSessions }
            #expect(left == 0)
        }
    }

    @Test("A session that is too old is dropped at the start, and its slot with it")
    func oldSession() async throws {
        let store = try StoreFixture()
        let clock = TestClock()
        let options: (inout RegistryOptions) -> Void = {
            $0.now = { clock.now }
            $0.sessionExpiry = .seconds(3600)
        }
        let id = try await store.with(options: options) { registry in
            let id = try await registry.beginUpload(in: demo, client: "a", algorithm: .sha256)
            let writer = try await registry.openUpload(id, in: demo, at: 0)
            try await writer.append([1, 2, 3])
            await writer.close()
            return id
        }
        clock.advance(.seconds(3599))
        let open = try await store.with(options: options) { $0.openSessions }
        #expect(open == 1)
        clock.advance(.seconds(1))
        try await store.with(options: options) { registry throws in
            #expect(registry.openSessions == 0)
            #expect(try store.usedSlots() == 0)
            let kind = await failure { () throws(ContentError) in _ = try await registry.uploadLength(id, in: demo) }
            #expect(kind == .uploadUnknown)
        }
    }

    @Test("Slots nobody knows are room again, and what is no slot is left alone")
    func straySlots() async throws {
        let store = try StoreFixture()
        try await store.with { _ = try await $0.upload([1]) }
        let before = try store.names("ingest").count
        try store.write([1, 2, 3], to: "ingest/00000000000000aa")
        try store.write([1, 2, 3], to: "ingest/README")
        try await store.with { registry in
            #expect(try store.usedSlots() == 1, "only the file that is no slot")
            for number in 0..<UInt8(before) { try await registry.upload([number, 7]) }
            #expect(try store.names("ingest").count == 2, "no new slots were made while there were old ones")
        }
    }

    @Test("Recovery looks at what was under way, not at the store")
    func boundedWork() async throws {
        let store = try StoreFixture()
        try await store.with { registry in
            for number in 0..<100 as Range<UInt8> { try await registry.upload([number]) }
        }
        let calls = Tally()
        try await store.with(options: {
            $0.calls = SystemCalls { call, object in
                if object.contains("/blobs/sha256/") { calls.add() }
                return nil
            }
        }) { _ in }
        #expect(calls.value == 0, "no file under blobs/ is touched when all names are settled")
    }

    @Test("A store that cannot be read as one says so", arguments: ["metadata.sqlite"])
    func damagedMetadata(file: String) async throws {
        let store = try StoreFixture()
        try await store.with { _ in }
        try store.write(Array("this is not a database, and long enough to be looked at as one".utf8), to: file)
        let kind = await failure { () throws(ContentError) in _ = try Registry(at: store.path) }
        #expect(kind == .corrupt)
    }
}
