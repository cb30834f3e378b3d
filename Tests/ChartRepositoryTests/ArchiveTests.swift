import ChartRepository
import Content
import HTTPClient
import HelmModel
import OCIModel
import RemoteRegistry
import Synchronization
import TestSupport
import Testing

@Suite struct ArchiveTests {
    private let line = "GET /charts/room-1.0.0.tgz"

    private func object(_ server: ScriptedServer) -> String { "chart room 1.0.0 of \(server.url)" }

    @Test("An archive is handed on and its digest checked", arguments: [3, 1000, 3_000_000])
    func whole(count: Int) async throws {
        let bytes = archive(count)
        let server = try ScriptedServer([line: [ScriptedReply(200, body: bytes)]])
        let fetch = await repositoryFetch(server, try .room(of: bytes))
        #expect(fetch.error == nil)
        #expect(fetch.bytes == bytes)
        #expect(
            fetch.answer
                == .fetched(FetchedArchive(digest: Digest(of: bytes), byteCount: Int64(count), isVerified: true)))
        let request = server.requests.first
        #expect(request?.header("Accept") == "application/gzip,application/octet-stream")
        #expect(request?.header("Accept-Encoding") == nil && request?.header("Range") == nil)
    }

    private func repositoryFetch(_ server: ScriptedServer, _ entry: RepositoryIndexEntry) async -> Fetch {
        do {
            return try await repository(server.url).fetch(entry)
        } catch {
            return Fetch(error: error as? ContentError)
        }
    }

    @Test("Without a digest in the index the archive comes unverified, and it is said so", arguments: [nil, "md5:00"])
    func unverified(digest: String?) async throws {
        let bytes = archive()
        let server = try ScriptedServer([line: [ScriptedReply(200, body: bytes)]])
        let fetch = await repositoryFetch(server, try .room(digest: digest))
        #expect(fetch.bytes == bytes)
        #expect(
            fetch.answer == .fetched(FetchedArchive(digest: Digest(of: bytes), byteCount: 1000, isVerified: false)))
    }

    @Test("Wrong bytes are never handed on whole; both digests are named", arguments: [10, 3_000_000])
    func wrongDigest(count: Int) async throws {
        let bytes = archive(count)
        let server = try ScriptedServer([line: [ScriptedReply(200, body: bytes)]])
        let wanted = Digest(of: Array("other".utf8))
        let fetch = await repositoryFetch(server, try .room(digest: wanted.hex))
        #expect(
            fetch.error
                == .corrupt("\(object(server)) hashes to \(Digest(of: bytes)), but the index says \(wanted)"))
        #expect(fetch.bytes.count < bytes.count)
        #expect(server.requests.count == 1)
    }

    @Test("A body that is too long or too short for its digest is wrong")
    func lengths() async throws {
        let bytes = archive()
        let server = try ScriptedServer([
            "GET /long": [ScriptedReply(200, body: bytes + [0])],
            "GET /short": [ScriptedReply(200, body: Array(bytes.dropLast()))],
            "GET /empty": [ScriptedReply(200)],
        ])
        for path in ["long", "short", "empty"] {
            let fetch = await repositoryFetch(server, try .room([path], of: bytes))
            guard case .corrupt = fetch.error else {
                Issue.record("\(path): \(String(describing: fetch.error))")
                continue
            }
            #expect(fetch.bytes.isEmpty)
        }
    }

    @Test("A page of text in place of an archive is refused even without a digest")
    func page() async throws {
        let server = try ScriptedServer([line: [ScriptedReply(200, text: "<html>log in</html>")]])
        let fetch = await repositoryFetch(server, try .room())
        #expect(fetch.error == .corrupt("\(object(server)) is no gzip file"))
        #expect(fetch.bytes.isEmpty)
    }

    @Test("An archive beyond the limit is refused, announced or not", arguments: [true, false])
    func tooLarge(isAnnounced: Bool) async throws {
        let bytes = archive(300_000)
        let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
        let server = try ScriptedServer([
            line: [
                isAnnounced
                    ? ScriptedReply(200, body: bytes) : ScriptedReply([.send(Array(head.utf8) + bytes), .close])
            ]
        ])
        let client = try repository(server.url) { $0.maximumArchiveBytes = 200_000 }
        let fetch = await client.fetch(try .room(of: bytes))
        guard case .tooLarge(let message) = fetch.error else {
            Issue.record("\(String(describing: fetch.error))")
            return
        }
        #expect(message.hasPrefix(object(server)))
        #expect(fetch.bytes.count <= 200_000)
    }

    @Test("A connection that breaks is taken up where it broke")
    func resume() async throws {
        let bytes = archive(500_000)
        let server = try ScriptedServer { request in
            switch request.header("Range") {
            case nil: return .lying(length: bytes.count, body: Array(bytes.prefix(200_000)))
            case "bytes=200000-":
                return ScriptedReply(
                    206, [("Content-Range", "bytes 200000-499999/500000")], body: Array(bytes.dropFirst(200_000)))
            default: return ScriptedReply(416)
            }
        }
        let fetch = await repositoryFetch(server, try .room(of: bytes))
        #expect(fetch.bytes == bytes)
        #expect(server.requests.count == 2)
    }

    @Test("A server without ranges sends it all again, and only the rest is handed on")
    func noRanges() async throws {
        let bytes = archive(500_000)
        let server = try ScriptedServer([
            line: [.lying(length: bytes.count, body: Array(bytes.prefix(400_000))), ScriptedReply(200, body: bytes)]
        ])
        let fetch = await repositoryFetch(server, try .room(of: bytes))
        #expect(fetch.bytes == bytes)
        #expect(server.requests.count == 2)
    }

    @Test("Another range than asked for is refused")
    func otherRange() async throws {
        let bytes = archive(500_000)
        let server = try ScriptedServer { request in
            request.header("Range") == nil
                ? .lying(length: bytes.count, body: Array(bytes.prefix(100)))
                : ScriptedReply(206, [("Content-Range", "bytes 50-499999/500000")], body: Array(bytes.dropFirst(50)))
        }
        let fetch = await repositoryFetch(server, try .room(of: bytes))
        #expect(fetch.error?.message.contains("another range") == true)
    }

    @Test("Without a digest a broken archive is not pieced together")
    func unverifiedCut() async throws {
        let bytes = archive(900_000)
        let server = try ScriptedServer([
            line: [.lying(length: bytes.count, body: Array(bytes.prefix(800_000)))],
            "GET /small": [.lying(length: 1000, body: archive(10)), ScriptedReply(200, body: archive(1000))],
        ])
        let large = await repositoryFetch(server, try .room())
        #expect(large.error?.httpStatus == 502)
        #expect(server.requests.count == 1)
        #expect(large.bytes.count < bytes.count)
        // While nothing was handed on it may begin again.
        let small = await repositoryFetch(server, try .room(["small"]))
        #expect(small.bytes == archive(1000))
        #expect(server.requests.last?.header("Range") == nil)
    }

    @Test("One that always breaks off is given up")
    func alwaysCut() async throws {
        let bytes = archive()
        let server = try ScriptedServer { _ in .lying(length: bytes.count, body: Array(bytes.prefix(10))) }
        let fetch = await repositoryFetch(server, try .room(of: bytes))
        #expect(fetch.error?.httpStatus == 502)
        #expect(server.requests.count == 5)
    }

    @Test("A server that stalls is given up at the deadline")
    func stall() async throws {
        let gate = Gate()
        defer { gate.open() }
        let bytes = archive()
        let server = try ScriptedServer([line: [.stalling(bytes, after: 100, until: gate)]])
        let client = try repository(server.url) {
            $0.deadlines.stall = .milliseconds(50)
            $0.retry = .never
        }
        let fetch = await client.fetch(try .room(of: bytes))
        #expect(fetch.error?.httpStatus == 502)
        #expect(fetch.error?.message.hasPrefix(object(server)) == true)
    }

    @Test("URLs are tried in order until one has the archive")
    func several() async throws {
        let bytes = archive()
        let server = try ScriptedServer([
            "GET /b": [ScriptedReply(500)], "GET /c": [ScriptedReply(200, text: "wrong bytes")],
            "GET /d": [ScriptedReply(200, body: bytes)],
        ])
        let urls = ["ftp://x/a", "oci://x/a:1", "a", "b", "http://elsewhere.example/", "c", "d", "e"]
        let fetch = await repositoryFetch(server, try .room(urls, of: bytes))
        #expect(fetch.error == nil)
        #expect(fetch.bytes == bytes)
        #expect(server.lines == ["GET /a", "GET /b", "GET /c", "GET /d"])
    }

    @Test("When none has it, the first reason is given")
    func none() async throws {
        let server = try ScriptedServer(["GET /b": [ScriptedReply(403)]])
        let fetch = await repositoryFetch(server, try .room(["a", "b"]))
        #expect(fetch.error == .manifestUnknown("\(object(server)): 127.0.0.1:\(server.port) answered 404"))
        #expect(server.requests.count == 2)
        #expect(await repositoryFetch(server, try .room([])).error?.httpStatus == 404)
    }

    @Test("Another URL goes on where the first one broke for good, but not behind wrong bytes")
    func goingOn() async throws {
        let bytes = archive(700_000)
        let wrong = archive(600_000)
        let server = try ScriptedServer { request in
            switch (request.path, request.header("Range")) {
            case ("/a", nil): .lying(length: bytes.count, body: Array(bytes.prefix(600_000)))
            case ("/a", _): ScriptedReply(404)
            case ("/wrong", _): ScriptedReply(200, body: [0x1F] + wrong)
            default: ScriptedReply(200, body: bytes)
            }
        }
        let fetch = await repositoryFetch(server, try .room(["a", "b"], of: bytes))
        #expect(fetch.bytes == bytes)
        #expect(server.lines == ["GET /a", "GET /a", "GET /b"])
        let spoiled = await repositoryFetch(server, try .room(["wrong", "b"], of: bytes))
        guard case .corrupt = spoiled.error else {
            Issue.record("\(String(describing: spoiled.error))")
            return
        }
        #expect(server.lines.count == 4)
    }

    @Test("A chart that is only in a registry is reported as such")
    func registry() async throws {
        let server = try ScriptedServer([:])
        let fetch = await repositoryFetch(server, try .room(["oci://registry.example.com/room:1.0.0", "a"]))
        #expect(fetch.answer == .inRegistry("oci://registry.example.com/room:1.0.0"))
        #expect(server.lines == ["GET /a"])
    }

    @Test("Another host is contacted only when it is allowed, and sees neither credentials nor the query")
    func offHost() async throws {
        let bytes = archive()
        let other = try ScriptedServer { _ in ScriptedReply(200, body: bytes) }
        let server = try ScriptedServer([:])
        let entry = try RepositoryIndexEntry.room(["http://localhost:\(other.port)/room.tgz"], of: bytes)
        let secret = Credential.password(user: "u", Secret("p"))
        let refused = try await repository(server.url + "?token=hush", secret).fetch(entry)
        guard case .denied(let message) = refused.error else {
            Issue.record("\(String(describing: refused.error))")
            return
        }
        #expect(message.contains("localhost:\(other.port)") && message.contains("allowedHosts"))
        #expect(other.requests.isEmpty)
        let client = try repository(server.url + "?token=hush", secret, hosts: .listed(["localhost"]))
        #expect(await client.fetch(entry).bytes == bytes)
        #expect(other.requests.first?.header("Authorization") == nil)
        #expect(other.lines == ["GET /room.tgz"])
    }

    @Test("Plain http under an https repository needs a digest")
    func downgrade() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200, body: archive()) }
        let client = try repository("https://127.0.0.1:9/")
        let refused = await client.fetch(try .room([server.url + "/a.tgz"]))
        guard case .denied = refused.error else {
            Issue.record("\(String(describing: refused.error))")
            return
        }
        #expect(server.requests.isEmpty)
        #expect(await client.fetch(try .room([server.url + "/a.tgz"], of: archive())).bytes == archive())
    }

    @Test("Whoever takes the bytes may refuse them; then nobody is asked again")
    func refusing() async throws {
        let bytes = archive(900_000)
        let server = try ScriptedServer { _ in ScriptedReply(200, body: bytes) }
        let client = try repository(server.url)
        let entry = try RepositoryIndexEntry.room(["a", "b"], of: bytes)
        let error = await failure {
            _ = try await client.archive(of: entry) { _ throws(ContentError) in throw .storageFull("no room") }
        }
        #expect(error == .storageFull("no room"))
        #expect(server.requests.count == 1)
    }

    @Test("Names from the index are shown in one line")
    func hostileNames() async throws {
        let server = try ScriptedServer([:])
        let text = #"{"name":"a\"\u202e\nb","version":"1.0.0","urls":["x"]}"#
        let entry = try RepositoryIndexEntry(tree: try JSONValue(parsing: Array(text.utf8)))
        let message = await repositoryFetch(server, entry).error?.message ?? "\n"
        #expect(!message.contains("\n") && !message.unicodeScalars.contains("\u{202e}"))
    }
}
