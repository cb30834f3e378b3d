import Content
import FoundationEssentials
import ImageLayout
import OCIModel
import Posix
import Synchronization
import TestSupport
import Testing

typealias Tag = OCIModel.Tag

/// Bytes as a source gives them.
private final class Pieces: BlobPieces {
    private let left: Mutex<[[UInt8]]>
    init(_ pieces: [[UInt8]]) { left = Mutex(pieces) }
    func next() async throws(ContentError) -> [UInt8]? {
        left.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}

extension LayoutDirectory {
    @discardableResult
    fileprivate func place(_ bytes: [UInt8], as expected: Descriptor? = nil) async throws(ContentError) -> BlobOutcome {
        try await placeBlob(expected ?? Descriptor(of: bytes), in: demo, BlobPlacement()) { _ throws(ContentError) in
            Pieces([Array(bytes.prefix(5)), Array(bytes.dropFirst(5))])
        }
    }

    fileprivate func push(_ chart: SampleChart, _ repository: RepositoryName = demo, tags: [String])
        async throws
    {
        for bytes in [chart.config, chart.archive] { try await place(bytes) }
        try await putManifest(chart.manifest, tags: try tags.map { try Tag(parsing: $0) }, in: repository)
    }

    fileprivate func tagNames(_ repository: RepositoryName) async throws -> [String] {
        guard case .tags(let tags, nil) = try await listTags(in: repository, unless: nil) else { return ["?"] }
        return tags.map(\.tag.description)
    }
}

private let demo = try! RepositoryName(parsing: "charts/demo")
private let other = try! RepositoryName(parsing: "charts/other")

private func status(_ work: () async throws -> Void) async -> Int? {
    do {
        try await work()
        return nil
    } catch {
        return (error as? ContentError)?.httpStatus ?? 0
    }
}

@Suite struct LayoutTests {
    private let scratch: ScratchDirectory
    private var path: String { scratch.path + "/My Layout" }

    init() throws { scratch = try ScratchDirectory() }

    private func open(_ calls: SystemCalls = .real) throws -> LayoutDirectory {
        try LayoutDirectory(at: path, isMade: true, calls: calls)
    }

