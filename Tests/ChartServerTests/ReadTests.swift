import ChartServer
import Content
import FrontDoor
import HTTPMessage
import OCIModel
import ServerSupport
import TestSupport
import Testing

@Suite("Charts go out by classic paths") struct ChartReadTests {
    private func filled(_ change: (inout ChartFaceOptions) -> Void = { _ in }) async throws
        -> ChartBench
    {
        let bench = try ChartBench(AnonymousAccess(.readWrite), change)
        for (namespace, archives) in [
            ("", ["demo 1.0.0", "demo 1.1.0-rc.1", "demo v0.9.0", "other 2.0.0+up1.0.0"]),
            ("team", ["demo 3.0.0"]), ("team/charts", ["demo 4.0.0"]), ("a/b/c", ["demo 5.0.0"]),
        ] {
            for archive in archives {
                try bench.store.store(Array(archive.utf8), in: ChartNamespace(parsing: namespace))
            }
        }
        return bench
    }

    @Test(
        "Each repository has its index at its path",
        arguments: [
            ("/index.yaml", "1.1.0-rc.1"), ("/charts/index.yaml", "1.1.0-rc.1"),
            ("/charts/index.json", "1.1.0-rc.1"),
            ("/charts/team/index.yaml", "3.0.0"), ("/charts/Team/index.yaml", "3.0.0"),
            ("/charts/team/charts/index.yaml", "4.0.0"), ("/charts/a/b/c/index.yaml", "5.0.0"),
            ("/charts/a%2Fb/c/index.json", "5.0.0"),
        ])
    func indexes(path: String, newest: String) async throws {
        let bench = try await filled()
        let answer = await bench.get(path)
        #expect(answer.status == 200)
        #expect(answer["Content-Type"] == "application/json")
        #expect(answer.json?["apiVersion"]?.string == "v1")
        #expect(answer.json?["entries"]?["demo"]?.array?.first?["version"]?.string == newest)
    }

    @Test("An index is asked for again by its entity tag") func conditional() async throws {
        let bench = try await filled()
        let first = await bench.get("/charts/index.yaml")
        let tag = try #require(first["ETag"])
        #expect(first["Cache-Control"] == "private, no-cache")
        #expect(first["Vary"] == "Accept, Accept-Encoding")
        let again = await bench.get("/charts/index.yaml", [("If-None-Match", tag)])
        #expect(again.status == 304 && again.body.isEmpty && again["ETag"] == tag)
        await bench.post("demo 7.0.0")
        let changed = await bench.get("/charts/index.yaml", [("If-None-Match", tag)])
        #expect(changed.status == 200 && changed["ETag"] != tag)
        let head = await bench.send(.head, "/charts/index.yaml")
        #expect(head.length == changed.body.count && head.body.isEmpty)
    }

    @Test(
        "YAML is for who names it and wants JSON less",
        arguments: [
            ("application/yaml", true), ("application/x-yaml", true),
            ("text/yaml, application/json;q=0.5", true),
            ("*/*", false), ("application/yaml, */*", false), ("application/yaml;q=0.9, */*;q=0.1", true),
            ("application/yaml, application/json", false),
            ("application/gzip,application/octet-stream", false),
            ("text/html", false), ("application/yaml;q=0", false),
        ])
    func forms(accept: String, isYAML: Bool) async throws {
        let bench = try await filled()
        let answer = await bench.get("/charts/index.yaml", [("Accept", accept)])
        #expect(answer["Content-Type"] == (isYAML ? "application/yaml" : "application/json"))
        #expect((answer.json == nil) == isYAML)
    }

