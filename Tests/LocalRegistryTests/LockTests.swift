import Content
import LocalRegistry
import OCIModel
import TestSupport
import Testing

@Suite struct LockTests {
    private struct Shelf {
        let chart = SampleChart("demo", "1.0.0")
        let next = SampleChart("demo", "2.0.0")
        let tag = try! Tag("1.0.0")
        let subject: StoredManifest

        init() {
            let empty = Descriptor(of: Array("{}".utf8), .ociEmpty)
            subject = SampleChart.referrer(to: chart.manifest, config: empty, artifactType: "application/x.sbom")
        }

        var digest: Digest { chart.manifest.digest }
        var archive: Digest { Digest(of: chart.archive) }

        func fill(_ registry: Registry) async throws {
            try await chart.push(to: registry, demo, tags: [tag])
            for bytes in [next.config, next.archive, Array("{}".utf8)] { try await registry.putBytes(bytes) }
            try await registry.putManifest(subject, tags: [], in: demo)
        }
    }

    private func locked(
        _ lock: AttributeLocks, _ reference: (Shelf) -> ManifestReference?,
        _ body: (Registry, Shelf) async throws -> Void
    ) async throws {
        let (store, shelf) = (try StoreFixture(), Shelf())
        try await store.with { registry in
            try await shelf.fill(registry)
            try await registry.changeAttributes(AttributeChange(disable: lock), of: reference(shelf), in: demo)
            try await body(registry, shelf)
        }
    }

    @Test("A repository locked against writing takes nothing on any path")
    func repositoryWrite() async throws {
        try await locked(.write, { _ in nil }) { (registry, shelf) async throws in
            #expect(await failure { () throws(ContentError) in try await registry.putBytes([1]) } == .denied)
            #expect(await failure { () throws(ContentError) in try await registry.upload([1]) } == .denied)
            for manifest in [shelf.next.manifest, shelf.chart.manifest] {
                let kind = await failure { () throws(ContentError) in
                    try await registry.putManifest(manifest, tags: [], in: demo)
                }
                #expect(kind == .denied)
            }
            try await registry.putBytes([5], in: other)
            let mount = await failure { () throws(ContentError) in
                _ = try await registry.mountBlob(Digest(of: [5]), from: other, into: demo)
            }
            #expect(mount == .denied)
            #expect(try registry.findManifest(.tag(shelf.tag), in: demo) == shelf.chart.manifest, "it can be read")
        }
    }

    @Test("A session begun before the repository was locked ends with the lock")
    func repositoryWriteDuringUpload() async throws {
        let store = try StoreFixture()
        try await store.with { registry in
            try await registry.putBytes([0])
            let id = try await registry.beginUpload(in: demo, client: "a", algorithm: .sha256)
            let writer = try await registry.openUpload(id, in: demo, at: 0)
            try await writer.append([1])
            try await registry.changeAttributes(AttributeChange(disable: .write), of: nil, in: demo)
            #expect(await failure { () throws(ContentError) in try await writer.finish(Digest(of: [1])) } == .denied)
            #expect(registry.openSessions == 0)
            try await registry.upload([2], in: other)
        }
        #expect(try store.usedSlots() == 0)
        let left = try await store.with { $0.openSessions }
        #expect(left == 0)
    }

    @Test("A repository locked against deleting keeps all it holds")
    func repositoryDelete() async throws {
        try await locked(.delete, { _ in nil }) { (registry, shelf) async throws in
            for reference in [ManifestReference.tag(shelf.tag), .digest(shelf.digest)] {
                let kind = await failure { () throws(ContentError) in
                    try await registry.deleteManifest(reference, in: demo)
                }
                #expect(kind == .unsupported)
            }
            let blob = await failure { () throws(ContentError) in
                try await registry.deleteBlob(shelf.archive, in: demo)
            }
            #expect(blob == .unsupported)
            let all = await failure { () throws(ContentError) in _ = try await registry.deleteRepository(demo) }
            #expect(all == .unsupported)
            #expect(try registry.served(shelf.archive) == shelf.chart.archive)
        }
    }

    @Test("A repository locked against reading gives no manifest and no blob, and is no source of mounts")
    func repositoryRead() async throws {
        try await locked(.read, { _ in nil }) { (registry, shelf) async throws in
            for reference in [ManifestReference.tag(shelf.tag), .digest(shelf.digest)] {
                let kind = await failure { () throws(ContentError) in
                    _ = try registry.findManifest(reference, in: demo)
                }
                #expect(kind == .denied)
            }
            #expect(await failure { () throws(ContentError) in _ = try registry.served(shelf.archive) } == .denied)
            let size = await failure { () throws(ContentError) in
                _ = try await registry.blobSize(shelf.archive, in: demo)
            }
            #expect(size == .denied)
            for source in [demo, nil] {
                #expect(try await !registry.mountBlob(shelf.archive, from: source, into: other))
            }
        }
    }

