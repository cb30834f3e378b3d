import Content
import Metadata
import OCIModel
import TestSupport
import Testing

@Suite struct ListingTests {
    private let fixture: MetadataFixture
    private let a: RepositoryName
    private var reader: MetadataReader { fixture.reader }

    init() throws {
        fixture = try MetadataFixture()
        a = try name("a")
    }

    /// Goes through a listing page by page and checks that each page but the last is full.
    private func walk<Element: Sendable, Key: Sendable>(
        by limit: Int, _ key: (Element) -> Key, _ list: (PageRequest<Key>) throws -> Page<Element>
    ) throws -> [Element] {
        var all: [Element] = []
        var last: Key?
        while true {
            let page = try list(PageRequest(limit: limit, last: last))
            all += page.elements
            guard page.hasMore else { return all }
            #expect(page.elements.count == limit)
            guard let end = page.elements.last, all.count < 10_000 else { return all }
            last = key(end)
        }
    }

    @Test("Repositories are listed by name, page by page, those with a manifest only", arguments: [1, 2, 3, 7, 100])
    func repositories(limit: Int) throws {
        let names = ["a", "a-b", "a.b", "a/b", "a/b/c", "ab", "b"]
        for text in names.shuffled() { try fixture.push(SampleChart("app", "1"), try name(text)) }
        try fixture.link([1], try name("blobs-only"))
        let listed = try walk(by: limit, \.description) { try reader.repositories($0) }
        #expect(listed.map(\.description) == names)
    }

    @Test("A repository that lost its last manifest, or is hidden, is not listed") func hiddenRepositories() throws {
        let digest = try fixture.push(SampleChart("app", "1"), a)
        let b = try name("b")
        try fixture.push(SampleChart("app", "1"), b)
        try fixture.lock(.list, b)
        #expect(try reader.repositories(PageRequest(limit: 9)).elements == [a])
        try fixture.delete(.digest(digest), a)
        try fixture.lock(.list, b, on: true)
        #expect(try reader.repositories(PageRequest(limit: 9)).elements == [b])
        #expect(try reader.repository(a)?.manifestCount == 0)
    }

    @Test("Tags are listed by bytes, page by page", arguments: [1, 2, 3, 5, 100])
    func tags(limit: Int) throws {
        let texts = ["0", "1.0.0", "1.0.0-rc.1", "1.10.0", "A", "Z", "_", "a", "z"]
        for text in texts.shuffled() { try fixture.push(SampleChart("app", "1"), a, tags: [text]) }
        let listed = try walk(by: limit, \.description) { try reader.tags(in: a, $0) }
        #expect(listed.map(\.description) == texts)
        let attributes = try walk(by: limit, \.name.description) { try reader.tagList(in: a, naming: nil, $0) }
        #expect(attributes.map(\.name.description) == texts)
    }

    @Test(
        "A cursor need not exist",
        arguments: [("", 4), ("a", 4), ("b", 2), ("bb", 2), ("c\u{0}", 1), ("~", 0), ("é", 0)])
    func cursors(last: String, left: Int) throws {
        for text in ["b", "c", "d", "aa"] {
            try fixture.push(SampleChart("app", "1"), try name(text), tags: ["aa", "b", "c", "d"])
        }
        let request = PageRequest<String>(limit: 9, last: last)
        #expect(try reader.repositories(request).elements.count == left)
        #expect(try reader.tags(in: try name("b"), request).elements.count == left)
        #expect(try reader.tagList(in: try name("b"), naming: nil, request).elements.count == left)
    }

    @Test(
        "A limit of nothing gives nothing, and says nothing follows; a huge one gives all",
        arguments: [0, -1, Int.min, .max, .max - 1])
    func limits(limit: Int) throws {
        let digest = try fixture.push(SampleChart("app", "1"), a, tags: ["t", "u"])
        let count = limit > 0 ? 2 : 0
        #expect(try reader.tags(in: a, PageRequest(limit: limit)).elements.count == count)
        #expect(try reader.tags(in: a, PageRequest(limit: limit)).hasMore == false)
        #expect(try reader.tagList(in: a, naming: digest, PageRequest(limit: limit)).elements.count == count)
        #expect(try reader.repositories(PageRequest(limit: limit)).elements.count == min(1, count))
        #expect(try reader.manifests(in: a, PageRequest(limit: limit)).elements.count == min(1, count))
        #expect(try reader.referrers(of: digest, in: a, artifactType: nil, PageRequest(limit: limit)).elements.isEmpty)
    }

