import Content
import LocalRegistry
import Metadata
import OCIModel
import Posix
import TestSupport
import Testing

@Suite struct BlobTests {
    @Test("Blobs by SHA-512 lie in a folder of their own and are served by that name")
    func sha512() async throws {
        let store = try StoreFixture()
        let digest = Digest(of: [1, 2, 3], .sha512)
        try await store.with { registry in
            try await registry.upload([1, 2, 3], as: digest)
            #expect(try registry.served(digest) == [1, 2, 3])
            let kind = await failure { () throws(ContentError) in _ = try registry.served(Digest(of: [1, 2, 3])) }
            #expect(kind == .blobUnknown, "the same bytes under another name are another blob")
            let wrong = await failure { () throws(ContentError) in try await registry.upload([4], as: digest) }
            #expect(wrong == .digestInvalid)
        }
        #expect(try store.names("blobs/sha512") == [digest.hex])
        #expect(try store.damagedFiles() == [])
    }

    @Test("The empty blob is a blob")
    func empty() async throws {
        let store = try StoreFixture()
        try await store.with { registry in
            let id = try await registry.beginUpload(in: demo, client: "a", algorithm: .sha256)
            let writer = try await registry.openUpload(id, in: demo, at: 0)
            try await writer.finish(Digest(of: []))
            #expect(try registry.served(Digest(of: [])) == [])
            #expect(try registry.findBlob(Digest(of: []), in: demo).size == 0)
            try await registry.deleteBlob(Digest(of: []), in: demo)
        }
        #expect(try store.names("blobs/sha256") == [])
    }

    @Test("A file goes with the last repository that holds its blob, by deleting blobs or repositories")
    func lastLink() async throws {
        let store = try StoreFixture()
        let digest = Digest(of: [1])
        try await store.with { registry in
            try await registry.putBytes([1], in: demo)
            #expect(try await registry.mountBlob(digest, from: demo, into: other))
            #expect(try store.names("blobs/sha256") == [digest.hex], "one copy for both")
            let totals = try registry.totals()
            #expect(totals.physicalBytes == 1 && totals.logicalBytes == 2)
            try await registry.deleteBlob(digest, in: demo)
            #expect(store.exists(digest))
            #expect(try registry.served(digest, in: other) == [1])
            #expect(await failure { () throws(ContentError) in _ = try registry.served(digest) } == .blobUnknown)
            _ = try await registry.deleteRepository(other)
            #expect(!store.exists(digest))
            #expect(try registry.totals().blobs == 0)
        }
    }

    @Test("A blob is mounted from a repository that holds it, from any, or not at all")
    func mount() async throws {
        let store = try StoreFixture()
        try await store.with { registry in
            try await registry.putBytes([1], in: demo)
            let elsewhere = try RepositoryName(parsing: "charts/elsewhere")
            #expect(try await !registry.mountBlob(Digest(of: [1]), from: elsewhere, into: other))
            #expect(try await !registry.mountBlob(Digest(of: [2]), from: nil, into: other))
            let kind = await failure { () throws(ContentError) in _ = try await registry.repository(other) }
            #expect(kind == .nameUnknown, "a mount that failed makes no repository")
            #expect(try await registry.mountBlob(Digest(of: [1]), from: nil, into: other))
            #expect(try await registry.mountBlob(Digest(of: [1]), from: demo, into: other), "again is fine")
            #expect(try registry.served(Digest(of: [1]), in: other) == [1])
        }
    }

    @Test("A blob whose file is lost or cut is not served, and a push brings it back", arguments: [true, false])
    func damage(isLost: Bool) async throws {
        let store = try StoreFixture()
        let digest = Digest(of: [1, 2, 3])
        let file = "blobs/sha256/" + digest.hex
        let told = Tally()
        try await store.with(options: { $0.observer.didFail = { _ in told.add() } }) { registry in
            for again in ["session", "sink"] {
                try await registry.putBytes([1, 2, 3])
                if isLost { try store.remove(file) } else { try store.write([1], to: file) }
                #expect(await failure { () throws(ContentError) in _ = try registry.served(digest) } == .blobUnknown)
                if again == "session" {
                    try await registry.upload([1, 2, 3])
                } else {
                    try await registry.putBlob(Descriptor(of: [1, 2, 3]), in: demo, [1, 2, 3])
                }
                #expect(try registry.served(digest) == [1, 2, 3])
                try await registry.deleteBlob(digest, in: demo)
            }
            #expect(told.value == 2)
        }
    }

