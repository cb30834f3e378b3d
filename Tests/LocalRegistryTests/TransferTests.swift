import Content
import LocalRegistry
import OCIModel
import Synchronization
import TestSupport
import Testing

/// A blob's bytes, which end with an error when `stopsAt` is reached; counts how often it was opened.
private final class Source: Sendable {
    let bytes: [UInt8]
    let stopsAt: Int
    let offsets = Mutex<[Int64]>([])

    init(_ bytes: [UInt8], stopsAt: Int = .max) {
        self.bytes = bytes
        self.stopsAt = stopsAt
    }

    var descriptor: Descriptor { Descriptor(of: bytes) }

    func open(_ offset: Int64) -> any BlobPieces {
        offsets.withLock { $0.append(offset) }
        return Pieces(self, Int(offset))
    }

    private final class Pieces: BlobPieces {
        let source: Source
        let offset: Mutex<Int>

        init(_ source: Source, _ offset: Int) {
            self.source = source
            self.offset = Mutex(offset)
        }

        func next() async throws(ContentError) -> [UInt8]? {
            let start = offset.withLock { $0 }
            guard start < source.stopsAt else { throw .unavailable("the source is gone") }
            guard start < source.bytes.count else { return nil }
            let end = min(start + 256 << 10, source.bytes.count, source.stopsAt)
            offset.withLock { $0 = end }
            return Array(source.bytes[start..<end])
        }
    }
}

/// What a destination tells of its upload session.
private final class Notes: Sendable {
    let sessions = Mutex<[String?]>([])
    var last: String? { sessions.withLock { $0.last ?? nil } }

    func placement(_ session: String? = nil) -> BlobPlacement {
        BlobPlacement(session: session) { [self] note in sessions.withLock { $0.append(note) } }
    }
}

extension Registry {
    fileprivate func place(
        _ source: Source, _ placement: BlobPlacement = BlobPlacement(), in name: RepositoryName = demo
    )
        async throws(ContentError) -> BlobOutcome
    {
        try await placeBlob(source.descriptor, in: name, placement) { offset throws(ContentError) in
            source.open(offset)
        }
    }
}

/// The store as an end of a transfer.
@Suite struct TransferTests {
    private let store: StoreFixture

    init() throws { store = try StoreFixture() }

    @Test("All tags are told with digests and times, over pages, and hidden ones are not") func tags() async throws {
        let clock = TestClock()
        try await store.with(options: { $0.now = { clock.now } }) { registry async throws in
            let (one, two) = (SampleChart("app", "1"), SampleChart("app", "2"))
            let names = try (0..<1_204).map { try Tag("t\(10_000 + $0)") }
            try await one.push(to: registry, demo, tags: Array(names.dropLast(2)))
            clock.advance(.seconds(1))
            try await two.push(to: registry, demo, tags: Array(names.suffix(2)))
            try await registry.changeAttributes(
                AttributeChange(disable: .list), of: .tag(names[1_203]), in: demo)
            guard case .tags(let listed, let mark) = try await registry.listTags(in: demo, unless: nil) else {
                Issue.record("nothing was listed")
                return
            }
            #expect(mark == nil)
            #expect(listed.map(\.tag) == Array(names.dropLast()))
            #expect(listed.first?.digest == one.manifest.digest)
            #expect(listed.last == ListedTag(names[1_202], digest: two.manifest.digest, updatedAt: clock.now))
            #expect(listed[0].updatedAt == clock.now - 1_000_000)
            let kind1 = await failure { () throws(ContentError) in
                _ = try await registry.listTags(in: other, unless: nil)
            }
            #expect(kind1 == .nameUnknown)
        }
    }

