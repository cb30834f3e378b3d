import OCIModel
import TestSupport
import Testing

/// Hostile texts that no grammar takes.
let hostileTexts = [
    "", " ", "\0", "a\0", "\n", "a\n", "\u{FEFF}a", "ａ", "é", "a\u{301}", "🦭", "\u{202E}a", "%61", "a%2Fb",
    String(repeating: "/", count: 10_000), String(repeating: "🦭", count: 10_000), "\u{85}", "\u{2028}",
]

@Suite struct DigestTests {
    private static let hex64 = String(repeating: "0123456789abcdef", count: 4)

    @Test("Text and value lead to each other", arguments: Seeds.some())
    func roundTrip(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            for algorithm in DigestAlgorithm.allCases {
                let hash = generator.bytes(algorithm.byteCount)
                let digest = try #require(Digest(algorithm, hash: hash))
                #expect(digest.algorithm == algorithm)
                #expect(digest.bytes == [algorithm.rawValue] + hash)
                #expect(try Digest(parsing: digest.description) == digest)
                #expect(Digest(bytes: digest.bytes) == digest)
                #expect(digest.description == "\(algorithm.name):\(digest.hex)")
                #expect(digest.hex.utf8.count == 2 * algorithm.byteCount)
            }
        }
    }

    @Test("The text form, letter for letter") func text() throws {
        let text = "sha256:" + DigestTests.hex64
        #expect(try Digest(parsing: text).description == text)
        #expect(try Digest(parsing: text[...]).hex == DigestTests.hex64)
        let long = "sha512:" + DigestTests.hex64 + DigestTests.hex64
        #expect(try Digest(parsing: long).description == long)
    }

    @Test(
        "What is no digest is refused, with a short sentence",
        arguments: hostileTexts + [
            "sha256", "sha256:", hex64, ":" + hex64, "sha256:" + hex64.dropLast(), "sha256:" + hex64 + "0",
            "sha256:" + hex64.uppercased(), "SHA256:" + hex64, "Sha256:" + hex64, "sha512:" + hex64, "sha1:" + hex64,
            "sha384:" + hex64, "sha256:" + hex64 + hex64, "sha256::" + hex64.dropLast(), "sha256-" + hex64,
            " sha256:" + hex64, "sha256:" + hex64 + " ", "sha256:" + hex64 + "\0", "sha256:" + hex64.dropLast() + "\0",
            "sha256:" + hex64.dropLast() + "g", "sha256:" + hex64.dropLast() + "/", "sha256:" + hex64.dropLast() + ":",
            "sha256:" + hex64.dropLast() + "`", "sha256:+" + hex64.dropLast(), "sha256:0x" + hex64.dropLast(2),
            "sha256:" + hex64.dropLast(2) + "é", "sha256\u{301}:" + hex64, "sha256:\u{301}" + hex64.dropLast(2),
            "sha256:" + String(repeating: "0", count: 10_000), String(repeating: "a", count: 10_000) + ":" + hex64,
            "sha25:6" + hex64, "blake3:" + hex64, "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8",
        ])
    func refused(text: String) {
        let error = #expect(throws: OCIParseError.self) { try Digest(parsing: text) }
        #expect((error?.description.unicodeScalars.count ?? 1000) < 250)
        #expect(throws: OCIParseError.self) { try Digest(parsing: text[...]) }
    }

    @Test("Bytes of the wrong kind or number are no digest") func bytes() {
        #expect(Digest(.sha256, hash: []) == nil)
        #expect(Digest(.sha256, hash: [UInt8](repeating: 0, count: 31)) == nil)
        #expect(Digest(.sha512, hash: [UInt8](repeating: 0, count: 32)) == nil)
        for bytes: [UInt8] in [
            [], [1], [0] + [UInt8](repeating: 0, count: 32), [3] + [UInt8](repeating: 0, count: 32),
            [1] + [UInt8](repeating: 0, count: 64), [2] + [UInt8](repeating: 0, count: 32),
            [255] + [UInt8](repeating: 0, count: 64),
        ] {
            #expect(Digest(bytes: bytes) == nil)
        }
    }

    @Test("Digests sort as their texts do", arguments: Seeds.some())
    func order(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let digests = (0..<300).compactMap { number -> Digest? in
            let algorithm = DigestAlgorithm.allCases[number % 2]
            return Digest(algorithm, hash: generator.bytes(algorithm.byteCount))
        }
        #expect(digests.sorted().map(\.description) == digests.map(\.description).sorted())
        #expect(digests.count == 300)
    }

    @Test("Algorithms are found by their exact names") func algorithms() {
        #expect(DigestAlgorithm.allCases.map(\.name) == ["sha256", "sha512"])
        #expect(DigestAlgorithm(name: "sha256") == .sha256)
        for name in ["", "SHA256", "sha-256", "sha256 ", "sha384"] { #expect(DigestAlgorithm(name: name) == nil) }
    }
}

