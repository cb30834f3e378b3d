import Content
import FrontDoor
import HTTPMessage
import OCIModel
import ServerSupport
import TestSupport
import Testing

@Suite("A cache is asked before the charts") struct ChartCacheTests {
    private let note = CacheNote(age: 7, warnings: [.disconnected])
    private let lists = [
        "/charts/up/index.yaml", "/charts/up/~chart=demo/index.yaml", "/charts/up/index.yaml?format=yaml",
        "/api/charts/up/charts", "/api/charts/up/charts/demo", "/api/charts/up/charts/demo/1.0.0",
    ]

    @Test("A listing is brought up to date first, and says how old it is", arguments: [true, false])
    func listing(isHere: Bool) async throws {
        let cache = ScriptedCache()
        let bench = try ChartBench(cache: cache)
        let (store, note) = (bench.store, note)
        let namespace = try ChartNamespace(parsing: "up")
        if isHere {
            try store.store(Array("demo 1.0.0".utf8), in: namespace)
            cache.change { $0.listing = .here(true, note) }
        } else {
            // What the wait brings is in the answer.
            cache.change { script in
                script.listing = .later { () throws(ContentError) in
                    try store.store(Array("demo 1.0.0".utf8), replacing: true, in: namespace)
                    return (true, note)
                }
            }
        }
        for path in lists {
            let answer = await bench.get(path)
            #expect(answer.status == 200 && answer.text.contains("demo"), "\(path)")
            #expect(answer["Age"] == "7" && answer["Warning"] == #"112 - "Disconnected Operation""#, "\(path)")
            let again = await bench.get(path, [("If-None-Match", try #require(answer["ETag"]))])
            #expect(again.status == 304 && again["Age"] == "7", "\(path)")
        }
        #expect(cache.calls.count == 2 * lists.count && Set(cache.calls) == ["listing up"])
    }

    @Test("A list that cannot be had is an error", arguments: [true, false])
    func failing(isAtOnce: Bool) async throws {
        let cache = ScriptedCache { script in
            let error = ContentError.unavailable("the upstream does not answer")
            if isAtOnce {
                script.error = error
            } else {
                script.listing = .later { () throws(ContentError) in throw error }
            }
        }
        let bench = try ChartBench(cache: cache)
        try bench.store.store(Array("demo 1.0.0".utf8), in: ChartNamespace(parsing: "up"))
        for path in lists {
            let answer = await bench.get(path)
            #expect(answer.status == 502 && answer.failure == "the upstream does not answer")
        }
    }

    @Test("What its upstream does not have is listed when it is here", arguments: [true, false])
    func unknown(isAtOnce: Bool) async throws {
        let cache = ScriptedCache { script in
            let error = ContentError.nameUnknown("the upstream has no such repository")
            if isAtOnce {
                script.error = error
            } else {
                script.listing = .later { () throws(ContentError) in throw error }
            }
        }
        let bench = try ChartBench(cache: cache)
        for path in lists {
            let answer = await bench.get(path)
            #expect(answer.status == 404 && answer.failure == "the upstream has no such repository")
        }
        try bench.store.store(Array("demo 1.0.0".utf8), in: ChartNamespace(parsing: "up"))
        for path in lists {
            let answer = await bench.get(path)
            #expect(answer.status == 200 && answer.text.contains("demo") && answer["Age"] == nil)
        }
    }

    @Test("A repository whose upstream lists nothing is an empty one") func empty() async throws {
        let note = note
        let bench = try ChartBench(
            cache: ScriptedCache { script in script.listing = .later { () throws(ContentError) in (true, note) } })
        let answer = await bench.get("/charts/up/index.yaml")
        #expect(answer.status == 200 && answer.json?["entries"] == .object([]) && answer["Age"] == "7")
    }

    @Test("Archives and provenance come from it, whole or on their way", arguments: [true, false])
    func files(isHere: Bool) async throws {
        let bytes = Array("an archive".utf8)
        let coming = ComingBlob(size: bytes.count)
        coming.append(bytes)
        let (note, digest) = (note, Digest(of: bytes))
        let cache = ScriptedCache { script in
            let whole = FoundChartFile(digest: digest, blob: .whole(FakeBlob(bytes)))
            script.file =
                isHere
                ? .here(whole, note)
                : .later { () throws(ContentError) in
                    (FoundChartFile(digest: nil, blob: coming.found), note)
                }
        }
        let bench = try ChartBench(cache: cache)
        for (name, type) in [
            ("demo-1.0.0.tgz", "application/gzip"), ("demo-1.0.0.tgz.prov", "application/pgp-signature"),
        ] {
            let answer = await bench.get("/charts/up/charts/\(name)")
            #expect(answer.status == 200 && answer["Content-Type"] == type && answer["Age"] == "7")
            #expect(answer["ETag"] == (isHere ? "\"\(digest)\"" : nil))
            #expect(answer.body == bytes)
        }
        #expect(cache.calls == ["file up/demo-1.0.0.tgz", "file up/demo-1.0.0.tgz.prov"])
    }

    @Test("Where no upstream stands behind it, the store answers alone") func silent() async throws {
        let (plain, cached) = (try ChartBench(), try ChartBench(cache: ScriptedCache()))
        for bench in [plain, cached] {
            try bench.store.store(Array("demo 1.0.0".utf8), in: ChartNamespace(parsing: "up"))
        }
        for path in lists + ["/charts/up/charts/demo-1.0.0.tgz", "/charts/up/charts/no-1.0.0.tgz", "/index.yaml"] {
            let (one, other) = (await plain.get(path), await cached.get(path))
            #expect(one.status == other.status && one.headerText == other.headerText && one.body == other.body)
        }
    }

    @Test("A path that is a cache takes no upload; the root asks nobody") func uploads() async throws {
        let cache = ScriptedCache { $0.closed = ["up"] }
        let bench = try ChartBench(cache: cache)
        for path in ["/api/charts/up/charts", "/api/charts/up/prov"] {
            let answer = await bench.post("demo 1.0.0", path)
            #expect(answer.status == 403 && answer.failure == "up is a cache and takes no pushes")
        }
        #expect(await bench.post("demo 1.0.0").status == 201)
        #expect(await bench.post("demo 1.0.0", "/api/charts/own/charts").status == 201)
        #expect(cache.calls == ["push up", "push up", "push own"])
        #expect(bench.store.openUploads == 0)
    }
}
