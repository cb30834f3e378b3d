import Content
import OCIModel
import TestSupport
import Testing

@testable import RemoteRegistry

@Suite struct CheckTests {
    private let name = RepositoryName.named("a/b")
    private let tag = try! OCIModel.Tag(parsing: "1.0.0")
    private let known = Digest(of: [1])
    private let other = Digest(of: [2])

    private func answer(_ status: Int, _ digest: Digest?) -> ScriptedReply {
        let headers = digest.map { [(name: "Docker-Content-Digest", value: $0.description)] } ?? []
        return ScriptedReply(status, headers + [("Content-Length", "500")], isHead: true)
    }

    @Test("One conditional HEAD tells whether a tag still names what is known")
    func check() async throws {
        let script: [(ScriptedReply, ManifestCheck)] = [
            (answer(304, nil), .same), (answer(304, known), .same), (answer(200, known), .same),
            (answer(200, other), .other(other)), (answer(200, nil), .other(nil)),
        ]
        for (reply, expected) in script {
            let server = try ScriptedServer { _ in reply }
            let found = try await server.registry().manifestDigest(tag, in: name, unless: known)
            #expect(found == expected)
            #expect(server.lines == ["HEAD /v2/a/b/manifests/1.0.0"])
            #expect(server.requests[0].header("If-None-Match") == "\"\(known)\"")
            #expect(server.requests[0].header("Accept")?.contains(MediaType.ociIndex.description) == true)
        }
    }

    @Test("A tag that is gone is unknown, and without a digest at hand nothing is conditional")
    func gone() async throws {
        let server = try ScriptedServer { request in
            request.path.hasSuffix("1.0.0") ? ScriptedReply(404, isHead: true) : answer(200, known)
        }
        let registry = try server.registry()
        guard
            case .manifestUnknown = await failure({ _ = try await registry.manifestDigest(tag, in: name, unless: nil) })
        else {
            Issue.record("no manifestUnknown")
            return
        }
        let found = try await registry.manifestDigest(OCIModel.Tag(parsing: "2"), in: name, unless: nil)
        #expect(found == .other(known))
        #expect(server.requests.allSatisfy { $0.header("If-None-Match") == nil })
    }

    @Test("A registry that refuses HEAD is sent a GET", arguments: [405, 501])
    func refusesHead(status: Int) async throws {
        let manifest = SampleChart("x", "1.0.0").manifest
        let server = try ScriptedServer { request in
            request.method == "HEAD"
                ? ScriptedReply(status, isHead: true)
                : ScriptedReply(200, [("Content-Type", MediaType.ociManifest.description)], body: manifest.bytes)
        }
        let registry = try server.registry()
        #expect(try await registry.manifestDigest(tag, in: name, unless: manifest.digest) == .same)
        #expect(try await registry.manifestDigest(tag, in: name, unless: known) == .other(manifest.digest))
    }

    @Test("A busy registry is rate limited, a failing one unavailable")
    func troubled() async throws {
        let server = try ScriptedServer { request in
            ScriptedReply(request.path.hasSuffix("1.0.0") ? 429 : 503, isHead: true)
        }
        let registry = try server.registry { $0.retry = .never }
        guard
            case .rateLimited = await failure({ _ = try await registry.manifestDigest(tag, in: name, unless: known) }),
            case .unavailable = await failure({
                _ = try await registry.manifestDigest(OCIModel.Tag(parsing: "2"), in: name, unless: known)
            })
        else {
            Issue.record("other errors")
            return
        }
    }
}

@Suite struct PingTests {
    private let version = (name: "Docker-Distribution-Api-Version", value: "registry/2.0")
    private let challenge = (name: "WWW-Authenticate", value: #"Basic realm="x""#)
    private let ann = FixedCredential(.password(user: "ann", Secret("pw")))

    @Test("A registry is told from a web page, and a guest from a stranger")
    func kinds() async throws {
        let html = (name: "Content-Type", value: "text/html; charset=utf-8")
        let script: [(ScriptedReply, String)] = [
            (ScriptedReply(200, text: "{}"), "welcome"), (ScriptedReply(200, [version]), "welcome"),
            (ScriptedReply(401, [challenge]), "refused"), (ScriptedReply(401, [version]), "refused"),
            (ScriptedReply(403, [version]), "refused"), (ScriptedReply(200, [html], text: "<html>"), "stranger"),
            (ScriptedReply(404), "stranger"), (ScriptedReply(401), "stranger"), (ScriptedReply(403), "stranger"),
        ]
        for (reply, expected) in script {
            let server = try ScriptedServer { _ in reply }
            let found = try await server.registry().ping()
            #expect("\(found)".hasPrefix(expected), "\(found)")
            #expect(server.lines == ["GET /v2/"])
        }
    }

    @Test("Credentials are tried: right ones let in, wrong ones do not")
    func credentials() async throws {
        let server = try ScriptedServer { request in
            request.header("Authorization") == "Basic YW5uOnB3" ? ScriptedReply(200) : ScriptedReply(401, [challenge])
        }
        #expect(try await server.registry(ann).ping() == .welcome)
        let wrong = FixedCredential(.password(user: "ann", Secret("hunter2")))
        guard case .refused(let message) = try await server.registry(wrong).ping() else {
            Issue.record("not refused")
            return
        }
        #expect(!message.contains("hunter2"))
    }

    @Test("A token server is asked for a token without a scope")
    func token() async throws {
        let tokens = try ScriptedServer { request in
            request.header("Authorization") == "Basic YW5uOnB3"
                ? ScriptedReply(200, text: #"{"token":"t"}"#) : ScriptedReply(401)
        }
        let realm = tokens.url + "/token"
        let server = try ScriptedServer { request in
            request.header("Authorization") == "Bearer t"
                ? ScriptedReply(200)
                : ScriptedReply(401, [("WWW-Authenticate", #"Bearer realm="\#(realm)",service="s""#)])
        }
        #expect(try await server.registry(ann).ping() == .welcome)
        #expect(tokens.lines == ["GET /token?service=s&client_id=chartroom"])
        guard case .refused = try await server.registry().ping() else {
            Issue.record("not refused")
            return
        }
    }

    @Test("A registry that fails, or is not there, is unavailable")
    func failing() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(500) }
        guard case .unavailable = await failure({ _ = try await server.registry().ping() }) else {
            Issue.record("no unavailable")
            return
        }
    }
}
