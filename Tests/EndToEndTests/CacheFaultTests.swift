import Content
import HTTPMessage
import OCIModel
import Posix
import TestSupport
import Testing

/// The server as a cache in front of upstreams that stall, cut, lie and never end.
@Suite("Cache faults")
struct CacheFaultTests {
    static let room = PackedChart(
        "room", "1.0.0", files: [("values.yaml", String(repeating: "chair: 4\n", count: 40_000))])
    static let hall = PackedChart("hall", "2.0.0")
    private var room: PackedChart { CacheFaultTests.room }
    private var archive: Digest { Digest(of: room.archive) }
    private var blob: String { "/v2/far/room/blobs/\(archive)" }
    private let manifest = "/v2/far/room/manifests/1.0.0"
    private let file = "/charts/stable/charts/room-1.0.0.tgz"

    private func upstream() throws -> FaultyUpstream {
        try FaultyUpstream([CacheFaultTests.room, CacheFaultTests.hall])
    }

    // MARK: Answers that are none

    /// A fault, and what a client is told while nothing is here.
    struct Lie: Sendable, CustomTestStringConvertible {
        var name: String
        var status = 502
        var reply: @Sendable (ScriptedRequest) -> ScriptedReply
        var testDescription: String { name }

        init(_ name: String, _ status: Int = 502, _ reply: @escaping @Sendable (ScriptedRequest) -> ScriptedReply) {
            self.name = name
            self.status = status
            self.reply = reply
        }
    }

    /// For everything that is asked.
    static let lies: [Lie] = [
        Lie("it says nothing") { _ in .silence(until: Gate()) },
        Lie("it resets the connection") { _ in ScriptedReply([.reset]) },
        Lie("it speaks another protocol") { _ in ScriptedReply([.send(Array("SSH-2.0-OpenSSH_9.2\r\n".utf8)), .close])
        },
        Lie("its header never ends") { _ in
            ScriptedReply([.send(Array("HTTP/1.1 200 OK\r\n".utf8)), .sendForever(Array("X-More: 1\r\n".utf8))])
        },
        Lie("its body never ends") { _ in
            .endless(200, [("Content-Type", "application/json")], piece: [UInt8](repeating: 32, count: 65_536))
        },
        Lie("its body breaks off") { _ in .lying(length: 5000, body: Array("{\"schemaVersion\":2,".utf8)) },
        Lie("it sends half a JSON") { _ in
            ScriptedReply(200, [("Content-Type", MediaType.ociManifest.description)], text: "{\"schemaVersion\":2,")
        },
        Lie("it sends a page") { _ in ScriptedReply(200, [("Content-Type", "text/html")], text: "<html>hello</html>") },
        Lie("it sends something packed that nobody asked for") { _ in
            ScriptedReply(200, [("Content-Encoding", "br"), ("Content-Type", "text/yaml")], body: [1, 2, 3])
        },
        Lie("it redirects in a circle") { request in ScriptedReply(307, [("Location", request.target)]) },
        Lie("it redirects for ever") { request in
            ScriptedReply(307, [("Location", request.path + "?\(request.query.utf8.count)" + request.query + "x")])
        },
        Lie("it is broken") { _ in ScriptedReply(500, text: "a \"quoted\" \\ thing") },
        Lie("it is busy and says nothing of when", 429) { _ in ScriptedReply(429) },
        Lie("it is busy for a while", 429) { _ in ScriptedReply(429, [("Retry-After", "17")]) },
        Lie("it refuses our credentials", 403) { _ in
            ScriptedReply(401, [("WWW-Authenticate", "Basic realm=\"x\"")])
        },
        Lie("it wants tokens and takes none", 403) { request in
            request.path == "/token"
                ? ScriptedReply(200, text: "{\"token\":\"t\"}")
                : ScriptedReply(401, [("WWW-Authenticate", "Bearer realm=\"/token\",service=\"s\"")])
        },
        Lie("its token server sends a page") { request in
            request.path == "/token"
                ? ScriptedReply(200, text: "<html>hello</html>")
                : ScriptedReply(401, [("WWW-Authenticate", "Bearer realm=\"/token\",service=\"s\"")])
        },
        Lie("its token server sends for ever") { request in
            request.path == "/token"
                ? .endless(200, piece: [UInt8](repeating: 32, count: 65_536))
                : ScriptedReply(401, [("WWW-Authenticate", "Bearer realm=\"/token\",service=\"s\"")])
        },
    ]

