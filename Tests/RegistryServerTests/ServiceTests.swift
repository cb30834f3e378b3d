import Content
import FrontDoor
import HTTPMessage
import HTTPServer
import LocalRegistry
import OCIModel
import Posix
import RegistryServer
import ServerSupport
import Synchronization
import TestSupport
import Testing

@Suite("What a server tells of itself") struct ServiceTests {
    @Test("/healthz, / and /v2/ answer; none of them is kept")
    func answers() async throws {
        let bench = try Bench(try users(anonymous: .none))
        for path in ["/healthz", "/", "/readyz", "/metrics"] {
            let (get, head) = (await bench.get(path), await bench.send(.head, path))
            #expect(get.status == 200 && !get.body.isEmpty, "\(path)")
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(get["Content-Type"]?.hasPrefix("text/plain") == true)
        }
        #expect(await bench.get("/healthz")["Cache-Control"] == "no-store")
        let open = try Bench()
        let base = await open.get("/v2/")
        #expect(base.text == "{}")
        #expect(base["Content-Type"] == "application/json")
        #expect(await open.get("/v2").status == 200)
        #expect(await open.send(.head, "/v2/").headerText == base.headerText)
    }

    @Test("/readyz is 503 when the store cannot be written, and says why")
    func notWritable() async throws {
        let flag = Flag()
        let bench = try Bench(door: { options in
            options.isReady = { () throws(ContentError) in
                if flag.isUp { throw .storageFull("the disk is full") }
            }
        })
        #expect(await bench.get("/readyz").status == 200)
        flag.isUp = true
        let answer = await bench.get("/readyz")
        #expect(answer.summary == "503 UNAVAILABLE")
        #expect(answer.error?["message"]?.string == "the disk is full")
        #expect(await bench.get("/healthz").status == 200)
        flag.isUp = false
        #expect(await bench.get("/readyz").status == 200)
    }

    @Test("/readyz is 503 while the server stops; requests are still answered")
    func draining() async throws {
        let bench = try Bench()
        bench.handler.beginDraining()
        #expect(await bench.get("/readyz").summary == "503 UNAVAILABLE")
        #expect(await bench.get("/healthz").status == 200)
        #expect(await bench.get("/v2/").status == 200)
    }

    @Test("/metrics is a valid exposition whose labels are closed sets")
    func metrics() async throws {
        let bench = try Bench()
        await bench.push(SampleChart("demo", "1.0.0"), "1.0.0")
        for number in 0..<50 {
            await bench.get("/v2/r\(number)/manifests/t\(number)")
            await bench.get("/nowhere\(number)")
            await bench.send(HTTPMethod(rawValue: "M\(number)"), "/v2/")
        }
        let text = await bench.get("/metrics").text
        var routes: Set<Substring> = [], methods: Set<Substring> = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            #expect(
                line.wholeMatch(of: /[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-z_]+="[^"\\]*",?)*\})? -?[0-9.e+-]+|.*\+Inf.*/)
                    != nil, "\(line)")
            if let match = line.firstMatch(of: /route="([^"]*)"/) { routes.insert(match.1) }
            if let match = line.firstMatch(of: /method="([^"]*)"/) { methods.insert(match.1) }
        }
        #expect(
            routes.isSubset(of: [
                "none", "root", "health", "readiness", "metrics", "base", "catalog", "manifest", "blob", "uploads",
                "upload", "tags", "referrers", "attributes",
            ]))
        #expect(methods.isSubset(of: ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "other"]))
        #expect(text.contains(#"chartroom_http_requests_total{route="none",method="GET",status="404"} 50"#))
        #expect(text.contains(#"chartroom_http_requests_total{route="base",method="other",status="405"} 50"#))
        #expect(text.contains(#"chartroom_http_requests_total{route="manifest",method="GET",status="404"} 50"#))
        #expect(text.contains(#"chartroom_http_requests_total{route="manifest",method="PUT",status="201"} 1"#))
        let names = text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
        #expect(names.count == Set(names).count && names.count >= 4)
    }

    @Test("Each request is logged with id, client, user, object, status and bytes")
    func log() async throws {
        let bench = try Bench(try users(anonymous: .read))
        await bench.push([1])
        let name = "/v2/charts/demo/manifests/1.0.0"
        await bench.send(.get, name, basic("ann", "secret"), peer: "10.1.2.3")
        let line = try #require(bench.log.text.split(separator: "\n").last)
        for part in ["fake-1", "10.1.2.3", "ann", "GET", "manifest", "charts/demo:1.0.0", "404"] {
            #expect(line.contains(part), "\(part) in \(line)")
        }
        let quiet = try Bench(door: { $0.logsAccess = false })
        await quiet.get("/v2/")
        #expect(quiet.log.text.isEmpty)
    }

    @Test(
        "What the server itself refuses has the one error body",
        arguments: [
            (400, "UNSUPPORTED"), (408, "UNSUPPORTED"), (413, "SIZE_INVALID"), (414, "UNSUPPORTED"),
            (429, "TOOMANYREQUESTS"), (431, "UNSUPPORTED"), (503, "UNAVAILABLE"),
        ])
    func refusals(status: Int, code: String) throws {
        let answer = Answer(try Bench().handler.refusal(status, "because"))
        #expect(answer.summary == "\(status) \(code)")
        #expect(answer.error?["message"]?.string == "because")
    }

    @Test(
        "A full disk is 507 with a message on every path that writes, and the server recovers",
        arguments: [true, false])
    func storageFull(isStreamed: Bool) async throws {
        let isFull = Flag()
        let bench = try Bench(store: { options in
            options.calls = SystemCalls { call, object in
                isFull.isUp && call == .write && object.contains("/ingest") ? 28 : nil
            }
        })
        let location = await bench.begin()
        let digest = Digest(of: [1, 2, 3])
        let body = FakeBody(bytes: [1, 2, 3], isChunked: isStreamed)
        let single = "/v2/charts/demo/blobs/uploads/?digest=\(digest)"
        isFull.isUp = true
        let refused = await bench.send(.post, single, [], body)
        #expect(refused.summary == "507 INSUFFICIENT_STORAGE")
        #expect(refused.error?["message"]?.string?.isEmpty == false)
        #expect(await bench.send(.patch, location, [], body).status == 507)
        #expect(await bench.get("/v2/charts/demo/blobs/\(digest)").status == 404)
        isFull.isUp = false
        #expect(await bench.send(.post, single, [], body).status == 201)
        #expect(await bench.send(.put, "\(location)?digest=\(digest)", [], body).status == 201)
    }
}

/// A switch that tests turn.
final class Flag: Sendable {
    private let state = Atomic(false)

    var isUp: Bool {
        get { state.load(ordering: .relaxed) }
        set { state.store(newValue, ordering: .relaxed) }
    }
}
