import Content
import OCIModel
import TestSupport
import Testing

@Suite("The JSON of upstreams") struct UpstreamJSONTests {
    private func reread(_ json: JSONValue) throws -> JSONValue { try JSONValue(parsing: json.text()) }

    @Test("What is written is read as the same") func roundTrip() throws {
        for state in ScriptedUpstreams.states { #expect(try UpstreamState(json: reread(state.json)) == state) }
        for test in ScriptedUpstreams.tests { #expect(try UpstreamTest(json: reread(test.json)) == test) }
        var explanation = ScriptedUpstreams.explanation(try Reference(path: "stable/nginx:1.2.3"))
        #expect(try Explanation(json: reread(explanation.json)) == explanation)
        explanation = Explanation(reference: "a", origin: "absent", outcome: "no", rule: "none")
        #expect(try Explanation(json: reread(explanation.json)) == explanation)
        let warmed = WarmedReference(fetched: 2, bytes: .max)
        #expect(try WarmedReference(json: reread(warmed.json)) == warmed)
        let summary = PurgeSummary(tags: 1, manifests: 2, bytes: 3)
        #expect(try PurgeSummary(json: reread(summary.json)) == summary)
    }

    @Test("The names of members are kept") func names() {
        #expect(
            ScriptedUpstreams.states[0].json.members?.map(\.0) == [
                "prefix", "kind", "urls", "health", "lastContact", "cachedTags", "goneTags",
            ])
        #expect(ScriptedUpstreams.states[0].json["lastContact"]?.string == "2023-11-14T22:13:20.1234560Z")
    }

    @Test(
        "What is missing or of another kind is refused, what is unknown passed over",
        arguments: [
            ("{}", false), ("[]", false), (#"{"fetched":1,"bytes":2,"more":[]}"#, true),
            (#"{"fetched":1,"bytes":-2}"#, false),
            (#"{"fetched":"1","bytes":2}"#, false),
        ])
    func malformed(text: String, isRight: Bool) throws {
        let json = try JSONValue(parsing: Array(text.utf8))
        #expect((try? WarmedReference(json: json)) == (isRight ? WarmedReference(fetched: 1, bytes: 2) : nil))
    }

    @Test("Purge options come through a query, and none is misread") func purge() throws {
        var options = PurgeOptions()
        options.notPulledSince = 1_700_000_000_123_456
        options.onlyGone = true
        options.isDryRun = true
        let items = Dictionary(options.query, uniquingKeysWith: { $1 })
        #expect(try PurgeOptions { items[$0] } == options)
        #expect(PurgeOptions().query.isEmpty)
        #expect(try PurgeOptions { _ in nil } == PurgeOptions())
        for (name, value) in [("older", "30d"), ("older", ""), ("gone", "yes"), ("dry", "1")] {
            #expect(throws: OCIParseError.self) { try PurgeOptions { $0 == name ? value : nil } }
        }
    }

    @Test(
        "Times come back from their text",
        arguments: [
            0, -1, 951_782_400_000_000, 951_868_799_999_999, 4_107_542_399_000_001, 253_402_300_799_999_999,
            -62_167_219_200_000_000,
        ])
    func times(microseconds: Int64) {
        #expect(RFC3339.microseconds(parsing: RFC3339.text(microseconds: microseconds)) == microseconds)
    }

    @Test("Times out of range are moved into it") func extremes() {
        #expect(RFC3339.text(microseconds: .max) == "9999-12-31T23:59:59.9999990Z")
        #expect(RFC3339.text(microseconds: .min) == "0000-01-01T00:00:00.0000000Z")
        #expect(RFC3339.text(microseconds: 951_782_400_000_000) == "2000-02-29T00:00:00.0000000Z")
    }
}