    @Test(
        "What an upstream should not answer is an error that names it, in time, and nothing is kept of it",
        arguments: lies)
    func nothingHere(lie: Lie) async throws {
        let fixture = try Fixture()
        let upstream = try upstream()
        let server = try await fixture.start(caching: upstream.configuration())
        let web = try Web(try await server.url())
        upstream.fail(lie.reply)
        let refused = try await web.pull(manifest)
        let isToken = lie.name.contains("token")
        #expect(refused.status == lie.status, "\(refused)")
        #expect(refused.text.contains("far") || refused.text.contains("127.0.0.1"), "\(refused)")
        if lie.name == "it is busy for a while" { #expect((Int(refused.headers["Retry-After"] ?? "") ?? 0) > 0) }
        if !isToken {
            let listed = try await web.pull("/charts/stable/index.yaml")
            #expect(listed.status >= 400, "\(listed)")
        }
        upstream.fail(nil)
        guard lie.status != 429 else { return }
        #expect(try await web.pullAtLast(manifest).body == room.manifest.bytes)
        #expect(try await web.pullAtLast(blob).body == room.archive)
        #expect(try await web.pullAtLast(file).body == room.archive)
        #expect(try await web.pullAtLast("/charts/stable/index.yaml").text.contains("hall"))
        #expect(await server.stop() == 0)
    }

    @Test("Everything that was pulled is served when the upstream answers wrongly, and says so", arguments: lies)
    func copyHere(lie: Lie) async throws {
        let fixture = try Fixture()
        let upstream = try upstream()
        let strict =
            "deadline: 2s, negative: 1ms, freshness: {mode: strict, deadline: 1s, versions: 1ms, tags: 1ms, lists: 1ms}"
        let server = try await fixture.start(caching: upstream.configuration(strict))
        let web = try Web(try await server.url())
        let targets = [
            manifest, "/v2/far/room/manifests/\(room.manifest.digest)", blob, "/v2/far/room/tags/list", file,
            "/v2/stable/room/manifests/1.0.0", "/v2/stable/room/tags/list", "/charts/stable/index.yaml",
        ]
        var good: [Pulled] = []
        for target in targets { good.append(try await web.pullAtLast(target)) }
        upstream.fail(lie.reply)
        for (target, before) in zip(targets, good) {
            let pulled = try await web.pull(target)
            #expect(pulled.isWhole && pulled.body == before.body, "\(target): \(pulled)")
        }
        // What can change says that it could not be asked for.
        let warned = try await web.pull(manifest)
        #expect(warned.warnings.contains("110") && warned.warnings.contains("111"), "\(warned)")
        #expect(warned.headers["Age"] != nil)
        upstream.fail(nil)
        guard lie.status != 429 else { return }
        #expect(try await web.pullAtLast("/v2/far/hall/manifests/2.0.0").body == CacheFaultTests.hall.manifest.bytes)
        #expect(await server.stop() == 0)
    }

    // MARK: Blobs

    /// What is wrong with a blob's body, and how far a client gets that asks for it before it is known.
    static let bodies: [Lie] = [
        Lie("wrong bytes") { request in
            var wrong = room.archive
            wrong[wrong.count / 2] ^= 1
            return FaultyUpstream.blob(wrong, request)
        },
        Lie("fewer bytes than the manifest says") { request in
            FaultyUpstream.blob(Array(room.archive.dropLast(100)), request)
        },
        Lie("more bytes than the manifest says") { request in FaultyUpstream.blob(room.archive + [1, 2, 3], request) },
        Lie("a page") { _ in ScriptedReply(200, [("Content-Type", "text/html")], text: "<html>hello</html>") },
        Lie("no bytes") { _ in ScriptedReply(200) },
        Lie("bytes for ever") { _ in .endless(200, piece: [UInt8](repeating: 7, count: 65_536)) },
        Lie("half of the bytes, in pieces that end well") { _ in
            let half = Array(room.archive.prefix(room.archive.count / 2))
            let size = String(half.count, radix: 16)
            return ScriptedReply(
                [
                    .send(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(size)\r\n".utf8) + half),
                    .send(Array("\r\n0\r\n\r\n".utf8)), .close,
                ])
        },
    ]

    @Test(
        "A body that is wrong is never served whole, nor stored, and the next one that is right is", arguments: bodies)
    func wrongBody(lie: Lie) async throws {
        let fixture = try Fixture()
        let upstream = try upstream()
        let server = try await fixture.start(caching: upstream.configuration())
        let web = try Web(try await server.url())
        #expect(try await web.pull(manifest).isWhole)
        upstream.fail { $0.method == "GET" && $0.path.contains("/blobs/") ? lie.reply($0) : nil }
        let pulled = try await web.pull(blob)
        #expect(!pulled.isWhole && pulled.body.count != room.archive.count, "\(pulled)")
        if lie.name == "wrong bytes" {
            #expect(pulled.body.count == room.archive.count - 1)
            #expect(fixture.quarantined().count == 1)
        }
        upstream.fail { $0.path.contains("/blobs/") ? ScriptedReply(500) : nil }
        #expect(try await web.pull(blob).status == 502, "nothing of it was kept")
        upstream.fail(nil)
        #expect(try await web.pullAtLast(blob).body == room.archive)
        #expect(await server.stop() == 0)
    }

    @Test("A body that breaks off is taken up where it broke, unseen by the client") func resumed() async throws {
        let fixture = try Fixture()
        let upstream = try upstream()
        let server = try await fixture.start(caching: upstream.configuration())
        let web = try Web(try await server.url())
        #expect(try await web.pull(manifest).isWhole)
        let bytes = room.archive
        upstream.fail { request in
            guard request.path.contains("/blobs/"), request.header("Range") == nil else { return nil }
            return .lying(length: bytes.count, body: Array(bytes.prefix(bytes.count / 3)))
        }
        let pulled = try await web.pull(blob)
        #expect(pulled.isWhole && pulled.body == bytes, "\(pulled)")
        #expect(upstream.server.requests.contains { $0.header("Range") == "bytes=\(bytes.count / 3)-" })
        #expect(await server.stop() == 0)
    }

    @Test("What a redirect is signed with is in no error, no warning and no log") func signature() async throws {
        let fixture = try Fixture()
        let upstream = try upstream()
        let server = try await fixture.start(caching: upstream.configuration())
        let web = try Web(try await server.url())
        #expect(try await web.pull(manifest).isWhole)
        for target in ["http://127.0.0.1:1/x?sig=topsecret", "/nowhere?sig=topsecret", "ftp://a/b?sig=topsecret"] {
            upstream.fail { request in
                request.path == "/nowhere" ? nil : ScriptedReply(307, [("Location", target)])
            }
            for asked in [blob, "/v2/far/room/tags/list", file, "/charts/stable/index.yaml"] {
                let pulled = try await web.pull(asked)
                #expect(
                    !pulled.text.contains("topsecret") && !pulled.warnings.contains("topsecret"),
                    "\(asked): \(pulled)")
            }
        }
        #expect(await server.stop() == 0)
        #expect(!server.output.contains("topsecret"), "\(server.output)")
    }

    @Test("An archive that is not what the index says is cut for each who reads it, and set aside") func wrongArchive()
        async throws
    {
        let fixture = try Fixture()
        let upstream = try upstream()
        let server = try await fixture.start(caching: upstream.configuration())
        let web = try Web(try await server.url())
        let right = room.archive
        upstream.fail { request in
            guard request.path.hasSuffix(".tgz") else { return nil }
            var wrong = right
            wrong[wrong.count - 9] ^= 1
            return ScriptedReply(200, body: wrong)
        }
        let pulled = try await withThrowingTaskGroup(of: Pulled.self) { group in
            for _ in 0..<20 { group.addTask { try await web.pull(file) } }
            return try await group.reduce(into: [Pulled]()) { $0.append($1) }
        }
        #expect(pulled.allSatisfy { !$0.isWhole && $0.body != right }, "\(pulled)")
        upstream.fail(nil)
        #expect(try await web.pullAtLast(file).body == right)
        #expect(await server.stop() == 0)
    }
}
