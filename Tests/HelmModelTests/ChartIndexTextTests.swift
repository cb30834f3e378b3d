import HelmModel
import OCIModel
import Testing

@Suite struct ChartIndexTextTests {
    private let digest = Digest(.sha256, hash: [UInt8](repeating: 0xAB, count: 32))

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test("An entry is the chart's metadata, then where the archive is, when it was made and what it hashes to")
    func entry() throws {
        let chart = try metadata(
            #""home":"h","deprecated":true,"description":"<a & b>\n","dependencies":[{"name":"d"}],"type":"library""#)
        let entry = ChartIndexText.entry(
            chart, fileName: ChartIndexText.fileName(of: chart), created: "2026-01-02T03:04:05Z",
            digest: digest)
        #expect(
            text(entry)
                == #"{"name":"x","home":"h","version":"1.0.0","description":"\u003ca \u0026 b\u003e ","#
                + #""apiVersion":"v2","deprecated":true,"dependencies":[{"name":"d","repository":""}],"#
                + #""type":"library","urls":["charts/x-1.0.0.tgz"],"created":"2026-01-02T03:04:05Z","digest":""#
                + String(repeating: "ab", count: 32) + #""}"#)
        #expect(!entry.contains(UInt8(ascii: "\n")))
        #expect(try ChartMetadata(configJSON: entry) == chart)
    }

    @Test("A version keeps its plus sign in the file's name")
    func plus() throws {
        let chart = try ChartMetadata(
            chart: .object([("apiVersion", .string("v2")), ("name", .string("a")), ("version", .string("1.0.0+b"))]))
        #expect(ChartIndexText.fileName(of: chart) == "a-1.0.0+b.tgz")
    }

    @Test("An index without charts is a whole document")
    func empty() {
        let index = ChartIndexText.head + ChartIndexText.tail(generated: "2026-01-02T03:04:05Z")
        #expect(text(index) == #"{"apiVersion":"v1","entries":{},"generated":"2026-01-02T03:04:05Z"}"# + "\n")
    }

    @Test("The pieces make a document with every entry in its place")
    func pieces() throws {
        let charts: [(String, [String])] = [("a<\"", ["1", "2"]), ("b", ["3"])]
        var index = ChartIndexText.head
        for (number, chart) in charts.enumerated() {
            if number > 0 { index += ChartIndexText.between }
            index += ChartIndexText.opening(of: chart.0)
            for (number, entry) in chart.1.enumerated() {
                if number > 0 { index += ChartIndexText.between }
                index += Array(entry.utf8)
            }
            index += ChartIndexText.closing
        }
        index += ChartIndexText.tail(generated: "now")
        #expect(
            text(index)
                == #"{"apiVersion":"v1","entries":{"a\u003c\"":[1,2],"b":[3]},"generated":"now"}"# + "\n")
        let tree = try JSONValue(parsing: index)
        #expect(tree["entries"]?["a<\""] == .array([.integer(1), .integer(2)]))
    }
}