    @Test("A blob whose bytes changed on the disk is found out by a whole read")
    func rot() async throws {
        let store = try StoreFixture()
        let digest = Digest(of: [1, 2, 3])
        try await store.with { registry in
            try await registry.putBytes([1, 2, 3])
            try store.write([1, 2, 4], to: "blobs/sha256/" + digest.hex)
            let kind = await failure { () throws(ContentError) in _ = try await registry.blob(digest, in: demo) }
            #expect(kind == .corrupt)
            try await registry.deleteBlob(digest, in: demo)
            try await registry.putBytes([1, 2, 3])
            #expect(try await registry.blob(digest, in: demo) == [1, 2, 3])
        }
    }

    @Test("A relaxed store gives back what was pushed, and flushes before it settles names")
    func relaxed() async throws {
        let store = try StoreFixture()
        let faults = CallFaults()
        let chart = SampleChart("demo", "1.0.0")
        try await store.with(options: {
            $0.isRelaxed = true
            $0.calls = faults.calls
        }) { registry in
            faults.arm(1, .fromThenOn, only: [.fdatasync])
            try await chart.push(to: registry, demo, tags: [try Tag("1.0.0")])
            #expect(faults.disarm() == [], "no request waits for a flush")
            try await registry.putBytes([1])
            try await registry.deleteBlob(Digest(of: [1]), in: demo)
            try await registry.putBytes([2])
            try await registry.deleteBlob(Digest(of: [2]), in: demo)
            try await registry.putBytes([2])
        }
        #expect(!store.exists(Digest(of: [1])))
        try await store.with { registry async throws in
            #expect(try registry.findManifest(.tag(try Tag("1.0.0")), in: demo) == chart.manifest)
            #expect(try registry.served(Digest(of: chart.archive)) == chart.archive)
            #expect(try registry.served(Digest(of: [2])) == [2])
        }
        #expect(try store.damagedFiles() == [])
    }

    @Test("A relaxed store whose flush fails forgets nothing it would need after a power cut")
    func relaxedFailure() async throws {
        let store = try StoreFixture()
        let faults = CallFaults()
        try await store.with(options: {
            $0.isRelaxed = true
            $0.calls = faults.calls
        }) { registry in
            try await registry.putBytes([1])
            try await registry.putBytes([2])
            faults.arm(1, .fromThenOn, code: 5, only: [.syncfs])
            try await registry.deleteBlob(Digest(of: [1]), in: demo)
        }
        #expect(faults.disarm() != [])
        #expect(store.exists(Digest(of: [1])), "its row's removal is not on the disk")
        try await store.with { _ in }
        #expect(!store.exists(Digest(of: [1])))
    }
}

@Suite struct ManifestTests {
    @Test("Pull times are written behind the reader's back, the last one counts")
    func pullTimes() async throws {
        let (store, clock) = (try StoreFixture(), TestClock())
        let chart = SampleChart("demo", "1.0.0")
        let options: (inout RegistryOptions) -> Void = { $0.now = { clock.now } }
        try await store.with(options: options) { registry in
            try await chart.push(to: registry, demo, tags: [try Tag("1.0.0")])
            #expect(try await registry.manifestAttributes(chart.manifest.digest, in: demo).pulledAt == nil)
            _ = try registry.findManifest(.tag(try Tag("1.0.0")), in: demo)
            clock.advance(.seconds(5))
            _ = try registry.findManifest(.digest(chart.manifest.digest), in: demo)
        }
        let pulled = try await store.with {
            try await $0.manifestAttributes(chart.manifest.digest, in: demo).pulledAt
        }
        #expect(pulled == clock.now)
    }