@Suite struct RepositoryNameTests {
    @Test(
        "Names the specification takes",
        arguments: [
            "a", "0", "charts", "a/b", "a/b/c/d/e/f", "a.b", "a_b", "a__b", "a-b", "a--b", "a----------b",
            "a.b_c__d-e--f",
            "0.0/1", "charts/cert-manager", "a" + String(repeating: "-", count: 253) + "b",
            String(repeating: "a", count: 255), String(repeating: "a/", count: 127) + "a",
        ])
    func taken(text: String) throws {
        let name = try RepositoryName(parsing: text)
        #expect(name.description == text)
        #expect(try RepositoryName(parsing: text[...]) == name)
        #expect(name.elements.joined(separator: "/") == text)
        #expect(name.lastElement == name.elements.last)
    }

    @Test(
        "Names it does not take",
        arguments: hostileTexts + [
            "A", "aB", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/./b", ".a", "a.", "a..b", "_a", "a_",
            "a___b", "-a", "a-", "a-/b", "a/-b", "a._b", "a-_b", "a_-b", "a.-b", "a b", "a:b", "a@b", "a+b", "a~b",
            "a*",
            "a/b/", "a/_b", "a_/b", "a?b", "a#b", "a\\b", "a,b", "a\tb", "a\0b", "ab\u{0}",
            String(repeating: "a", count: 256),
            String(repeating: "a", count: 10_000), String(repeating: "a/", count: 5000) + "a",
        ])
    func refused(text: String) {
        let error = #expect(throws: OCIParseError.self) { try RepositoryName(parsing: text) }
        #expect((error?.description.unicodeScalars.count ?? 1000) < 300)
        #expect(error?.description.contains("\0") == false)
    }

    @Test("They sort by bytes") func order() throws {
        let texts = ["a", "a-b", "a.b", "a/b", "a0", "a_b", "aa", "b"]
        #expect(try texts.shuffled().map { try RepositoryName(parsing: $0) }.sorted().map(\.description) == texts)
    }

    @Test("The grammar is the specification's, letter by letter", arguments: Seeds.some())
    func againstExpression(seed: UInt64) throws {
        let expression = /[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*/
        var generator = SeededGenerator(seed: seed)
        let letters = Array("aaaz09._-/A")
        for _ in 0..<3000 {
            let length = Int.random(in: 1...9, using: &generator)
            let text = String((0..<length).map { _ in letters.randomElement(using: &generator) ?? "a" })
            let isName = (try? RepositoryName(parsing: text)) != nil
            #expect(isName == (text.wholeMatch(of: expression) != nil), "\(text)")
        }
    }
}

@Suite struct TagTests {
    @Test(
        "Tags the specification takes",
        arguments: [
            "a", "A", "0", "_", "latest", "1.0.0", "v1.2.3-rc.1", "104.1.2_up57.0.3", "a..b", "a--b", "_._", "a.", "a-",
            String(repeating: "x", count: 128),
        ])
    func taken(text: String) throws {
        let tag = try Tag(parsing: text)
        #expect(tag.description == text)
        #expect(try Tag(parsing: text[...]) == tag)
        #expect(try ManifestReference(parsing: text) == .tag(tag))
        #expect(ManifestReference.tag(tag).description == text)
    }

    @Test(
        "Tags it does not take",
        arguments: hostileTexts + [
            ".", "-", ".a", "-a", "1.0.0+up1", "a/b", "a:b", "a@b", "a b", "a~b", "a\0",
            String(repeating: "x", count: 129),
            String(repeating: "x", count: 10_000),
        ])
    func refused(text: String) {
        let error = #expect(throws: OCIParseError.self) { try Tag(parsing: text) }
        #expect((error?.description.unicodeScalars.count ?? 1000) < 300)
        #expect(throws: OCIParseError.self) { try ManifestReference(parsing: text) }
    }

