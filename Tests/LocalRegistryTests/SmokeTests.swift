import Content
import LocalRegistry
import Metadata
import OCIModel
import TestSupport
import Testing

@Suite struct SmokeTests {
    @Test("What is pushed is read back, also by the next process")
    func pushAndPull() async throws {
        let store = try StoreFixture()
        let chart = SampleChart("demo", "1.0.0")
        let tag = try Tag("1.0.0")
        try await store.with { registry in
            try await registry.upload(chart.archive)
            try await registry.upload(chart.config)
            try await registry.putManifest(chart.manifest, tags: [], in: demo)
            try await registry.putManifest(chart.manifest, tags: [tag], in: demo)
            try check(registry)
        }
        try await store.with { try check($0) }
        #expect(try store.damagedFiles() == [])

        func check(_ registry: Registry) throws {
            #expect(try registry.findManifest(.tag(tag), in: demo) == chart.manifest)
            #expect(try registry.findManifest(.digest(chart.manifest.digest), in: demo) == chart.manifest)
            #expect(try registry.served(Digest(of: chart.archive)) == chart.archive)
            #expect(try registry.served(Digest(of: chart.config)) == chart.config)
            #expect(try registry.tagPage(in: demo, PageRequest(limit: 10)).elements == [tag])
            #expect(try registry.repositoryPage(PageRequest(limit: 10)).elements == [demo])
        }
    }

    @Test("The folder says that it is an OCI image layout")
    func layoutMarker() async throws {
        let store = try StoreFixture()
        try await store.with { _ in }
        #expect(try store.bytes("oci-layout") == Array("{\"imageLayoutVersion\":\"1.0.0\"}\n".utf8))
    }

    @Test("A store that is open is refused to others, with who holds it")
    func lock() async throws {
        let store = try StoreFixture()
        let registry = try store.open()
        #expect(Registry.announcedAddress(of: store.path) == nil)
        try registry.announce("http://127.0.0.1:5000")
        do throws(ContentError) {
            _ = try Registry(at: store.path)
            Issue.record("a second one was opened")
        } catch {
            #expect(Kind(error) == .denied)
            #expect(error.message.contains("pid ") && error.message.contains("http://127.0.0.1:5000"))
        }
        #expect(Registry.announcedAddress(of: store.path) == "http://127.0.0.1:5000")
        registry.close()
        #expect(Registry.announcedAddress(of: store.path) == nil)
    }

    @Test("A store whose registry is gone can be opened again")
    func reopen() async throws {
        let store = try StoreFixture()
        for _ in 0..<3 {
            let blobs = try await store.with { try $0.totals().blobs }
            #expect(blobs == 0)
        }
    }

    @Test("Writes to a closed store are refused, and nobody waits for ever")
    func closed() async throws {
        let store = try StoreFixture()
        let registry = try store.open()
        registry.close()
        registry.close()
        #expect(await failure { () throws(ContentError) in try await registry.upload([1, 2, 3]) } == .storageFull)
    }
}

@Suite struct LocalConformanceTests {
    @Test("The local store keeps the rules of Content", arguments: [1, UInt64.random(in: 2 ... .max)])
    func conformance(seed: UInt64) async throws {
        let store = try StoreFixture()
        try await store.with { registry in
            try await checkBlobs(of: registry, prefix: "check", seed: seed)
            try await checkTags(of: registry, prefix: "check", seed: seed)
            try await checkDeletes(of: registry, prefix: "check", seed: seed)
            try await checkInventory(of: registry, prefix: "check", seed: seed)
        }
        #expect(try store.damagedFiles() == [])
    }
}
