import HelmModel
import OCIModel
import Testing

@Suite struct ChartManifestTests {
    private func descriptor(_ type: MediaType, _ digit: Character, _ size: Int64) throws -> Descriptor {
        let digest = try Digest(parsing: "sha256:" + String(repeating: digit, count: 64))
        return Descriptor(mediaType: type, digest: digest, size: size, annotations: ["not": "written"])
    }

    @Test("The manifest is written as Helm writes it, layers sorted by digest")
    func bytes() throws {
        let manifest = ChartManifest.make(
            metadata: try metadata(#""annotations":{"a":"<"}"#), config: try descriptor(.helmConfig, "c", 3),
            layers: [try descriptor(.helmChart, "b", 2), try descriptor(.helmProvenance, "a", 1)],
            created: "2023-11-14T22:13:20Z")
        let digest = { (digit: Character) in "sha256:" + String(repeating: digit, count: 64) }
        #expect(
            String(decoding: manifest, as: UTF8.self)
                == #"{"schemaVersion":2,"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":""#
                + digest("c") + #"","size":3},"layers":[{"mediaType":"#
                + #""application/vnd.cncf.helm.chart.provenance.v1.prov","digest":""# + digest("a")
                + #"","size":1},{"mediaType":"application/vnd.cncf.helm.chart.content.v1.tar+gzip","digest":""#
                + digest("b") + #"","size":2}],"annotations":{"a":"\u003c","#
                + #""org.opencontainers.image.created":"2023-11-14T22:13:20Z","org.opencontainers.image.title":"x","#
                + #""org.opencontainers.image.version":"1.0.0"}}"#)
    }

    @Test("Annotations come from the fields, blank ones left out")
    func derived() throws {
        let chart = try metadata(
            #""description":"d","home":" ","sources":["s","t"],"#
                + #""maintainers":[{"name":"a","email":"e <x>"},{"name":"b","url":"u"},{"email":"e"},{}]"#)
        #expect(
            ChartManifest.annotations(of: chart, created: nil) == [
                "org.opencontainers.image.title": "x", "org.opencontainers.image.version": "1.0.0",
                "org.opencontainers.image.description": "d", "org.opencontainers.image.source": "s",
                "org.opencontainers.image.authors": "a (e <x>), b,  (e), ",
            ])
    }

    @Test("The chart's own annotations win, except over title and version")
    func own() throws {
        let chart = try metadata(
            #""annotations":{"org.opencontainers.image.title":"no","org.opencontainers.image.version":"no","#
                + #""org.opencontainers.image.created":"c","org.opencontainers.image.url":"","e":""}"#)
        #expect(
            ChartManifest.annotations(of: chart, created: "2026-01-01T00:00:00Z") == [
                "org.opencontainers.image.title": "x", "org.opencontainers.image.version": "1.0.0",
                "org.opencontainers.image.created": "c", "org.opencontainers.image.url": "", "e": "",
            ])
    }

    @Test(
        "Tags and versions stand for each other",
        arguments: [("104.1.2+up57.0.3", "104.1.2_up57.0.3"), ("v1.0.0", "v1.0.0"), ("1.0.0-a.b+c", "1.0.0-a.b_c")])
    func tags(version: String, tag: String) throws {
        #expect(try Tag(chartVersion: version).description == tag)
        #expect(try Tag(parsing: tag).chartVersion == version)
    }

    @Test("A version that cannot be a tag is refused")
    func longVersion() {
        #expect(throws: OCIParseError.self) { try Tag(chartVersion: "1.0.0-" + String(repeating: "a", count: 123)) }
    }

    @Test(
        "Times are written in UTC and kept within four-digit years",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (1_700_000_000, "2023-11-14T22:13:20Z"),
            (951_782_400, "2000-02-29T00:00:00Z"), (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"), (1_735_689_599, "2024-12-31T23:59:59Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"), (.max, "9999-12-31T23:59:59Z"), (-1, "1970-01-01T00:00:00Z"),
            (.min, "1970-01-01T00:00:00Z"),
        ] as [(Int64, String)])
    func times(seconds: Int64, text: String) {
        #expect(UTCTime.text(secondsSince1970: seconds) == text)
    }
}