    @Test("They sort by bytes: upper case first") func order() throws {
        let texts = ["-", ".", "0", "A", "Z", "_", "a", "z"].map { "x" + $0 }
        #expect(try texts.shuffled().map { try Tag(parsing: $0) }.sorted().map(\.description) == texts)
    }

    @Test("A reference with a colon is a digest or nothing") func digests() throws {
        let text = "sha256:" + String(repeating: "a", count: 64)
        let digest = try Digest(parsing: text)
        #expect(try ManifestReference(parsing: text) == .digest(digest))
        #expect(ManifestReference.digest(digest).description == text)
        #expect(throws: OCIParseError.self) {
            try ManifestReference(parsing: "sha256:" + String(repeating: "A", count: 64))
        }
    }
}

@Suite struct MediaTypeTests {
    @Test(
        "A type without its parameters",
        arguments: [
            ("application/json", "application/json"), ("application/json; charset=utf-8", "application/json"),
            (" text/plain ", "text/plain"), ("text/plain ;a=b;c=\"d e\"", "text/plain"), ("a/b;", "a/b"),
            ("application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.manifest.v1+json"),
            ("x-a!#$&^_.+/b-c", "x-a!#$&^_.+/b-c"), ("A/B", "A/B"),
            (String(repeating: "a", count: 127) + "/b", String(repeating: "a", count: 127) + "/b"),
        ])
    func taken(text: String, bare: String) throws {
        let type = try MediaType(parsing: text)
        #expect(type.description == bare)
        #expect(try MediaType(parsing: type.description) == type)
    }

    @Test(
        "What is no type",
        arguments: hostileTexts + [
            "/", "a", "a/", "/b", "a/b/c", "a b/c", "a/b c", "a//b", ";a/b", "a,b/c", "a/b,c/d", "a/\"b\"", "*/*",
            "a/b\0",
            "a/b\n", "a/b\r\nX: y", String(repeating: "a", count: 128) + "/b",
            "a/" + String(repeating: "b", count: 10_000),
        ])
    func refused(text: String) {
        let error = #expect(throws: OCIParseError.self) { try MediaType(parsing: text) }
        #expect((error?.description.unicodeScalars.count ?? 1000) < 200)
    }

    @Test("The known types parse to themselves, and indexes are told from manifests") func known() throws {
        let all: [MediaType] = [
            .ociManifest, .ociIndex, .ociArtifactManifest, .dockerManifest, .dockerManifestList, .ociEmpty,
            .octetStream,
            .helmConfig, .helmChart, .helmProvenance,
        ]
        #expect(Set(all).count == all.count)
        for type in all { #expect(try MediaType(parsing: type.description) == type) }
        #expect(all.filter(\.isIndex) == [.ociIndex, .dockerManifestList])
        #expect(all.filter(\.isManifest) == Array(all.prefix(5)))
    }
}

@Suite struct ErrorCodeTests {
    @Test("The codes are the fourteen of the specification") func codes() {
        let specified = [
            "BLOB_UNKNOWN", "BLOB_UPLOAD_INVALID", "BLOB_UPLOAD_UNKNOWN", "DIGEST_INVALID", "MANIFEST_BLOB_UNKNOWN",
            "MANIFEST_INVALID", "MANIFEST_UNKNOWN", "NAME_INVALID", "NAME_UNKNOWN", "SIZE_INVALID", "UNAUTHORIZED",
            "DENIED", "UNSUPPORTED", "TOOMANYREQUESTS",
        ]
        #expect(specified.count == 14)
        #expect(OCIErrorCode.allCases.map(\.rawValue) == specified)
    }

    @Test("A quoted text is short and harmless on a terminal and in a log") func quotes() {
        #expect(OCIParseError.quote("plain") == "\"plain\"")
        #expect(OCIParseError.quote("") == "\"\"")
        #expect(OCIParseError.quote("häß🦭") == "\"häß🦭\"")
        #expect(OCIParseError.quote("a\"b\nc\u{1B}[31m\u{7F}\0") == "\"a?b?c?[31m??\"")
        #expect(OCIParseError.quote("\u{85}\u{9B}31m\u{2028}\u{2029}\u{202E}\u{2066}\u{200F}") == "\"??31m?????\"")
        #expect(OCIParseError.quote(String(repeating: "x", count: 100)).count == 102)
        #expect(
            OCIParseError.quote(String(repeating: "x", count: 101)) == "\"" + String(repeating: "x", count: 100) + "…\""
        )
    }
}
