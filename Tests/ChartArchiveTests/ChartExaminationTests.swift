import Archive
import ChartArchive
import Content
import HelmModel
import OCIModel
import TestSupport
import Testing

@Suite struct ChartExaminationTests {
    /// Examines a chart as if it lay in a repository.
    private func examine(
        _ chart: PackedChart, in repository: String = "a/x", manifest: Manifest? = nil
    ) throws -> ChartExamination {
        let stored = chart.manifest
        return try ChartExamination.examine(
            manifest: try manifest ?? Manifest(parsing: stored.bytes, contentType: stored.mediaType),
            repository: try RepositoryName(parsing: repository)
        ) { digest throws(ContentError) in
            guard let blob = chart.blob(digest) else { throw .blobUnknown("blob \(digest) is not here") }
            var rest = blob[...]
            return {
                let piece = rest.prefix(1000)
                rest = rest.dropFirst(piece.count)
                return piece.isEmpty ? nil : Array(piece)
            }
        }
    }

    private func facts(_ chart: PackedChart, in repository: String = "a/x") throws -> ChartFacts {
        switch try examine(chart, in: repository) {
        case .chart(let facts): return facts
        case .refused(let sentence): throw ChartRefusal(sentence)
        }
    }

    private func refusal(
        _ chart: PackedChart, in repository: String = "a/x", manifest: Manifest? = nil
    ) throws -> String {
        switch try examine(chart, in: repository, manifest: manifest) {
        case .chart(let facts): "listed as \(facts.metadata.name) \(facts.metadata.version)"
        case .refused(let sentence): sentence
        }
    }

    @Test("A chart's facts come from its archive")
    func facts() throws {
        let chart = PackedChart(
            "x", "1.2.3+up4", chart: "deprecated: true\n", files: [("charts/y/Chart.yaml", "name: y\nversion: 1.0.0\n")]
        )
        let facts = try facts(chart.signed())
        #expect(facts.metadata.isDeprecated)
        #expect(facts.tag.description == "1.2.3_up4")
        #expect(facts.archive == Descriptor(of: chart.archive, .helmChart))
        #expect(facts.sha256 == Digest(of: chart.archive))
        #expect(facts.size == Int64(chart.archive.count))
        #expect(facts.provenance?.mediaType == .helmProvenance)
        #expect(facts.created == "2023-11-14T22:13:20Z")
        #expect(facts.files.map(\.path) == ["x/Chart.yaml", "x/charts/y/Chart.yaml"])
        #expect(!facts.isConfigAsHelm)
        #expect(facts.warnings == [])
    }

