import Content
import HTTPClient
import OCIModel
import TestSupport
import Testing

@testable import RemoteRegistry

/// What a registry far away may make us contact.
@Suite struct NeighbourhoodTests {
    private let name = RepositoryName.named("a/b")
    private let bytes: [UInt8] = [1, 2, 3]
    private let ann = FixedCredential(.password(user: "ann", Secret("pw")))

    /// A client to which the server seems to lie far away, and every other where it really is.
    private func client(far server: ScriptedServer...) throws -> HTTPClient {
        let ports = server.map { Int($0.port) }
        return try makeClient { $0.addressKind = { ports.contains($1) ? .global : HTTPAddressKind(address: $0) } }
    }

    @Test("A blob may come from another host, which sees no credentials")
    func otherHost() async throws {
        let bytes = bytes
        let store = try ScriptedServer { _ in ScriptedReply(200, body: bytes) }
        let target = "http://localhost:\(store.port)/x?sig=1"
        let server = try ScriptedServer { request in
            request.header("Authorization") == "Basic YW5uOnB3"
                ? ScriptedReply(307, [("Location", target)])
                : ScriptedReply(401, [("WWW-Authenticate", #"Basic realm="x""#)])
        }
        let registry = try server.registry(ann, client: client(far: server, store))
        #expect(try await registry.blob(Digest(of: bytes), in: name) == bytes)
        #expect(store.requests.map { $0.header("Authorization") } == [nil])
        #expect(store.lines == ["GET /x?sig=1"])
    }

    @Test("A blob does not come from this machine when the registry is elsewhere, whatever the name")
    func blob() async throws {
        let near = try ScriptedServer { _ in ScriptedReply(200, body: [1, 2, 3]) }
        let target = "http://localhost:\(near.port)/x"
        let server = try ScriptedServer { _ in ScriptedReply(307, [("Location", target)]) }
        let registry = try server.registry(client: client(far: server))
        guard
            case .unavailable(let message) = await failure({ _ = try await registry.blob(Digest(of: bytes), in: name) })
        else {
            Issue.record("it was followed")
            return
        }
        #expect(message.contains("localhost:\(near.port)"))
        #expect(near.requests.isEmpty)
        #expect(server.requests.count == 1)
    }

    @Test("A registry that somebody named who lies far away is not contacted near by, nor its token server")
    func namedRegistry() async throws {
        let near = try ScriptedServer { _ in ScriptedReply(200, text: #"{"tags":["1"]}"#) }
        let registry = try near.registry { $0.addresses = .upTo(.global) }
        #expect(await failure { _ = try await registry.tagList(in: name) } != nil)
        #expect(near.requests.isEmpty)
        let challenge = #"Bearer realm="/token",service="s""#
        let far = try ScriptedServer { request in
            request.path == "/token"
                ? ScriptedReply(200, text: #"{"token":"t"}"#) : ScriptedReply(401, [("WWW-Authenticate", challenge)])
        }
        var options = RegistryClient.Options()
        options.addresses = .upTo(.global)
        let other = RegistryClient(
            try RegistryEndpoint(parsing: "http://localhost:\(far.port)"), credentials: FixedCredential.anonymous,
            client: try client(far: far), options)
        _ = await failure { _ = try await other.tagList(in: name) }
        #expect(far.lines.contains { $0.hasPrefix("GET /token") }, "where it really is far away, it is asked")
    }

    @Test("Nor does the token, unless the token server is the registry's own host")
    func realm() async throws {
        let near = try ScriptedServer { _ in ScriptedReply(200, text: #"{"token":"t"}"#) }
        for (host, isAsked) in [("localhost", false), ("127.0.0.1", true)] {
            let realm = "http://\(host):\(near.port)/token"
            let server = try ScriptedServer { request in
                request.header("Authorization") == "Bearer t"
                    ? ScriptedReply(200) : ScriptedReply(401, [("WWW-Authenticate", #"Bearer realm="\#(realm)""#)])
            }
            let registry = try server.registry(ann, client: client(far: server))
            let error = await failure { _ = try await registry.ping() }
            #expect((error == nil) == isAsked)
            #expect(near.requests.isEmpty != isAsked)
        }
    }

    @Test("Redirects without end are given up")
    func endless() async throws {
        let server = try ScriptedServer { request in ScriptedReply(302, [("Location", request.path + "x")]) }
        guard case .unavailable = await failure({ _ = try await server.registry().blob(Digest(of: bytes), in: name) })
        else {
            Issue.record("no unavailable")
            return
        }
        #expect(server.requests.count == 6)
    }
}
