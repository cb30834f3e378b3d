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

@Suite("Blobs are read whole and in parts") struct BlobReadTests {
    private let bytes = Array("0123456789".utf8)

    @Test("GET gives the bytes with digest, type, entity tag and a year of caching; HEAD the same without bytes")
    func whole() async throws {
        let bench = try Bench()
        let digest = await bench.push(bytes)
        let answer = await bench.get("/v2/charts/demo/blobs/\(digest)")
        #expect(answer.status == 200)
        #expect(answer.text == "0123456789")
        #expect(answer["Docker-Content-Digest"] == digest.description)
        #expect(answer["Content-Type"] == "application/octet-stream")
        #expect(answer["ETag"] == "\"\(digest)\"")
        #expect(answer["Accept-Ranges"] == "bytes")
        #expect(answer["Cache-Control"] == "private, max-age=31536000, immutable")
        let head = await bench.send(.head, "/v2/charts/demo/blobs/\(digest)")
        #expect(head.status == 200)
        #expect(head.headerText == answer.headerText)
        #expect(head.length == 10 && head.body.isEmpty)
    }

    @Test(
        "A range gives 206 and its bytes",
        arguments: [
            ("bytes=2-4", "234", "bytes 2-4/10"), ("bytes=7-", "789", "bytes 7-9/10"),
            ("bytes=-3", "789", "bytes 7-9/10"), ("bytes=-30", "0123456789", "bytes 0-9/10"),
            ("bytes=8-99999999999", "89", "bytes 8-9/10"), ("bytes=9-9", "9", "bytes 9-9/10"),
        ])
    func ranges(range: String, expected: String, contentRange: String) async throws {
        let bench = try Bench()
        let digest = await bench.push(bytes)
        let answer = await bench.get("/v2/charts/demo/blobs/\(digest)", [("Range", range)])
        #expect(answer.status == 206)
        #expect(answer.text == expected)
        #expect(answer["Content-Range"] == contentRange)
        #expect(answer["Docker-Content-Digest"] == digest.description)
    }

    @Test("A small blob asked for as a large range is 206, which the Azure SDK insists on")
    func azure() async throws {
        let bench = try Bench()
        var generator = SeededGenerator(seed: 300)
        let digest = await bench.push(generator.bytes(300))
        let answer = await bench.get("/v2/charts/demo/blobs/\(digest)", [("Range", "bytes=0-4194303")])
        #expect(answer.status == 206)
        #expect(answer["Content-Range"] == "bytes 0-299/300")
        #expect(Digest(of: answer.body) == digest)
    }

    @Test(
        "A range with no byte in the blob is 416 and says how long the blob is", arguments: ["bytes=10-", "bytes=-0"])
    func beyond(range: String) async throws {
        let bench = try Bench()
        let digest = await bench.push(bytes)
        let answer = await bench.get("/v2/charts/demo/blobs/\(digest)", [("Range", range)])
        #expect(answer.summary == "416 RANGE_INVALID")
        #expect(answer["Content-Range"] == "bytes */10")
    }

    @Test(
        "What is no single range of bytes gives the whole",
        arguments: ["bytes=4-2", "bytes=0-1,3-4", "lines=0-1", "bytes=", "bytes=a-b", "bytes=99999999999999999999-"])
    func malformedRanges(range: String) async throws {
        let bench = try Bench()
        let digest = await bench.push(bytes)
        let answer = await bench.get("/v2/charts/demo/blobs/\(digest)", [("Range", range)])
        #expect(answer.status == 200 || answer.status == 416)
        #expect(answer.status == 416 || answer.text == "0123456789")
    }

    @Test("A range counts only if the blob is still the one If-Range names, and never for HEAD")
    func conditions() async throws {
        let bench = try Bench()
        let digest = await bench.push(bytes)
        let path = "/v2/charts/demo/blobs/\(digest)"
        #expect(await bench.get(path, [("Range", "bytes=0-1"), ("If-Range", "\"\(digest)\"")]).status == 206)
        for other in ["\"other\"", "W/\"\(digest)\"", "Sat, 01 Jan 2022 00:00:00 GMT"] {
            #expect(await bench.get(path, [("Range", "bytes=0-1"), ("If-Range", other)]).status == 200)
        }
        #expect(await bench.send(.head, path, [("Range", "bytes=0-1")]).status == 200)
    }

