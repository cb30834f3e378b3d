import ChartRepository
import Codecs
import Content
import HTTPClient
import HelmModel
import OCIModel
import Posix
import RemoteRegistry
import TestSupport
import Testing

@Suite struct IndexRequestTests {
    private func gzip(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        var file = GzipFrame.header
        Deflater().append(bytes.span, to: &file)
        return file + GzipFrame.trailer(CRC32(of: bytes.span))
    }

    private func index(_ answer: IndexAnswer) -> RepositoryIndex? {
        if case .index(let index, _) = answer { index } else { nil }
    }

    @Test(
        "The index is asked for below the URL, which may end in a slash and carry a query",
        arguments: [
            ("", "GET /index.yaml"), ("/", "GET /index.yaml"), ("/a/b", "GET /a/b/index.yaml"),
            ("/a/b/?token=x%20y", "GET /a/b/index.yaml?token=x%20y"),
        ])
    func place(path: String, line: String) async throws {
        let server = try ScriptedServer([line: [ScriptedReply(200, text: smallIndex)]])
        let answer = try await repository(server.url + path).index()
        #expect(index(answer)?.version("1.0.0", of: "room")?.urls == ["charts/room-1.0.0.tgz"])
        #expect(server.requests.first?.header("User-Agent") == "chartroom/test")
        #expect(server.requests.first?.header("Authorization") == nil)
    }

