import Content
import FrontDoor
import HTTPClient
import HTTPMessage
import HTTPServer
import MirrorServer
import OCIModel
import Posix
import RemoteRegistry
import ServerSupport
import Telemetry
import Testing

@Suite("What people ask about mirrors") struct MirrorFaceTests {
    let control = ScriptedMirrors()

    private func door(_ level: AccessLevel = .readWrite) -> FrontDoor {
        FrontDoor(
            [MirrorFace(control)], authenticator: AnonymousAccess(level), options: DoorOptions(),
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
        try await withClient { (client: RegistryClient) async throws -> Void in
            #expect(try await client.mirrors() == ScriptedMirrors.states)
            #expect(try await client.mirror("a.b_c-1") == ScriptedMirrors.states[1])
            #expect(try await client.plan(of: "stable") == ScriptedMirrors.preview)
            #expect(try await client.run("a.b_c-1") == ScriptedMirrors.states[1])
            #expect(try await client.cancel("stable") == ScriptedMirrors.states[0])
            let runs = [ScriptedMirrors.running, ScriptedMirrors.ended]
            #expect(try await client.runs(of: nil, before: nil, limit: 1000) == runs)
            #expect(try await client.runs(of: "stable", before: 9, limit: 2) == runs)
            #expect(Array(control.asked.suffix(2)) == ["runs - - 1000", "runs stable 9 2"])
            let report = MirrorReport(run: ScriptedMirrors.ended, failures: ScriptedMirrors.failures)
            #expect(try await client.report(of: 7) == report)
        }
    }

    @Test("What is unknown or under way is told as such at the client") func refusals() async throws {
        try await withClient { (client: RegistryClient) async throws -> Void in
            await #expect {
                _ = try await client.run("stable")
            } throws: { error in
                if case .conflict(let text)? = error as? ContentError { text.contains("under way") } else { false }
            }
            await #expect {
                _ = try await client.mirror("nothing")
            } throws: { error in
                if case .nameUnknown(let text)? = error as? ContentError { text.contains("nothing") } else { false }
            }
            await #expect(throws: ContentError.self) { _ = try await client.run("../../v2") }
        }
        #expect(!control.asked.contains { $0.contains("v2") })
    }

    @Test("A run that begins is accepted, one that is under way is a conflict") func statuses() async {
        #expect(await door().send(.post, "/api/mirrors/a.b_c-1/run").status == 202)
        let answer = await door().send(.post, "/api/mirrors/stable/run")
        #expect(answer.status == 409 && answer.text.hasPrefix("{\"error\":"))
        #expect(await door().send(.post, "/api/mirrors/stable/cancel").status == 200)
        #expect(await door().send(.get, "/api/mirrors/runs/8").status == 404)
        #expect(await door().send(.get, "/api/mirrors")["Cache-Control"] == "no-store")
        _ = await door().send(.get, "/api/mirrors/runs")
        #expect(control.asked.last == "runs - - 100")
    }

    @Test("Who may only read may look, not do") func access() async {
        let door = door(.read)
        for target in ["/api/mirrors", "/api/mirrors/stable", "/api/mirrors/runs", "/api/mirrors/runs/7"] {
            #expect(await door.send(.get, target).status == 200)
        }
        #expect(await door.send(.get, "/api/mirrors/stable/plan").status == 401)
        for target in ["/api/mirrors/stable/run", "/api/mirrors/stable/cancel"] {
            #expect(await door.send(.post, target).status == 401)
        }
        #expect(control.asked.allSatisfy { $0.hasPrefix("mirror") || $0.hasPrefix("runs") })
        #expect(await self.door(.none).send(.get, "/api/mirrors").status == 401)
    }

    @Test("Nothing is done by GET") func methods() async {
        for path in ["run", "cancel"] {
            #expect(await door().send(.get, "/api/mirrors/stable/" + path).status == 405)
        }
        #expect(await door().send(.post, "/api/mirrors").status == 405)
        #expect(control.asked.isEmpty)
    }

    @Test(
        "A question that is none is told what it lacks",
        arguments: ["n=0", "n=1001", "n=x", "last=-1", "last=99999999999999999999"])
    func mistakes(query: String) async {
        let answer = await door().send(.get, "/api/mirrors/runs?" + query)
        #expect(answer.status == 400 && answer.text.contains("is no number from 1"), "\(answer.text)")
        #expect(control.asked.isEmpty)
    }

    @Test(
        "Paths of a classic repository stay its own",
        arguments: [
            "/api/mirrors/charts", "/api/mirrors/prov", "/api/mirrors/stable/charts", "/api/mirrors/a/b/run",
            "/api/mirrors/charts/run", "/api/mirrors/runs/x", "/api/mirrors/", "/api/mirrors/A", "/api/mirrorss",
            "/api/mirrors/runs/99999999999999999999",
        ])
    func foreign(path: String) {
        #expect(MirrorRoute(path: path) == nil)
    }
}
