import ChartArchive
import ChartInspection
import Codecs
import Content
import HelmModel
import OCIModel
import TestSupport
import Testing

@Suite struct ChartInspectorTests {
    private let registry = MemoryRegistry()
    private var inspector: ChartInspector { ChartInspector(registry) }

    private func name(_ text: String) throws -> RepositoryName { try RepositoryName(parsing: text) }
    private func reference(_ text: String) throws -> Reference { try Reference(parsing: text) }

    @Test(
        "Without a version the newest release is meant, and a pre-release only when there is nothing else",
        arguments: [
            (["1.9.0", "1.10.0", "2.0.0-rc.1", "latest"], "1.10.0"), (["1.0.0-a", "1.0.0-b"], "1.0.0-b"),
            (["v1.0.0", "0.9.0"], "v1.0.0"), (["1.0.0_up1", "1.0.0_up2"], "1.0.0_up2"),
        ])
    func newest(tags: [String], newest: String) async throws {
        for tag in tags {
            try await PackedChart("x", "1.0.0", chart: "home: \(tag)\n").push(
                to: registry, try name("a/x"), tags: [try Tag(parsing: tag)])
        }
        let chart = try await inspector.resolve(try reference("a/x"))
        #expect(chart.tag?.description == newest)
        #expect(chart.reference.description == "a/x:" + newest)
    }

    @Test("What is not there is said")
    func missing() async throws {
        let chart = PackedChart("x", "1.0.0")
        try await chart.push(to: registry, try name("a/x"), tags: [try Tag(parsing: "latest")])
        let error = await #expect(throws: ContentError.self) { try await inspector.show(try reference("a/x")) }
        #expect(error?.message == "repository a/x has no tag that is a version: name a tag or a digest")
        await #expect(throws: ContentError.self) { try await inspector.values(try reference("a/x:2.0.0")) }
        await #expect(throws: ContentError.self) { try await inspector.values(try reference("a/y")) }
        let found = try await inspector.resolve(try reference("a/x@\(chart.manifest.digest)"))
        #expect(found.tag == nil && found.digest == chart.manifest.digest)
    }

    @Test("A description says what a chart is")
    func show() async throws {
        let chart = PackedChart("x", "v1.0.0", chart: "appVersion: 7\nkeywords: [a]\n").signed()
        try await chart.push(to: registry, try name("a/x"))
        let shown = try await inspector.show(try reference("a/x"))
        #expect(shown.problem == nil)
        #expect(shown.metadata?.appVersion == "7")
        #expect(shown.warnings.count == 1)
        let json = shown.json
        #expect(json["reference"] == .string("a/x:v1.0.0"))
        #expect(json["listed"] == .bool(true) && json["problem"] == .null)
        #expect(json["chart"]?["keywords"] == .array([.string("a")]))
        #expect(json["archive"]?["sha256"] == .string(Digest(of: chart.archive).description))
        #expect(json["provenance"]?["size"] == .integer(Int64(chart.provenance?.count ?? 0)))
        #expect(json["files"] == .integer(1))
        #expect(json["created"] == .string("2023-11-14T22:13:20Z"))
    }

    @Test("A description says why a chart is not listed, and what else is known")
    func unlisted() async throws {
        let cases: [(PackedChart, String, Bool)] = [
            (PackedChart("z", "1.0.0"), "the chart's name \"z\" is not that of its repository: push it to a/z", true),
            (PackedChart("x", "1.0.0", archive: [1, 2]), "not a gzip-compressed archive", false),
            (
                PackedChart("x", "1.0.0").signed(for: []),
                "the provenance file lists no files", true
            ),
        ]
        for (number, (chart, problem, isReadable)) in cases.enumerated() {
            let tag = try Tag(parsing: "1.0.\(number)")
            try await chart.push(to: registry, try name("a/x"), tags: [tag])
            let shown = try await inspector.show(Reference(repository: try name("a/x"), tag: tag))
            #expect(shown.problem == problem)
            #expect((shown.metadata != nil) == isReadable)
            #expect(shown.json["problem"] == .string(problem) && shown.json["listed"] == .bool(false))
        }
        try await SampleChart("x", "9.0.0").push(to: registry, try name("a/x"), tags: [try Tag(parsing: "9.0.0")])
        #expect(try await inspector.show(try reference("a/x")).problem == "not a gzip-compressed archive")
    }

