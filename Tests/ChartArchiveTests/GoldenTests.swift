import ChartArchive
import Codecs
import HelmModel
import OCIModel
import Testing

/// Archives against what Helm's library made of them (`fixtures/make-golden`).
@Suite struct GoldenTests {
    private static let archives = Fixtures.archives(below: Fixtures.folder + "/charts")

    private func descriptor(_ type: MediaType, _ bytes: [UInt8]) throws -> Descriptor {
        let digest = try #require(Digest(.sha256, hash: ContentHasher.hash(bytes.span, .sha256)))
        return Descriptor(mediaType: type, digest: digest, size: Int64(bytes.count))
    }

    private func compare(_ path: String, golden: String) throws {
        let archive = try Fixtures.bytes(path)
        let chart = try ChartArchiveReader.read(archive)
        let stem = golden + "/" + String(try #require(path.split(separator: "/").last).dropLast(".tgz".count))
        let config = chart.metadata.configJSON
        #expect(
            String(decoding: config, as: UTF8.self)
                == String(decoding: try Fixtures.bytes(stem + ".config.json"), as: UTF8.self), "\(path)")
        var layers = [try descriptor(.helmChart, archive)]
        if let provenance = try? Fixtures.bytes(path + ".prov") {
            layers.append(try descriptor(.helmProvenance, provenance))
        }
        let manifest = ChartManifest.make(
            metadata: chart.metadata, config: try descriptor(.helmConfig, config), layers: layers,
            created: chart.created)
        #expect(
            String(decoding: manifest, as: UTF8.self)
                == String(decoding: try Fixtures.bytes(stem + ".manifest.json"), as: UTF8.self), "\(path)")
    }

    @Test("There are fixtures")
    func present() {
        #expect(Self.archives.count == 9)
    }

    @Test("Config and manifest are Helm's to the byte", arguments: archives)
    func fixtures(path: String) throws {
        try compare(path, golden: Fixtures.folder + "/golden")
    }

    @Test(
        "Config and manifest of other archives are Helm's to the byte",
        .enabled(if: Fixtures.environment("CHARTROOM_ARCHIVES") != nil, "set CHARTROOM_ARCHIVES and CHARTROOM_GOLDEN"))
    func others() throws {
        let archives = Fixtures.archives(below: try #require(Fixtures.environment("CHARTROOM_ARCHIVES")))
        let golden = try #require(Fixtures.environment("CHARTROOM_GOLDEN"))
        for path in archives { try compare(path, golden: golden) }
        print("compared \(archives.count) archives")
        #expect(!archives.isEmpty)
    }
}
