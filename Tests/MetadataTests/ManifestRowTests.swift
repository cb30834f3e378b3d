import Content
import Metadata
import OCIModel
import TestSupport
import Testing

@Suite struct ManifestRowTests {
    private let fixture: MetadataFixture
    private let a: RepositoryName
    private let b: RepositoryName
    private let chart = SampleChart("app", "1.0.0")

    init() throws {
        fixture = try MetadataFixture()
        a = try name("a")
        b = try name("b")
    }

    private func found(_ reference: ManifestReference, _ repository: RepositoryName) throws -> StoredManifest? {
        try fixture.reader.manifest(reference, in: repository)?.manifest
    }

    private func tags(_ digest: Digest) throws -> [String]? {
        try fixture.reader.manifestAttributes(digest, in: a)?.tags.map(\.description)
    }

    @Test("A manifest is found by digest and by each of its tags, byte for byte") func put() throws {
        let digest = try fixture.push(chart, a, tags: ["1.0.0", "latest"])
        for reference in [.digest(digest), try tag("1.0.0"), try tag("latest")] {
            #expect(try found(reference, a) == chart.manifest)
            #expect(try fixture.reader.manifest(reference, in: a)?.locks == .all)
        }
        #expect(try found(.digest(digest), b) == nil)
        #expect(try found(try tag("2.0.0"), a) == nil)
        #expect(try fixture.reader.locks(of: a) == .all)
        #expect(try fixture.reader.locks(of: b) == nil)
        let attributes = try #require(try fixture.reader.manifestAttributes(digest, in: a))
        #expect(attributes.mediaType == .ociManifest)
        #expect(attributes.configMediaType == MediaType.helmConfig.description)
        #expect(attributes.artifactType == MediaType.helmConfig.description)
        #expect(attributes.imageSize == Int64(chart.config.count + chart.archive.count))
        #expect(attributes.pulledAt == nil)
        #expect(attributes.createdAt == attributes.updatedAt)
    }

    @Test("Pushing the same again changes nothing but the time") func idempotent() throws {
        let digest = try fixture.push(chart, a, tags: ["t"])
        let before = try #require(try fixture.reader.manifestAttributes(digest, in: a))
        let history = try fixture.reader.history(of: try Tag(parsing: "t"), in: a, limit: 10).count
        let totals = try fixture.reader.totals()
        for _ in 0..<3 { try fixture.push(chart, a, tags: ["t", "t"]) }
        var after = try #require(try fixture.reader.manifestAttributes(digest, in: a))
        #expect(after.updatedAt > before.updatedAt)
        after.updatedAt = before.updatedAt
        #expect(after == before)
        #expect(try fixture.reader.history(of: try Tag(parsing: "t"), in: a, limit: 10).count == history)
        #expect(try fixture.reader.totals() == totals)
    }

    @Test("The same bytes under another type get that type, unless they are locked") func retyped() throws {
        let digest = try fixture.push(chart, a)
        var other = chart.manifest
        other.mediaType = .dockerManifest
        try fixture.put(other, a)
        #expect(try found(.digest(digest), a) == other)
        try fixture.lock(.write, of: .digest(digest), a)
        #expect(failure { try fixture.put(chart.manifest, a) } == "denied")
        try fixture.put(other, a, tags: ["new"])
        #expect(try tags(digest) == ["new"])
    }

    @Test("Every missing blob is named, each once, in the manifest's order") func missing() throws {
        let blobs = (0..<30).map { [UInt8($0)] }
        let layers = blobs.map { Descriptor(of: $0) }
        let manifest = SampleChart.manifest(config: layers[3], layers: layers + layers)
        for number in [0, 7] { try fixture.link(blobs[number], a) }
        try fixture.link(blobs[1], b)
        let expected = ([3, 1, 2, 4, 5, 6] + Array(8..<30)).map { layers[$0].digest }
        do {
            try fixture.put(manifest, a, tags: ["t"])
            Issue.record("it was taken")
        } catch ContentError.referencesMissing(let text, let missing) {
            #expect(missing == expected)
            #expect(text.hasPrefix("the manifest names 28 blobs that the repository does not hold: "))
            #expect(text.utf8.count < 2000)
        }
        #expect(try found(.digest(manifest.digest), a) == nil)
        #expect(try found(try tag("t"), a) == nil)
    }

