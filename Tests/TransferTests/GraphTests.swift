import Content
import OCIModel
import TestSupport
import Testing
import Transfer

@Suite struct GraphTests {
    private let from = RepositoryName.named("from/images")
    private let to = RepositoryName.named("to/images")
    private let tag = OCIModel.Tag.named("latest")

    /// An image with a layer of its own, pushed.
    private func image(
        _ name: String, _ registry: MemoryRegistry, subject: Descriptor? = nil, artifactType: String? = nil
    ) async throws -> StoredManifest {
        let (config, layer) = (Array("config \(name)".utf8), Array("layer \(name)".utf8))
        for bytes in [config, layer] { try await registry.putBlob(Descriptor(of: bytes), in: from, bytes) }
        var members: [(String, JSONValue)] = [
            ("config", Descriptor(of: config).json), ("layers", .array([Descriptor(of: layer).json])),
        ]
        if let artifactType { members.append(("artifactType", .string(artifactType))) }
        if let subject { members.append(("subject", subject.json)) }
        let manifest = stored(members, .ociManifest)
        try await registry.putManifest(manifest, tags: [], in: from)
        return manifest
    }

    private func index(
        _ images: [(StoredManifest, String)], _ registry: MemoryRegistry
    ) async throws -> StoredManifest {
        let entries = images.map { image, platform in
            let parts = platform.split(separator: "/").map(String.init)
            var about: [(String, JSONValue)] = [("architecture", .string(parts[1])), ("os", .string(parts[0]))]
            if parts.count > 2 { about.append(("variant", .string(parts[2]))) }
            return JSONValue.object((image.descriptor.json.members ?? []) + [("platform", .object(about))])
        }
        let manifest = stored([("manifests", .array(entries))], .ociIndex)
        try await registry.putManifest(manifest, tags: [tag], in: from)
        return manifest
    }

    private func copy(
        _ source: RecordedEnd, _ destination: RecordedEnd, _ change: (inout TransferRequest) -> Void = { _ in }
    ) async throws(TransferError) -> TransferSummary {
        var request = TransferRequest(.tag(tag), from: from, to: to, tags: [tag])
        change(&request)
        return try await Transfer(from: source, to: destination, knowledge: DestinationKnowledge()).copyGraph(request)
    }

    @Test("One platform's image alone is what the tag names")
    func onePlatform() async throws {
        let source = RecordedEnd()
        let amd = try await image("amd", source.registry)
        let arm = try await image("arm", source.registry)
        let proof = try await image("proof", source.registry)
        _ = try await index(
            [(amd, "linux/amd64"), (arm, "linux/arm/v7"), (proof, "unknown/unknown")], source.registry)
        let destination = RecordedEnd()
        let summary = try await copy(source, destination) { $0.platforms = [Platform("linux/arm")!] }
        let held = try destination.registry.holdings(of: to)
        #expect(summary.digest == arm.digest)
        #expect(held.manifests == [arm.digest] && held.tags == [tag: arm.digest] && held.blobs.count == 2)
    }

    @Test("Several platforms keep the index, without the others and what is for none")
    func severalPlatforms() async throws {
        let source = RecordedEnd()
        let names = ["linux/amd64", "linux/arm64", "windows/amd64", "unknown/unknown"]
        var images: [(StoredManifest, String)] = []
        for name in names { images.append((try await image(name, source.registry), name)) }
        let index = try await index(images, source.registry)
        let destination = RecordedEnd(MemoryRegistry(takesSparseIndexes: true))
        _ = try await copy(source, destination) {
            $0.platforms = [Platform("linux/amd64")!, Platform("linux/arm64")!]
        }
        let held = try destination.registry.holdings(of: to)
        #expect(held.manifests == [index.digest, images[0].0.digest, images[1].0.digest])
        #expect(held.tags == [tag: index.digest])
    }