    @Test("Validators come back and make the next request conditional")
    func conditional() async throws {
        let server = try ScriptedServer { request in
            let isKnown = request.header("If-None-Match") == "\"one\""
            let fields = [("ETag", "\"one\""), ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")]
            return ScriptedReply(isKnown ? 304 : 200, fields, text: isKnown ? "" : smallIndex)
        }
        let client = try repository(server.url)
        guard case .index(_, let validators) = try await client.index() else {
            Issue.record("no index")
            return
        }
        #expect(validators.entityTag == "\"one\"")
        #expect(validators.lastModified == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(validators.content == Digest(of: Array(smallIndex.utf8)))
        #expect(try await client.index(unless: validators) == .notModified(validators))
        #expect(server.requests.last?.header("If-Modified-Since") == "Sun, 06 Nov 1994 08:49:37 GMT")
    }

    @Test("A server without validators is seen not to have changed by the text itself")
    func unchangedText() async throws {
        let server = try ScriptedServer(["GET /index.yaml": [ScriptedReply(200, text: smallIndex)]])
        let known = IndexValidators(content: Digest(of: Array(smallIndex.utf8)))
        #expect(try await repository(server.url).index(unless: known) == .notModified(known))
    }

    @Test("An unasked 304 is no answer")
    func unasked() async throws {
        let server = try ScriptedServer(["GET /index.yaml": [ScriptedReply(304)]])
        let error = await failure { _ = try await repository(server.url).index() }
        #expect(error?.httpStatus == 502)
    }

    @Test("A packed index is unpacked", arguments: ["gzip", "x-gzip", "GZIP"])
    func packed(encoding: String) async throws {
        let server = try ScriptedServer([
            "GET /index.yaml": [ScriptedReply(200, [("Content-Encoding", encoding)], body: gzip(smallIndex))]
        ])
        #expect(index(try await repository(server.url).index())?.versionCount == 1)
        #expect(server.requests.first?.header("Accept-Encoding") == "gzip")
    }

    @Test(
        "Encodings that were not asked for, and damaged ones, are refused",
        arguments: [
            ("br", false), ("deflate", false), ("gzip, gzip", false), ("gzip", false), ("gzip", true),
        ])
    func strange(encoding: String, isCut: Bool) async throws {
        let body = isCut ? Array(gzip(smallIndex).dropLast(5)) : Array(smallIndex.utf8)
        let server = try ScriptedServer([
            "GET /index.yaml": [ScriptedReply(200, [("Content-Encoding", encoding)], body: body)]
        ])
        let error = await failure { _ = try await repository(server.url).index() }
        guard case .unavailable(let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.contains("the index of \(server.url)"))
        #expect(server.requests.count == 1)
    }

    @Test("A gzip bomb is stopped at the limit")
    func bomb() async throws {
        let zeros = [UInt8](repeating: UInt8(ascii: "#"), count: 8 << 20)
        var file = GzipFrame.header
        Deflater().append(zeros.span, to: &file)
        file += GzipFrame.trailer(CRC32(of: zeros.span))
        let server = try ScriptedServer([
            "GET /index.yaml": [ScriptedReply(200, [("Content-Encoding", "gzip")], body: file)]
        ])
        let error = await failure {
            _ = try await repository(server.url) { $0.indexLimits.bytes = 1 << 20 }.index()
        }
        #expect(error == .tooLarge("the index of \(server.url) is larger than 1048576 bytes, which is the limit"))
    }

    @Test("An index of 200 MB is refused before it is in memory, announced or not", arguments: [true, false])
    func endless(isAnnounced: Bool) async throws {
        let piece = [UInt8](repeating: UInt8(ascii: "\n"), count: 1 << 20)
        let head =
            "HTTP/1.1 200 OK\r\n"
            + (isAnnounced ? "Content-Length: \(200 << 20)\r\n\r\n" : "Connection: close\r\n\r\n")
        let reply = ScriptedReply(
            [.send(Array(head.utf8))] + Array(repeating: .send(piece), count: 200) + [.close])
        let server = try ScriptedServer(["GET /index.yaml": [reply]])
        let error = await failure { _ = try await repository(server.url).index() }
        guard case .tooLarge(let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.contains("the index of \(server.url)"))
        #expect(server.requests.count == 1)
    }

    @Test("Too many versions are refused with the limit")
    func tooMany() async throws {
        let server = try ScriptedServer(["GET /index.yaml": [ScriptedReply(200, text: smallIndex)]])
        let error = await failure { _ = try await repository(server.url) { $0.indexLimits.entries = 0 }.index() }
        guard case .tooLarge(let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.contains("more than 0 versions"))
    }

    @Test(
        "What is no index is said to be none, with the place",
        arguments: [
            "", "<html>not here</html>", #"{"apiVersion":"v1","entries":{"room":[{"name":"ro"#,
            "apiVersion: v1\nentries: [",
            "entries: {}", "\u{1}\u{2}", "apiVersion: v1\nentries: {a: [1]}\n---\nb: 1",
        ])
    func malformed(text: String) async throws {
        let server = try ScriptedServer(["GET /index.yaml": [ScriptedReply(200, text: text)]])
        let error = await failure { _ = try await repository(server.url).index() }
        guard case .unavailable(let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.hasPrefix("the index of \(server.url) cannot be read: "))
        #expect(server.requests.count == 1)
    }

    @Test("A body that breaks off is asked for again")
    func cut() async throws {
        let time = NoTime()
        let bytes = Array(smallIndex.utf8)
        let server = try ScriptedServer([
            "GET /index.yaml": [
                .lying(length: bytes.count, body: Array(bytes.prefix(50))), ScriptedReply(503),
                ScriptedReply([.close]), ScriptedReply(200, body: bytes),
            ]
        ])
        #expect(index(try await repository(server.url, time: time).index())?.versionCount == 1)
        #expect(server.requests.count == 4)
    }

    @Test("One that always breaks off is given up")
    func alwaysCut() async throws {
        let server = try ScriptedServer([
            "GET /index.yaml": [.lying(length: 1000, body: Array(smallIndex.utf8))]
        ])
        let error = await failure { _ = try await repository(server.url).index() }
        #expect(error?.httpStatus == 502)
        #expect(server.requests.count == 5)
    }

    @Test("A server that stalls is given up at the deadline")
    func stall() async throws {
        let gate = Gate()
        defer { gate.open() }
        let server = try ScriptedServer([
            "GET /index.yaml": [.stalling(Array(smallIndex.utf8), after: 20, until: gate)]
        ])
        let error = await failure {
            _ = try await repository(server.url) {
                $0.deadlines.stall = .milliseconds(50)
                $0.retry = .never
            }.index()
        }
        #expect(error?.httpStatus == 502)
        #expect(error?.message.contains("the index of \(server.url)") == true)
    }

    @Test("429 is tried again after the time it names, and handed out when it stays")
    func rateLimited() async throws {
        let time = NoTime()
        let server = try ScriptedServer([
            "GET /index.yaml": [
                ScriptedReply(429, [("Retry-After", "7")]), ScriptedReply(429), ScriptedReply(200, text: smallIndex),
            ],
            "GET /busy/index.yaml": [ScriptedReply(429, [("Retry-After", "3600")])],
        ])
        _ = try await repository(server.url, time: time).index()
        #expect(time.pauses == [.seconds(7), .milliseconds(400)])
        let error = await failure { _ = try await repository(server.url + "/busy").index() }
        guard case .rateLimited(_, retryAfter: .seconds(3600)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(
        "Statuses mean what they say",
        arguments: [
            (401, 401), (403, 403), (404, 404), (410, 404), (500, 502), (400, 502), (206, 502), (204, 502),
        ])
    func statuses(status: Int, meaning: Int) async throws {
        let server = try ScriptedServer(["GET /index.yaml": [ScriptedReply(status)]])
        let error = await failure { _ = try await repository(server.url).index() }
        #expect(error?.httpStatus == meaning)
        #expect(error?.message.contains("the index of \(server.url)") == true)
        #expect(server.requests.count == 1)
    }

    @Test("Credentials go out with the first request; a 401 is not argued with")
    func credentials() async throws {
        let server = try ScriptedServer { request in
            request.header("Authorization") == "Basic dTpw"
                ? ScriptedReply(200, text: smallIndex)
                : ScriptedReply(401, [("WWW-Authenticate", "Basic realm=\"x\"")])
        }
        _ = try await repository(server.url, .password(user: "u", Secret("p"))).index()
        #expect(server.requests.count == 1)
        let error = await failure {
            _ = try await repository(server.url, .password(user: "u", Secret("wrong-secret"))).index()
        }
        #expect(error?.httpStatus == 401)
        #expect(error?.message.contains("wrong-secret") == false)
        #expect(server.requests.count == 2)
    }

    @Test("A colon in the user's name, which HTTP cannot carry, is said")
    func colon() async throws {
        let error = await failure {
            _ = try await repository("http://127.0.0.1:9", .password(user: "a:b", Secret("p"))).index()
        }
        #expect(error?.message.contains("colon") == true)
    }

    @Test("No message holds the query of the URL, and no address may hold a password")
    func secrets() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(500) }
        let error = await failure { _ = try await repository(server.url + "/a?token=hush").index() }
        #expect(error?.message.contains("hush") == false)
        let refused = await failure { _ = try repository("http://user:hush@host/") }
        #expect(refused?.httpStatus == 400)
        #expect(refused?.message.contains("hush") == false)
    }

    @Test("Parsing can be left to threads that may block")
    func worker() async throws {
        let server = try ScriptedServer(["GET /index.yaml": [ScriptedReply(200, text: smallIndex)]])
        let client = try repository(server.url) { $0.worker = ThreadPool(name: "parse", threads: 1) }
        #expect(index(try await client.index())?.versionCount == 1)
    }
}
