import OCIModel
import TestSupport
import Testing

@Suite struct ManifestTests {
    private static let digest = "sha256:" + String(repeating: "a", count: 64)
    private static let descriptor = #"{"mediaType":"a/b","digest":"\#(digest)","size":3}"#

    private func image(_ more: String = "", type: MediaType = .ociManifest) throws(OCIParseError) -> Manifest {
        let text = #"{"schemaVersion":2,"config":\#(ManifestTests.descriptor),"layers":[]\#(more)}"#
        return try Manifest(parsing: Array(text.utf8), contentType: type)
    }

    private func read(_ text: String, _ type: MediaType = .ociManifest) throws(OCIParseError) -> Manifest {
        try Manifest(parsing: Array(text.utf8), contentType: type)
    }

    @Test("A chart as Helm writes it: without a mediaType, the provenance first") func chart() throws {
        let config = Descriptor(of: [1], .helmConfig)
        let layers = [Descriptor(of: [1, 2], .helmProvenance), Descriptor(of: [1, 2, 3], .helmChart)]
        let tree = JSONValue.object([
            ("schemaVersion", .integer(2)), ("config", config.json), ("layers", .array(layers.map(\.json))),
        ])
        let manifest = try Manifest(parsing: tree.text(.go), contentType: .ociManifest)
        #expect(manifest.mediaType == .ociManifest)
        #expect(manifest.config == config)
        #expect(manifest.layers == layers)
        #expect(manifest.references == [config] + layers)
        #expect(manifest.isHelmChart)
        #expect(manifest.contentSize == 6)
        #expect(manifest.artifactType == MediaType.helmConfig.description)
        #expect(manifest.subject == nil && manifest.manifests.isEmpty && manifest.annotations.isEmpty)
    }