    @Test("The config is compared with Helm's and not believed")
    func config() throws {
        var chart = PackedChart("x", "1.0.0")
        let metadata = try facts(chart).metadata
        chart.config = metadata.configJSON
        #expect(try facts(chart).isConfigAsHelm)
        chart.config = Array(#"{"name":"other","version":"9.9.9"}"#.utf8)
        #expect(try facts(chart).metadata.name == "x")
    }

    @Test("The SHA-256 covers all bytes, also behind the tar archive's end, whatever the layer's digest is")
    func hashes() throws {
        var tar = TarBuilder()
        tar.add("x/Chart.yaml", "name: x\nversion: 1.0.0\n")
        let archive =
            Gzip.stored(tar.finished + [UInt8](repeating: 0, count: 300_000)) + [UInt8](repeating: 7, count: 99)
        let chart = PackedChart("x", "1.0.0", archive: archive)
        var layer = Descriptor(of: archive, .helmChart)
        layer.digest = Digest(of: archive, .sha512)
        let stored = SampleChart.manifest(config: Descriptor(of: chart.config, .helmConfig), layers: [layer])
        let manifest = try Manifest(parsing: stored.bytes, contentType: stored.mediaType)
        guard case .chart(let facts) = try examine(chart, manifest: manifest) else {
            Issue.record("not listed")
            return
        }
        #expect(facts.sha256 == Digest(of: archive))
        #expect(facts.size == Int64(archive.count))
        #expect(facts.archive.digest.algorithm == .sha512)
    }

    @Test(
        "Other archives are fit to be listed, and their files can be read",
        .enabled(if: Fixtures.environment("CHARTROOM_ARCHIVES") != nil, "set CHARTROOM_ARCHIVES"))
    func others() throws {
        let archives = Fixtures.archives(below: try #require(Fixtures.environment("CHARTROOM_ARCHIVES")))
        for path in archives {
            let bytes = try Fixtures.bytes(path)
            let name = try ChartArchiveReader.read(bytes).metadata.name
            #expect(try facts(PackedChart(name, "", archive: bytes), in: "a/" + name.lowercased()).size > 0, "\(path)")
            #expect(try ChartFiles(of: bytes).templates.allSatisfy { !$0.isBinary }, "\(path)")
        }
        print("examined \(archives.count) archives")
    }

    @Test("An old media type, the root namespace and upper case in a name are fine")
    func lenient() throws {
        var chart = PackedChart("x", "1.0.0")
        chart.archiveType = try MediaType(parsing: "application/tar+gzip")
        #expect(try facts(chart, in: "x").metadata.name == "x")
        #expect(try facts(PackedChart("MyChart", "1.0.0"), in: "a/mychart").metadata.name == "MyChart")
    }

    @Test(
        "Versions that Helm passes over in OCI are warned about",
        arguments: [
            ("v1.2.3", ["begins with v"]), ("1.2", ["is not strict SemVer"]), ("01.2.3", ["is not strict SemVer"]),
            ("v1", ["begins with v", "is not strict SemVer"]), ("1.2.3-rc.1+x", []),
        ])
    func warnings(version: String, parts: [String]) throws {
        let warnings = try facts(PackedChart("x", version)).warnings
        #expect(warnings.count == parts.count)
        for (warning, part) in zip(warnings, parts) {
            #expect(warning.contains(part) && warning.contains("an exact --version works"))
        }
    }

    @Test("What is no chart by its manifest is refused in one sentence")
    func manifests() throws {
        let chart = PackedChart("x", "1.0.0")
        let config = Descriptor(of: chart.config, .helmConfig)
        let layer = Descriptor(of: chart.archive, .helmChart)
        let provenance = Descriptor(of: [1], .helmProvenance)
        let type = MediaType.helmChart
        let cases: [(Descriptor, [Descriptor], String)] = [
            (
                Descriptor(of: chart.config, .octetStream), [layer],
                "it is no chart: its config is not \(MediaType.helmConfig) but application/octet-stream"
            ),
            (config, [], "its manifest has no layer of type \(type)"),
            (config, [provenance], "its manifest has no layer of type \(type)"),
            (config, [layer, layer], "its manifest has 2 chart layers, one is right"),
            (config, [layer, provenance, provenance], "its manifest has 2 provenance layers, one is the most"),
            (
                config, [Descriptor(mediaType: type, digest: layer.digest, size: (64 << 20) + 1)],
                "the chart's archive is larger than 67108864 bytes"
            ),
            (
                config, [Descriptor(mediaType: type, digest: layer.digest, size: 5)],
                "its archive has \(layer.size) bytes, its manifest says 5"
            ),
        ]
        for (config, layers, sentence) in cases {
            let stored = SampleChart.manifest(config: config, layers: layers)
            let manifest = try Manifest(parsing: stored.bytes, contentType: stored.mediaType)
            #expect(try refusal(chart, manifest: manifest) == sentence)
        }
        let index = SampleChart.index([chart.manifest])
        let manifest = try Manifest(parsing: index.bytes, contentType: index.mediaType)
        #expect(try refusal(chart, manifest: manifest).hasPrefix("it is no chart: its config is not"))
    }

    @Test(
        "A chart in the wrong place is refused in one sentence",
        arguments: [
            ("x", "1.0.0", "a/y", "the chart's name \"x\" is not that of its repository: push it to a/x"),
            ("x", "1.0.0", "y", "the chart's name \"x\" is not that of its repository: push it to x"),
            ("X", "1.0.0", "a/b/y", "the chart's name \"X\" is not that of its repository: push it to a/b/x"),
            (
                "ä", "1.0.0", "a/x",
                "the chart's name \"ä\" cannot be a repository's name: use letters, digits and single '.', '_' or '-' "
                    + "between them"
            ),
        ])
    func places(name: String, version: String, repository: String, sentence: String) throws {
        #expect(try refusal(PackedChart(name, version), in: repository) == sentence)
    }

    @Test("A version that cannot be a tag is refused")
    func tags() throws {
        let version = "1.0.0-" + String(repeating: "a", count: 130)
        #expect(try refusal(PackedChart("x", version)).hasPrefix("the chart's version cannot be a tag: "))
    }

    @Test("A provenance file must be one and name the archive")
    func provenances() throws {
        let chart = PackedChart("x", "1.0.0")
        #expect(
            try refusal(chart.signed(for: [Digest(of: [1])]))
                == "its provenance file does not vouch for its archive: sign it again")
        var other = chart
        other.provenance = Array("hello".utf8)
        #expect(try refusal(other) == "the provenance file is not a PGP signed message")
        other.provenance = [UInt8](repeating: 32, count: (1 << 20) + 1)
        #expect(try refusal(other) == "the provenance file is larger than 1 MiB")
        #expect(try facts(chart.signed(for: [Digest(of: chart.archive)])).provenance != nil)
    }

    @Test("A bad archive is refused with the reader's sentence")
    func archives() throws {
        #expect(
            try refusal(PackedChart("x", "1.0.0", archive: Array("hello".utf8))) == "not a gzip-compressed archive")
    }