    @Test("A tag's digest is told without a pull, and not of what is locked") func digests() async throws {
        try await store.with { registry async throws in
            let chart = SampleChart("app", "1")
            let tag = try Tag("1")
            try await chart.push(to: registry, demo, tags: [tag])
            #expect(try await registry.digest(of: tag, in: demo, unless: nil) == chart.manifest.digest)
            let unknown = try Tag("2")
            let kind2 = await failure { () throws(ContentError) in
                _ = try await registry.digest(of: unknown, in: demo, unless: nil)
            }
            #expect(kind2 == .manifestUnknown)
            let kind3 = await failure { () throws(ContentError) in
                _ = try await registry.digest(of: tag, in: other, unless: nil)
            }
            #expect(kind3 == .nameUnknown)
            try await registry.changeAttributes(AttributeChange(disable: .read), of: .tag(tag), in: demo)
            let kind4 = await failure { () throws(ContentError) in
                _ = try await registry.digest(of: tag, in: demo, unless: nil)
            }
            #expect(kind4 == .denied)
        }
        // What was pulled is written at the latest when the store closes.
        try await store.with { registry async throws in
            let digest = SampleChart("app", "1").manifest.digest
            #expect(try await registry.manifestAttributes(digest, in: demo).pulledAt == nil)
        }
    }

