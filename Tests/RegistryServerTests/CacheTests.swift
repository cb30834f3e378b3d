import Content
import FrontDoor
import HTTPMessage
import HTTPServer
import OCIModel
import ServerSupport
import TestSupport
import Testing

@Suite("A cache is asked before the registry") struct CacheTests {
    private let chart = SampleChart("demo", "1.0.0")
    private let note = CacheNote(age: 7, warnings: [.stale])
    private let base = "/v2/up/demo"

    /// Whether an answer has to be waited for.
    enum Way: CaseIterable {
        case here, later

        func cached<Value>(_ value: Value, _ note: CacheNote) -> Cached<Value> {
            switch self {
            case .here: .here(value, note)
            case .later: .later { () throws(ContentError) in (value, note) }
            }
        }
    }

    private func full(_ way: Way) throws -> ScriptedCache {
        let (chart, note) = (chart, note)
        let tags = try [Tag(parsing: "1.0.0"), Tag(parsing: "2.0.0")]
        return ScriptedCache { script in
            script.manifest = way.cached(chart.manifest, note)
            script.blob = way.cached(.whole(FakeBlob(chart.archive)), note)
            script.tags = way.cached(Page(elements: tags, hasMore: true), note)
            script.referrers = way.cached(
                Page(elements: [Descriptor(of: chart.archive, .helmChart)], hasMore: false), note)
        }
    }

    private var paths: [String] {
        let digest = Digest(of: chart.archive)
        return ["manifests/1.0.0", "blobs/\(digest)", "tags/list", "referrers/\(digest)"]
    }

    @Test("Manifests, blobs, tags and referrers come from it, with age and warnings", arguments: Way.allCases)
    func reads(way: Way) async throws {
        let cache = try full(way)
        let bench = try Bench(cache: cache)
        for path in paths {
            let answer = await bench.get("\(base)/\(path)")
            #expect(answer.status == 200 && answer["Age"] == "7", "\(path)")
            #expect(answer["Warning"] == #"110 - "Response is Stale""#)
            let head = await bench.send(.head, "\(base)/\(path)")
            #expect(head.headerText == answer.headerText && head.length == answer.body.count)
            let tag = try #require(answer["ETag"])
            let again = await bench.get("\(base)/\(path)", [("If-None-Match", tag)])
            #expect(again.status == 304 && again["Age"] == "7" && again["Warning"] == answer["Warning"])
        }
        #expect(await bench.get("\(base)/manifests/1.0.0").body == chart.manifest.bytes)
        #expect(await bench.get("\(base)/blobs/\(Digest(of: chart.archive))").body == chart.archive)
        let list = await bench.get("\(base)/tags/list?n=2")
        #expect(list.json?["tags"]?.array?.compactMap(\.string) == ["1.0.0", "2.0.0"])
        #expect(list["Link"] == "</v2/up/demo/tags/list?n=2&last=2.0.0>; rel=\"next\"")
        #expect(cache.calls.contains("manifest up/demo") && cache.calls.contains("referrers up/demo"))
    }

    @Test("Where no upstream stands behind it, the registry answers alone")
    func silent() async throws {
        let cache = ScriptedCache()
        let (plain, cached) = (try Bench(), try Bench(cache: cache))
        for bench in [plain, cached] { await bench.push(chart, "1.0.0", "up/demo") }
        for path in paths + ["manifests/none", "manifests/1.0.0?ns=elsewhere.example", "blobs/\(Digest(of: [1]))"] {
            let (one, other) = (await plain.get("\(base)/\(path)"), await cached.get("\(base)/\(path)"))
            #expect(one.summary == other.summary && one.headerText == other.headerText && one.body == other.body)
        }
        #expect(cache.calls.contains("manifest up/demo"))
    }

