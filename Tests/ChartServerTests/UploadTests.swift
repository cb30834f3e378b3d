import ChartServer
import FrontDoor
import HTTPMessage
import HTTPServer
import OCIModel
import ServerSupport
import Testing

@Suite("Charts come in by ChartMuseum's API") struct ChartUploadTests {
    @Test("An archive as the body is stored and listed at once") func raw() async throws {
        let bench = try ChartBench()
        let answer = await bench.post("demo 1.0.0")
        #expect(answer.status == 201 && answer.text == #"{"saved":true}"#)
        #expect(await bench.get("/charts/charts/demo-1.0.0.tgz").text == "demo 1.0.0")
        #expect(await bench.get("/charts/index.yaml").json?["entries"]?["demo"]?.array?.count == 1)
        #expect(bench.store.openUploads == 0)
    }

    @Test(
        "A form with chart and provenance is stored in any order, cut anywhere",
        arguments: [1, 2, 7, 64, 1 << 18], [true, false])
    func form(pieceBytes: Int, chartFirst: Bool) async throws {
        let bench = try ChartBench()
        let chart = (name: "chart", data: "demo 1.0.0 \r\n--b0undarx")
        let prov = (name: "prov", data: "vouches")
        let fields = [("other", "ignored")] + (chartFirst ? [chart, prov] : [prov, chart])
        let answer = await bench.post(form: fields, "/api/charts/team/charts", pieceBytes: pieceBytes)
        #expect(answer.status == 201 && answer.text == #"{"saved":true}"#)
        #expect(await bench.get("/charts/team/charts/demo-1.0.0.tgz").text == chart.data)
        #expect(await bench.get("/charts/team/charts/demo-1.0.0.tgz.prov").text == "vouches")
    }

