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

@Suite("Blobs are uploaded in one request, in two, and in chunks") struct UploadTests {
    private let bytes = Array("hello, chart".utf8)

    private func body(_ range: Range<Int>) -> FakeBody { FakeBody(bytes: Array(bytes[range])) }

    @Test("POST then PUT stores a blob, and the location is relative")
    func monolithic() async throws {
        let bench = try Bench()
        let begun = await bench.send(.post, "/v2/charts/demo/blobs/uploads/")
        #expect(begun.status == 202)
        let location = try #require(begun["Location"])
        #expect(location.hasPrefix("/v2/charts/demo/blobs/uploads/"))
        #expect(begun["Docker-Upload-UUID"].map { location.hasSuffix("/" + $0) } == true)
        #expect(begun["Range"] == "0-0")
        let digest = Digest(of: bytes)
        let encoded = PercentEncoding.encodePathSegment(digest.description).replacing(":", with: "%3A")
        let stored = await bench.send(.put, "\(location)?digest=\(encoded)&_state=x", [], FakeBody(bytes: bytes))
        #expect(stored.status == 201)
        #expect(stored["Location"] == "/v2/charts/demo/blobs/\(digest)")
        #expect(stored["Docker-Content-Digest"] == digest.description)
        #expect(await bench.get("/v2/charts/demo/blobs/\(digest)").text == "hello, chart")
    }

    @Test("A single POST stores a blob, small or streamed, with and without a length", arguments: [true, false])
    func singlePost(isChunked: Bool) async throws {
        let bench = try Bench()
        var generator = SeededGenerator(seed: 5)
        for count in [0, 1, 131_072, 131_073, 700_000] {
            let bytes = generator.bytes(count)
            let digest = Digest(of: bytes)
            let answer = await bench.send(
                .post, "/v2/charts/demo/blobs/uploads/?digest=\(digest)", [],
                FakeBody(bytes: bytes, isChunked: isChunked))
            #expect(answer.status == 201, "\(count) bytes")
            #expect(answer["Location"] == "/v2/charts/demo/blobs/\(digest)")
            #expect(Digest(of: await bench.get("/v2/charts/demo/blobs/\(digest)").body) == digest)
        }
        #expect(bench.registry.openSessions == 0)
    }

    @Test("Chunks with Content-Range come one after the other; the status tells how far")
    func chunks() async throws {
        let bench = try Bench()
        let location = await bench.begin()
        let first = await bench.send(.patch, location, [("Content-Range", "0-4")], body(0..<5))
        #expect(first.status == 202)
        #expect(first["Range"] == "0-4")
        #expect(first["Location"] == location)
        let status = await bench.get(location)
        #expect(status.status == 204)
        #expect(status["Range"] == "0-4")
        #expect(status["Location"] == location)
        #expect(await bench.send(.patch, location, [("Content-Range", "5-6")], body(5..<7))["Range"] == "0-6")
        let digest = Digest(of: bytes)
        let end = await bench.send(
            .put, "\(location)?digest=\(digest)", [("Content-Range", "7-11")], body(7..<12))
        #expect(end.status == 201)
        #expect(await bench.get("/v2/charts/demo/blobs/\(digest)").text == "hello, chart")
        #expect(bench.registry.openSessions == 0)
    }

    @Test("Chunks without Content-Range are appended, and a PUT without a body ends them")
    func plainChunks() async throws {
        let bench = try Bench()
        let location = await bench.begin()
        #expect(await bench.send(.patch, location, [], body(0..<5)).status == 202)
        var rest = body(5..<12)
        rest.isChunked = true
        #expect(await bench.send(.patch, location, [], rest)["Range"] == "0-11")
        #expect(await bench.send(.put, "\(location)?digest=\(Digest(of: bytes))").status == 201)
    }

    @Test("A chunk out of order or overlapping is 416 with where to go on, and harms nothing", arguments: [6, 4, 0])
    func outOfOrder(start: Int) async throws {
        let bench = try Bench()
        let location = await bench.begin()
        await bench.send(.patch, location, [("Content-Range", "0-4")], body(0..<5))
        for isChunked in [true, false] {
            var chunk = body(start..<12)
            chunk.isChunked = isChunked
            let answer = await bench.send(.patch, location, [("Content-Range", "\(start)-11")], chunk)
            #expect(answer.summary == "416 BLOB_UPLOAD_INVALID")
            #expect(answer["Range"] == "0-4")
            #expect(answer["Location"] == location)
            let end = await bench.send(
                .put, "\(location)?digest=\(Digest(of: bytes))", [("Content-Range", "\(start)-11")], chunk)
            #expect(end.summary == "416 BLOB_UPLOAD_INVALID")
            #expect(end["Location"] == location)
        }
        #expect(await bench.send(.patch, location, [("Content-Range", "5-11")], body(5..<12)).status == 202)
        #expect(await bench.send(.put, "\(location)?digest=\(Digest(of: bytes))").status == 201)
    }