    @Test("What it fails with is the answer, at once and later")
    func failures() async throws {
        let error = ContentError.unavailable("the upstream example.com does not answer")
        let cache = ScriptedCache { $0.error = error }
        let bench = try Bench(cache: cache)
        for path in paths { #expect(await bench.get("\(base)/\(path)").summary == "502 UNAVAILABLE") }
        cache.change { script in
            script.error = nil
            script.manifest = .later { () throws(ContentError) in throw .manifestUnknown("not there either") }
            script.blob = .later { () throws(ContentError) in throw .rateLimited("slow", retryAfter: .seconds(9)) }
        }
        #expect(await bench.get("\(base)/\(paths[0])").summary == "404 MANIFEST_UNKNOWN")
        let limited = await bench.get("\(base)/\(paths[1])")
        #expect(limited.status == 429 && limited["Retry-After"] == "9")
    }

    @Test("A mirror request goes to the repository that keeps that host's content, and says so")
    func mirror() async throws {
        let cache = try full(.here)
        cache.change { $0.mirrors = ["quay.io": "mirror/quay"] }
        let bench = try Bench(cache: cache)
        for path in paths {
            let answer = await bench.get("/v2/up/demo/\(path)?ns=quay.io")
            #expect(answer.status == 200 && answer["OCI-Namespace"] == "quay.io")
            let head = await bench.send(.head, "/v2/up/demo/\(path)?ns=quay.io")
            #expect(head["OCI-Namespace"] == "quay.io")
            let other = await bench.get("/v2/up/demo/\(path)?ns=ghcr.io")
            #expect(other.status == 200 && other["OCI-Namespace"] == nil)
        }
        let kinds = ["manifest", "blob", "tags", "referrers"]
        #expect(
            cache.calls
                == kinds.flatMap { ["\($0) mirror/quay/up/demo", "\($0) mirror/quay/up/demo", "\($0) up/demo"] }
        )
        let list = await bench.get("/v2/up/demo/tags/list?n=2&ns=quay.io")
        #expect(list.json?["name"]?.string == "up/demo")
        #expect(list["Link"] == "</v2/up/demo/tags/list?n=2&last=2.0.0&ns=quay.io>; rel=\"next\"")
        // What the cache does not know is looked for in that repository, not in the one of the plain name.
        cache.change { $0.manifest = nil }
        await bench.push(chart, "1.0.0", "mirror/quay/up/demo")
        #expect(await bench.get("/v2/up/demo/manifests/1.0.0?ns=quay.io").body == chart.manifest.bytes)
        #expect(await bench.get("/v2/up/demo/manifests/1.0.0").status == 404)
    }

    @Test("A repository that is a cache takes no push")
    func pushes() async throws {
        let cache = ScriptedCache { $0.closed = ["up/demo"] }
        let bench = try Bench(cache: cache)
        let digest = Digest(of: [1])
        let session = String(repeating: "a", count: 32)
        let requests: [(HTTPMethod, String)] = [
            (.post, "blobs/uploads/"), (.post, "blobs/uploads/?digest=\(digest)"),
            (.post, "blobs/uploads/?mount=\(digest)&from=other"), (.patch, "blobs/uploads/\(session)"),
            (.put, "blobs/uploads/\(session)?digest=\(digest)"), (.put, "manifests/1.0.0"),
        ]
        for (method, path) in requests {
            let answer = await bench.send(
                method, "\(base)/\(path)", [("Content-Type", "application/json")], FakeBody(bytes: [1]))
            #expect(answer.summary == "403 DENIED", "\(path)")
        }
        #expect(await bench.push(chart, "1.0.0", "own/demo").status == 201)
        #expect(await bench.send(.delete, "\(base)/manifests/1.0.0").summary != "403 DENIED")
    }

    @Test("A blob on its way is passed on over the wire as it comes, whole and in part; a failure cuts it")
    func growing() async throws {
        let bytes = chart.archive
        let coming = ComingBlob(size: bytes.count)
        let cache = ScriptedCache { script in
            script.blob = .later { () throws(ContentError) in (coming.found, CacheNote(age: 0)) }
        }
        let live = try Live(cache: cache)
        let target = "\(base)/blobs/\(Digest(of: bytes))"
        try await live.onThread { live in
            let (whole, part) = (try WireClient(live.server.address), try WireClient(live.server.address))
            try whole.sendHead("GET", target, [])
            try part.sendHead("GET", target, ["Range: bytes=-500"])
            let head = try whole.receiveHead()
            #expect(head.status == 200 && head["Content-Length"] == "\(bytes.count)" && head["Age"] == "0")
            #expect(try part.receiveHead().status == 206)
            coming.append(bytes[..<1])
            let first = try whole.take(1)
            #expect(first == [bytes[0]])
            coming.append(bytes[1...])
            let (rest, end) = (try whole.take(bytes.count - 1), try part.take(500))
            #expect(rest == Array(bytes[1...]) && end == Array(bytes.suffix(500)))
            #expect(try whole.send("GET", "/v2/").status == 200)
        }
        let broken = ComingBlob(size: bytes.count)
        cache.change { $0.blob = .here(broken.found, .none) }
        try await live.onThread { live in
            let wire = try WireClient(live.server.address)
            try wire.sendHead("GET", target, [])
            _ = try wire.receiveHead()
            broken.append(bytes[..<10])
            _ = try wire.take(10)
            broken.fail()
            #expect(throws: WireClient.Failed.self) { try wire.take(1) }
        }
        await live.stop()
    }
}