    @Test("The form may be asked for in the query") func format() async throws {
        let bench = try await filled()
        #expect(await bench.get("/charts/index.yaml?format=yaml").text.hasPrefix("apiVersion: v1\n"))
        #expect(
            await bench.get("/charts/index.yaml?format=json", [("Accept", "application/yaml")]).json
                != nil)
        #expect(await bench.get("/charts/index.yaml?format=xml").status == 400)
        #expect(await bench.get("/charts/index.json?format=yaml").json != nil)
    }

    @Test(
        "Compressed for who asks, with a tag of its own",
        arguments: [
            ("gzip", true), ("gzip, deflate, br", true), ("*", true), ("x-gzip", true),
            ("br;q=1, GZIP;q=0.5", true),
            ("identity", false), ("", false), ("gzip;q=0", false), ("*, gzip;q=0.0", false),
        ])
    func gzip(encoding: String, isCompressed: Bool) async throws {
        let bench = try await filled()
        let plain = await bench.get("/charts/index.yaml")
        let answer = await bench.get("/charts/index.yaml", [("Accept-Encoding", encoding)])
        #expect((answer["Content-Encoding"] == "gzip") == isCompressed)
        #expect((answer.body.prefix(2) == [0x1F, 0x8B]) == isCompressed)
        #expect((answer["ETag"] != plain["ETag"]) == isCompressed)
    }

    @Test("A repository that never held a chart is empty, so that it can be added and pushed to")
    func empty()
        async throws
    {
        let bench = try await filled()
        for path in ["/charts/none/index.yaml", "/charts/none/~chart=x/index.yaml"] {
            let answer = await bench.get(path)
            #expect(answer.status == 200 && answer.json?["entries"]?.members?.isEmpty == true, "\(path)")
        }
    }

    @Test("Archives are at the URLs of their index") func archives() async throws {
        let bench = try await filled()
        for (place, text) in [
            ("/charts/demo-1.0.0.tgz", "demo 1.0.0"), ("/charts/charts/demo-1.0.0.tgz", "demo 1.0.0"),
            ("/charts/team/charts/demo-3.0.0.tgz", "demo 3.0.0"),
            ("/charts/charts/demo-v0.9.0.tgz", "demo v0.9.0"),
            ("/charts/team/charts/charts/demo-4.0.0.tgz", "demo 4.0.0"),
            ("/charts/other-2.0.0+up1.0.0.tgz", "other 2.0.0+up1.0.0"),
            ("/charts/other-2.0.0%2Bup1.0.0.tgz", "other 2.0.0+up1.0.0"),
            ("/charts/team/~chart=other/charts/demo-3.0.0.tgz", "demo 3.0.0"),
        ] {
            let answer = await bench.get(place)
            #expect(answer.status == 200 && answer.text == text, "\(place)")
            #expect(answer["Content-Type"] == "application/gzip")
            #expect(answer["ETag"] == "\"\(Digest(of: Array(text.utf8)))\"")
        }
        for place in [
            "/charts/none-1.0.0.tgz", "/charts/team/charts/demo-1.0.0.tgz", "/charts/demo-1.0.0.tgz.prov",
        ] {
            let answer = await bench.get(place)
            #expect(answer.status == 404 && answer.failure?.isEmpty == false, "\(place)")
        }
    }

    @Test("A part of an archive, and none of it") func ranges() async throws {
        let bench = try await filled()
        let path = "/charts/demo-1.0.0.tgz"
        let part = await bench.get(path, [("Range", "bytes=5-")])
        #expect(part.status == 206 && part.text == "1.0.0" && part["Content-Range"] == "bytes 5-9/10")
        let none = await bench.get(path, [("Range", "bytes=10-")])
        #expect(
            none.status == 416 && none["Content-Range"] == "bytes */10" && none.failure?.isEmpty == false)
        let tag = try #require(part["ETag"])
        #expect(await bench.get(path, [("If-None-Match", tag)]).status == 304)
        #expect(await bench.send(.head, path).length == 10)
    }

    @Test("A view lists what it selects, by name or spelt out") func views() async throws {
        let bench = try await filled { $0.views = ["stable": "prereleases=no;newest=1"] }
        func versions(_ path: String) async -> [String?] {
            await bench.get(path).json?["entries"]?["demo"]?.array?.map { $0["version"]?.string } ?? []
        }
        #expect(await versions("/charts/~stable/index.yaml") == ["1.0.0"])
        #expect(await versions("/charts/~chart=demo;newest=1;prereleases=no/index.yaml") == ["1.0.0"])
        #expect(await versions("/charts/~chart=demo%3Bversion=%3C1.0.0/index.yaml") == ["v0.9.0"])
        #expect(await versions("/charts/~chart=other/index.yaml") == [])
        #expect(await bench.get("/charts/~unknown/index.yaml").status == 404)
        #expect(await bench.get("/charts/~chart=a;nonsense=1/index.yaml").status == 400)
        #expect(throws: ContentError.self) { try ChartBench { $0.views = ["bad": "nonsense"] } }
    }

    @Test(
        "What is no path of a repository is not found",
        arguments: [
            "/charts", "/charts/", "/charts/team", "/charts/team/", "/charts/team/index.yml",
            "/charts//index.yaml",
            "/charts/team/demo-3.0.0.tgz", "/charts/team/charts/demo-3.0.0.zip", "/charts/%zz/index.yaml",
            "/charts/team/charts/..%2Fdemo-3.0.0.tgz", "/charts/../index.yaml", "/charts/%00/index.yaml",
            "/api/",
            "/api/chart", "/api/nothing", "/api/team/charts", "/api/charts/a/b/c", "/api/charts/a//b",
            "/api/charts/%2F/1", "/api/charts/team/charts/", "/charts/a~b/index.yaml", "/indexes.yaml",
        ])
    func nothing(path: String) async throws {
        let answer = await (try await filled()).get(path)
        #expect([400, 404].contains(answer.status))
        if path.hasPrefix("/charts/") || path.hasPrefix("/api/") {
            #expect(answer.failure?.isEmpty == false)
        }
    }

    @Test("Charts are listed with their versions, newest first") func lists() async throws {
        let bench = try await filled()
        let all = await bench.get("/api/charts")
        #expect(all.json?.members?.map(\.0) == ["demo", "other"])
        #expect(
            all.json?["demo"]?.array?.map { $0["version"]?.string } == ["1.1.0-rc.1", "1.0.0", "v0.9.0"])
        #expect(await bench.get("/api/charts/charts").text == all.text)
        #expect(await bench.get("/api/charts/team/charts").json?["demo"]?.array?.count == 1)
        #expect(await bench.get("/api/charts/none/charts").text == "{}")
        #expect(await bench.get("/api/charts", [("If-None-Match", all["ETag"] ?? "")]).status == 304)
        let versions = await bench.get("/api/charts/demo")
        #expect(versions.json?.array?.count == 3)
        #expect(await bench.send(.head, "/api/charts/demo").status == 200)
        #expect(await bench.get("/api/charts/none").failure?.isEmpty == false)
        #expect(await bench.send(.head, "/api/charts/none").status == 404)
    }

    @Test("One version is found as it is written, and the newest release as latest") func version()
        async throws
    {
        let bench = try await filled()
        for (path, version) in [
            ("/api/charts/demo/1.0.0", "1.0.0"), ("/api/charts/demo/v0.9.0", "v0.9.0"),
            ("/api/charts/demo/latest", "1.0.0"), ("/api/charts/other/2.0.0+up1.0.0", "2.0.0+up1.0.0"),
            ("/api/charts/other/2.0.0%2Bup1.0.0", "2.0.0+up1.0.0"),
            ("/api/charts/team/charts/demo/3.0.0", "3.0.0"),
            ("/api/charts/team/charts/charts/demo/4.0.0", "4.0.0"),
        ] {
            #expect(await bench.get(path).json?["version"]?.string == version, "\(path)")
        }
        for path in [
            "/api/charts/demo/0.9.0", "/api/charts/other/2.0.0", "/api/charts/demo/none",
            "/api/charts/none/latest",
        ] {
            let answer = await bench.get(path)
            #expect(answer.status == 404 && answer.failure?.isEmpty == false, "\(path)")
            #expect(await bench.send(.head, path).status == 404)
        }
    }

    @Test("Lists come in pages by offset and limit") func pages() async throws {
        let bench = try ChartBench()
        for number in 0..<12 { await bench.post("c\(number + 10) 1.0.0") }
        func names(_ query: String) async -> [String]? {
            await bench.get("/api/charts?\(query)").json?.members?.map(\.0)
        }
        #expect(await names("limit=2") == ["c10", "c11"])
        #expect(await names("offset=10&limit=5") == ["c20", "c21"])
        #expect(await names("offset=3&limit=1") == ["c13"])
        #expect(await names("offset=11") == ["c21"])
        #expect(await names("offset=12") == [])
        for query in ["offset=-1", "offset=x", "limit=0", "limit=-1", "limit=1.5", "limit="] {
            let answer = await bench.get("/api/charts?\(query)")
            #expect(answer.status == 400 && answer.failure?.hasSuffix("integer") == true, "\(query)")
        }
    }

    @Test("A list that is too long must be asked for in pages") func long() async throws {
        let bench = try await filled { $0.maximumListBytes = 300 }
        let answer = await bench.get("/api/charts")
        #expect(answer.status == 413 && answer.failure?.contains("limit") == true)
        #expect(await bench.get("/api/charts?offset=1&limit=1").status == 200)
    }

    @Test("The service paths of a ChartMuseum answer") func service() async throws {
        let bench = try await filled {
            $0.version = "1.2.3"
            $0.artifactHubFile = { () throws(ContentError) in Array("repositoryID: x\n".utf8) }
        }
        #expect(await bench.get("/info").text == #"{"version":"1.2.3"}"#)
        #expect(await bench.get("/health").text == #"{"healthy":true}"#)
        #expect(await bench.get("/artifacthub-repo.yml").text == "repositoryID: x\n")
        #expect(await (try ChartBench()).get("/artifacthub-repo.yml").status == 404)
        let method = await bench.send(.put, "/charts/index.yaml")
        #expect(
            method.status == 405 && method["Allow"] == "GET, HEAD" && method.failure?.isEmpty == false)
    }
}
