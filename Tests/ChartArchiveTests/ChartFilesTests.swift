import Archive
import ChartArchive
import TestSupport
import Testing

@Suite struct ChartFilesTests {
    @Test("The files of a chart come sorted into their places")
    func places() throws {
        let chart = PackedChart(
            "x", "1.0.0",
            files: [
                ("values.yaml", "a: 1\n"), ("values.schema.json", "{}"), ("readme.txt", "plain"),
                ("ReadMe.md", "# Hi"), ("Chart.lock", "lock"), ("requirements.lock", "old"),
                ("templates/b.yaml", "b"), ("templates/a/c.tpl", "c"), ("crds/d.yaml", "d"),
                ("charts/sub/Chart.yaml", "name: sub\n"), ("charts/sub/values.yaml", "no"),
                ("charts/other-1.0.0.tgz", "z"), ("charts/note.txt", "n"), ("charts/_hidden/Chart.yaml", ""),
                ("files/values.yaml", "no"),
            ])
        let files = try ChartFiles(of: chart.archive)
        #expect(files.values?.text == "a: 1\n")
        #expect(files.schema?.text == "{}")
        #expect(files.readme?.path == "ReadMe.md")
        #expect(files.lock?.text == "lock")
        #expect(files.templates.map(\.path) == ["templates/a/c.tpl", "templates/b.yaml"])
        #expect(files.crds.map(\.text) == ["d"])
        #expect(files.vendored == ["other-1.0.0.tgz", "sub"])
    }

    @Test("Only what is asked for is read")
    func selection() throws {
        let chart = PackedChart(
            "x", "1.0.0", files: [("values.yaml", "a: 1\n"), ("README.md", "r"), ("templates/a", "t")])
        let files = try ChartFiles(.readme, of: chart.archive)
        #expect(files.readme != nil)
        #expect(files.values == nil && files.templates.isEmpty)
    }

    @Test("Binary files are flagged, text is not")
    func binary() throws {
        var tar = TarBuilder()
        tar.add("x/templates/a", [0x61, 0])
        tar.add("x/templates/b", [0xFF, 0xFE])
        tar.add("x/templates/c", Array("grün".utf8))
        #expect(try ChartFiles(of: tar.gzipped).templates.map(\.isBinary) == [true, true, false])
    }

    @Test("Of a file that is there twice the last counts, as with Helm")
    func twice() throws {
        var tar = TarBuilder()
        for text in ["first", "second"] {
            tar.add("x/values.yaml", text)
            tar.add("x/templates/a", text)
        }
        let files = try ChartFiles(of: tar.gzipped)
        #expect(files.values?.text == "second")
        #expect(files.templates.map(\.text) == ["second"])
    }

    @Test("All files together stay below a limit")
    func limit() throws {
        var tar = TarBuilder()
        tar.add("x/templates/a", [UInt8](repeating: 65, count: 600))
        tar.add("x/templates/b", [UInt8](repeating: 65, count: 600))
        tar.add("x/files/c", [UInt8](repeating: 65, count: 6000))
        func read(_ maximumBytes: Int64) throws(ChartArchiveError) -> ChartFiles {
            var rest: [UInt8]? = tar.gzipped
            return try ChartFiles(maximumBytes: maximumBytes) { rest.take() }
        }
        #expect(try read(1200).templates.count == 2)
        let error = #expect(throws: ChartArchiveError.self) { try read(1199) }
        #expect(error?.description == "the chart's files are larger than 1199 bytes together")
    }

    @Test("Links, devices and ways out are refused here too")
    func hostile() {
        for (path, type) in [("x/l", "2"), ("x/d", "3"), ("/etc/passwd", "0"), ("x/../y", "0")] {
            var tar = TarBuilder()
            tar.add("x/values.yaml", "a: 1\n")
            tar.add(path, type: Character(type), link: "/")
            #expect(throws: ChartArchiveError.self) { try ChartFiles(of: tar.gzipped) }
        }
    }
}