    @Test("All fields are read") func fields() throws {
        let manifest = try image(
            #"""
            ,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"x/y","annotations":{"a":"1"},
            "subject":{"mediaType":"a/b","digest":"\#(ManifestTests.digest)","size":5,"artifactType":"t","annotations":{"k":"v"},
            "urls":["https://elsewhere.example/"],"platform":{"os":"linux"},"data":"AAAA"}
            """#)
        #expect(manifest.declaredArtifactType == "x/y")
        #expect(manifest.artifactType == "x/y")
        #expect(manifest.annotations == ["a": "1"])
        #expect(manifest.subject?.size == 5)
        #expect(manifest.subject?.artifactType == "t")
        #expect(manifest.subject?.annotations == ["k": "v"])
        #expect(!manifest.references.contains { $0.size == 5 })
    }

    @Test("Null is the same as absent where Go writes it so") func nulls() throws {
        let text =
            #"{"schemaVersion":2,"config":\#(ManifestTests.descriptor),"layers":null,"subject":null,"annotations":null}"#
        let manifest = try read(text)
        #expect(manifest.layers.isEmpty && manifest.subject == nil && manifest.annotations.isEmpty)
        #expect(try read(#"{"schemaVersion":2,"manifests":null}"#, .ociIndex).manifests.isEmpty)
    }

    @Test("An index lists manifests, in order") func index() throws {
        let manifests = [Descriptor(of: [1], .ociManifest), Descriptor(of: [2], .ociIndex)]
        let tree = JSONValue.object([("schemaVersion", .integer(2)), ("manifests", .array(manifests.map(\.json)))])
        for type in [MediaType.ociIndex, .dockerManifestList] {
            let index = try Manifest(parsing: tree.text(), contentType: type)
            #expect(index.manifests == manifests)
            #expect(index.references == index.manifests)
            #expect(index.contentSize == 0)
            #expect(index.artifactType == nil)
            #expect(!index.isHelmChart)
        }
    }

    @Test("The artifact type is the declared one, else the config's") func artifactType() throws {
        #expect(try image().artifactType == "a/b")
        #expect(try image(#","artifactType":"""#).artifactType == "a/b")
        #expect(try image(#","artifactType":7"#).artifactType == "a/b")
    }

    @Test("The blobs of an artifact manifest are its layers; it has no schemaVersion") func artifactManifest() throws {
        let manifest = try read(#"{"blobs":[\#(ManifestTests.descriptor)],"artifactType":"x/y"}"#, .ociArtifactManifest)
        #expect(manifest.layers.count == 1)
        #expect(manifest.artifactType == "x/y")
    }

    @Test("A type nobody knows is read by its shape") func unknownType() throws {
        let type = try MediaType(parsing: "application/vnd.example+json")
        #expect(try read("{}", type).references.isEmpty)
        #expect(
            try read(#"{"layers":[\#(ManifestTests.descriptor)],"manifests":[\#(ManifestTests.descriptor)]}"#, type)
                .references.count == 2)
        #expect(throws: OCIParseError.self) { try read("plain text", type) }
    }

    @Test(
        "What is no manifest is refused with a sentence",
        arguments: [
            ("", "invalid JSON"), ("[]", "a manifest must be a JSON object"),
            ("null", "a manifest must be a JSON object"),
            ("{}", "schemaVersion must be 2"), (#"{"schemaVersion":1}"#, "schemaVersion must be 2"),
            (#"{"schemaVersion":"2"}"#, "schemaVersion must be 2"),
            (#"{"schemaVersion":2.0}"#, "schemaVersion must be 2"),
            (#"{"schemaVersion":2}"#, "an image manifest needs a config"),
            (#"{"schemaVersion":2,"config":null,"layers":[]}"#, "an image manifest needs a config"),
            (#"{"schemaVersion":2,"config":\#(descriptor)}"#, "an image manifest needs layers"),
            (#"{"schemaVersion":2,"config":[],"layers":[]}"#, "config must be an object"),
            (#"{"schemaVersion":2,"config":{},"layers":[]}"#, "config has no mediaType"),
            (#"{"schemaVersion":2,"config":{"mediaType":"a/b"},"layers":[]}"#, "config has no digest"),
            (#"{"schemaVersion":2,"config":\#(descriptor),"layers":{}}"#, "layers must be an array"),
            (#"{"schemaVersion":2,"config":\#(descriptor),"layers":[1]}"#, "layers[0] must be an object"),
            (
                #"{"schemaVersion":2,"config":\#(descriptor),"layers":[\#(descriptor),{}]}"#,
                "layers[1] has no mediaType"
            ),
            (#"{"schemaVersion":2,"config":\#(descriptor),"layers":[],"subject":[]}"#, "subject must be an object"),
            (#"{"schemaVersion":2,"config":\#(descriptor),"layers":[],"manifests":[]}"#, "must not list manifests"),
            (#"{"schemaVersion":2,"mediaType":"a/b"}"#, "mediaType is not its Content-Type"),
            (#"{"schemaVersion":2,"mediaType":7}"#, "mediaType is not its Content-Type"),
            (#"{"schemaVersion":2,"mediaType":null}"#, "mediaType is not its Content-Type"),
            (#"{"schemaVersion":2,"mediaType":"nonsense"}"#, "is not type/subtype"),
            (
                #"{"mediaType":"application/vnd.oci.image.index.v1+json","schemaVersion":2,"manifests":[]}"#,
                "Content-Type"
            ),
        ])
    func refused(text: String, reason: String) {
        let error = #expect(throws: OCIParseError.self) { try read(text) }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test(
        "A descriptor with a bad part is refused",
        arguments: [
            #"{"mediaType":"a/b","digest":"\#(digest)"}"#, #"{"mediaType":"a/b","digest":"\#(digest)","size":-1}"#,
            #"{"mediaType":"a/b","digest":"\#(digest)","size":"3"}"#,
            #"{"mediaType":"a/b","digest":"\#(digest)","size":3.5}"#,
            #"{"mediaType":"a/b","digest":"\#(digest)","size":1e2}"#,
            #"{"mediaType":"a/b","digest":"\#(digest)","size":9223372036854775808}"#,
            #"{"mediaType":"a/b","digest":"\#(digest.uppercased())","size":3}"#,
            #"{"mediaType":"a/b","digest":"sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709","size":3}"#,
            #"{"mediaType":"ab","digest":"\#(digest)","size":3}"#, #"{"mediaType":7,"digest":"\#(digest)","size":3}"#,
            #"{"digest":"\#(digest)","size":3}"#, #"{"mediaType":"a/b","size":3}"#,
            #"{"mediaType":"a/b","digest":"\#(digest)","size":3,"digest":"sha256:short"}"#, "7", "null", "\"x\"",
        ])
    func badDescriptor(text: String) {
        let error = #expect(throws: OCIParseError.self) {
            try read(#"{"schemaVersion":2,"config":\#(ManifestTests.descriptor),"layers":[\#(text)]}"#)
        }
        #expect(error?.description.hasPrefix("layers[0]") == true)
    }

    @Test("An index that looks like an image is refused, and the other way round") func shapes() {
        for more in [#","layers":[]"#, #","config":\#(ManifestTests.descriptor)"#] {
            #expect(throws: OCIParseError.self) { try read(#"{"schemaVersion":2,"manifests":[]\#(more)}"#, .ociIndex) }
        }
        #expect(throws: OCIParseError.self) { try read(#"{"schemaVersion":2}"#, .ociIndex) }
        #expect(throws: OCIParseError.self) { try image(#","manifests":[]"#, type: .dockerManifest) }
    }

    @Test("Members that appear twice: the last one counts") func duplicates() throws {
        let text =
            #"{"schemaVersion":1,"schemaVersion":2,"config":\#(ManifestTests.descriptor),"layers":[],"layers":[\#(ManifestTests.descriptor)]}"#
        #expect(try read(text).layers.count == 1)
        #expect(throws: OCIParseError.self) { try image(#","schemaVersion":1"#) }
    }

    @Test("Annotations that are not all strings are left out") func annotations() throws {
        #expect(try image(#","annotations":{"a":1}"#).annotations == [:])
        #expect(try image(#","annotations":"x""#).annotations == [:])
        #expect(try image(#","annotations":{"a":"1","a":"2"}"#).annotations == ["a": "2"])
    }

    @Test("Sizes add up without overflow") func sizes() throws {
        let huge = #"{"mediaType":"a/b","digest":"\#(ManifestTests.digest)","size":9223372036854775807}"#
        let manifest = try read(#"{"schemaVersion":2,"config":\#(huge),"layers":[\#(huge),\#(huge)]}"#)
        #expect(manifest.contentSize == .max)
    }

    @Test("As many references as allowed, and not one more") func manyReferences() throws {
        func index(_ count: Int) -> String {
            let list = Array(repeating: ManifestTests.descriptor, count: count).joined(separator: ",")
            return #"{"schemaVersion":2,"manifests":[\#(list)]}"#
        }
        #expect(try read(index(Manifest.maximumReferences), .ociIndex).manifests.count == Manifest.maximumReferences)
        let error = #expect(throws: OCIParseError.self) { try read(index(Manifest.maximumReferences + 1), .ociIndex) }
        #expect(error?.description.contains("10001 blobs, 10000 is the most") == true)
    }

    @Test("A descriptor is written with sorted annotations, and read as the same", arguments: Seeds.some())
    func descriptors(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            var descriptor = Descriptor(of: generator.bytes(9), .helmChart)
            descriptor.size = Int64.random(in: 0 ... .max, using: &generator)
            if Bool.random(using: &generator) { descriptor.artifactType = "x/y" }
            for number in 0..<Int.random(in: 0..<5, using: &generator) {
                descriptor.annotations["k\(number)"] = "é<\(number)"
            }
            let text = descriptor.json.text(.go)
            let again = try Descriptor(json: JSONValue(parsing: text), at: "it")
            #expect(again == descriptor)
            #expect(again.json.text(.go) == text)
        }
        #expect(
            Descriptor(
                mediaType: .octetStream, digest: try Digest(parsing: ManifestTests.digest), size: 1, artifactType: "t",
                annotations: ["b": "2", "a": "<"]
            ).json.description(.go)
                == #"{"mediaType":"application/octet-stream","digest":"\#(ManifestTests.digest)","size":1,"#
                + #""annotations":{"a":"\u003c","b":"2"},"artifactType":"t"}"#)
    }
}