    @Test("A thousand pulls cost a handful of transactions")
    func pullBatches() async throws {
        let store = try StoreFixture()
        let commits = Tally()
        let chart = SampleChart("demo", "1.0.0")
        try await store.with(options: { $0.observer.didCommit = { _ in commits.add() } }) { registry in
            try await chart.push(to: registry, demo, tags: [])
            let before = commits.value
            for _ in 0..<1000 { _ = try registry.findManifest(.digest(chart.manifest.digest), in: demo) }
            #expect(commits.value - before < 20)
        }
    }

    @Test("A manifest and its tags come in one step or not at all, all missing blobs named")
    func missing() async throws {
        let store = try StoreFixture()
        let chart = SampleChart("demo", "1.0.0")
        try await store.with { registry in
            do throws(ContentError) {
                try await registry.putManifest(chart.manifest, tags: [Tag(known: "1.0.0")], in: demo)
                Issue.record("it was taken")
            } catch {
                guard case .referencesMissing(let text, let digests) = error else { throw error }
                #expect(Set(digests) == [Digest(of: chart.config), Digest(of: chart.archive)])
                #expect(digests.allSatisfy { text.contains($0.description) })
            }
            let kind = await failure { () throws(ContentError) in _ = try await registry.repository(demo) }
            #expect(kind == .nameUnknown, "a push that failed makes no repository")
        }
    }

    @Test("A manifest pushed again over blobs that were deleted is refused: it could not be pulled")
    func pushedAgain() async throws {
        let store = try StoreFixture()
        let chart = SampleChart("demo", "1.0.0")
        try await store.with { registry in
            try await chart.push(to: registry, demo, tags: [])
            try await registry.putManifest(chart.manifest, tags: [], in: demo)
            try await registry.deleteBlob(Digest(of: chart.archive), in: demo)
            let kind = await failure { () throws(ContentError) in
                try await registry.putManifest(chart.manifest, tags: [], in: demo)
            }
            #expect(kind == .referencesMissing)
        }
    }

    @Test("An index over missing manifests is refused unless sparse ones are allowed", arguments: [true, false])
    func sparse(isAllowed: Bool) async throws {
        let store = try StoreFixture()
        let index = SampleChart.index([SampleChart("demo", "1.0.0").manifest])
        try await store.with(options: { $0.allowsSparseIndexes = isAllowed }) { registry in
            let kind = await failure { () throws(ContentError) in
                try await registry.putManifest(index, tags: [], in: demo)
            }
            #expect(kind == (isAllowed ? nil : .referencesMissing))
        }
    }

    @Test("A manifest larger than the limit is refused, one as large is taken")
    func size() async throws {
        let store = try StoreFixture()
        let chart = SampleChart("demo", "1.0.0")
        try await store.with(options: { $0.maximumManifestBytes = chart.manifest.bytes.count }) { registry in
            try await chart.push(to: registry, demo, tags: [])
            let longer = StoredManifest(
                digest: Digest(of: chart.manifest.bytes + [0x20]), mediaType: .ociManifest,
                bytes: chart.manifest.bytes + [0x20])
            let kind = await failure { () throws(ContentError) in
                try await registry.putManifest(longer, tags: [], in: demo)
            }
            #expect(kind == .tooLarge)
        }
    }

    @Test("Where a tag has been is remembered, its removals too")
    func history() async throws {
        let store = try StoreFixture()
        let (first, second) = (SampleChart("demo", "1.0.0"), SampleChart("demo", "2.0.0"))
        try await store.with { registry in
            let tag = try Tag("latest")
            try await first.push(to: registry, demo, tags: [tag])
            try await registry.putManifest(first.manifest, tags: [tag], in: demo)
            try await second.push(to: registry, demo, tags: [tag])
            try await registry.deleteManifest(.tag(tag), in: demo)
            let history = try registry.history(of: tag, in: demo).map(\.digest)
            #expect(history == [nil, second.manifest.digest, first.manifest.digest])
        }
    }
}

extension Tag {
    init(known text: String) {
        try! self.init(parsing: text)
    }
}