    @Test("A chunk is as long as its Content-Range says, or refused", arguments: [true, false], ["0-3", "0-5"])
    func chunkSize(isChunked: Bool, range: String) async throws {
        let bench = try Bench()
        let location = await bench.begin()
        var chunk = body(0..<5)
        chunk.isChunked = isChunked
        let answer = await bench.send(.patch, location, [("Content-Range", range)], chunk)
        #expect(answer.summary == "400 SIZE_INVALID")
        let end = await bench.send(
            .put, "\(await bench.begin())?digest=\(Digest(of: chunk.bytes))", [("Content-Range", range)], chunk)
        #expect(end.summary == "400 SIZE_INVALID")
    }

    @Test("A surplus of an unannounced length does not get into the session")
    func surplus() async throws {
        let bench = try Bench()
        let location = await bench.begin()
        var chunk = FakeBody(bytes: bytes, isChunked: true)
        chunk.pieceBytes = 4
        #expect(await bench.send(.patch, location, [("Content-Range", "0-7")], chunk).summary == "400 SIZE_INVALID")
        #expect(await bench.get(location)["Range"] == "0-7")
    }

    @Test(
        "A malformed Content-Range is refused",
        arguments: ["bytes 0-4/12", "4-0", "0-", "-4", "a-b", "0-9223372036854775807", "0-99999999999999999999", ""])
    func malformedContentRange(value: String) async throws {
        let bench = try Bench()
        let location = await bench.begin()
        let answer = await bench.send(.patch, location, [("Content-Range", value)], body(0..<5))
        #expect(answer.summary == "400 BLOB_UPLOAD_INVALID")
        #expect(await bench.get(location).status == 204)
    }