    @Test("Hidden tags are in no listing; a repository that is not listed lists no tags") func hiddenTags() throws {
        let digest = try fixture.push(SampleChart("app", "1"), a, tags: ["s", "t", "u"])
        try fixture.lock(.list, of: try tag("t"), a)
        #expect(try reader.tags(in: a, PageRequest(limit: 2)).elements.map(\.description) == ["s", "u"])
        #expect(try reader.tags(in: a, PageRequest(limit: 2)).hasMore == false)
        #expect(
            try reader.tagList(in: a, naming: nil, PageRequest(limit: 9)).elements.map(\.name.description) == [
                "s", "u",
            ])
        #expect(try reader.tagList(in: a, naming: digest, PageRequest(limit: 9)).elements.count == 2)
        #expect(try reader.manifestAttributes(digest, in: a)?.tags.map(\.description) == ["s", "u"])
        #expect(try reader.manifest(try tag("t"), in: a) != nil)
        try fixture.lock(.list, a)
        #expect(try reader.tags(in: a, PageRequest(limit: 9)).elements.isEmpty)
    }

    @Test("Tags are found by the manifest they name", arguments: [1, 2, 100])
    func tagsByDigest(limit: Int) throws {
        let first = try fixture.push(SampleChart("app", "1"), a, tags: ["c", "a", "b"])
        let second = try fixture.push(SampleChart("app", "2"), a, tags: ["d"])
        try fixture.push(SampleChart("app", "1"), try name("other"), tags: ["elsewhere"])
        let listed = try walk(by: limit, \.name.description) { try reader.tagList(in: a, naming: first, $0) }
        #expect(listed.map(\.name.description) == ["a", "b", "c"])
        #expect(listed.allSatisfy { $0.digest == first })
        #expect(try reader.tagList(in: a, naming: second, PageRequest(limit: 9)).elements.count == 1)
        #expect(try reader.tagList(in: a, naming: Digest(of: [9]), PageRequest(limit: 9)).elements.isEmpty)
        #expect(try reader.tagList(in: a, naming: first, PageRequest(limit: 9, last: "bz")).elements.count == 1)
    }

    @Test("Manifests are listed by digest with their tags; hidden ones are not", arguments: [1, 2, 3, 100])
    func manifests(limit: Int) throws {
        let digests = try (1...5).map { try fixture.push(SampleChart("app", "\($0)"), a, tags: ["b\($0)", "a\($0)"]) }
        try fixture.lock(.list, of: .digest(digests[2]), a)
        let listed = try walk(by: limit, \.digest) { try reader.manifests(in: a, $0) }
        #expect(listed.map(\.digest) == digests.enumerated().filter { $0.offset != 2 }.map(\.element).sorted())
        for attributes in listed {
            let number = try #require(digests.firstIndex(of: attributes.digest)) + 1
            #expect(attributes.tags.map(\.description) == ["a\(number)", "b\(number)"])
            #expect(try reader.manifestAttributes(attributes.digest, in: a) == attributes)
        }
    }

    @Test("A cursor of the other algorithm parts the list where it should") func algorithmCursor() throws {
        try fixture.push(SampleChart("app", "1"), a)
        let lowest = try #require(Digest(.sha512, hash: [UInt8](repeating: 0, count: 64)))
        let highest = try #require(Digest(.sha256, hash: [UInt8](repeating: 255, count: 32)))
        for last in [lowest, highest] {
            #expect(try reader.manifests(in: a, PageRequest(limit: 9, last: last)).elements.isEmpty)
        }
        let first = try #require(Digest(.sha256, hash: [UInt8](repeating: 0, count: 32)))
        #expect(try reader.manifests(in: a, PageRequest(limit: 9, last: first)).elements.count == 1)
    }

    @Test("Forty referrers are all listed, by digest, page by page", arguments: [1, 7, 40, 100])
    func referrers(limit: Int) throws {
        let subject = SampleChart("app", "1").manifest
        let pushed = try (0..<40).map {
            try pushReferrer($0, of: subject, type: $0 % 4 == 0 ? "x/sbom" : "x/signature")
        }
        try fixture.lock(.list, of: .digest(pushed[1].digest), a)
        let visible = pushed.enumerated().filter { $0.offset != 1 }.map(\.element)
        let listed = try walk(by: limit, \.digest) {
            try reader.referrers(of: subject.digest, in: a, artifactType: nil, $0)
        }
        #expect(listed.map(\.digest) == visible.map(\.digest).sorted())
        #expect(Set(listed) == Set(visible))
        let boms = try walk(by: limit, \.digest) {
            try reader.referrers(of: subject.digest, in: a, artifactType: "x/sbom", $0)
        }
        #expect(boms.count == 10 && boms.allSatisfy { $0.artifactType == "x/sbom" })
        #expect(
            try reader.referrers(of: subject.digest, in: a, artifactType: "x/none", PageRequest(limit: 9)).elements
                .isEmpty)
    }

    @Test("Referrers of what nobody knows are none") func noReferrers() throws {
        let subject = SampleChart("app", "1").manifest
        let page = PageRequest<Digest>(limit: 9)
        #expect(try reader.referrers(of: subject.digest, in: a, artifactType: nil, page).elements.isEmpty)
        let referrer = try pushReferrer(0, of: subject, type: "x/y")
        #expect(try reader.referrers(of: subject.digest, in: try name("b"), artifactType: nil, page).elements.isEmpty)
        #expect(try reader.referrers(of: Digest(of: [9]), in: a, artifactType: nil, page).elements.isEmpty)
        #expect(try reader.referrers(of: subject.digest, in: a, artifactType: nil, page).elements == [referrer])
        try fixture.delete(.digest(referrer.digest), a)
        #expect(try reader.referrers(of: subject.digest, in: a, artifactType: nil, page).elements.isEmpty)
    }

    /// Puts a manifest whose subject is another, and gives how the referrers API lists it.
    private func pushReferrer(_ number: Int, of subject: StoredManifest, type: String) throws -> Descriptor {
        let config: [UInt8] = Array("{}".utf8)
        try fixture.link(config, a)
        let json = JSONValue.object([
            ("schemaVersion", .integer(2)), ("artifactType", .string(type)),
            ("config", Descriptor(of: config, .ociEmpty).json), ("layers", .array([])),
            ("subject", Descriptor(of: subject.bytes, subject.mediaType).json),
            ("annotations", .object([("number", .string("\(number)")), ("text", .string("<é>"))])),
        ])
        let bytes = json.text(.go)
        try fixture.put(StoredManifest(digest: Digest(of: bytes), mediaType: .ociManifest, bytes: bytes), a)
        var descriptor = Descriptor(of: bytes, .ociManifest)
        descriptor.artifactType = type
        descriptor.annotations = ["number": "\(number)", "text": "<é>"]
        return descriptor
    }

    @Test("Listings of an unknown repository say so") func unknownRepository() throws {
        let page = PageRequest<String>(limit: 9)
        #expect(failure { _ = try reader.tags(in: a, page) } == "nameUnknown")
        #expect(failure { _ = try reader.tagList(in: a, naming: nil, page) } == "nameUnknown")
        #expect(failure { _ = try reader.manifests(in: a, PageRequest(limit: 9)) } == "nameUnknown")
        #expect(failure { _ = try reader.manifestAttributes(Digest(of: []), in: a) } == "nameUnknown")
        #expect(try reader.repository(a) == nil)
        #expect(try reader.tag(try Tag(parsing: "t"), in: a) == nil)
        #expect(try reader.manifest(try tag("t"), in: a) == nil)
    }
}
