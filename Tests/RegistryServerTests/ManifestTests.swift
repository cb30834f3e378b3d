import Content
import FrontDoor
import HTTPMessage
import HTTPServer
import LocalRegistry
import OCIModel
import RegistryServer
import ServerSupport
import TestSupport
import Testing

@Suite("Manifests are stored as given and found by tag and digest") struct ManifestTests {
    private let chart = SampleChart("demo", "1.0.0")
    private let path = "/v2/charts/demo/manifests/"

    @Test("PUT by tag answers with digest and location; GET gives the very bytes, HEAD the same headers")
    func byTag() async throws {
        let bench = try Bench()
        let put = await bench.push(chart, "1.0.0_up2")
        let digest = chart.manifest.digest
        #expect(put.status == 201)
        #expect(put["Location"] == path + digest.description)
        #expect(put["Docker-Content-Digest"] == digest.description)
        #expect(put["OCI-Subject"] == nil)
        for (reference, cache) in [
            ("1.0.0_up2", "private, no-cache"), (digest.description, "private, max-age=31536000, immutable"),
        ] {
            let get = await bench.get(path + reference, [("Accept", "text/html")])
            #expect(get.status == 200)
            #expect(get.body == chart.manifest.bytes)
            #expect(get["Content-Type"] == "application/vnd.oci.image.manifest.v1+json")
            #expect(get["Docker-Content-Digest"] == digest.description)
            #expect(get["ETag"] == "\"\(digest)\"")
            #expect(get["Cache-Control"] == cache)
            let head = await bench.send(.head, path + reference)
            #expect(head.headerText == get.headerText)
            #expect(head.length == get.length && head.body.isEmpty)
            let known = await bench.get(path + reference, [("If-None-Match", "\"\(digest)\"")])
            #expect(known.status == 304 && known.length == 0)
            #expect(known["ETag"] == "\"\(digest)\"" && known["Cache-Control"] == cache)
            #expect(known["Docker-Content-Digest"] == digest.description)
        }
    }

    @Test("PUT by digest stores without a tag, by either algorithm; a wrong digest is refused")
    func byDigest() async throws {
        let bench = try Bench()
        await bench.push(chart.config)
        await bench.push(chart.archive)
        let sha512 = Digest(of: chart.manifest.bytes, .sha512)
        for digest in [chart.manifest.digest, sha512] {
            #expect(await bench.put(chart.manifest, digest.description).status == 201)
            #expect(await bench.get(path + digest.description)["Docker-Content-Digest"] == digest.description)
        }
        #expect(await bench.put(chart.manifest, absent).summary == "400 DIGEST_INVALID")
        #expect(await bench.get("/v2/charts/demo/tags/list").json?["tags"]?.array?.isEmpty == true)
    }

    @Test("Several ?tag= are all set and all named in OCI-Tag")
    func severalTags() async throws {
        let bench = try Bench()
        await bench.push(chart, "first")
        let query = "?" + (0..<12).map { "tag=v\($0)" }.joined(separator: "&")
        let answer = await bench.put(chart.manifest, chart.manifest.digest.description, query: query)
        #expect(answer.status == 201)
        #expect(answer.all("OCI-Tag") == (0..<12).map { "v\($0)" })
        for number in 0..<12 {
            #expect(await bench.send(.head, path + "v\(number)").status == 200)
        }
        let bad = await bench.put(chart.manifest, chart.manifest.digest.description, query: "?tag=ok&tag=-bad")
        #expect(bad.status == 400)
        #expect(await bench.send(.head, path + "ok").status == 404)
    }

    @Test("Fifty tags are taken, more are 414 and set none", arguments: [51, 65, 500])
    func tooManyTags(count: Int) async throws {
        let bench = try Bench()
        await bench.push(chart, "first")
        let all = (0..<count).map { "tag=v\($0)" }
        let digest = chart.manifest.digest.description
        let refused = await bench.put(chart.manifest, digest, query: "?" + all.joined(separator: "&"))
        #expect(refused.status == 414)
        #expect(refused.code == "UNSUPPORTED")
        #expect(await bench.send(.head, path + "v0").status == 404)
        let taken = await bench.put(chart.manifest, digest, query: "?" + all.prefix(50).joined(separator: "&"))
        #expect(taken.all("OCI-Tag").count == 50)
    }

    @Test("The type is the header's; without one the body's; without either it is refused")
    func contentType() async throws {
        let bench = try Bench()
        await bench.push(chart, "first")
        let body = FakeBody(bytes: chart.manifest.bytes)
        #expect(await bench.send(.put, path + "a", [], body).summary == "400 MANIFEST_INVALID")
        for type in ["nonsense", "a/b, c/d", "/", "application/"] {
            let answer = await bench.send(.put, path + "a", [("Content-Type", type)], body)
            #expect(answer.summary == "400 MANIFEST_INVALID", "\(type)")
        }
        #expect(await bench.get(path + "a").status == 404)
        let parameters = "application/vnd.oci.image.manifest.v1+json; charset=utf-8"
        #expect(await bench.send(.put, path + "b", [("Content-Type", parameters)], body).status == 201)
        #expect(await bench.get(path + "b")["Content-Type"] == "application/vnd.oci.image.manifest.v1+json")
        let declared = SampleChart.index([chart.manifest])
        #expect(await bench.send(.put, path + "c", [], FakeBody(bytes: declared.bytes)).status == 201)
        #expect(await bench.get(path + "c")["Content-Type"] == MediaType.ociIndex.description)
    }

