import Glibc
import HelmModel
import OCIModel
import Testing
import YAML

/// The index of the fixture charts, out of the metadata that Helm's library wrote for them.
@Suite struct IndexGoldenTests {
    private static let folder =
        String(#filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }) + "/fixtures/golden/"

    private static let generated = "2026-01-02T03:04:05Z"

    private func bytes(_ name: String) throws -> [UInt8] {
        let file = try #require(fopen(Self.folder + name, "rb"), "\(name)")
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
        return bytes
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// The charts of the index by name, each with its entries, made anew from the configs.
    private func entries() throws -> [(name: String, entries: [[UInt8]])] {
        let charts = try #require(try JSONValue(parsing: bytes("index.json"))["entries"]?.members)
        return try charts.map { name, versions in
            let entries = try #require(versions.array).map { version in
                let file = try #require(version["urls"]?.array?.first?.string).dropFirst("charts/".count)
                let config = try bytes(file.dropLast(".tgz".count) + ".config.json")
                let digest = try Digest(parsing: "sha256:" + (try #require(version["digest"]?.string)))
                let chart = try ChartMetadata(configJSON: config)
                #expect(ChartIndexText.fileName(of: chart) == file)
                return ChartIndexText.entry(
                    chart, fileName: String(file), created: try #require(version["created"]?.string), digest: digest)
            }
            return (name, entries)
        }
    }

    @Test("The index is Helm's to the byte")
    func json() throws {
        var index = ChartIndexText.head
        for (number, chart) in try entries().enumerated() {
            if number > 0 { index += ChartIndexText.between }
            index += ChartIndexText.opening(of: chart.name)
            index += Array(chart.entries.joined(separator: ChartIndexText.between))
            index += ChartIndexText.closing
        }
        index += ChartIndexText.tail(generated: Self.generated)
        #expect(try text(index) == text(bytes("index.json")))
    }

    @Test("The index as YAML is what it was; CHARTROOM_GOLDEN=rewrite writes it anew")
    func yaml() throws {
        var index = ChartIndexText.yamlHead
        for chart in try entries() {
            index += ChartIndexText.yamlOpening(of: chart.name)
            for entry in chart.entries { index += try ChartIndexText.yamlEntry(entry) }
        }
        index += ChartIndexText.yamlTail(generated: Self.generated)
        if getenv("CHARTROOM_GOLDEN").map({ String(cString: $0) }) == "rewrite" {
            let file = try #require(fopen(Self.folder + "index.yaml", "wb"))
            fwrite(index, 1, index.count, file)
            fclose(file)
        }
        #expect(try text(index) == text(bytes("index.yaml")))
        let tree = try #require(try YAMLDocument.parse(index)).json
        #expect(try tree == JSONValue(parsing: bytes("index.json")))
    }

    @Test("Versions stand newest first")
    func order() throws {
        let charts = try #require(try JSONValue(parsing: bytes("index.json"))["entries"]?.members)
        for (name, versions) in charts {
            let keys = try #require(versions.array).map {
                try SemanticVersion(lenient: try #require($0["version"]?.string)).orderKey
            }
            for (newer, older) in zip(keys, keys.dropFirst()) {
                #expect(older.lexicographicallyPrecedes(newer), "\(name)")
            }
        }
    }
}