    @Test("A finished or cancelled session is unknown to chunk, PUT, GET and DELETE")
    func over() async throws {
        let bench = try Bench()
        let digest = Digest(of: bytes)
        let finished = await bench.begin()
        #expect(await bench.send(.put, "\(finished)?digest=\(digest)", [], body(0..<12)).status == 201)
        let cancelled = await bench.begin()
        #expect(await bench.send(.patch, cancelled, [], body(0..<5)).status == 202)
        #expect(await bench.send(.delete, cancelled).status == 204)
        for location in [finished, cancelled] {
            #expect(await bench.send(.patch, location, [], body(0..<5)).summary == "404 BLOB_UPLOAD_UNKNOWN")
            #expect(
                await bench.send(.put, "\(location)?digest=\(digest)", [], body(0..<12)).summary
                    == "404 BLOB_UPLOAD_UNKNOWN")
            #expect(await bench.get(location).summary == "404 BLOB_UPLOAD_UNKNOWN")
            #expect(await bench.send(.delete, location).summary == "404 BLOB_UPLOAD_UNKNOWN")
        }
        #expect(await bench.get("/v2/charts/demo/blobs/\(digest)").text == "hello, chart")
    }

    @Test("A session belongs to its repository, and no name but its own finds it")
    func foreignSession() async throws {
        let bench = try Bench()
        let location = await bench.begin()
        let foreign = location.replacing("charts/demo", with: "charts/other")
        #expect(await bench.get(foreign).summary == "404 BLOB_UPLOAD_UNKNOWN")
        #expect(await bench.send(.patch, foreign, [], body(0..<5)).summary == "404 BLOB_UPLOAD_UNKNOWN")
        #expect(await bench.send(.delete, foreign).summary == "404 BLOB_UPLOAD_UNKNOWN")
        for id in ["x", "..", String(repeating: "g", count: 32), String(repeating: "A", count: 32)] {
            #expect(
                await bench.get("/v2/charts/demo/blobs/uploads/\(id)").summary == "404 BLOB_UPLOAD_UNKNOWN")
        }
        #expect(await bench.get(location).status == 204)
    }

    @Test("A PUT without a digest, or with a malformed one, leaves the session as it is")
    func missingDigest() async throws {
        let bench = try Bench()
        let location = await bench.begin()
        await bench.send(.patch, location, [], body(0..<5))
        for query in ["", "?digest=", "?digest=sha256:ab", "?digest=%zz"] {
            let answer = await bench.send(.put, location + query, [], body(5..<12))
            #expect(answer.status == 400)
        }
        #expect(await bench.get(location)["Range"] == "0-4")
        #expect(await bench.send(.put, "\(location)?digest=\(Digest(of: bytes))", [], body(5..<12)).status == 201)
    }

    @Test("Bytes that do not hash to the digest are refused and not stored", arguments: [true, false])
    func wrongDigest(isStreamed: Bool) async throws {
        let bench = try Bench()
        var chunk = body(0..<12)
        chunk.isChunked = isStreamed
        let put = await bench.send(.put, "\(await bench.begin())?digest=\(absent)", [], chunk)
        #expect(put.summary == "400 DIGEST_INVALID")
        let post = await bench.send(.post, "/v2/charts/demo/blobs/uploads/?digest=\(absent)", [], chunk)
        #expect(post.summary == "400 DIGEST_INVALID")
        #expect(await bench.get("/v2/charts/demo/blobs/\(absent)").status == 404)
        #expect(bench.registry.openSessions == 0)
    }

    @Test("A session may be begun for SHA-512, and ended by either algorithm")
    func algorithms() async throws {
        let bench = try Bench()
        for (begun, ended) in [("sha512", DigestAlgorithm.sha512), ("sha256", .sha512), ("sha512", .sha256)] {
            let location = await bench.begin(query: "?digest-algorithm=\(begun)")
            await bench.send(.patch, location, [], body(0..<5))
            let digest = Digest(of: bytes, ended)
            let answer = await bench.send(.put, "\(location)?digest=\(digest)", [], body(5..<12))
            #expect(answer.status == 201, "\(begun) then \(ended)")
            #expect(await bench.get("/v2/charts/demo/blobs/\(digest)").text == "hello, chart")
        }
        let unknown = await bench.send(.post, "/v2/charts/demo/blobs/uploads/?digest-algorithm=md5")
        #expect(unknown.summary == "400 DIGEST_INVALID")
        #expect(bench.registry.openSessions == 0)
    }

    @Test("An empty blob by POST and PUT, and by single POST")
    func emptyBlob() async throws {
        let bench = try Bench()
        let digest = Digest(of: [])
        #expect(await bench.send(.put, "\(await bench.begin())?digest=\(digest)").status == 201)
        #expect(await bench.send(.head, "/v2/charts/demo/blobs/\(digest)").status == 200)
        #expect(await bench.send(.post, "/v2/charts/two/blobs/uploads/?digest=\(digest)").status == 201)
        #expect(await bench.send(.head, "/v2/charts/two/blobs/\(digest)").length == 0)
    }

    @Test("A blob larger than allowed is 413")
    func tooLarge() async throws {
        let bench = try Bench(
            store: { $0.maximumBlobBytes = 200_000 }, face: { $0.maximumBlobBytes = 200_000 })
        var generator = SeededGenerator(seed: 7)
        let large = generator.bytes(200_001)
        let path = "/v2/charts/demo/blobs/uploads/?digest=\(Digest(of: large))"
        for isChunked in [true, false] {
            let answer = await bench.send(.post, path, [], FakeBody(bytes: large, isChunked: isChunked))
            #expect(answer.summary == "413 SIZE_INVALID")
        }
        let location = await bench.begin()
        #expect(await bench.send(.patch, location, [], FakeBody(bytes: Array(large[..<150_000]))).status == 202)
        let second = await bench.send(.patch, location, [], FakeBody(bytes: Array(large[..<150_000])))
        #expect(second.summary == "413 SIZE_INVALID")
        #expect(await bench.get(location)["Range"] == "0-149999")
    }

    @Test("A client with too many sessions is told to wait; others are not")
    func sessionLimit() async throws {
        let bench = try Bench(store: { $0.sessionsPerClient = 2 })
        let path = "/v2/charts/demo/blobs/uploads/"
        for _ in 0..<2 { #expect(await bench.send(.post, path, peer: "10.0.0.1").status == 202) }
        let refused = await bench.send(.post, path, peer: "10.0.0.1")
        #expect(refused.summary == "429 TOOMANYREQUESTS")
        #expect(refused["Retry-After"] == "10")
        #expect(await bench.send(.post, path, peer: "10.0.0.2").status == 202)
    }

    // MARK: Mounts

    @Test("A mount links a blob of another repository, named or not")
    func mount() async throws {
        let bench = try Bench()
        let digest = await bench.push(bytes, "charts/source")
        for (number, from) in ["&from=charts/source", "&from=charts%2Fsource&origin=host:5000", ""].enumerated() {
            let path = "/v2/charts/target\(number)/blobs/"
            let answer = await bench.send(.post, "\(path)uploads/?mount=\(digest)\(from)")
            #expect(answer.status == 201)
            #expect(answer["Location"] == "\(path)\(digest)")
            #expect(answer["Docker-Content-Digest"] == digest.description)
            #expect(await bench.get("\(path)\(digest)").text == "hello, chart")
        }
        #expect(bench.registry.openSessions == 0)
    }

    @Test("A mount that finds nothing begins a session instead")
    func mountOfUnknown() async throws {
        let bench = try Bench()
        let digest = await bench.push(bytes, "charts/source")
        for query in [
            "?mount=\(absent)", "?mount=\(absent)&from=charts/source", "?mount=\(digest)&from=charts/other",
            "?mount=\(digest)&from=..%2Fcharts",
        ] {
            let answer = await bench.send(.post, "/v2/charts/target/blobs/uploads/\(query)")
            #expect(answer.status == 202, "\(query)")
            #expect(answer["Location"]?.hasPrefix("/v2/charts/target/blobs/uploads/") == true)
        }
        #expect(await bench.get("/v2/charts/target/blobs/\(digest)").status == 404)
        let malformed = await bench.send(.post, "/v2/charts/target/blobs/uploads/?mount=sha256:x")
        #expect(malformed.summary == "400 DIGEST_INVALID")
    }
}
