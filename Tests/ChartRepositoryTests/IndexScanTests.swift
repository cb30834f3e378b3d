import HelmModel
import OCIModel
import Posix
import TestSupport
import Testing

@testable import ChartRepository

/// The quick reading of an index must not differ from the whole one.
@Suite struct IndexScanTests {
    private func bytes(_ path: String) throws -> [UInt8] {
        try File.contents(of: path, maximumBytes: 64 << 20)
    }

    /// Charts with their versions sorted by text, since only the whole reading orders them.
    private func sorted(_ listing: ChartListing) -> [ChartListing.Chart] {
        listing.charts.map { chart in
            ChartListing.Chart(name: chart.name, versions: chart.versions.sorted { $0.version < $1.version })
        }
    }

    private func scan(_ text: [UInt8]) -> ChartListing? { IndexScan.listing(of: text, RepositoryIndexLimits()) }

    private func check(_ text: [UInt8]) throws {
        let scanned = try #require(scan(text))
        let whole = ChartListing(try RepositoryIndex(parsing: text))
        #expect(sorted(scanned) == sorted(whole))
        #expect(whole.charts.contains { !$0.versions.isEmpty })
    }

    @Test("The index of the fixtures") func fixtures() throws {
        try check(try bytes(Folder.fixtures + "/golden/index.yaml"))
    }

    @Test(
        "A published index", .enabled(if: Folder.published != nil, "CHARTROOM_TEST_CHARTS names no folder"))
    func published() throws {
        try check(try bytes(try #require(Folder.published) + "/../index.yaml"))
    }

    @Test(
        "What Helm, ChartMuseum and other writers write",
        arguments: [
            "apiVersion: v1\nentries: \n  a:\n  - name: a\n    version: 1.0.0\n    apiVersion: v2\n    urls:\n    - x.tgz\n    keywords:\n    - b\n",
            "---\napiVersion: v1\nentries:\n    a:\n        - name: \"a\"\n          version: '1.0.0'\n          apiVersion: v1\n          urls:\n            - https://h/x.tgz\n            - y.tgz\n          digest: sha256:"
                + String(repeating: "ab", count: 32) + "\n",
            "apiVersion: v1\r\nentries:\r\n  a:\r\n  - name: a\r\n    version: 1.0.0\r\n    apiVersion: v2\r\n",
            "# made by hand\napiVersion: v1\ngenerated: now\nentries:\n  a:\n  - version: 1.0.0\n    description: |\n      version: 9.9.9\n\n      - name: b\n    name: a\n    maintainers:\n    - name: m\n      email: e\n    apiVersion: v1\n    created: 2024-01-01T00:00:00Z\n  b: []\n",
            "apiVersion: v1\nentries:\n  a:\n  - name: a\n    version: 1.0.0\n    apiVersion: v2\n  - name: a\n    apiVersion: v2\n    version: 1.0.0\n    url: z.tgz\n  - name: a\n    version: 3.0.0\n  - name: a\n    version: none\nserverInfo: {}\n",
            "apiVersion: v1\nentries:\n  a:\n  - annotations:\n      x: \"y\n        version: 7.0.0\"\n    name: a\n    version: 1.0.0\n    apiVersion: v2\n",
        ])
    func forms(text: String) throws {
        try check(Array(text.utf8))
    }

    @Test(
        "What is not plain is left to the whole reading",
        arguments: [
            "{apiVersion: v1, entries: {}}", "apiVersion: v1\nentries: {}\n", "entries:\n  a:\n  - name: a\n",
            "apiVersion: v1\nentries:\n  a: &x\n  - name: a\n", "apiVersion: v1\nentries:\n  a:\n  - *x\n",
            "apiVersion: v1\nentries:\n  a:\n  - {name: a, version: 1.0.0}\n",
            "apiVersion: v1\nentries:\n  a:\n  - name: a\n    version: 1.0\n",
            "apiVersion: v1\nentries:\n  a:\n  - name: a\n    version: >-\n      1.0.0\n",
            "apiVersion: v1\nentries:\n  a:\n  - name: a\n    version: \"1.0\\x2e0\"\n",
            "apiVersion: v1\nentries:\n  a:\n  - name: a\n    <<: *x\n    version: 1.0.0\n",
            "apiVersion: v1\nentries:\n  a:\n  - name: a\n    version: 1.0.0\n  a:\n  - name: a\n",
            "apiVersion: v1\nentries:\n  a:\n  - name: a\n    version: 1.0.0\n...\n", "",
            "apiVersion: v1\nentries:\n  a:\n  - name: a\n    version: 1.0.0 # the first\n",
        ])
    func givesUp(text: String) {
        #expect(scan(Array(text.utf8)) == nil)
    }

    private func scanJSON(_ text: [UInt8]) -> ChartListing? {
        JSONIndexScan.listing(of: text, RepositoryIndexLimits())
    }

    @Test(
        "An index in JSON",
        arguments: [
            nil, #"{"apiVersion":"v1","entries":{"a":[],"b":null,"c":[{"name":"c","version":"1.0.0","urls":null}]}}"#,
            #"{"entries":{"a":[{"version":"1.0.0","name":"a","url":"x"},{"name":"a","version":"no"},{"name":1}]},"apiVersion":"v1"}"#,
        ])
    func json(text: String?) throws {
        let text = try text.map { Array($0.utf8) } ?? bytes(Folder.fixtures + "/golden/index.json")
        let whole = ChartListing(try RepositoryIndex(parsing: text))
        #expect(sorted(try #require(scanJSON(text))) == sorted(whole))
        #expect(whole.charts.contains { !$0.versions.isEmpty })
    }

    @Test(
        "JSON of another shape is left to the whole reading",
        arguments: [
            "", "{", "[]", "{}", #"{"apiVersion":"v1"}"#, #"{"apiVersion":"v1","entries":[]}x"#,
            #"{"apiVersion":"v1","entries":{"a":1}}"#, #"{"apiVersion":"v1","entries":{"a":[1]}}"#,
            #"{"apiVersion":"v1","entries":{"a":[],"a":[]}}"#, #"{"apiVersion":"v1","entries":[[]]}"#,
        ])
    func givesUpOnJSON(text: String) {
        #expect(scanJSON(Array(text.utf8)) == nil)
    }

    @Test(
        "A damaged index is either left to the whole reading or lists no other digests for a version",
        arguments: Seeds.some())
    func damage(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let whole = try bytes(Folder.fixtures + "/golden/index.yaml")
        for _ in 0..<300 {
            var text = whole
            for _ in 0..<Int.random(in: 1...5, using: &generator) {
                text[Int.random(in: text.indices, using: &generator)] = UInt8.random(in: 0...127, using: &generator)
            }
            guard let scanned = scan(text), let index = try? RepositoryIndex(parsing: text) else { continue }
            for chart in ChartListing(index).charts {
                let found = scanned.charts.first { $0.name == chart.name }
                for version in chart.versions {
                    let other = found?.versions.first { $0.version == version.version }
                    #expect(other == nil || other?.archive == version.archive)
                }
            }
        }
    }
}
