import Content
import FrontDoor
import HTTPClient
import HTTPMessage
import HTTPServer
import OCIModel
import Posix
import RemoteRegistry
import ServerSupport
import Telemetry
import TestSupport
import Testing
import UpstreamServer

@Suite("What people ask about upstreams") struct UpstreamFaceTests {
    let control = ScriptedUpstreams()

    private func door(_ level: AccessLevel = .readWrite) -> FrontDoor {
        FrontDoor(
            [UpstreamFace(control)], authenticator: AnonymousAccess(level), options: DoorOptions(),
            metrics: MetricsRegistry(), logger: Logger { _ in })
    }

    /// The face on a socket and a client of it.
    private func withClient(_ body: (RegistryClient) async throws -> Void) async throws {
        var configuration = ServerConfiguration(listen: .tcp(host: "127.0.0.1", port: 0))
        configuration.threads = 1
        let server = try Server(
            configuration, handler: door(), executor: ThreadPool(name: "work", threads: 2))
        try server.start()
        var configured = HTTPClientConfiguration()
        configured.proxy = .none
        let client = RegistryClient(
            try RegistryEndpoint(parsing: "http://\(server.address)"), credentials: FixedCredential.anonymous,
            client: try HTTPClient(configured))
        try await body(client)
        #expect(await server.shutDown(deadline: .seconds(10)))
    }

    @Test("Client and server mean the same by every answer") func bothEnds() async throws {
        let chart = try Reference(path: "ghcr.io/org/nginx:1.2.3_up1")
        let byDigest = try Reference(path: "127.0.0.1_8080/nginx@\(Digest(of: [1]))")
        let path = try RepositoryName(parsing: "ghcr.io/org")
        try await withClient { (client: RegistryClient) async throws -> Void in
            #expect(try await client.upstreams() == ScriptedUpstreams.states)
            #expect(try await client.testUpstreams(nil) == ScriptedUpstreams.tests)
            #expect(try await client.testUpstreams("stable") == [ScriptedUpstreams.tests[1]])
            #expect(try await client.explain(chart) == ScriptedUpstreams.explanation(chart))
            #expect(try await client.explain(byDigest).reference == byDigest.path)
            #expect(try await client.upstreamReferences(in: path) == control.upstreamReferences(in: path))
            #expect(try await client.warm(chart) == WarmedReference(fetched: 3, bytes: 2048))
            var options = PurgeOptions()
            options.notPulledSince = 1_700_000_000_123_456
            options.onlyGone = true
            options.isDryRun = true
            #expect(try await client.purge(path, options) == PurgeSummary(tags: 3, manifests: 2, bytes: 5 << 20))
            #expect(control.asked.last == "purge ghcr.io/org since 1700000000123456 gone dry")
            #expect(try await client.purge(path, PurgeOptions()).tags == 3)
            #expect(control.asked.last == "purge ghcr.io/org")
        }
    }

    @Test("What is unknown is told as such at the client") func unknown() async throws {
        try await withClient { (client: RegistryClient) async throws -> Void in
            for work in [
                { _ = try await client.testUpstreams("nothing") },
                { _ = try await client.upstreamReferences(in: try RepositoryName(parsing: "none")) },
                { _ = try await client.warm(try Reference(path: "a:9.9.9")) },
            ] as [() async throws -> Void] {
                await #expect {
                    try await work()
                } throws: { error in
                    if case .nameUnknown(let text)? = error as? ContentError { text.contains("no") } else { false }
                }
            }
        }
    }

    @Test(
        "A question that is none is told what it lacks",
        arguments: [
            (HTTPMethod.get, "/api/explain", "ref"), (.get, "/api/explain?ref=A", "A"),
            (.get, "/api/explain?ref=a:-", "tag"), (.get, "/api/upstreams/references", "path"),
            (.get, "/api/upstreams/references?path=a:1", "a:1"), (.post, "/api/upstreams/warm?ref=", "ref"),
            (.post, "/api/upstreams/purge?path=..", ".."), (.post, "/api/upstreams/purge?path=a&older=30d", "older"),
            (.post, "/api/upstreams/purge?path=a&gone=no", "gone"), (.post, "/api/upstreams/purge?path=a&dry=x", "dry"),
        ])
    func mistakes(method: HTTPMethod, target: String, word: String) async {
        let answer = await door().send(method, target)
        #expect(
            answer.status == 400 && answer.text.hasPrefix("{\"error\":") && answer.text.contains(word), "\(answer.text)"
        )
        #expect(control.asked.isEmpty)
    }

    @Test("Who may only read may ask, not do") func access() async {
        let door = door(.read)
        for target in ["/api/upstreams", "/api/explain?ref=a:1", "/api/upstreams/references?path=a"] {
            #expect(await door.send(.get, target).status == 200)
        }
        for target in ["/api/upstreams/test", "/api/upstreams/warm?ref=a:1", "/api/upstreams/purge?path=a"] {
            #expect(await door.send(.post, target).status == 401)
        }
        #expect(!control.asked.contains { $0.hasPrefix("warm") || $0.hasPrefix("purge") || $0.hasPrefix("test") })
        #expect(await self.door(.none).send(.get, "/api/upstreams").status == 401)
    }

    @Test("Nothing is done by GET, and other paths below /api are not this face's") func paths() async {
        let door = door()
        for path in ["test", "warm?ref=a:1", "purge?path=a"] {
            #expect(await door.send(.get, "/api/upstreams/" + path).status == 405)
        }
        #expect(await door.send(.post, "/api/upstreams").status == 405)
        #expect(await door.send(.get, "/api/upstreams/charts").status == 404)
        #expect(await door.send(.get, "/api/explained").status == 404)
        #expect(control.asked.isEmpty)
        #expect(await door.send(.get, "/api/upstreams")["Cache-Control"] == "no-store")
    }
}