    @Test("Manifests are JSON and served as nothing else", arguments: ["text/html", "text/plain", "image/svg+xml"])
    func pages(type: String) async throws {
        let bench = try Bench()
        let answer = await bench.send(.put, path + "a", [("Content-Type", type)], .text("{}"))
        #expect(answer.summary == "400 MANIFEST_INVALID")
        #expect(await bench.get(path + "a").status == 404)
    }

    @Test("A tag that cannot be is a mistake to write and unknown to read", arguments: [".1", "a%20b"])
    func malformedTag(tag: String) async throws {
        let bench = try Bench()
        await bench.push(chart, "good")
        #expect(await bench.put(chart.manifest, tag).summary == "400 MANIFEST_INVALID")
        #expect(await bench.get(path + tag).summary == "404 MANIFEST_UNKNOWN")
    }

    @Test("A body that calls itself another type than its Content-Type is refused")
    func mismatch() async throws {
        let bench = try Bench()
        await bench.push(chart, "first")
        let index = SampleChart.index([chart.manifest])
        let body = FakeBody(bytes: index.bytes)
        for type in [MediaType.ociManifest, .dockerManifestList, .octetStream] {
            let answer = await bench.send(.put, path + "a", [("Content-Type", type.description)], body)
            #expect(answer.summary == "400 MANIFEST_INVALID")
        }
        let both = Array(#"{"schemaVersion":2,"layers":[],"manifests":[]}"#.utf8)
        for type in [MediaType.ociManifest, .ociIndex] {
            let answer = await bench.send(
                .put, path + "a", [("Content-Type", type.description)], FakeBody(bytes: both))
            #expect(answer.summary == "400 MANIFEST_INVALID")
        }
    }

    @Test("Every missing blob is named in the detail")
    func missingBlobs() async throws {
        let bench = try Bench()
        await bench.push(chart.config)
        var generator = SeededGenerator(seed: 40)
        let layers = (0..<40).map { _ in Descriptor(of: generator.bytes(10), .helmChart) }
        let manifest = SampleChart.manifest(config: Descriptor(of: chart.config, .helmConfig), layers: layers + layers)
        let answer = await bench.put(manifest, "a")
        #expect(answer.summary == "400 MANIFEST_BLOB_UNKNOWN")
        let named = answer.error?["detail"]?.array?.compactMap { $0["digest"]?.string } ?? []
        #expect(named == layers.map(\.digest.description))
        #expect(await bench.get(path + "a").status == 404)
    }

    @Test("A manifest of 4 MiB is taken, one byte more is 413")
    func size() async throws {
        let bench = try Bench()
        let most = 4 << 20
        let head = Array(#"{"schemaVersion":2,"manifests":[],"annotations":{"a":""#.utf8)
        let tail = Array(#""}}"#.utf8)
        for (size, status) in [(most, 201), (most + 1, 413)] {
            let bytes = head + [UInt8](repeating: 0x61, count: size - head.count - tail.count) + tail
            #expect(bytes.count == size)
            let answer = await bench.send(
                .put, path + "large", [("Content-Type", MediaType.ociIndex.description)], FakeBody(bytes: bytes))
            #expect(answer.status == status)
            #expect(status == 201 || answer.code == "SIZE_INVALID")
        }
        let found = await bench.get(path + "large")
        #expect(found.length == most)
    }

    @Test("Malformed, truncated, deep and empty JSON is MANIFEST_INVALID")
    func badJSON() async throws {
        let bench = try Bench()
        await bench.push(chart, "good")
        let type = [(name: "Content-Type", value: MediaType.ociManifest.description)]
        var bodies = [
            [], Array("null".utf8), Array("[]".utf8), Array("{".utf8), Array("{}".utf8), Array("\u{FEFF}{}".utf8),
            Array(#"{"schemaVersion":1,"config":{},"layers":[]}"#.utf8), [0xFF, 0xFE],
            Array(repeating: UInt8(ascii: "["), count: 1_000_000),
            Array((String(repeating: #"{"a":"#, count: 100) + "1" + String(repeating: "}", count: 100)).utf8),
        ]
        let good = chart.manifest.bytes
        bodies += stride(from: 1, to: good.count, by: 17).map { Array(good[..<$0]) }
        bodies.append(good + Array("x".utf8))
        for (number, bytes) in bodies.enumerated() {
            let answer = await bench.send(.put, path + "bad", type, FakeBody(bytes: bytes))
            #expect(answer.summary == "400 MANIFEST_INVALID", "body \(number)")
        }
        #expect(await bench.get(path + "bad").status == 404)
    }

    @Test("A size or digest that no descriptor can have is refused")
    func badDescriptors() async throws {
        let bench = try Bench()
        for (digest, size) in [("x", "1"), (absent, "-1"), (absent, "9223372036854775808"), (absent, "1.5")] {
            let descriptor = #"{"mediaType":"a/b","digest":"\#(digest)","size":\#(size)}"#
            let text = #"{"schemaVersion":2,"config":\#(descriptor),"layers":[]}"#
            let answer = await bench.send(
                .put, path + "bad", [("Content-Type", MediaType.ociManifest.description)], .text(text))
            #expect(answer.summary == "400 MANIFEST_INVALID")
        }
    }

    @Test("A subject need not exist, and is named in OCI-Subject")
    func subject() async throws {
        let bench = try Bench()
        await bench.push(Array("{}".utf8))
        let subject = Descriptor(mediaType: .ociManifest, digest: try Digest(parsing: absent), size: 7)
        let manifest = referrer(to: subject, type: "application/x.test")
        let answer = await bench.put(manifest, manifest.digest.description)
        #expect(answer.status == 201)
        #expect(answer["OCI-Subject"] == absent)
    }

    @Test("An index needs its children, unless sparse indexes are allowed")
    func indexes() async throws {
        let strict = try Bench()
        let index = SampleChart.index([chart.manifest])
        let refused = await strict.put(index, "all")
        #expect(refused.summary == "400 MANIFEST_BLOB_UNKNOWN")
        #expect(
            refused.error?["detail"]?.array?.compactMap { $0["digest"]?.string } == [
                chart.manifest.digest.description
            ])
        await strict.push(chart, "one")
        #expect(await strict.put(index, "all").status == 201)
        let sparse = try Bench(store: { $0.allowsSparseIndexes = true })
        #expect(await sparse.put(index, "all").status == 201)
        #expect(await sparse.get(path + "all").body == index.bytes)
    }

    @Test("Docker's types are served as pushed")
    func docker() async throws {
        let bench = try Bench()
        await bench.push(chart, "one")
        let members: [(String, JSONValue)] = [
            ("schemaVersion", .integer(2)), ("mediaType", .string(MediaType.dockerManifest.description)),
            ("config", Descriptor(of: chart.config, .octetStream).json),
            ("layers", .array([Descriptor(of: chart.archive, .octetStream).json])),
        ]
        let image = stored(.object(members), .dockerManifest)
        #expect(await bench.put(image, "image").status == 201)
        #expect(await bench.get(path + "image")["Content-Type"] == MediaType.dockerManifest.description)
        let list = stored(
            .object([
                ("schemaVersion", .integer(2)), ("mediaType", .string(MediaType.dockerManifestList.description)),
                ("manifests", .array([Descriptor(of: image.bytes, .dockerManifest).json])),
            ]), .dockerManifestList)
        #expect(await bench.put(list, "list").status == 201)
        let found = await bench.get(path + "list", [("Accept", "application/json")])
        #expect(found["Content-Type"] == MediaType.dockerManifestList.description)
        #expect(found.body == list.bytes)
    }

    @Test("A manifest of a type nobody knows is kept byte for byte")
    func unknownType() async throws {
        let bench = try Bench()
        let text = "{ \"kind\" : \"thing\",\n\t\"n\": 1.50e0, \"kind\": \"\\u0074wice\" }\n"
        let type = "application/vnd.example.thing.v7+json"
        let put = await bench.send(.put, path + "thing", [("Content-Type", type)], .text(text))
        #expect(put.status == 201)
        let found = await bench.get(path + "thing")
        #expect(found.text == text)
        #expect(found["Content-Type"] == type)
        #expect(found["Docker-Content-Digest"] == Digest(of: Array(text.utf8)).description)
    }

    @Test("A tag moves with the next push")
    func moves() async throws {
        let bench = try Bench()
        let second = SampleChart("demo", "2.0.0")
        await bench.push(chart, "latest")
        let tag = try #require(await bench.get(path + "latest")["ETag"])
        await bench.push(second, "latest")
        let found = await bench.get(path + "latest", [("If-None-Match", tag)])
        #expect(found.status == 200)
        #expect(found["Docker-Content-Digest"] == second.manifest.digest.description)
        #expect(await bench.get(path + chart.manifest.digest.description).status == 200)
    }

    @Test("Deleting a tag leaves the manifest; deleting the manifest takes its tags")
    func deletes() async throws {
        let bench = try Bench()
        let digest = chart.manifest.digest.description
        await bench.push(chart, "a")
        await bench.put(chart.manifest, "b")
        #expect(await bench.send(.delete, path + "a").status == 202)
        #expect(await bench.send(.delete, path + "a").summary == "404 MANIFEST_UNKNOWN")
        #expect(await bench.get(path + digest).status == 200)
        #expect(await bench.send(.delete, path + digest).status == 202)
        #expect(await bench.send(.delete, path + digest).summary == "404 MANIFEST_UNKNOWN")
        #expect(await bench.get(path + "b").summary == "404 MANIFEST_UNKNOWN")
        #expect(await bench.send(.delete, "/v2/no/where/manifests/a").summary == "404 NAME_UNKNOWN")
        #expect(await bench.send(.delete, path + "sha256:x").summary == "400 DIGEST_INVALID")
    }
}
