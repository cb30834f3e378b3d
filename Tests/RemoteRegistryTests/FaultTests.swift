import Content
import HTTPClient
import OCIModel
import Synchronization
import TestSupport
import Testing

@testable import RemoteRegistry

/// What a cache asks of a registry.
enum Asking: String, CaseIterable, Sendable {
    case check, manifest, tags, referrers, blob

    func ask(_ registry: RegistryClient) async throws(ContentError) {
        let (name, tag, digest) = (RepositoryName.named("a/b"), try! OCIModel.Tag(parsing: "1"), Digest(of: [1]))
        switch self {
        case .check: _ = try await registry.manifestDigest(tag, in: name, unless: digest)
        case .manifest: _ = try await registry.manifest(.tag(tag), in: name)
        case .tags: _ = try await registry.tagList(in: name)
        case .referrers: _ = try await registry.referrers(of: digest, in: name)
        case .blob:
            try await registry.readBlob(digest, in: name, from: 0, maximumBytes: 1 << 20, head: { _ in }, { _ in })
        }
    }

    /// Those whose answer has a body.
    static let withBody: [Asking] = [.manifest, .tags, .referrers, .blob]
}

@Suite struct FaultTests {
    private let index = (name: "Content-Type", value: MediaType.ociIndex.description)

    private func error(
        _ asking: Asking, _ credential: Credential? = nil, _ handler: @escaping ScriptedServer.Handler
    ) async throws -> (ContentError?, Int) {
        let server = try ScriptedServer(handler)
        let registry = try server.registry(FixedCredential(credential)) { options in
            options.retry.maximumAttempts = 2
            options.deadlines = HTTPDeadlines(firstByte: .milliseconds(150), stall: .milliseconds(150))
        }
        let error = await failure { try await asking.ask(registry) }
        return (error, server.requests.count)
    }