    @Test("A platform that no image is for is the source's lack", arguments: [1, 2])
    func noPlatform(count: Int) async throws {
        let source = RecordedEnd()
        _ = try await index([(try await image("a", source.registry), "linux/amd64")], source.registry)
        let destination = RecordedEnd()
        let platforms = [Platform("plan9/amd64")!, Platform("plan9/386")!].prefix(count)
        let error = await #expect(throws: TransferError.self) {
            _ = try await copy(source, destination) { $0.platforms = Array(platforms) }
        }
        #expect(error?.side == .source)
        #expect(try destination.registry.holdings(of: to).manifests.isEmpty)
    }

    @Test("Referrers that are wanted come with what they refer to, and theirs; tags move after them")
    func referrers() async throws {
        let source = RecordedEnd()
        let image = try await image("a", source.registry)
        try await source.registry.putManifest(image, tags: [tag], in: from)
        let signature = try await self.image(
            "signature", source.registry, subject: image.descriptor, artifactType: "application/sign.v1")
        let proof = try await self.image(
            "proof", source.registry, subject: signature.descriptor, artifactType: "application/sign.v2")
        let other = try await self.image(
            "sbom", source.registry, subject: image.descriptor, artifactType: "application/sbom")
        let destination = RecordedEnd()
        let summary = try await copy(source, destination) { request in
            var filter = ReferrerFilter()
            filter.include = ["application/sign.*"]
            request.referrers = filter
        }
        let held = try destination.registry.holdings(of: to)
        #expect(held.manifests == [image.digest, signature.digest, proof.digest])
        #expect(!held.manifests.contains(other.digest))
        #expect(summary.referrers == 2)
        #expect(destination.calls.last == "put \(image.digest) latest")
    }

    @Test("Filters match by parts, and what is excluded goes")
    func filters() {
        var filter = ReferrerFilter()
        #expect(filter.wants(nil) && filter.wants("a/b"))
        filter.include = ["a/*", "*+json"]
        filter.exclude = ["a/*secret*"]
        #expect(filter.wants("a/b") && filter.wants("x/y+json"))
        #expect(!filter.wants("b/a") && !filter.wants(nil) && !filter.wants("a/my-secret-x"))
    }

    @Test("A manifest that is there is taken for its whole graph, and only its tag is set")
    func isThere() async throws {
        let source = RecordedEnd()
        let images = [(try await image("a", source.registry), "linux/amd64")]
        let index = try await index(images, source.registry)
        let destination = RecordedEnd()
        _ = try await copy(source, destination)
        let before = (source: source.calls.count, destination: destination.calls.count)
        let summary = try await copy(source, destination) { $0.tags = [.named("other")] }
        #expect(summary.wasThere)
        #expect(source.calls.count == before.source + 1)
        #expect(
            Array(destination.calls.dropFirst(before.destination)) == [
                "has \(index.digest)", "put \(index.digest) other",
            ])
    }

    @Test("Any graph arrives whole and with nothing else, and a second copy sends nothing", arguments: Seeds.some())
    func property(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let source = RecordedEnd()
        var pool: [Descriptor] = []
        for number in 0..<12 {
            let bytes = Array("blob \(number)".utf8) + random.bytes(Int.random(in: 0..<400, using: &random))
            try await source.registry.putBlob(Descriptor(of: bytes), in: from, bytes)
            pool.append(Descriptor(of: bytes))
        }
        var below: [Digest: (blobs: Set<Digest>, manifests: Set<Digest>)] = [:]
        var made: [StoredManifest] = []
        for number in 0..<14 {
            let isIndex = number >= 6 && Bool.random(using: &random)
            var blobs: Set<Digest> = []
            var manifests: Set<Digest> = []
            let manifest: StoredManifest
            if isIndex {
                let children = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                    made.randomElement(using: &random)!
                }
                for child in children {
                    blobs.formUnion(below[child.digest]!.blobs)
                    manifests.formUnion(below[child.digest]!.manifests)
                }
                manifest = stored(
                    [("manifests", .array(children.map(\.descriptor.json))), ("n", .integer(Int64(number)))], .ociIndex)
            } else {
                let parts = (0..<Int.random(in: 1...5, using: &random)).map { _ in pool.randomElement(using: &random)! }
                blobs = Set(parts.map(\.digest))
                manifest = stored(
                    [
                        ("config", parts[0].json), ("layers", .array(parts.dropFirst().map(\.json))),
                        ("n", .integer(Int64(number))),
                    ], .ociManifest)
            }
            try await source.registry.putManifest(manifest, tags: [], in: from)
            below[manifest.digest] = (blobs, manifests.union([manifest.digest]))
            made.append(manifest)
        }
        let root = made.randomElement(using: &random)!
        try await source.registry.putManifest(root, tags: [tag], in: from)
        let destination = RecordedEnd()
        let first = try await copy(source, destination)
        let held = try destination.registry.holdings(of: to)
        let wanted = below[root.digest]!
        #expect(held.blobs == wanted.blobs && held.manifests == wanted.manifests, "seed \(seed)")
        #expect(held.tags == [tag: root.digest])
        #expect((Int(first.blobs), Int(first.manifests)) == (wanted.blobs.count, wanted.manifests.count))
        let second = try await copy(source, destination)
        #expect((second.bytes, second.blobs) == (0, 0), "seed \(seed)")
    }
}
