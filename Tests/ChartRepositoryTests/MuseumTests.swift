import ChartRepository
import Content
import HTTPClient
import OCIModel
import RemoteRegistry
import TestSupport
import Testing

/// A ChartMuseum as a place for charts, played by a script.
@Suite struct MuseumTests {
    private let chart = PackedChart("app", "1.0.0+a")

    private func museum(_ url: String, _ credential: Credential? = nil, time: NoTime = NoTime()) throws
        -> ChartMuseumClient
    {
        var options = ChartRepositoryClient.Options()
        options.timing = time.timing
        var configuration = HTTPClientConfiguration()
        configuration.proxy = .none
        return ChartMuseumClient(
            try ChartRepositorySource(parsing: url, credential: credential), client: try HTTPClient(configuration),
            options)
    }

    private func put(
        _ museum: ChartMuseumClient, _ archive: [UInt8]? = nil, provenance: [UInt8]? = nil, replacing: Bool = false,
        in namespace: ChartNamespace = .root
    ) async throws(ContentError) -> StoredChart {
        let upload = try await museum.openChart(in: namespace)
        let bytes = archive ?? chart.archive
        try await upload.append(Array(bytes.prefix(100)))
        try await upload.append(Array(bytes.dropFirst(100)))
        return try await upload.finish(provenance: provenance, replacing: replacing)
    }

