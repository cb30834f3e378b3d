import Content
import LocalRegistry
import OCIModel
import TestSupport
import Testing

@Suite struct ReferrerTests {
    private let subject = SampleChart("demo", "1.0.0").manifest
    private let empty = Descriptor(of: Array("{}".utf8), .ociEmpty)

    private func referrers(_ count: Int, _ type: String? = nil) -> [StoredManifest] {
        (0..<count).map { SampleChart.referrer(to: subject, config: empty, artifactType: type, note: "\($0)") }
    }

    private func page(
        _ registry: Registry, type: String? = nil, limit: Int = 100, after last: Digest? = nil
    ) throws -> Page<Descriptor> {
        try registry.referrerPage(
            of: subject.digest, in: demo, artifactType: type, PageRequest(limit: limit, last: last))
    }

    @Test("40 referrers pushed at once, before their subject, are all listed with type and annotations")
    func fortyAtOnce() async throws {
        let store = try StoreFixture()
        let all = referrers(40, "application/x.sbom")
        try await store.with { registry in
            try await registry.putBytes(Array("{}".utf8))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for manifest in all { group.addTask { try await registry.putManifest(manifest, tags: [], in: demo) } }
                try await group.waitForAll()
            }
            let found = try page(registry).elements
            #expect(found.map(\.digest) == all.map(\.digest).sorted())
            #expect(found.allSatisfy { $0.artifactType == "application/x.sbom" && $0.annotations["note"] != nil })
            #expect(found.allSatisfy { $0.mediaType == .ociManifest && $0.size > 0 })
        }
    }

    @Test("A page of heavy annotations ends early, and the next one goes on behind it")
    func heavyAnnotations() async throws {
        let store = try StoreFixture()
        let note = String(repeating: "x", count: 1_500_000)
        let heavy = (0..<6).map {
            SampleChart.referrer(to: subject, config: empty, artifactType: nil, note: note + "\($0)")
        }
        try await store.with { registry in
            try await registry.putBytes(Array("{}".utf8))
            for manifest in heavy { try await registry.putManifest(manifest, tags: [], in: demo) }
            var (seen, last): ([Digest], Digest?) = ([], nil)
            while true {
                let found = try page(registry, after: last)
                #expect(found.elements.count < 6)
                seen += found.elements.map(\.digest)
                last = seen.last
                if !found.hasMore { break }
            }
            #expect(seen == heavy.map(\.digest).sorted())
        }
    }

    @Test("Without an artifact type the config's type is listed, and the filter goes by it")
    func types() async throws {
        let store = try StoreFixture()
        try await store.with { registry in
            try await registry.putBytes(Array("{}".utf8))
            for manifest in referrers(2) + referrers(3, "application/x.sbom") {
                try await registry.putManifest(manifest, tags: [], in: demo)
            }
            #expect(try page(registry, type: MediaType.ociEmpty.description).elements.count == 2)
            #expect(try page(registry, type: "application/x.sbom").elements.count == 3)
            #expect(try page(registry, type: "application/x.none").elements.isEmpty)
        }
    }

    @Test("Pages give every referrer once, those of the fallback tag among them", arguments: [1, 2, 3, 7, 100])
    func pages(limit: Int) async throws {
        let store = try StoreFixture()
        let native = referrers(6, "application/x.sbom")
        let foreign = (0..<5).map { number in
            Descriptor(
                mediaType: .ociManifest, digest: Digest(of: [UInt8(number), 99]), size: 10,
                artifactType: "application/x.sbom", annotations: ["from": "fallback"])
        }
        try await store.with(options: { $0.allowsSparseIndexes = true }) { registry in
            try await registry.putBytes(Array("{}".utf8))
            for manifest in native { try await registry.putManifest(manifest, tags: [], in: demo) }
            let first = Descriptor(of: native[0].bytes, native[0].mediaType)
            try await registry.putManifest(
                index(foreign + [first]), tags: [Tag(known: "sha256-\(subject.digest.hex)")], in: demo)
            var seen: [Descriptor] = []
            while true {
                let page = try page(registry, type: nil, limit: limit, after: seen.last?.digest)
                #expect(page.elements.count <= limit)
                seen += page.elements
                guard page.hasMore, !page.elements.isEmpty else { break }
            }
            let wanted = Set(native.map(\.digest) + foreign.map(\.digest))
            #expect(seen.map(\.digest) == wanted.sorted())
            #expect(seen.filter { $0.annotations["from"] == "fallback" }.count == 5)
            #expect(seen.first { $0.digest == first.digest }?.artifactType == "application/x.sbom", "the row wins")
            #expect(try page(registry, type: "application/x.none").elements.isEmpty)
            #expect(try page(registry, limit: 0).elements.isEmpty)
            let tag = ManifestReference.tag(Tag(known: "sha256-\(subject.digest.hex)"))
            try await registry.changeAttributes(AttributeChange(disable: .read), of: tag, in: demo)
            #expect(try page(registry).elements.count == 6, "a fallback index that may not be read is not told")
        }
    }

    private func index(_ descriptors: [Descriptor]) -> StoredManifest {
        let bytes = JSONValue.object([
            ("schemaVersion", .integer(2)), ("mediaType", .string(MediaType.ociIndex.description)),
            ("manifests", .array(descriptors.map(\.json))),
        ]).text()
        return StoredManifest(digest: Digest(of: bytes), mediaType: .ociIndex, bytes: bytes)
    }

    @Test("Nothing refers to what nobody knows")
    func unknown() async throws {
        let store = try StoreFixture()
        let found = try await store.with { try page($0) }
        #expect(found.elements.isEmpty && !found.hasMore)
    }
}