    @Test("What cannot be read says nothing about the chart")
    func unreadable() throws {
        struct Broken: Error {}
        let chart = PackedChart("x", "1.0.0")
        let manifest = try Manifest(parsing: chart.manifest.bytes, contentType: chart.manifest.mediaType)
        let repository = try RepositoryName(parsing: "a/x")
        #expect(throws: ContentError.blobUnknown("gone")) {
            try ChartExamination.examine(manifest: manifest, repository: repository) {
                _ throws(ContentError) in throw .blobUnknown("gone")
            }
        }
        #expect(throws: ContentError.corrupt("damaged")) {
            try ChartExamination.examine(manifest: manifest, repository: repository) {
                _ throws(ContentError) in { throw ContentError.corrupt("damaged") }
            }
        }
        let error = #expect(throws: ContentError.self) {
            try ChartExamination.examine(manifest: manifest, repository: repository) {
                _ throws(ContentError) in { throw Broken() }
            }
        }
        #expect(error?.message.hasPrefix("blob \(Digest(of: chart.archive)) cannot be read: ") == true)
    }

    @Test("An archive that does not hash to its digest is damaged, not bad")
    func damaged() throws {
        let chart = PackedChart("x", "1.0.0")
        let other = PackedChart("x", "2.0.0")
        let manifest = try Manifest(parsing: chart.manifest.bytes, contentType: chart.manifest.mediaType)
        let error = #expect(throws: ContentError.self) {
            try ChartExamination.examine(manifest: manifest, repository: try RepositoryName(parsing: "x")) {
                _ throws(ContentError) in
                var rest: [UInt8]? = other.archive
                return { rest.take() }
            }
        }
        guard case .corrupt = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("An archive that grows while it is read stops at the limit")
    func endless() {
        var tar = TarBuilder()
        tar.add("x/Chart.yaml", "name: x\nversion: 1.0.0\n")
        var first: [UInt8]? = tar.gzipped
        let error = #expect(throws: ChartArchiveError.self) {
            try ChartArchiveReader.measure(maximumBytes: 1 << 20) {
                first.take() ?? [UInt8](repeating: 0, count: 65_536)
            }
        }
        #expect(error?.description == "the chart's archive is larger than 1048576 bytes")
    }
}
