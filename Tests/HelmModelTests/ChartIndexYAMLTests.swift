import HelmModel
import OCIModel
import TestSupport
import Testing
import YAML

extension YAMLNode {
    /// What a reader sees, as JSON.
    var json: JSONValue {
        switch content {
        case .mapping(let entries): return .object(entries.map { ($0.key.text ?? "", $0.value.json) })
        case .sequence(let elements): return .array(elements.map(\.json))
        case .scalar:
            switch value {
            case .bool(let value): return .bool(value)
            case .integer(let value): return .integer(value)
            case .unsigned(let value): return .number(Double(value))
            case .number(let value): return .number(value)
            case .string(let value): return .string(value)
            case .null, nil: return .null
            }
        }
    }
}

@Suite struct ChartIndexYAMLTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private func parse(_ yaml: [UInt8]) throws -> JSONValue {
        try #require(try YAMLDocument.parse(yaml)).json
    }

    /// An index of one chart with these entries, each as JSON.
    private func index(_ name: String, _ entries: [JSONValue]) throws -> [UInt8] {
        try ChartIndexText.yamlHead + ChartIndexText.yamlOpening(of: name)
            + entries.flatMap { try ChartIndexText.yamlEntry($0.text()) }
            + ChartIndexText.yamlTail(generated: "2026-01-02T03:04:05Z")
    }

    @Test("An entry is a block with the fields in their order")
    func block() throws {
        let chart = try metadata(
            #""home":"https://x.test","sources":["a","b c"],"deprecated":true,"maintainers":[{"name":"m","email":"m@x.test"}],"#
                + #""annotations":{"k/l":"true"},"appVersion":"1.10","dependencies":[{"name":"d","version":"^1","#
                + #""import-values":["v",{"child":"c","parent":"."},7]}]"#)
        let digest = try #require(Digest(.sha256, hash: [UInt8](repeating: 0xAB, count: 32)))
        let entry = ChartIndexText.entry(
            chart, fileName: "x-1.0.0.tgz", created: "2026-01-02T03:04:05Z", digest: digest)
        let index =
            try ChartIndexText.yamlHead + ChartIndexText.yamlOpening(of: "x") + ChartIndexText.yamlEntry(entry)
            + ChartIndexText.yamlEntry(Array(#"{"name":"x"}"#.utf8)) + ChartIndexText.yamlOpening(of: "y")
            + ChartIndexText.yamlEntry(Array(#"{"name":"y"}"#.utf8))
            + ChartIndexText.yamlTail(generated: "2026-01-02T03:04:05Z")
        #expect(
            text(index) == """
                apiVersion: v1
                entries:
                  x:
                  - name: x
                    home: "https://x.test"
                    sources:
                    - a
                    - b c
                    version: "1.0.0"
                    maintainers:
                    - name: m
                      email: "m@x.test"
                    apiVersion: v2
                    appVersion: "1.10"
                    deprecated: true
                    annotations:
                      k/l: "true"
                    dependencies:
                    - name: d
                      version: "^1"
                      repository: ""
                      import-values:
                      - v
                      - child: c
                        parent: "."
                      - 7
                    urls:
                    - charts/x-1.0.0.tgz
                    created: "2026-01-02T03:04:05Z"
                    digest: \(String(repeating: "ab", count: 32))
                  - name: x
                  "y":
                  - name: "y"
                generated: "2026-01-02T03:04:05Z"

                """)
        #expect(try parse(index)["entries"]?["x"]?.array?.first == JSONValue(parsing: entry))
    }

    @Test("An index without charts is a whole document")
    func empty() throws {
        let index = ChartIndexText.yamlHead + ChartIndexText.yamlTail(generated: "now", isEmpty: true)
        #expect(text(index) == "apiVersion: v1\nentries: {}\ngenerated: now\n")
        #expect(try parse(index)["entries"] == .object([]))
    }

    private static let hostile = [
        "", " ", "yes", "Yes", "no", "NO", "on", "off", "y", "N", "true", "False", "null", "NULL", "~", "nan", "Inf",
        ".nan",
        ".inf", "-.inf", "1", "-1", "+1", "0", "007", "1.10", "1e3", "1E+3", ".5", "5.", "0x1F", "0o7", "0b1", "1_000",
        "190:20:30", "2001-01-01", "2001-01-01T00:00:00Z", "- a", "-", "--", "---", "...", "--- a", ": ", ":", "a:",
        "a: b",
        ": a", "?", "? a", "#", "# a", "a #b", "a# b", "&a", "*a", "!a", "!!str a", "|", ">", "|-\n a", "'", "''", "\"",
        "\"a\"",
        "\\", "\\n", "%a", "@a", "`a", "{", "}", "[", "]", "{a: b}", "[a]", ",", "a,b", "a, b", "<<", "=", "a\nb", "\n",
        "a\n",
        "\na", "a\n\n  b\n", "\r", "a\r\nb", "\t", "a\tb", "\ta", "a\t", " a", "a ", "  a  ", "a  b", "ä", "日本", "🎉",
        "e\u{301}",
        "\u{0}", "a\u{0}b", "\u{7}", "\u{1B}[0m", "\u{7F}", "\u{85}", "\u{A0}", "\u{200B}", "\u{2028}", "\u{2029}",
        "\u{FEFF}",
        "\u{FEFF}a", "\u{FFFD}", "\u{FFFE}", "\u{FFFF}", "\u{10FFFF}", "\u{E000}", "\u{9F}", "https://x.test/a?b=c#d",
        "v1.2.3", ">=1.2, <2", "a - b", "(c) 2026", "a/b_c.d-e+f", "{{ .Values }}", "${a}", "$",
        "\u{1F468}\u{200D}\u{1F469}",
        String(repeating: "long ", count: 400) + "end", String(repeating: "ü\u{0}", count: 600),
    ]

    @Test("A text comes back as the same text, as a value, a key and an element", arguments: hostile)
    func texts(text: String) throws {
        let entry = JSONValue.object([
            ("value", .string(text)), ("list", .array([.string(text), .array([.string(text)])])),
            ("map", .object([(text, .string(text)), ("k" + text, .array([.object([(text, .null)])]))])),
        ])
        let read = try parse(try index("a", [entry, entry]))["entries"]?["a"]
        #expect(read == .array([entry, entry]))
    }

    @Test("A chart's name comes back", arguments: ["yes", "n", "1.0", "a-b", "A_b", "7", "null", "x.y"])
    func names(name: String) throws {
        #expect(try parse(try index(name, [.object([])]))["entries"]?.members?.map(\.0) == [name])
    }

    @Test("Any tree comes back", arguments: Seeds.some())
    func trees(seed: UInt64) throws {
        var random = RandomVersions(seed: seed)
        for _ in 0..<150 {
            let entry = JSONValue.object([("root", randomTree(&random, depth: 0))])
            let read = try parse(try index("a", [entry]))["entries"]?["a"]?.array?.first
            #expect(read == entry, "\(entry.description())")
        }
    }

    private func randomTree(_ random: inout RandomVersions, depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth < 4 ? 10 : 6), using: &random.generator) {
        case 0: return random.pick([.null, .bool(true), .bool(false)])
        case 1: return .integer(random.pick([0, 1, -1, 42, .max, .min]))
        case 2: return .number(random.pick([0.5, -2.25, 1e21, 1e-7, 1.5e300, 123456.789]))
        case 3...5: return .string(random.pick(Self.hostile))
        case 6, 7: return .array((0..<random.pick([0, 1, 3])).map { _ in randomTree(&random, depth: depth + 1) })
        default:
            let names = Set((0..<random.pick([0, 1, 4])).map { _ in random.pick(Self.hostile) })
            return .object(names.sorted().map { ($0, randomTree(&random, depth: depth + 1)) })
        }
    }

    @Test("What is no JSON object is refused", arguments: ["", "[]", "1", "{", "{}x"])
    func refused(text: String) {
        let error = #expect(throws: HelmParseError.self) { try ChartIndexText.yamlEntry(Array(text.utf8)) }
        #expect(error?.description.hasPrefix("the entry of a repository index") == true)
    }
}
