import Archive
import ChartArchive
import HelmModel
import OCIModel
import TestSupport
import Testing

@Suite struct ChartArchiveReaderTests {
    private func chart(_ yaml: String) throws(ChartArchiveError) -> PackagedChart {
        var tar = TarBuilder()
        tar.add("x/Chart.yaml", "apiVersion: v2\nname: x\nversion: 1.0.0\n" + yaml)
        return try ChartArchiveReader.read(tar.gzipped)
    }

    @Test("Metadata, directory, files and the newest time come out of one pass")
    func reading() throws {
        var tar = TarBuilder()
        tar.add("dir/", type: "5", modificationTime: 1_800_000_000)
        tar.add("dir/values.yaml", "a: 1\n")
        tar.add("dir/Chart.yaml", "name: x\nversion: 1.0.0\n")
        tar.add("dir/charts/y/Chart.yaml", "not: [yaml")
        tar.add("other/file", modificationTime: 5)
        let chart = try ChartArchiveReader.read(tar.gzipped)
        #expect(chart.metadata.name == "x")
        #expect(chart.directory == "dir")
        #expect(chart.newestModificationTime == 1_800_000_000)
        #expect(chart.created == "2027-01-15T08:00:00Z")
        #expect(
            chart.files.map(\.path) == ["dir/values.yaml", "dir/Chart.yaml", "dir/charts/y/Chart.yaml", "other/file"])
        #expect(chart.files.map(\.size) == [5, 23, 10, 0])
    }

    @Test("Any cutting of the bytes gives the same chart", arguments: [1, 100, 4096])
    func pieces(size: Int) throws {
        let bytes = try Fixtures.bytes(Fixtures.folder + "/charts/hall-2.0.0.tgz")
        var rest = bytes[...]
        let chart = try ChartArchiveReader.read {
            let piece = rest.prefix(size)
            rest = rest.dropFirst(piece.count)
            return Array(piece)
        }
        #expect(chart.metadata == (try ChartArchiveReader.read(bytes).metadata))
    }

    @Test("The source's error comes back")
    func source() {
        struct Broken: Error {}
        let error = #expect(throws: ChartArchiveError.self) { try ChartArchiveReader.read { throw Broken() } }
        guard case .archive(.source(let cause)) = error else {
            Issue.record("not the source's error: \(String(describing: error))")
            return
        }
        #expect(cause is Broken)
    }

    @Test("Paths written on Windows are read")
    func windows() throws {
        var tar = TarBuilder()
        tar.add("x\\Chart.yaml", "name: x\nversion: 1.0.0\n")
        tar.add("x\\templates\\a.yaml", "")
        #expect(try ChartArchiveReader.read(tar.gzipped).directory == "x")
    }

    @Test("A byte order mark and carriage returns are read over")
    func marks() throws {
        var tar = TarBuilder()
        tar.add("x/Chart.yaml", "\u{FEFF}name: x\r\nversion: 1.0.0\r\n")
        #expect(try ChartArchiveReader.read(tar.gzipped).metadata.version == "1.0.0")
    }

    @Test(
        "Scalars become the text that Helm makes of them",
        arguments: [
            ("1.10", "1.1"), ("0x10", "16"), ("010", "8"), ("08", "8"), ("yes", "true"), ("1_000", "1000"),
            ("18446744073709551615", "18446744073709551615"), ("1e999", "1e999"), (".inf", "+Inf"), (".nan", "NaN"),
            ("2026-01-02", "2026-01-02"), ("~", ""), ("'~'", "~"), ("-0.0", "-0"), ("1234567.0", "1.234567e+06"),
            ("16777217.0", "1.6777216e+07"), ("!foo bar", "bar"), ("!!str 1.0", "1.0"), ("!!int '3'", "3"),
        ])
    func scalars(written: String, text: String) throws {
        #expect(try chart("appVersion: \(written)\n").metadata.appVersion == text)
    }

    @Test("Keys become the text that Helm makes of them")
    func keys() throws {
        let annotations = try chart("annotations: {1e6: a, 1.123456789: b, 0x10: c, .inf: d, n: ~, 2020-01-01: e}\n")
            .metadata.annotations
        #expect(
            annotations == ["1e+06": "a", "1.1234568": "b", "16": "c", ".inf": "d", "false": "", "2020-01-01": "e"])
    }

    @Test("Merge keys replace what stands above them, as with Helm")
    func merges() throws {
        let shared = "shared: &a {description: merged, home: h}\n"
        #expect(try chart(shared + "description: own\n<<: *a\n").metadata.description == "merged")
        #expect(try chart(shared + "<<: *a\ndescription: own\n").metadata.description == "own")
    }
}

@Suite struct ChartProvenanceTests {
    private func provenance() throws -> String {
        String(decoding: try Fixtures.bytes(Fixtures.folder + "/charts/room-1.0.0.tgz.prov"), as: UTF8.self)
    }

    private func parse(_ text: String) throws(ChartProvenanceError) -> ChartProvenance {
        try ChartProvenance(parsing: Array(text.utf8))
    }

    @Test("A provenance file names its archive")
    func names() throws {
        let text = try provenance()
        let file = try #require(try parse(text).files.first)
        #expect(file.name == "room-1.0.0.tgz")
        #expect(try parse(text).names(file.digest))
        #expect(try !parse(text).names(try Digest(parsing: "sha256:" + String(repeating: "0", count: 64))))
        let windows = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
        #expect(try parse(windows) == parse(text))
    }

    @Test("Dash escapes are undone and digests that are none are left out")
    func escapes() throws {
        let hex = String(repeating: "a", count: 64)
        let text = """
            -----BEGIN PGP SIGNED MESSAGE-----
            Hash: SHA512

            - --- 
            name: x

            ...
            files:
            - "--.tgz": sha256:\(hex)
              bad.tgz: sha256:short
            -----BEGIN PGP SIGNATURE-----
            """
        let escaped = try parse(text.replacing("- \"--", with: "  \"--"))
        #expect(escaped.files.map(\.name) == ["--.tgz"])
    }

    @Test("What is no provenance file is refused in one sentence")
    func refused() throws {
        let text = try provenance()
        let cases = [
            ("", "the provenance file is not a PGP signed message"),
            (text.replacing("BEGIN PGP SIGNATURE", with: "END"), "the provenance file is not a PGP signed message"),
            (
                text.replacing("\n...\n", with: "\n"),
                "the provenance file has no line \"...\" between metadata and files"
            ),
            (text.replacing("files:", with: "filed:"), "the provenance file lists no files"),
            (text.replacing("files:", with: "files: ["), "the provenance file's list of files, line 3, column 1: "),
            (String(repeating: "x", count: (1 << 20) + 1), "the provenance file is larger than 1 MiB"),
        ]
        for (bad, sentence) in cases {
            let error = #expect(throws: ChartProvenanceError.self) { try parse(bad) }
            #expect(error?.description.hasPrefix(sentence) == true, "\(String(describing: error))")
        }
        #expect(throws: ChartProvenanceError.self) { try ChartProvenance(parsing: [0xFF]) }
    }
}
