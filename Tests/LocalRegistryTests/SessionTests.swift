import Content
import LocalRegistry
import Metadata
import OCIModel
import TestSupport
import Testing

@Suite struct SessionTests {
    @Test("A client has so many sessions and no more; others are not held up by it")
    func perClient() async throws {
        let store = try StoreFixture()
        try await store.with(options: {
            $0.sessionsPerClient = 2
            $0.sessions = 3
        }) { registry in
            let first = try await registry.beginUpload(in: demo, client: "a", algorithm: .sha256)
            _ = try await registry.beginUpload(in: demo, client: "a", algorithm: .sha256)
            #expect(await begin(registry, "a") == .rateLimited)
            #expect(await begin(registry, "b") == nil)
            #expect(await begin(registry, "c") == .rateLimited, "three is the most in all")
            try await registry.cancelUpload(first, in: demo)
            #expect(await begin(registry, "a") == nil)
            #expect(registry.openSessions == 3)
        }
    }

    private func begin(_ registry: Registry, _ client: String) async -> Kind? {
        await failure { () throws(ContentError) in
            _ = try await registry.beginUpload(in: demo, client: client, algorithm: .sha256)
        }
    }

    @Test("Many who begin at once do not get past the limit")
    func limitUnderLoad() async throws {
        let store = try StoreFixture()
        try await store.with(options: {
            $0.sessionsPerClient = 1000
            $0.sessions = 10
        }) { registry in
            let begun = await withTaskGroup(of: Kind?.self) { group in
                for number in 0..<64 { group.addTask { await begin(registry, "client \(number)") } }
                return await group.reduce(into: [Kind?]()) { $0.append($1) }
            }
            #expect(begun.filter { $0 == nil }.count == 10)
            #expect(begun.filter { $0 == .rateLimited }.count == 54)
        }
    }

    @Test("A session nobody touches expires, and its place is free again")
    func expiry() async throws {
        let (store, clock) = (try StoreFixture(), TestClock())
        try await store.with(options: {
            $0.now = { clock.now }
            $0.sessionExpiry = .seconds(60)
            $0.sessionsPerClient = 2
        }) { registry in
            let idle = try await registry.beginUpload(in: demo, client: "a", algorithm: .sha256)
            let used = try await registry.beginUpload(in: demo, client: "a", algorithm: .sha256)
            clock.advance(.seconds(59))
            let writer = try await registry.openUpload(used, in: demo, at: 0)
            clock.advance(.seconds(59))
            while registry.openSessions == 2 { await Task.yield() }
            #expect(await length(registry, idle) == .uploadUnknown)
            clock.advance(.seconds(3600))
            try await writer.append([1])
            try await writer.finish(Digest(of: [1]))
            #expect(try registry.served(Digest(of: [1])) == [1], "one that a request works on does not expire")
            #expect(await begin(registry, "a") == nil)
        }
    }

    private func length(_ registry: Registry, _ id: UploadID, _ repository: RepositoryName = demo) async -> Kind? {
        await failure { () throws(ContentError) in _ = try await registry.uploadLength(id, in: repository) }
    }

    @Test("A session belongs to its repository")
    func otherRepository() async throws {
        let store = try StoreFixture()
        try await store.with { registry in
            let id = try await registry.beginUpload(in: demo, client: "a", algorithm: .sha256)
            #expect(await length(registry, id, other) == .uploadUnknown)
            let kind = await failure { () throws(ContentError) in
                _ = try await registry.openUpload(id, in: other, at: nil)
            }
            #expect(kind == .uploadUnknown)
            let cancel = await failure { () throws(ContentError) in try await registry.cancelUpload(id, in: other) }
            #expect(cancel == .uploadUnknown)
            #expect(await length(registry, id) == nil)
        }
    }

    @Test("One request at a time works on a session, and the other is told so")
    func busy() async throws {
        let store = try StoreFixture()
        try await store.with { registry in
            let id = try await registry.beginUpload(in: demo, client: "a", algorithm: .sha256)
            let writer = try await registry.openUpload(id, in: demo, at: 0)
            let second = await failure { () throws(ContentError) in
                _ = try await registry.openUpload(id, in: demo, at: 0)
            }
            #expect(second == .uploadInvalid)
            let cancel = await failure { () throws(ContentError) in try await registry.cancelUpload(id, in: demo) }
            #expect(cancel == .uploadInvalid)
            await writer.close()
            try await registry.cancelUpload(id, in: demo)
            #expect(await length(registry, id) == .uploadUnknown)
            #expect(try store.usedSlots() == 0)
        }
    }

    @Test("A finished, a cancelled and a failed session are over")
    func over() async throws {
        let store = try StoreFixture()
        try await store.with { registry in
            let finished = try await registry.beginUpload(in: demo, client: "a", algorithm: .sha256)
            let writer = try await registry.openUpload(finished, in: demo, at: 0)
            try await writer.append([1])
            try await writer.finish(Digest(of: [1]))
            #expect(await length(registry, finished) == .uploadUnknown)
            let failed = try await registry.beginUpload(in: demo, client: "a", algorithm: .sha256)
            let wrong = try await registry.openUpload(failed, in: demo, at: 0)
            try await wrong.append([2])
            let kind = await failure { () throws(ContentError) in try await wrong.finish(Digest(of: [1])) }
            #expect(kind == .digestInvalid)
            #expect(await length(registry, failed) == .uploadUnknown)
            #expect(registry.openSessions == 0)
        }
        #expect(try store.usedSlots() == 0)
    }

    @Test("A blob may not grow beyond the limit, in one request or several")
    func maximum() async throws {
        let store = try StoreFixture()
        try await store.with(options: { $0.maximumBlobBytes = 10 }) { registry in
            let id = try await registry.beginUpload(in: demo, client: "a", algorithm: .sha256)
            let writer = try await registry.openUpload(id, in: demo, at: 0)
            try await writer.append([UInt8](repeating: 1, count: 10))
            let kind = await failure { () throws(ContentError) in try await writer.append([1]) }
            #expect(kind == .tooLarge)
            try await writer.finish(Digest(of: [UInt8](repeating: 1, count: 10)))
        }
    }

    @Test("How far a session is can be seen while a request works on it")
    func liveLength() async throws {
        let store = try StoreFixture()
        try await store.with { registry in
            let id = try await registry.beginUpload(in: demo, client: "a", algorithm: .sha256)
            let writer = try await registry.openUpload(id, in: demo, at: 0)
            try await writer.append([1, 2])
            #expect(try await registry.uploadLength(id, in: demo) == 2)
            await writer.close()
            #expect(try await registry.uploadLength(id, in: demo) == 2)
        }
    }
}