    @Test("Referrers are told, none for what is not known") func referrers() async throws {
        try await store.with { registry async throws in
            let chart = SampleChart("app", "1")
            try await chart.push(to: registry, demo, tags: [])
            let config = Descriptor(of: Array("{}".utf8))
            try await registry.putBlob(config, in: demo, Array("{}".utf8))
            let signature = SampleChart.referrer(to: chart.manifest, config: config, artifactType: "a/b")
            try await registry.putManifest(signature, tags: [], in: demo)
            #expect(
                try await registry.listReferrers(of: chart.manifest.digest, in: demo).map(\.digest)
                    == [signature.digest])
            #expect(try await registry.listReferrers(of: signature.digest, in: demo).isEmpty)
            #expect(try await registry.listReferrers(of: signature.digest, in: other).isEmpty)
        }
    }

    @Test("A manifest counts as there when all it names is, through indexes too") func whole() async throws {
        let sample = try UpstreamSample("app", "1.0.0")
        let chart = SampleChart("app", "1")
        let index = SampleChart.index([chart.manifest])
        try await store.with { registry async throws in
            let digest = sample.chart.manifest.digest
            #expect(try await registry.hasManifest(digest, in: sample.repository) == false)
            try await sample.cacheManifest(registry)
            #expect(try await registry.hasManifest(digest, in: sample.repository) == false)
            try await sample.fill(registry, sample.chart.config)
            #expect(try await registry.hasManifest(digest, in: sample.repository) == false)
            try await sample.fill(registry, sample.chart.archive)
            #expect(try await registry.hasManifest(digest, in: sample.repository))
            #expect(try await registry.hasManifest(digest, in: other) == false)
            try await chart.push(to: registry, demo, tags: [])
            try await registry.putManifest(index, tags: [], in: demo)
            #expect(try await registry.hasManifest(index.digest, in: demo))
            try await registry.deleteBlob(Digest(of: chart.archive), in: demo)
            #expect(try await registry.hasManifest(index.digest, in: demo) == false)
        }
    }

    @Test("A blob is sent once, and linked into every other repository") func mounting() async throws {
        let source = Source(Array("some bytes".utf8))
        try await store.with { registry async throws in
            #expect(try await registry.place(source) == .sent(10))
            #expect(try await registry.place(source) == .present)
            #expect(try await registry.place(source, in: other) == .mounted)
            #expect(try await registry.place(source, BlobPlacement(mayBeThere: false), in: other) == .present)
            #expect(try await registry.blob(source.descriptor.digest, in: other) == source.bytes)
        }
        #expect(source.offsets.withLock { $0 } == [0])
        #expect(try store.usedSlots() == 0)
    }

    @Test("A large blob goes on in another process where the source failed") func resuming() async throws {
        var generator = SeededGenerator(seed: 4)
        let bytes = generator.bytes(18 << 20)
        let notes = Notes()
        try await store.with { registry async throws in
            let broken = Source(bytes, stopsAt: 9 << 20)
            let kind5 = await failure { () throws(ContentError) in
                _ = try await registry.place(broken, notes.placement())
            }
            #expect(kind5 == .other)
        }
        let session = try #require(notes.last)
        try await store.with { registry async throws in
            let source = Source(bytes)
            #expect(try await registry.place(source, notes.placement(session)) == .sent(9 << 20))
            #expect(source.offsets.withLock { $0 } == [9 << 20])
            #expect(try await registry.blobSize(source.descriptor.digest, in: demo) == 18 << 20)
            #expect(registry.openSessions == 0)
        }
        #expect(notes.last == nil)
        #expect(try store.usedSlots() == 0)
    }

    @Test("A session that holds something else, is unknown or no name at all costs the bytes it held")
    func wrongSession() async throws {
        let source = Source(Array("some bytes".utf8))
        try await store.with { registry async throws in
            let id = try await registry.beginUpload(in: demo, client: "mirrors", algorithm: .sha256)
            let writer = try await registry.openUpload(id, in: demo, at: 0)
            try await writer.append(Array("SOME".utf8))
            await writer.close()
            #expect(try await registry.place(source, Notes().placement(id.description)) == .sent(10))
            #expect(source.offsets.withLock { $0 } == [4, 0])
            for session in [id.description, "no session"] {
                let next = Source(Array("bytes of \(session)".utf8))
                let count = Int64(next.bytes.count)
                #expect(try await registry.place(next, Notes().placement(session)) == .sent(count))
            }
            #expect(registry.openSessions == 0)
        }
    }

    @Test("Bytes of another length or hash are refused, and nothing is kept", arguments: [17 << 20, 100])
    func wrongBytes(_ count: Int) async throws {
        var generator = SeededGenerator(seed: 5)
        let bytes = generator.bytes(count)
        try await store.with { registry async throws in
            for wrong in [Array(bytes.dropLast()), bytes + [1], Array(bytes.dropLast()) + [bytes[count - 1] &+ 1]] {
                let (source, notes) = (Source(wrong), Notes())
                let kind = await failure { () throws(ContentError) in
                    _ = try await registry.placeBlob(Descriptor(of: bytes), in: demo, notes.placement()) {
                        offset throws(ContentError) in
                        source.open(offset)
                    }
                }
                #expect(kind == (wrong.count == count ? .digestInvalid : .sizeInvalid))
                #expect(notes.last == nil)
            }
            #expect(registry.openSessions == 0)
            let kind6 = await failure { () throws(ContentError) in
                _ = try await registry.blobSize(Digest(of: bytes), in: demo)
            }
            #expect(kind6 == .nameUnknown)
        }
        #expect(try store.usedSlots() == 0)
    }

    @Test("A chart stored again in place of itself is the same one, and a moved one takes its place")
    func charts() async throws {
        let room = try ChartNamespace(parsing: "room")
        let (chart, moved) = (PackedChart("app", "1.0.0"), PackedChart("app", "1.0.0", chart: "description: new\n"))
        try await store.with { registry async throws in
            func put(_ chart: PackedChart, replacing: Bool) async throws(ContentError) -> StoredChart {
                let upload = try await registry.openChart(in: room)
                try await upload.append(chart.archive)
                return try await upload.finish(provenance: nil, replacing: replacing)
            }
            let first = try await put(chart, replacing: false)
            let again = try await put(chart, replacing: true)
            #expect(again == first)
            #expect(try registry.history(of: first.tag, in: first.repository).count == 1)
            let second = try await put(moved, replacing: true)
            #expect(second.manifest != first.manifest)
            #expect(try await registry.digest(of: first.tag, in: first.repository, unless: nil) == second.manifest)
        }
        #expect(try store.usedSlots() == 0)
    }
}