    @Test("A good chart whose version no tag names is not listed either")
    func untagged() async throws {
        let chart = PackedChart("x", "1.0.0")
        try await chart.push(to: registry, try name("a/x"), tags: [try Tag(parsing: "latest")])
        let latest = try reference("a/x:latest")
        #expect(try await inspector.show(latest).problem == "no tag names its version; tag it 1.0.0")
        try await chart.push(to: registry, try name("a/x"))
        #expect(try await inspector.show(latest).problem == nil)
        let byDigest = try reference("a/x@\(chart.manifest.digest)")
        #expect(try await inspector.show(byDigest).problem == nil)
    }

    @Test("What only the registry knows is asked of it")
    func collision() async throws {
        var chart = PackedChart("x", "1.0.0")
        chart.config = Array("{}".utf8)
        try await chart.push(to: registry, try name("a/x"))
        // The registry of the tests believes configs, so it lists this one nowhere.
        #expect(try await inspector.show(try reference("a/x")).problem == "its config does not fit its repository")
    }

    @Test("What is no chart at all is described too")
    func noChart() async throws {
        let config = Array("{}".utf8)
        let manifest = SampleChart.manifest(config: Descriptor(of: config, .octetStream), layers: [])
        try await registry.putBlob(Descriptor(of: config, .octetStream), in: try name("a/x"), config)
        try await registry.putManifest(manifest, tags: [try Tag(parsing: "1.0.0")], in: try name("a/x"))
        let shown = try await inspector.show(try reference("a/x"))
        #expect(shown.problem?.hasPrefix("it is no chart: ") == true)
        #expect(shown.json["archive"] == .null && shown.json["chart"] == .null)
        let error = await #expect(throws: ContentError.self) { try await inspector.values(try reference("a/x")) }
        #expect(error?.message.hasPrefix("a/x:1.0.0 is no chart that can be read: ") == true)
    }

    @Test("Values, readme and templates come as they are")
    func files() async throws {
        try await PackedChart(
            "x", "1.0.0",
            files: [
                ("values.yaml", "# c\na: 1\n"), ("values.schema.json", "{}"), ("README.md", "# X"),
                ("templates/a.yaml", "{{ .Values.a }}"), ("crds/b.yaml", "b"),
            ]
        ).push(to: registry, try name("a/x"))
        let values = try await inspector.values(try reference("a/x"))
        #expect(values.values?.text == "# c\na: 1\n")
        #expect(values.json["schema"] == .string("{}"))
        let readme = try await inspector.readme(try reference("a/x")).json
        #expect(readme["file"] == .string("README.md") && readme["readme"] == .string("# X"))
        let templates = try await inspector.templates(try reference("a/x")).json
        #expect(templates["templates"]?.array?.first?["text"] == .string("{{ .Values.a }}"))
        #expect(templates["crds"]?.array?.first?["path"] == .string("crds/b.yaml"))
    }

    @Test("A chart without files of a kind has null there")
    func noFiles() async throws {
        try await PackedChart("x", "1.0.0").push(to: registry, try name("a/x"))
        #expect(try await inspector.values(try reference("a/x")).json["values"] == .null)
        #expect(try await inspector.readme(try reference("a/x")).json["readme"] == .null)
        #expect(try await inspector.templates(try reference("a/x")).templates == [])
    }