    @Test("A repository locked against listing is in no listing, and neither is what it holds")
    func repositoryList() async throws {
        try await locked(.list, { _ in nil }) { (registry, shelf) async throws in
            #expect(try registry.repositoryPage(PageRequest(limit: 10)).elements == [])
            #expect(try registry.tagPage(in: demo, PageRequest(limit: 10)).elements == [])
            let found = try registry.referrerPage(
                of: shelf.digest, in: demo, artifactType: nil, PageRequest(limit: 10))
            #expect(found.elements == [])
            #expect(try registry.findManifest(.tag(shelf.tag), in: demo) == shelf.chart.manifest, "it can be pulled")
            #expect(try await registry.repository(demo).locks == [.delete, .write, .read], "and unlocked again")
        }
    }

    @Test("A tag locked against writing does not move, one locked against deleting stays")
    func tag() async throws {
        try await locked([.write, .delete], { .tag($0.tag) }) { (registry, shelf) async throws in
            let move = await failure { () throws(ContentError) in
                try await registry.putManifest(shelf.next.manifest, tags: [shelf.tag], in: demo)
            }
            #expect(move == .denied)
            let kind = await failure { () throws(ContentError) in
                _ = try registry.findManifest(.digest(shelf.next.manifest.digest), in: demo)
            }
            #expect(kind == .manifestUnknown, "what could not be tagged was not stored")
            try await registry.putManifest(shelf.chart.manifest, tags: [shelf.tag], in: demo)
            for reference in [ManifestReference.tag(shelf.tag), .digest(shelf.digest)] {
                let kind = await failure { () throws(ContentError) in
                    try await registry.deleteManifest(reference, in: demo)
                }
                #expect(kind == .unsupported)
            }
            let all = await failure { () throws(ContentError) in _ = try await registry.deleteRepository(demo) }
            #expect(all == .unsupported)
        }
    }

    @Test("A tag locked against reading is not pulled by name, one locked against listing is not listed")
    func tagReadAndList() async throws {
        try await locked([.read, .list], { .tag($0.tag) }) { (registry, shelf) async throws in
            let kind = await failure { () throws(ContentError) in
                _ = try registry.findManifest(.tag(shelf.tag), in: demo)
            }
            #expect(kind == .denied)
            #expect(try registry.findManifest(.digest(shelf.digest), in: demo) == shelf.chart.manifest)
            #expect(try registry.tagPage(in: demo, PageRequest(limit: 10)).elements == [])
            let tags = try await registry.tagList(in: demo, naming: nil, PageRequest(limit: 10)).elements
            #expect(tags == [])
            let naming = try await registry.tagList(in: demo, naming: shelf.digest, PageRequest(limit: 10)).elements
            #expect(naming == [])
        }
    }

    @Test("A manifest locked against reading and listing is not pulled and not listed")
    func manifestReadAndList() async throws {
        try await locked([.read, .list], { .digest($0.subject.digest) }) { (registry, shelf) async throws in
            let kind = await failure { () throws(ContentError) in
                _ = try registry.findManifest(.digest(shelf.subject.digest), in: demo)
            }
            #expect(kind == .denied)
            let listed = try await registry.manifestList(in: demo, PageRequest(limit: 10)).elements.map(\.digest)
            #expect(listed == [shelf.digest])
            let found = try registry.referrerPage(
                of: shelf.digest, in: demo, artifactType: nil, PageRequest(limit: 10))
            #expect(found.elements == [])
        }
    }

    @Test("A lock is seen by a thread that has read the object just before")
    func seenAtOnce() async throws {
        let (store, shelf) = (try StoreFixture(), Shelf())
        try await store.with { registry in
            try await shelf.fill(registry)
            for _ in 0..<50 {
                _ = try registry.findManifest(.tag(shelf.tag), in: demo)
                _ = try registry.served(shelf.archive)
                try await registry.changeAttributes(AttributeChange(disable: .read), of: nil, in: demo)
                #expect(
                    await failure { () throws(ContentError) in _ = try registry.findManifest(.tag(shelf.tag), in: demo)
                    }
                        == .denied)
                #expect(await failure { () throws(ContentError) in _ = try registry.served(shelf.archive) } == .denied)
                try await registry.changeAttributes(AttributeChange(enable: .read), of: nil, in: demo)
            }
        }
    }
}