    private func text(_ file: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: path + "/" + file)), as: UTF8.self)
    }

    private func names(_ folder: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path + "/" + folder).sorted()
    }

    private func write(_ file: String, _ text: String) throws {
        let url = URL(filePath: path + "/" + file)
        try FileManager.default.createDirectory(
            atPath: url.deletingLastPathComponent().path, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    private func put(_ bytes: [UInt8]) throws {
        try write("blobs/sha256/" + Digest(of: bytes).hex, String(decoding: bytes, as: UTF8.self))
    }

    @Test("What is put is read again, by this object and the next") func roundTrip() async throws {
        let chart = SampleChart("app", "1")
        let layout = try open()
        try await layout.push(chart, tags: ["1", "latest"])
        for view in [layout, try LayoutDirectory(at: path, isMade: false)] {
            let tag = try Tag(parsing: "latest")
            #expect(try await view.manifest(.tag(tag), in: demo) == chart.manifest)
            #expect(try await view.manifest(.digest(chart.manifest.digest), in: demo) == chart.manifest)
            #expect(try await view.digest(of: tag, in: demo, unless: nil) == chart.manifest.digest)
            #expect(try await view.blob(Digest(of: chart.archive), in: demo) == chart.archive)
            #expect(try await view.blobSize(Digest(of: chart.archive), in: demo) == Int64(chart.archive.count))
            #expect(try await view.tagNames(demo) == ["1", "latest"])
            #expect(try await view.hasManifest(chart.manifest.digest, in: demo))
            #expect(try await view.repositories(PageRequest(limit: 9)) == Page(elements: [demo], hasMore: false))
        }
        #expect(try text("oci-layout") == #"{"imageLayoutVersion":"1.0.0"}"#)
        let index = try text("index.json")
        #expect(index.contains(#""org.opencontainers.image.ref.name":"charts/demo:latest""#))
        #expect(try JSONValue(parsing: Array(index.utf8))["manifests"]?.array?.count == 2)
        #expect(try names() == [".chartroom.lock", "blobs", "index.json", "oci-layout"])
    }

    @Test("A blob that is there is not read again; one cut on the disk is") func present() async throws {
        let layout = try open()
        let bytes = Array("0123456789".utf8)
        #expect(try await layout.place(bytes) == .sent(10))
        #expect(try await layout.place(bytes) == .present)
        try write("blobs/sha256/" + Digest(of: bytes).hex, "012")
        #expect(try await layout.place(bytes) == .sent(10))
        #expect(try await layout.blob(Digest(of: bytes), in: other) == bytes)
    }

    @Test("Bytes that are not what was announced leave nothing") func wrongBytes() async throws {
        let layout = try open()
        let right = Descriptor(of: Array("0123456789".utf8))
        for wrong in ["012345678", "01234567890", "012345678X"] {
            #expect(await status { try await layout.place(Array(wrong.utf8), as: right) } == 400)
        }
        #expect(try names() == ["oci-layout"])
    }

    @Test("A manifest is named only when all it names is there") func references() async throws {
        let (layout, chart) = (try open(), SampleChart("app", "1"))
        try await layout.place(chart.config)
        let answer = await status { try await layout.putManifest(chart.manifest, tags: [], in: demo) }
        #expect(answer == 400)
        #expect(await status { _ = try await layout.manifest(.digest(chart.manifest.digest), in: demo) } == 404)
        var wrong = chart.manifest
        wrong.bytes.append(0x20)
        let bad = wrong
        #expect(await status { try await layout.putManifest(bad, tags: [], in: demo) } == 400)
    }

    @Test("Tags move and go; a manifest without tags is known until it is deleted") func deleting() async throws {
        let (layout, one, two) = (try open(), SampleChart("app", "1"), SampleChart("app", "2"))
        let tag = try Tag(parsing: "moving")
        try await layout.push(one, tags: ["moving", "1"])
        try await layout.push(two, tags: ["moving"])
        try await layout.push(one, other, tags: ["1"])
        #expect(try await layout.digest(of: tag, in: demo, unless: nil) == two.manifest.digest)
        try await layout.deleteManifest(.tag(tag), in: demo)
        #expect(try await layout.tagNames(demo) == ["1"])
        #expect(try await !layout.hasManifest(two.manifest.digest, in: demo))
        #expect(await status { try await layout.deleteManifest(.tag(tag), in: demo) } == 404)
        try await layout.push(two, tags: [])
        #expect(try await layout.hasManifest(two.manifest.digest, in: demo))
        #expect(try await layout.tagNames(demo) == ["1"])
        try await layout.deleteManifest(.digest(two.manifest.digest), in: demo)
        #expect(try await !layout.hasManifest(two.manifest.digest, in: demo))
        try await layout.deleteManifest(.digest(one.manifest.digest), in: demo)
        #expect(await status { _ = try await layout.tagNames(demo) } == 404)
        #expect(try await layout.tagNames(other) == ["1"])
        #expect(await status { try await layout.deleteBlob(Digest(of: one.archive), in: demo) } == 405)
    }

    @Test("Referrers are found by what they refer to, and by the fallback tag") func referrers() async throws {
        let (layout, chart) = (try open(), SampleChart("app", "1"))
        try await layout.push(chart, tags: ["1"])
        let config = Descriptor(of: chart.config)
        func referrer(_ type: String) -> StoredManifest {
            let bytes = JSONValue.object([
                ("schemaVersion", .integer(2)), ("mediaType", .string(MediaType.ociManifest.description)),
                ("artifactType", .string(type)), ("config", config.json), ("layers", .array([])),
                ("subject", Descriptor(of: chart.manifest.bytes, .ociManifest).json),
            ]).text(.go)
            return StoredManifest(digest: Digest(of: bytes), mediaType: .ociManifest, bytes: bytes)
        }
        let (one, two) = (referrer("a/one"), referrer("a/two"))
        try await layout.putManifest(one, tags: [], in: demo)
        for view in [layout, try LayoutDirectory(at: path, isMade: false)] {
            let found = try await view.listReferrers(of: chart.manifest.digest, in: demo)
            #expect(found.map(\.digest) == [one.digest])
            #expect(found.first?.artifactType == "a/one")
            #expect(try await view.listReferrers(of: one.digest, in: demo).isEmpty)
        }
        try put(two.bytes)
        let list = SampleChart.index([two])
        let fallback = try Tag(parsing: "sha256-" + chart.manifest.digest.hex)
        try await layout.putManifest(list, tags: [fallback], in: demo)
        #expect(
            Set(try await layout.listReferrers(of: chart.manifest.digest, in: demo).map(\.digest))
                == [one.digest, two.digest])
        // What an index of the layout lists is there as well.
        #expect(try await layout.hasManifest(two.digest, in: demo))
    }

    @Test("A layout of others is read: bare tags are of one repository, and what is not understood is kept")
    func foreign() async throws {
        let (one, two) = (SampleChart("app", "1"), SampleChart("app", "2"))
        for chart in [one, two] { for bytes in [chart.config, chart.manifest.bytes] { try put(bytes) } }
        for chart in [one, two] {
            try FileManager.default.createDirectory(
                atPath: path + "/blobs/sha256", withIntermediateDirectories: true)
            try Data(chart.archive).write(to: URL(filePath: path + "/blobs/sha256/" + Digest(of: chart.archive).hex))
        }
        func entry(_ chart: SampleChart, _ name: String) -> JSONValue {
            var descriptor = Descriptor(of: chart.manifest.bytes, .ociManifest)
            descriptor.annotations = ["org.opencontainers.image.ref.name": name, "mine": "kept"]
            return descriptor.json
        }
        let index = JSONValue.object([
            ("schemaVersion", .integer(2)), ("annotations", .object([("top", .string("kept"))])),
            ("manifests", .array([entry(one, "1"), entry(two, "charts/demo:2"), entry(one, "host:5000/x:1")])),
        ])
        try write("index.json", index.description())
        try write("oci-layout", #"{"imageLayoutVersion": "1.0.0", "more": 1}"#)
        let layout = try open()
        #expect(
            try await layout.repositories(PageRequest(limit: 9)).elements.map(\.description)
                == ["charts/demo", "my-layout"])
        #expect(try await layout.tagNames(RepositoryName(parsing: "my-layout")) == ["1"])
        #expect(try await layout.manifest(.tag(Tag(parsing: "2")), in: demo) == two.manifest)
        try await layout.push(two, other, tags: ["2"])
        let after = try text("index.json")
        for kept in [#""top":"kept""#, #""mine":"kept""#, "host:5000/x:1", "charts/other:2", #"name":"1""#] {
            #expect(after.contains(kept), "\(kept) is gone")
        }
        let named = try LayoutDirectory(at: path, isMade: false, fallback: other)
        #expect(try await named.tagNames(other) == ["1", "2"])
    }

    @Test("What is no layout is refused and left alone") func refused() async throws {
        #expect(await status { _ = try LayoutDirectory(at: path, isMade: false) } == 404)
        try write("photo", "x")
        for isMade in [true, false] {
            #expect(await status { _ = try LayoutDirectory(at: path, isMade: isMade) } == 405)
        }
        #expect(try names() == ["photo"])
        try write("oci-layout", #"{"imageLayoutVersion": "2.0.0"}"#)
        #expect(await status { _ = try open() } == 405)
        try write("oci-layout", #"{"imageLayoutVersion": "1.0.0"}"#)
        for bad in ["", "[]", "{}", #"{"manifests":[{"digest":"../../x"}]}"#] {
            try write("index.json", bad)
            #expect(await status { _ = try open() } == 500)
        }
    }

    @Test("Changed bytes are found out") func corrupt() async throws {
        let (layout, chart) = (try open(), SampleChart("app", "1"))
        try await layout.push(chart, tags: ["1"])
        let changed = Array(chart.config.dropLast()) + [0x20]
        try write("blobs/sha256/" + Digest(of: chart.config).hex, String(decoding: changed, as: UTF8.self))
        #expect(await status { _ = try await layout.blob(Digest(of: chart.config), in: demo) } == 500)
        try write("blobs/sha256/" + chart.manifest.digest.hex, "{}")
        #expect(await status { _ = try await layout.manifest(.tag(Tag(parsing: "1")), in: demo) } == 500)
        // A link leads nowhere, wherever it leads.
        try FileManager.default.removeItem(atPath: path + "/blobs/sha256/" + chart.manifest.digest.hex)
        try FileManager.default.createSymbolicLink(
            atPath: path + "/blobs/sha256/" + chart.manifest.digest.hex, withDestinationPath: "/etc/hostname")
        #expect(await status { _ = try await layout.manifest(.tag(Tag(parsing: "1")), in: demo) } != nil)
    }

    @Test("Many writers of one layout, in two processes, lose nothing and share flushes") func together() async throws {
        let calls = FaultyCalls()
        let ends = [try open(calls.calls), try open()]
        let chart = SampleChart("app", "1")
        try await ends[0].push(chart, tags: ["0"])
        calls.rearm()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...60 {
                let (end, tag) = (ends[number % 2], try Tag(parsing: "\(number)"))
                group.addTask { try await end.putManifest(chart.manifest, tags: [tag], in: demo) }
            }
            try await group.waitForAll()
        }
        #expect(Set(try await open().tagNames(demo)) == Set((0...60).map(String.init)))
        for end in ends { #expect(try await end.tagNames(demo).count == 61) }
    }

    @Test("Whatever call fails, nothing half done is named, and the next attempt succeeds") func faults() async throws {
        let chart = SampleChart("app", "1", archiveBytes: 100)
        var failAt = 1
        while true {
            let calls = FaultyCalls(failAt: failAt)
            let folder = try ScratchDirectory()
            let answer = await status {
                try await LayoutDirectory(at: folder.path + "/l", isMade: true, calls: calls.calls)
                    .push(chart, tags: ["1"])
            }
            if !calls.hasFired { break }
            // A partial file that cannot be removed is the one call whose failure harms nothing.
            if answer != nil { #expect(answer == 507 || answer == 405, "call \(failAt): \(calls.record.last as Any)") }
            let layout = try LayoutDirectory(at: folder.path + "/l", isMade: true)
            if let tags = try? await layout.tagNames(demo) {
                #expect(tags == ["1"])
                #expect(try await layout.hasManifest(chart.manifest.digest, in: demo))
            } else {
                #expect(answer != nil)
            }
            try await layout.push(chart, tags: ["1"])
            #expect(try await layout.blob(Digest(of: chart.archive), in: demo) == chart.archive)
            failAt += 1
        }
        #expect(failAt > 20)
    }
}