    @Test("If-None-Match with the digest gives 304 without a body, also before a range")
    func notModified() async throws {
        let bench = try Bench()
        let digest = await bench.push(bytes)
        let path = "/v2/charts/demo/blobs/\(digest)"
        for value in ["\"\(digest)\"", "W/\"\(digest)\"", "\"x\", \"\(digest)\"", "*"] {
            for method in [HTTPMethod.get, .head] {
                let answer = await bench.send(method, path, [("If-None-Match", value), ("Range", "bytes=0-1")])
                #expect(answer.status == 304)
                #expect(answer.length == 0)
                #expect(answer["ETag"] == "\"\(digest)\"")
                #expect(answer["Cache-Control"] == "private, max-age=31536000, immutable")
            }
        }
        #expect(await bench.get(path, [("If-None-Match", "\"\(absent)\"")]).status == 200)
    }

    @Test("Unknown blobs and repositories are 404, malformed digests and names 400")
    func unknown() async throws {
        let bench = try Bench()
        let digest = await bench.push(bytes)
        let digits = String(repeating: "0", count: 64)
        #expect(await bench.get("/v2/charts/demo/blobs/\(absent)").summary == "404 BLOB_UNKNOWN")
        #expect(await bench.get("/v2/charts/other/blobs/\(digest)").summary == "404 NAME_UNKNOWN")
        for text in ["sha256:ab", "md5:\(digits)", "sha256:\(digits.dropLast())G", "SHA256:\(digits)", "x"] {
            #expect(await bench.get("/v2/charts/demo/blobs/\(text)").summary == "400 DIGEST_INVALID")
        }
        #expect(await bench.send(.head, "/v2/charts/demo/blobs/\(absent)").status == 404)
    }

    @Test("An empty blob is a blob: whole 200, any range from the front 416")
    func empty() async throws {
        let bench = try Bench()
        let digest = await bench.push([])
        let path = "/v2/charts/demo/blobs/\(digest)"
        let answer = await bench.get(path)
        #expect(answer.status == 200 && answer.length == 0)
        #expect(await bench.get(path, [("Range", "bytes=0-")])["Content-Range"] == "bytes */0")
        #expect(await bench.get(path, [("Range", "bytes=-5")]).status == 200)
    }

    @Test("SHA-512 names blobs as well")
    func sha512() async throws {
        let bench = try Bench()
        let digest = await bench.push(bytes, "charts/demo", .sha512)
        #expect(digest.algorithm == .sha512)
        let answer = await bench.get("/v2/charts/demo/blobs/\(digest)")
        #expect(answer.text == "0123456789")
        #expect(answer["Docker-Content-Digest"] == digest.description)
    }

    @Test("Deleting a blob is 202, then 404; another repository keeps it")
    func delete() async throws {
        let bench = try Bench()
        let digest = await bench.push(bytes)
        await bench.push(bytes, "charts/second")
        let path = "/v2/charts/demo/blobs/\(digest)"
        #expect(await bench.send(.delete, path).status == 202)
        #expect(await bench.send(.delete, path).summary == "404 BLOB_UNKNOWN")
        #expect(await bench.get(path).summary == "404 BLOB_UNKNOWN")
        #expect(await bench.send(.delete, "/v2/no/where/blobs/\(digest)").summary == "404 NAME_UNKNOWN")
        #expect(await bench.get("/v2/charts/second/blobs/\(digest)").text == "0123456789")
        #expect(await bench.send(.delete, "/v2/charts/second/blobs/\(digest)").status == 202)
        #expect(await bench.get("/v2/charts/second/blobs/\(digest)").status == 404)
    }
}