    @Test("Two versions are compared in all their parts")
    func compare() async throws {
        try await PackedChart(
            "x", "1.0.0",
            chart: "home: h\ndependencies: [{name: d, version: 1.x, repository: r}, {name: e, repository: r}]\n",
            files: [
                ("values.yaml", "a: 1\nb: {c: 2}\n"), ("templates/a.yaml", "one\n"), ("templates/old.yaml", ""),
                ("crds/c.yaml", "c\n"),
            ]
        ).push(to: registry, try name("a/x"))
        try await PackedChart(
            "x", "2.0.0", chart: "icon: i\ndependencies: [{name: d, version: 2.x, repository: r}]\n",
            files: [
                ("values.yaml", "b: {c: 3, d: 4}\n"), ("templates/a.yaml", "two\n"), ("templates/new.yaml", ""),
                ("crds/c.yaml", "c\n"),
            ]
        ).push(to: registry, try name("a/x"))
        let diff = try await inspector.compare(try reference("a/x:1.0.0"), try reference("a/x"))
        #expect(diff.metadata.changed.map(\.path) == ["version"])
        #expect(diff.metadata.added.map(\.path) == ["icon"] && diff.metadata.removed.map(\.path) == ["home"])
        #expect(diff.values.changed.map(\.path) == ["b.c"])
        #expect(diff.values.added.map(\.path) == ["b.d"] && diff.values.removed.map(\.path) == ["a"])
        #expect(diff.templates.added == ["templates/new.yaml"] && diff.templates.removed == ["templates/old.yaml"])
        #expect(diff.templates.changed.first?.diff?.text == "@@ -1 +1 @@\n-one\n+two\n")
        #expect(diff.crds.isEmpty)
        #expect(diff.dependencies.changed.map(\.path) == ["d"] && diff.dependencies.removed.map(\.path) == ["e"])
        #expect(diff.json["to"]?["tag"] == .string("2.0.0"))
        #expect(diff.json["values"]?["problem"] == .null)
        #expect(try await inspector.compare(try reference("a/x:1.0.0"), try reference("a/x:1.0.0")).isEmpty)
    }

    @Test("Values that are no YAML are said and compared as text")
    func badValues() async throws {
        for (version, values) in [("1.0.0", "a: ["), ("2.0.0", "a: 1\n")] {
            try await PackedChart("x", version, files: [("values.yaml", values)]).push(to: registry, try name("a/x"))
        }
        let diff = try await inspector.compare(try reference("a/x:1.0.0"), try reference("a/x:2.0.0"))
        #expect(diff.valuesProblem?.hasPrefix("a/x:1.0.0: values.yaml, line ") == true)
        #expect(diff.json["values"]?["diff"]?.string?.contains("-a: [\n") == true)
        #expect(try await inspector.compare(try reference("a/x:1.0.0"), try reference("a/x:1.0.0")).isEmpty)
        #expect(diff.metadata.changed.map(\.path) == ["version"])
    }

    @Test("A manifest that is not what its digest says is refused")
    func lies() async throws {
        let chart = PackedChart("x", "1.0.0")
        let liar = Liar(manifest: chart.manifest)
        let error = await #expect(throws: ContentError.self) {
            try await ChartInspector(liar).show(try reference("a/x:1.0.0"))
        }
        guard case .corrupt = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("An end that has its blobs at hand is read where they lie")
    func atHand() async throws {
        let chart = PackedChart("x", "1.0.0", files: [("values.yaml", "a: 1\n")]).signed()
        let shelf = Shelf(chart: chart)
        let inspector = ChartInspector(shelf)
        #expect(try await inspector.values(try reference("a/x:1.0.0")).values?.text == "a: 1\n")
        #expect(try await inspector.show(try reference("a/x:1.0.0")).problem == nil)
        #expect(try await inspector.compare(try reference("a/x:1.0.0"), try reference("a/x:1.0.0")).isEmpty)
        let broken = ChartInspector(Shelf(chart: chart, failure: .corrupt("damaged")))
        await #expect(throws: ContentError.corrupt("damaged")) { try await broken.values(try reference("a/x:1.0.0")) }
        await #expect(throws: ContentError.corrupt("damaged")) { try await broken.show(try reference("a/x:1.0.0")) }
    }