    @Test("A manifest with as many references as allowed is checked in reasonable time") func manyMissing() throws {
        var generator = SeededGenerator(seed: 3)
        let layers = (0..<9_999).map { _ in Descriptor(of: generator.bytes(8)) }
        let manifest = SampleChart.manifest(config: layers[0], layers: layers)
        let start = ContinuousClock.now
        do {
            try fixture.put(manifest, a)
            Issue.record("it was taken")
        } catch ContentError.referencesMissing(_, let missing) {
            #expect(missing.count == 9_999)
        }
        // Comparing each with each takes a minute in a debug build.
        #expect(start.duration(to: .now) < .seconds(20))
    }

    @Test("Layers that live elsewhere need not be here; a config must") func foreignLayers() throws {
        let foreign = try [
            "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
            "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        ].map { try MediaType(parsing: $0) }
        try fixture.link([1], a)
        let manifest = SampleChart.manifest(
            config: Descriptor(of: [1]), layers: foreign.map { Descriptor(of: Array($0.description.utf8), $0) })
        try fixture.put(manifest, a)
        #expect(try found(.digest(manifest.digest), a) != nil)
        // The same bytes as a layer of this registry's own are needed all the same.
        let both = SampleChart.manifest(
            config: Descriptor(of: [1]), layers: [Descriptor(of: [2], foreign[0]), Descriptor(of: [2])])
        #expect(failure { try fixture.put(both, a) } == "referencesMissing")
    }

    @Test("An index needs its manifests, unless sparse ones are allowed") func index() throws {
        let index = SampleChart.index([chart.manifest, SampleChart("app", "2.0.0").manifest])
        try fixture.push(chart, a)
        #expect(failure { try fixture.put(index, a) } == "referencesMissing")
        try fixture.put(index, a, tags: ["all"], sparse: true)
        #expect(try found(try tag("all"), a) == index)
        #expect(failure { try fixture.put(SampleChart("other", "1").manifest, a, sparse: true) } == "referencesMissing")
        try fixture.push(SampleChart("app", "2.0.0"), b)
        try fixture.push(chart, b)
        try fixture.put(index, b)
        #expect(try fixture.reader.manifestAttributes(index.digest, in: b)?.imageSize == 0)
    }

    @Test("A tag moves, and each move is written down, newest first") func history() throws {
        let digests = try (1...3).map { try fixture.push(SampleChart("app", "\($0)"), a, tags: ["latest"]) }
        try fixture.deleteTag("latest", a)
        try fixture.put(SampleChart("app", "2").manifest, a, tags: ["latest", "other"])
        let latest = try Tag(parsing: "latest")
        let history = try fixture.reader.history(of: latest, in: a, limit: 100)
        #expect(history.map(\.digest) == [digests[1], nil, digests[2], digests[1], digests[0]])
        #expect(history.map(\.changedAt) == history.map(\.changedAt).sorted(by: >))
        #expect(try fixture.reader.history(of: latest, in: a, limit: 2).map(\.digest) == [digests[1], nil])
        for limit in [0, -1, Int.min] { #expect(try fixture.reader.history(of: latest, in: a, limit: limit).isEmpty) }
        #expect(try fixture.reader.history(of: latest, in: a, limit: .max).count == 5)
        #expect(try fixture.reader.history(of: try Tag(parsing: "never"), in: a, limit: 9).isEmpty)
        #expect(failure { _ = try fixture.reader.history(of: latest, in: b, limit: 9) } == "nameUnknown")
        let attributes = try #require(try fixture.reader.tag(latest, in: a))
        #expect(attributes.digest == digests[1] && attributes.name == latest && attributes.locks == .all)
    }

    @Test("A tag that moves keeps its age, and both manifests have changed") func times() throws {
        let first = try fixture.push(SampleChart("app", "1"), a, tags: ["t"])
        let created = try #require(try fixture.reader.tag(try Tag(parsing: "t"), in: a)?.createdAt)
        let second = try fixture.push(SampleChart("app", "2"), a, tags: ["t"])
        let moved = try #require(try fixture.reader.tag(try Tag(parsing: "t"), in: a))
        #expect(moved.createdAt == created && moved.updatedAt == fixture.now)
        for digest in [first, second] {
            #expect(try fixture.reader.manifestAttributes(digest, in: a)?.updatedAt == fixture.now)
        }
        #expect(try fixture.reader.repository(a)?.updatedAt == fixture.now)
        #expect(try tags(first) == [])
        #expect(try tags(second) == ["t"])
    }

    @Test("A locked tag stays where it is, and its manifest is not stored under other tags either") func lockedTag()
        throws
    {
        let first = try fixture.push(SampleChart("app", "1"), a, tags: ["t"])
        try fixture.lock(.write, of: try tag("t"), a)
        let second = SampleChart("app", "2")
        #expect(failure { try fixture.push(second, a, tags: ["free", "t"]) } == "denied")
        #expect(try found(try tag("t"), a)?.digest == first)
        #expect(try found(try tag("free"), a) == nil)
        #expect(try found(.digest(second.manifest.digest), a) == nil)
        // Staying where it is, is no move.
        try fixture.push(SampleChart("app", "1"), a, tags: ["t"])
        try fixture.lock(.write, of: try tag("t"), a, on: true)
        try fixture.push(second, a, tags: ["t"])
        #expect(try found(try tag("t"), a)?.digest == second.manifest.digest)
    }

    @Test("A locked repository takes no manifest and no tag") func lockedRepository() throws {
        try fixture.push(chart, a)
        try fixture.lock(.write, a)
        #expect(failure { try fixture.put(chart.manifest, a, tags: ["t"]) } == "denied")
        #expect(try found(try tag("t"), a) == nil)
    }

    @Test("What may be read is what repository, manifest and tag allow together") func combinedLocks() throws {
        let digest = try fixture.push(chart, a, tags: ["t", "u"])
        try fixture.lock(.read, of: try tag("t"), a)
        try fixture.lock(.list, of: .digest(digest), a)
        try fixture.lock(.delete, a)
        #expect(try fixture.reader.manifest(try tag("t"), in: a)?.locks == [.write])
        #expect(try fixture.reader.manifest(try tag("u"), in: a)?.locks == [.write, .read])
        #expect(try fixture.reader.manifest(.digest(digest), in: a)?.locks == [.write, .read])
        #expect(try fixture.reader.blob(Digest(of: chart.config), in: a)?.locks == [.write, .list, .read])
        #expect(try fixture.reader.tag(try Tag(parsing: "t"), in: a)?.locks == [.delete, .write, .list])
        #expect(try fixture.reader.manifestAttributes(digest, in: a)?.locks == [.delete, .write, .read])
        #expect(try fixture.reader.repository(a)?.locks == [.write, .list, .read])
    }

    @Test("Changing what is not there is an error") func unknownAttributes() throws {
        #expect(failure { try fixture.lock(.read, a) } == "nameUnknown")
        try fixture.push(chart, a)
        #expect(failure { try fixture.lock(.read, of: try tag("t"), a) } == "manifestUnknown")
        #expect(failure { try fixture.lock(.read, of: .digest(Digest(of: [9])), a) } == "manifestUnknown")
    }

    @Test("Pulls are written down by row") func pulls() throws {
        let digest = try fixture.push(chart, a)
        let row = try #require(try fixture.reader.manifest(.digest(digest), in: a)?.row)
        try fixture.step { writer throws(ContentError) in try writer.notePulls([row: 77, 99_999: 1]) }
        #expect(try fixture.reader.manifestAttributes(digest, in: a)?.pulledAt == 77)
    }

    @Test("The largest manifest and the oddest names come back as they went in") func extremes() throws {
        let long = try name(String(repeating: "a", count: 255))
        let longTag = String(repeating: "Z", count: 128)
        let annotation = String(repeating: "é", count: 2_000_000)
        let text = #"{"annotations":{"a":"\#(annotation)"},"subject":\#(Descriptor(of: [9]).json.description())}"#
        let bytes = Array(text.utf8)
        let stored = StoredManifest(
            digest: Digest(of: bytes, .sha512), mediaType: try MediaType(parsing: "application/vnd.example+json"),
            bytes: bytes)
        try fixture.put(stored, long, tags: [longTag])
        #expect(try found(try tag(longTag), long) == stored)
        let page = try fixture.reader.referrers(of: Digest(of: [9]), in: long, artifactType: nil, PageRequest(limit: 9))
        #expect(page.elements.first?.annotations["a"] == annotation)
        #expect(page.elements.first?.size == Int64(bytes.count))
    }
}