    @Test("Provenance may come later, alone, by both paths") func provenance() async throws {
        let bench = try ChartBench()
        await bench.post("demo 1.0.0", "/api/charts/a/b/charts")
        #expect(await bench.get("/charts/a/b/charts/demo-1.0.0.tgz.prov").status == 404)
        let answer = await bench.post("vouches demo 1.0.0", "/api/charts/a/b/prov")
        #expect(answer.status == 201 && answer.text == #"{"saved":true}"#)
        #expect(await bench.get("/charts/a/b/charts/demo-1.0.0.tgz.prov").text == "vouches demo 1.0.0")
        #expect(
            await bench.post(form: [("prov", "vouches demo 1.0.0")], "/api/charts/a/b/charts?force")
                .status == 201)
        #expect(await bench.post("nonsense", "/api/prov").status == 400)
        #expect(await bench.post("vouches demo 9.9.9", "/api/prov").status == 404)
        let large = await bench.post(String(repeating: "x", count: 2 << 20), "/api/prov")
        #expect(large.status == 413 && large.failure?.isEmpty == false)
    }

    @Test("What is there is a conflict, unless it is forced") func conflict() async throws {
        let bench = try ChartBench()
        await bench.post("demo 1.0.0")
        let refused = await bench.post("demo 1.0.0 other")
        #expect(refused.status == 409 && refused.failure?.isEmpty == false)
        #expect(await bench.post(form: [("chart", "demo 1.0.0 other")]).status == 409)
        for query in ["?force", "?force=", "?force=true"] {
            #expect(await bench.post("demo 1.0.0 \(query)", "/api/charts\(query)").status == 201)
            #expect(await bench.get("/charts/demo-1.0.0.tgz").text == "demo 1.0.0 \(query)")
        }
    }

    @Test("Warnings are told only where there are any") func warnings() async throws {
        let bench = try ChartBench()
        #expect(
            await bench.post("demo v1.0.0").text
                == #"{"saved":true,"warnings":["the version begins with v"]}"#)
    }

    @Test(
        "A broken form stores nothing and says why",
        arguments: [
            "", "no boundary", "--b\r\n",
            "--b\r\nContent-Disposition: form-data; name=\"chart\"\r\n\r\ndemo 1.0.0",
            "--b\r\nbroken\r\n\r\n--b--", "--b\r\n\r\ndemo 1.0.0\r\n--b--\r\n", "--b--\r\n",
            "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\ndemo 1.0.0\r\n--b--\r\n",
            "--b\r\nContent-Disposition: form-data; name=chart\r\n\r\na 1.0.0\r\n"
                + "--b\r\nContent-Disposition: form-data; name=chart\r\n\r\nb 1.0.0\r\n--b--\r\n",
        ])
    func brokenForm(body: String) async throws {
        let bench = try ChartBench()
        let answer = await bench.send(
            .post, "/api/charts", [("Content-Type", "multipart/form-data; boundary=b")], .text(body))
        #expect(answer.status == 400 && answer.failure?.isEmpty == false)
        #expect(await bench.get("/api/charts").text == "{}")
        #expect(bench.store.openUploads == 0)
    }

    @Test("A form without a boundary, and an archive that is none, are refused") func refused()
        async throws
    {
        let bench = try ChartBench()
        let form = await bench.send(
            .post, "/api/charts", [("Content-Type", "multipart/form-data")], .text("--b--"))
        #expect(form.status == 400 && form.failure?.contains("boundary") == true)
        for archive in ["", "nonsense"] {
            let answer = await bench.post(archive)
            #expect(answer.status == 400 && answer.failure == "the archive is not gzip")
        }
        #expect(bench.store.openUploads == 0)
    }

    @Test("What is too large is refused on the way, announced or not", arguments: [true, false])
    func tooLarge(isChunked: Bool) async throws {
        let bench = try ChartBench { $0.maximumChartBytes = 1000 }
        for size in [1001, 3 << 20] {
            let body = FakeBody(bytes: [UInt8](repeating: 0x61, count: size), isChunked: isChunked)
            let answer = await bench.send(.post, "/api/charts", [], body)
            #expect(answer.status == 413 && answer.failure?.isEmpty == false)
        }
        let large = String(repeating: "x", count: (1 << 20) + 1)
        #expect(await bench.post(form: [("prov", large), ("chart", "demo 1.0.0")]).status == 413)
        #expect(bench.store.openUploads == 0)
    }

    @Test("A client that leaves leaves nothing open") func abandoned() async throws {
        let bench = try ChartBench()
        let request = FakeRequest(.post, "/api/charts", contentLength: nil)
        guard case .stream(_, let consumer) = bench.door.plan(for: request) else {
            Issue.record("an upload is no stream")
            return
        }
        #expect(await consumer.consume(Array("demo".utf8)) == nil)
        #expect(bench.store.openUploads == 1)
        await consumer.abandon()
        #expect(bench.store.openUploads == 0 && bench.store.abandoned == 1)
    }

    @Test("A version is deleted once") func delete() async throws {
        let bench = try ChartBench()
        await bench.post("demo 1.0.0+build.1", "/api/charts/team/charts")
        let path = "/api/charts/team/charts/demo/1.0.0%2Bbuild.1"
        let answer = await bench.send(.delete, path)
        #expect(answer.status == 200 && answer.text == #"{"deleted":true}"#)
        let again = await bench.send(.delete, path)
        #expect(again.status == 404 && again.failure?.isEmpty == false)
        #expect(await bench.get("/charts/team/charts/demo-1.0.0+build.1.tgz").status == 404)
    }

    @Test("Reading needs to read, writing to write, and the challenge is Basic") func access()
        async throws
    {
        let bench = try ChartBench(try users(anonymous: .none))
        for (method, path) in [
            (HTTPMethod.get, "/charts/index.yaml"), (.get, "/charts/demo-1.0.0.tgz"),
            (.get, "/api/charts"),
            (.post, "/api/charts"), (.delete, "/api/charts/demo/1.0.0"), (.post, "/api/prov"),
        ] {
            let answer = await bench.send(method, path)
            #expect(answer.status == 401 && answer.failure?.isEmpty == false, "\(path)")
            #expect(answer["WWW-Authenticate"]?.hasPrefix("Basic ") == true)
        }
        let read = basic("bob", "hunter2")
        let write = basic("ann", "secret")
        #expect(await bench.send(.post, "/api/charts", read, .text("demo 1.0.0")).status == 403)
        #expect(await bench.send(.post, "/api/charts", write, .text("demo 1.0.0")).status == 201)
        #expect(await bench.get("/charts/demo-1.0.0.tgz", read).status == 200)
        #expect(await bench.get("/info").status == 200)
        #expect(await bench.get("/health").text == #"{"healthy":true}"#)
    }
}
