import HelmModel
import OCIModel
import TestSupport
import Testing

@Suite struct RepositoryIndexTests {
    private func index(
        _ text: String, _ limits: RepositoryIndexLimits = RepositoryIndexLimits()
    ) throws(RepositoryIndexError) -> RepositoryIndex {
        var builder = RepositoryIndexBuilder(limits)
        do throws(OCIParseError) {
            try JSONWalk.walk(Array(text.utf8), maximumValues: 1000, deciding: { builder.step(at: $0) }) {
                builder.take($1, at: $0)
            }
        } catch {
            throw .malformed(error.description)
        }
        return try builder.finish()
    }

    private func entry(_ json: String) throws -> RepositoryIndexEntry {
        try RepositoryIndexEntry(tree: try JSONValue(parsing: Array(json.utf8)))
    }

    private func versions(_ texts: [String]) -> String {
        texts.map { #"{"name":"room","version":"\#($0)"}"# }.joined(separator: ",")
    }

    @Test("Charts are sorted by name, versions by SemVer, the newest first")
    func order() throws {
        let index = try index(
            #"{"apiVersion":"v1","generated":"2024-01-01T00:00:00Z","entries":{"room":["#
                + versions(["1.2.0", "v1.10.0", "1.2.0-rc.1", "0.9", "2.0.0+b", "2.0.0+a"])
                + #"],"Attic":[{"name":"Attic","version":"1"}],"none":[],"nil":null}}"#)
        #expect(index.charts.map(\.name) == ["Attic", "nil", "none", "room"])
        #expect(
            index.versions(of: "room").map(\.version) == [
                "2.0.0+b", "2.0.0+a", "v1.10.0", "1.2.0", "1.2.0-rc.1", "0.9",
            ])
        #expect(index.versionCount == 7)
        #expect(index.generated == "2024-01-01T00:00:00Z")
        #expect(index.droppedCount == 0)
        #expect(index.version("v1.10.0", of: "room")?.name == "room")
        #expect(index.version("1.10.0", of: "room") == nil)
        #expect(index.versions(of: "absent").isEmpty)
    }

    @Test("An entry has the metadata of Chart.yaml and what the index adds")
    func fields() throws {
        let hex = String(repeating: "aB", count: 32)
        let entry = try entry(
            #"""
            {"name":"room","version":"1.0","appVersion":1.10,"keywords":["a","b"],"deprecated":true,"annotations":{"k":"v"},
             "dependencies":[{"name":"shelf","version":"1","repository":""},{"name":"shelf","version":"2","repository":""}],
             "urls":["charts/room-1.0.tgz","https://other/x.tgz"],"created":"2024-10-17T15:04:02.497860723+02:00",
             "digest":"\#(hex)","removed":true,"engine":"gotpl","unknown":[1]}
            """#)
        let metadata = try entry.metadata()
        // What stands in an index of ours is written without reading the metadata again.
        #expect(
            entry.indexText
                == ChartIndexText.entry(
                    metadata, fileName: "room-1.0.tgz", created: "2024-10-17T15:04:02.497860723+02:00",
                    digest: try Digest(parsing: "sha256:" + hex.lowercased())))
        #expect(metadata.appVersion == "1.1" && metadata.keywords == ["a", "b"] && metadata.apiVersion == "v1")
        #expect(metadata.annotations == ["k": "v"] && metadata.dependencies.map(\.version) == ["1", "2"])
        #expect(entry.isDeprecated && entry.isRemoved)
        #expect(entry.urls == ["charts/room-1.0.tgz", "https://other/x.tgz"])
        #expect(entry.created == "2024-10-17T15:04:02.497860723+02:00")
        #expect(entry.createdAt == 1_729_170_242)
        #expect(entry.archive?.hex == hex.lowercased())
        #expect(entry.digestText == hex)
    }

    @Test("Deprecated fields stand in, and what cannot be read is none")
    func standIns() throws {
        let hex = String(repeating: "0", count: 64)
        let old = try entry(
            #"{"name":"a","version":"1.0.0","url":"a.tgz","checksum":"sha256:\#(hex)","created":"yesterday"}"#)
        #expect(old.urls == ["a.tgz"] && old.archive?.hex == hex && old.created.isEmpty && old.createdAt == nil)
        let odd = try entry(
            #"{"name":"a","version":"1.0.0","digest":"d41d8cd98f00b204e9800998ecf8427e","created":"0001-01-01T00:00:00Z"}"#
        )
        #expect(odd.archive == nil && odd.digestText == "d41d8cd98f00b204e9800998ecf8427e" && odd.urls.isEmpty)
        #expect(odd.created == "0001-01-01T00:00:00Z" && odd.createdAt == nil)
    }

    @Test("Invalid versions are dropped and counted with their reasons, the others stay")
    func dropped() throws {
        let index = try index(
            #"""
            {"apiVersion":"v1","entries":{"room":[null,{"name":"room","version":"x"},{"version":"1.0.0"},
             {"name":"a/b","version":"1.0.0"},{"name":"room","version":"1.0.0","urls":{}},"text",
             {"name":"room","version":"2.0.0"},{"name":"room","version":"2.0.0","urls":["second"]}],
             "map":{"a":1,"b":2},"number":7}}
            """#)
        #expect(index.versions(of: "room").map(\.version) == ["2.0.0"])
        #expect(index.versions(of: "room").first?.urls == [])
        #expect(index.versionCount == 1)
        #expect(index.droppedCount == 9)
        #expect(index.dropped.map(\.chart) == Array(repeating: "room", count: 6) + ["map", "number", "room"])
        #expect(index.dropped.map(\.version) == ["", "x", "1.0.0", "1.0.0", "1.0.0", "", "", "", "2.0.0"])
        #expect(index.dropped.allSatisfy { !$0.reason.isEmpty })
    }

    @Test("No more than a hundred reasons are kept")
    func manyDropped() throws {
        let index = try index(
            #"{"apiVersion":"v1","entries":{"a":["# + Array(repeating: "0", count: 500).joined(separator: ",") + "]}}")
        #expect(index.droppedCount == 500 && index.dropped.count == 100)
    }

    @Test("A chart that is listed twice has the versions of the later list")
    func twice() throws {
        let index = try index(
            #"{"apiVersion":"v1","entries":{"room":["# + versions(["1.0.0"]) + #"],"b":[],"room":["#
                + versions(["2.0.0"]) + "]}}")
        #expect(index.charts.map(\.name) == ["b", "room"])
        #expect(index.versions(of: "room").map(\.version) == ["2.0.0"])
    }

    @Test(
        "What is no index is refused",
        arguments: [
            "[]", "[1]", "7", "null", "{}", #"{"entries":{}}"#, #"{"apiVersion":"v1","entries":[1]}"#,
            #"{"apiVersion":"v1","entries":7}"#, #"{"apiVersion":[],"entries":{}}"#, #"{"apiVersion":"v1""#,
        ])
    func malformed(text: String) {
        #expect {
            try index(text)
        } throws: { error in
            guard case .malformed(let reason) = error as? RepositoryIndexError else { return false }
            return !reason.isEmpty
        }
    }

    @Test("An empty repository is an index", arguments: ["{}", "null"])
    func empty(entries: String) throws {
        let index = try index(#"{"apiVersion":"v1","entries":\#(entries),"serverInfo":{"a":[1]}}"#)
        #expect(index.charts.isEmpty && index.versionCount == 0 && index.apiVersion == "v1")
    }

    @Test("Versions and charts are limited, valid or not")
    func limits() throws {
        var limits = RepositoryIndexLimits()
        limits.entries = 3
        let fits = #"{"apiVersion":"v1","entries":{"a":[1,2],"b":[3],"c":[]}}"#
        #expect(try index(fits, limits).droppedCount == 3)
        let tooMany = RepositoryIndexError.tooManyEntries(limit: 3)
        #expect(throws: tooMany) { try index(#"{"apiVersion":"v1","entries":{"a":[1,2],"b":[3,4]}}"#, limits) }
        #expect(throws: tooMany) { try index(#"{"apiVersion":"v1","entries":{"a":[],"b":[],"c":[],"d":[]}}"#, limits) }
        #expect(tooMany.description.contains("3"))
    }

    @Test("Whole trees may be handed over too, as an alias in YAML gives them")
    func wholeTrees() throws {
        func tree(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }
        var builder = RepositoryIndexBuilder()
        let steps = [[], ["apiVersion"], ["serverInfo"], ["entries"]].map { builder.step(at: $0) }
        #expect(steps == [.enter, .take, .skip, .enter])
        let charts = try tree(#"{"a":[{"name":"a","version":"1"}],"b":null,"c":7}"#)
        var taken = [builder.take(try tree(#""v1""#), at: ["apiVersion"]), builder.take(charts, at: ["entries"])]
        let step = builder.step(at: ["entries", "d"])
        #expect(step == .enter)
        taken.append(builder.take(try tree(#"[{"name":"d","version":"1"}]"#), at: ["entries", "d"]))
        taken.append(builder.drop("no tree", at: ["entries", "d", nil]))
        #expect(taken == [true, true, true, true])
        let index = try builder.finish()
        #expect(index.charts.map(\.versions.count) == [1, 0, 0, 1])
        #expect(index.dropped.map(\.reason) == ["its versions are not a list", "no tree"])
    }

    @Test(
        "Times are read as Go reads them",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2024-02-29T23:59:59Z", 1_709_251_199), ("2024-02-30T00:00:00Z", nil),
            ("2023-02-29T00:00:00Z", nil), ("1969-12-31T23:59:59.999Z", -1), ("2000-01-01T00:00:00+01:30", 946_679_400),
            ("2000-01-01T00:00:00-00:30", 946_686_600), ("2000-01-01 00:00:00Z", nil), ("2000-01-01T00:00:00", nil),
            ("2000-01-01T24:00:00Z", nil), ("2000-13-01T00:00:00Z", nil), ("2000-00-01T00:00:00Z", nil),
            ("2000-01-01T00:00:00.Z", nil), ("2000-01-01T00:00:00z", nil), ("0001-01-01T00:00:00Z", -62_135_596_800),
            ("0000-03-01T00:00:00Z", -62_162_035_200), ("9999-12-31T23:59:59Z", 253_402_300_799), ("", nil),
        ] as [(String, Int64?)])
    func times(text: String, seconds: Int64?) {
        #expect(UTCTime.seconds(rfc3339: text) == seconds)
    }

    @Test("What is written is read back", arguments: Seeds.some())
    func timesRoundTrip(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let seconds = Int64.random(in: 0...253_402_300_799, using: &generator)
            #expect(UTCTime.seconds(rfc3339: UTCTime.text(secondsSince1970: seconds)) == seconds)
        }
    }
}