    private func expectUnavailable(_ error: ContentError?) {
        guard case .unavailable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("A registry that says nothing is unavailable", arguments: Asking.allCases)
    func silence(asking: Asking) async throws {
        let gate = Gate()
        defer { gate.open() }
        let (error, count) = try await error(asking) { _ in .silence(until: gate) }
        expectUnavailable(error)
        #expect(count == 2)
    }

    @Test("So is one that stops in the middle", arguments: Asking.withBody)
    func stall(asking: Asking) async throws {
        let gate = Gate()
        defer { gate.open() }
        let index = index
        let (error, _) = try await error(asking) { _ in
            ScriptedReply([
                .send(Array("HTTP/1.1 200 OK\r\n\(index.name): \(index.value)\r\nContent-Length: 500\r\n\r\n{\"".utf8)),
                .wait(gate), .close,
            ])
        }
        expectUnavailable(error)
    }

    @Test("So is one whose body is shorter than announced, or whose length is none", arguments: Asking.withBody)
    func lengths(asking: Asking) async throws {
        let index = index
        for length in ["500", "-1", "abc", "99999999999999999999", "3\r\nContent-Length: 4"] {
            let (error, _) = try await error(asking) { _ in
                ScriptedReply([
                    .send(
                        Array(
                            "HTTP/1.1 200 OK\r\n\(index.name): \(index.value)\r\nContent-Length: \(length)\r\n\r\n{}"
                                .utf8)),
                    .close,
                ])
            }
            switch error {
            case .unavailable, .tooLarge: break
            default: Issue.record("\(length): \(String(describing: error))")
            }
        }
    }

    @Test("A body without end is too large", arguments: Asking.withBody)
    func endless(asking: Asking) async throws {
        let index = index
        let (error, count) = try await error(asking) { _ in
            .endless(200, [index], piece: [UInt8](repeating: 0x20, count: 1 << 20))
        }
        guard case .tooLarge = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(count == 1)
    }

    @Test("A header without end is no answer", arguments: Asking.allCases)
    func endlessHeader(asking: Asking) async throws {
        let (error, _) = try await error(asking) { _ in
            ScriptedReply([.send(Array("HTTP/1.1 200 OK\r\n".utf8)), .sendForever(Array("X-A: b\r\n".utf8))])
        }
        expectUnavailable(error)
    }

    @Test("A web page is neither manifest nor list", arguments: [Asking.manifest, .tags])
    func webPage(asking: Asking) async throws {
        let (error, _) = try await error(asking) { _ in
            ScriptedReply(200, [("Content-Type", "text/html; charset=utf-8")], text: "<html>Log in</html>")
        }
        expectUnavailable(error)
    }

    @Test("Packed bodies that nobody asked for are taken for what they are: no JSON, and not the blob")
    func packed() async throws {
        let bomb = [UInt8](repeating: 0x1F, count: 1000)
        for asking in Asking.withBody {
            let index = index
            let (error, _) = try await error(asking) { _ in
                ScriptedReply(200, [index, ("Content-Encoding", "gzip")], body: bomb)
            }
            switch (asking, error) {
            case (.manifest, nil), (.blob, .corrupt), (_, .unavailable): break
            default: Issue.record("\(asking): \(String(describing: error))")
            }
        }
    }

    @Test("A registry that wants ever new credentials is asked twice", arguments: Asking.allCases)
    func challenges(asking: Asking) async throws {
        let numbers = Mutex(0)
        let (error, count) = try await error(asking, .password(user: "ann", Secret("pw"))) { _ in
            let number = numbers.withLock { number in
                number += 1
                return number
            }
            return ScriptedReply(401, [("WWW-Authenticate", #"Basic realm="\#(number)""#)])
        }
        guard case .unauthorized = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(count == 2)
    }

    @Test(
        "A token server that lies is an error without a secret",
        arguments: [
            "{}", #"{"token":7}"#, #"{"token":""}"#, "<html>", #"{"token":"t""#, "endless", "500", "circle", "cut",
        ])
    func tokens(body: String) async throws {
        let tokens = try ScriptedServer { request in
            switch body {
            case "endless": .endless(piece: [UInt8](repeating: 0x20, count: 65_536))
            case "500": ScriptedReply(500, text: "hunter2")
            case "circle": ScriptedReply(302, [("Location", request.target)])
            case "cut": .lying(length: 100, body: Array(#"{"token":"#.utf8))
            default: ScriptedReply(200, text: body)
            }
        }
        let realm = tokens.url + "/token"
        let (error, count) = try await error(.tags, .password(user: "ann", Secret("hunter2"))) { _ in
            ScriptedReply(401, [("WWW-Authenticate", #"Bearer realm="\#(realm)",service="s""#)])
        }
        switch error {
        case .unavailable(let message), .tooLarge(let message): #expect(!message.contains("hunter2"))
        default: Issue.record("\(String(describing: error))")
        }
        #expect(count == 1)
    }

    @Test("A token the registry does not take, being for another service, is not argued about")
    func otherService() async throws {
        let tokens = try ScriptedServer { _ in ScriptedReply(200, text: #"{"token":"for another"}"#) }
        let realm = tokens.url + "/token"
        let (error, count) = try await error(.tags) { _ in
            ScriptedReply(401, [("WWW-Authenticate", #"Bearer realm="\#(realm)",service="s""#)])
        }
        guard case .unauthorized = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(count == 2)
        #expect(tokens.requests.count == 1)
    }

    @Test("A token with a line break in it does not become a header", arguments: [#"t\r\nX-Evil: 1"#, #"t\u0000"#])
    func injection(token: String) async throws {
        let tokens = try ScriptedServer { _ in ScriptedReply(200, text: #"{"token":"\#(token)"}"#) }
        let realm = tokens.url + "/token"
        let (error, count) = try await error(.tags) { _ in
            ScriptedReply(401, [("WWW-Authenticate", #"Bearer realm="\#(realm)""#)])
        }
        #expect(error != nil)
        #expect(count == 1)
    }
}