    @Test("A blob that does not end is not kept")
    func endless() async throws {
        let error = await #expect(throws: ContentError.self) {
            try await ChartInspector(Liar(manifest: PackedChart("x", "1.0.0").manifest, isHonest: true)).values(
                try reference("a/x:1.0.0"))
        }
        guard case .tooLarge = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}

/// Gives a manifest under another digest, or an endless blob.
private struct Liar: TagResolver, BlobSource {
    var manifest: StoredManifest
    var isHonest = false

    func manifest(_ reference: ManifestReference, in repository: RepositoryName) async throws(ContentError)
        -> StoredManifest
    {
        var answer = manifest
        if !isHonest { answer.digest = Digest(of: [1]) }
        return answer
    }

    func tags(in repository: RepositoryName, _ page: PageRequest<String>) async throws(ContentError) -> Page<
        OCIModel.Tag
    > {
        Page(elements: [], hasMore: false)
    }

    func blobSize(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) -> Int64 { 1 }

    func readBlob(
        _ digest: Digest, in repository: RepositoryName, from offset: Int64,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError) {
        let piece = [UInt8](repeating: 0, count: 1 << 20)
        while true { try await body(piece) }
    }
}

/// One chart at hand.
private struct Shelf: TagResolver, BlobSource, LocalReads {
    let chart: PackedChart
    var failure: ContentError?

    /// A blob, or a failure when it is read.
    final class Blob: OpenBlob {
        let bytes: [UInt8]
        let failure: ContentError?

        init(_ bytes: [UInt8], _ failure: ContentError?) {
            self.bytes = bytes
            self.failure = failure
        }

        var size: Int64 { Int64(bytes.count) }
        func takeDescriptor() -> Int32 { -1 }

        func read(at offset: Int64, maximumBytes: Int) throws(ContentError) -> [UInt8] {
            if let failure { throw failure }
            return Array(bytes.dropFirst(Int(offset)).prefix(min(maximumBytes, 1000)))
        }
    }

    func findManifest(_ reference: ManifestReference, in repository: RepositoryName) throws(ContentError)
        -> StoredManifest
    { chart.manifest }

    func findBlob(_ digest: Digest, in repository: RepositoryName) throws(ContentError) -> any OpenBlob {
        guard let blob = chart.blob(digest) else { throw .blobUnknown("blob \(digest) is not here") }
        return Blob(blob, failure)
    }

    func tagPage(in repository: RepositoryName, _ page: PageRequest<String>) throws(ContentError) -> Page<OCIModel.Tag>
    {
        Page(elements: [], hasMore: false)
    }

    func repositoryPage(_ page: PageRequest<String>) throws(ContentError) -> Page<RepositoryName> {
        Page(elements: [], hasMore: false)
    }

    func referrerPage(
        of subject: Digest, in repository: RepositoryName, artifactType: String?, _ page: PageRequest<Digest>
    ) throws(ContentError) -> Page<Descriptor> { Page(elements: [], hasMore: false) }

    func manifest(_ reference: ManifestReference, in repository: RepositoryName) async throws(ContentError)
        -> StoredManifest
    { chart.manifest }

    func tags(in repository: RepositoryName, _ page: PageRequest<String>) async throws(ContentError) -> Page<
        OCIModel.Tag
    > { Page(elements: [], hasMore: false) }

    func blobSize(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) -> Int64 {
        throw .unsupported("blobs are read where they lie")
    }

    func readBlob(
        _ digest: Digest, in repository: RepositoryName, from offset: Int64,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError) { throw .unsupported("blobs are read where they lie") }
}