    private static let saved = ScriptedReply(201, text: #"{"saved":true}"#)
    private static let conflict = ScriptedReply(409, text: #"{"error":"file already exists"}"#)

    @Test("An archive goes out whole, and what was stored is told") func stored() async throws {
        let server = try ScriptedServer([
            "GET /api/charts?limit=1": [ScriptedReply(200, text: "{}")], "POST /api/charts": [Self.saved],
        ])
        let client = try museum(server.url, .password(user: "u", Secret("p")))
        let stored = try await put(client)
        #expect(stored.repository.description == "app" && stored.tag.description == "1.0.0_a")
        #expect(stored.name == "app" && stored.version == "1.0.0+a")
        _ = try await put(client)
        #expect(server.lines == ["GET /api/charts?limit=1", "POST /api/charts", "POST /api/charts"])
        #expect(server.requests[1].body == chart.archive)
        #expect(server.requests.allSatisfy { $0.header("Authorization") == "Basic dTpw" })
    }

    @Test(
        "The API is found wherever the server has it",
        arguments: [
            ("", "", "/api/charts"), ("/", "", "/api/charts"), ("/org/repo", "", "/api/org/repo/charts"),
            ("/context", "", "/context/api/charts"), ("/context/org/repo", "", "/context/api/org/repo/charts"),
            ("/charts", "team/web", "/api/charts/team/web/charts"), ("", "org", "/api/org/charts"),
        ])
    func places(path: String, namespace: String, api: String) async throws {
        // A page for every path, as some servers have it, is no API.
        let server = try ScriptedServer { request in
            request.path == api
                ? (request.method == "POST" ? Self.saved : ScriptedReply(200, text: #"{"app":[]}"#))
                : request.path.count % 2 == 0 ? ScriptedReply(404) : ScriptedReply(200, text: "<html>")
        }
        let stored = try await put(try museum(server.url + path), in: ChartNamespace(parsing: namespace))
        #expect(server.lines.last == "POST " + api)
        #expect(stored.repository.description == (namespace.isEmpty ? "app" : namespace + "/app"))
    }

    @Test("What has no such API is no ChartMuseum; one that asks for credentials is told so")
    func noMuseum() async throws {
        let none = try ScriptedServer { _ in ScriptedReply(404) }
        let missing = await failure { _ = try await put(try museum(none.url + "/a/b")) }
        #expect(missing?.httpStatus == 404)
        #expect(missing?.message.contains("is no ChartMuseum") == true)
        #expect(none.lines.count == 3)
        let locked = try ScriptedServer { _ in ScriptedReply(401) }
        let refused = await failure { _ = try await put(try museum(locked.url + "/a?key=hidden")) }
        #expect(refused?.httpStatus == 401)
        #expect(refused?.message.contains("hidden") == false)
    }

    @Test("Provenance goes in one form with its chart") func provenance() async throws {
        let signed = chart.signed()
        let server = try ScriptedServer { request in
            request.method == "GET" ? ScriptedReply(200, text: "{}") : Self.saved
        }
        let client = try museum(server.url)
        _ = try await put(client, signed.archive, provenance: signed.provenance)
        let form = try #require(server.requests.last)
        let boundary = try #require(form.header("Content-Type")?.split(separator: "=").last)
        #expect(form.header("Content-Type")?.hasPrefix("multipart/form-data; boundary=") == true)
        let expected =
            Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"chart\"; ".utf8)
            + Array("filename=\"app-1.0.0+a.tgz\"\r\nContent-Type: application/octet-stream\r\n\r\n".utf8)
            + signed.archive
            + Array("\r\n--\(boundary)\r\nContent-Disposition: form-data; name=\"prov\"; ".utf8)
            + Array("filename=\"app-1.0.0+a.tgz.prov\"\r\nContent-Type: application/octet-stream\r\n\r\n".utf8)
            + (signed.provenance ?? []) + Array("\r\n--\(boundary)--\r\n".utf8)
        #expect(form.body == expected)
        let other = PackedChart("app", "2.0.0").signed()
        let wrong = await failure { _ = try await put(client, signed.archive, provenance: other.provenance) }
        #expect(wrong?.httpStatus == 400)
        #expect(server.requests.count == 2)
    }

    @Test("The same archive again is no conflict, another one is, and force replaces") func conflicts() async throws {
        func server(_ listed: String) throws -> ScriptedServer {
            try ScriptedServer([
                "GET /api/charts?limit=1": [ScriptedReply(200, text: "{}")], "POST /api/charts": [Self.conflict],
                "POST /api/charts?force": [Self.saved, Self.conflict],
                "GET /api/charts/app/1.0.0+a": [ScriptedReply(200, text: #"{"digest":"\#(listed)"}"#)],
            ])
        }
        let same = try server(Digest(of: chart.archive).hex)
        #expect(try await put(try museum(same.url)).name == "app")
        let other = try server(Digest(of: [1]).hex)
        let client = try museum(other.url)
        let refused = await failure { _ = try await put(client) }
        #expect(refused?.httpStatus == 409)
        #expect(refused?.message.contains("chart app 1.0.0+a at \(other.url) is there already") == true)
        _ = try await put(client, replacing: true)
        let kept = await failure { _ = try await put(client, replacing: true) }
        #expect(kept?.message.contains("the server replaces nothing") == true)
    }

    @Test("An answer that was lost is asked for again, and a busy server is waited for") func repeated() async throws {
        let time = NoTime()
        let digest = Digest(of: chart.archive).hex
        let server = try ScriptedServer([
            "GET /api/charts?limit=1": [ScriptedReply(503), ScriptedReply(200, text: "{}")],
            "POST /api/charts": [ScriptedReply([.reset]), ScriptedReply(429, [("Retry-After", "2")]), Self.conflict],
            "GET /api/charts/app/1.0.0+a": [ScriptedReply(200, text: #"{"digest":"\#(digest)"}"#)],
        ])
        #expect(try await put(try museum(server.url, time: time)).version == "1.0.0+a")
        #expect(server.lines.filter { $0 == "POST /api/charts" }.count == 3)
        #expect(time.pauses.contains(.seconds(2)))
    }

    @Test("A version is removed; one that is not there is told") func removing() async throws {
        let server = try ScriptedServer([
            "GET /api/charts?limit=1": [ScriptedReply(200, text: "{}")],
            "DELETE /api/charts/app/1.0.0+a": [
                ScriptedReply(200, text: #"{"deleted":true}"#), ScriptedReply(404, text: #"{"error":"not found"}"#),
                ScriptedReply(405),
            ],
        ])
        let client = try museum(server.url)
        try await client.removeChart("app", version: "1.0.0+a", in: .root)
        for status in [404, 405] {
            let error = await failure { try await client.removeChart("app", version: "1.0.0+a", in: .root) }
            #expect(error?.httpStatus == status)
            #expect(error?.message.contains("chart app 1.0.0+a at \(server.url)") == true)
        }
    }

    @Test(
        "What the server says is told in one sentence",
        arguments: [(400, 400), (401, 401), (403, 403), (413, 413), (500, 502), (507, 507), (302, 502)])
    func failures(status: Int, meaning: Int) async throws {
        let server = try ScriptedServer { request in
            request.method == "GET"
                ? ScriptedReply(200, text: "{}")
                : ScriptedReply(status, [("Location", "http://127.0.0.1:1/")], text: #"{"error":"because\nof it"}"#)
        }
        let error = await failure { _ = try await put(try museum(server.url)) }
        #expect(error?.httpStatus == meaning)
        #expect(error?.message.contains("answered \(status)") == true)
        #expect(error?.message.contains("\n") == false)
        #expect(server.requests.count == 2)
    }

    @Test("What is no chart, or too large, is not sent") func refused() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(500) }
        let client = try museum(server.url)
        let noChart = await failure { _ = try await put(client, Array("no chart".utf8)) }
        #expect(noChart?.httpStatus == 400)
        let upload = try await client.openChart(in: .root)
        let large = await failure {
            for _ in 0..<65 { try await upload.append([UInt8](repeating: 0, count: 1 << 20)) }
        }
        #expect(large?.httpStatus == 413)
        await upload.abandon()
        let lone = await failure { _ = try await client.addProvenance([1], in: .root, replacing: false) }
        #expect(lone?.httpStatus == 405)
        #expect(server.requests.isEmpty)
    }
}
