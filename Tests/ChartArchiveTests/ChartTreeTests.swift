import ChartArchive
import TestSupport
import Testing

@Suite struct ChartTreeTests {
    private func inner(_ name: String, _ files: [(path: String, text: String)] = []) -> [UInt8] {
        PackedChart(name, "1.0.0", files: files).archive
    }

    @Test("Directories and archives in charts/ become subcharts, at every level")
    func subcharts() throws {
        var deep = TarBuilder()
        deep.add("db/Chart.yaml", "apiVersion: v2\nname: db\nversion: 1.0.0\n")
        deep.add("db/charts/leaf-1.0.0.tgz", inner("leaf", [("values.yaml", "a: 1\n")]))
        var tar = TarBuilder()
        tar.add("x/Chart.yaml", "apiVersion: v2\nname: x\nversion: 1.0.0\n")
        tar.add("x/charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 2.0.0\n")
        tar.add("x/charts/web/templates/a.yaml", "kind: Pod\n")
        tar.add("x/charts/db-1.0.0.tgz", deep.gzipped)
        tar.add("x/charts/_old/Chart.yaml", "no: chart\n")
        tar.add("x/charts/README.md", "words\n")
        let tree = try ChartTree(tar.gzipped)
        #expect(tree.name == "x" && tree.vendored == ["db-1.0.0.tgz", "web"])
        #expect(tree.subcharts.map(\.name) == ["db", "web"])
        #expect(tree.subcharts[0].subcharts.map(\.name) == ["leaf"])
        #expect(tree.subcharts[0].subcharts.first?.values?.text == "a: 1\n")
        #expect(tree.subcharts[1].templates.map(\.path) == ["templates/a.yaml"])
        #expect(tree.problems.isEmpty)
    }

    @Test("A subchart that cannot be read is a problem of the chart, and the rest is there")
    func broken() throws {
        var tar = TarBuilder()
        tar.add("x/Chart.yaml", "apiVersion: v2\nname: x\nversion: 1.0.0\n")
        tar.add("x/charts/bad-1.0.0.tgz", "no archive")
        tar.add("x/charts/odd/Chart.yaml", "name: [")
        tar.add("x/charts/odd/values.yaml", "image: a:1\n")
        let tree = try ChartTree(tar.gzipped)
        #expect(tree.problems.first?.contains("charts/bad-1.0.0.tgz cannot be read") == true)
        #expect(tree.subcharts.map(\.name) == ["odd"] && tree.subcharts[0].metadata == nil)
        #expect(tree.subcharts[0].values != nil && tree.subcharts[0].problems.count == 1)
    }

    @Test("Charts within charts end at five levels")
    func depth() throws {
        var archive = inner("c8")
        for level in (0..<8).reversed() {
            var tar = TarBuilder()
            tar.add("c\(level)/Chart.yaml", "apiVersion: v2\nname: c\(level)\nversion: 1.0.0\n")
            tar.add("c\(level)/charts/c\(level + 1)-1.0.0.tgz", archive)
            archive = tar.gzipped
        }
        var tree = try ChartTree(archive)
        var levels = 0
        while let inner = tree.subcharts.first { (tree, levels) = (inner, levels + 1) }
        #expect(levels == 5 && tree.problems.count == 1)
    }

    @Test("All levels together stay within the limits")
    func limits() throws {
        var tar = TarBuilder()
        tar.add("x/Chart.yaml", "apiVersion: v2\nname: x\nversion: 1.0.0\n")
        for number in 0..<20 {
            tar.add(
                "x/charts/c\(number).tgz", inner("c\(number)", [("values.yaml", String(repeating: "#", count: 500))]))
        }
        let archive = tar.gzipped
        #expect(try ChartTree(archive).subcharts.count == 20)
        var few = ChartTree.Limits()
        few.charts = 10
        #expect(throws: ChartArchiveError.self) { try ChartTree(archive, limits: few) }
        few = ChartTree.Limits()
        few.keptBytes = 5000
        #expect(throws: ChartArchiveError.self) { try ChartTree(archive, limits: few) }
        few = ChartTree.Limits()
        few.entries = 30
        #expect(throws: ChartArchiveError.self) { try ChartTree(archive, limits: few) }
        few = ChartTree.Limits()
        few.unpackedBytes = 60_000
        #expect(throws: ChartArchiveError.self) { try ChartTree(archive, limits: few) }
    }

    @Test("An archive that is no chart says so") func noChart() {
        #expect(throws: ChartArchiveError.self) { try ChartTree(Array("nothing".utf8)) }
        var tar = TarBuilder()
        tar.add("x/values.yaml", "a: 1\n")
        #expect(throws: ChartArchiveError.self) { try ChartTree(tar.gzipped) }
    }
}
