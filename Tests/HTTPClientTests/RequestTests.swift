import HTTPClient
import HTTPMessage
import TestSupport
import Testing

/// A client that no environment variable sends to a proxy.
func makeClient(_ change: (inout HTTPClientConfiguration) -> Void = { _ in }) throws -> HTTPClient {
    var configuration = HTTPClientConfiguration()
    configuration.proxy = .none
    change(&configuration)
    return try HTTPClient(configuration)
}

extension ScriptedServer {
    func url(_ target: String) throws -> HTTPURL {
        try HTTPURL(parsing: url + target)
    }

    func request(_ method: HTTPMethod, _ target: String, body: [UInt8]? = nil) throws -> HTTPClientRequest {
        HTTPClientRequest(method, try url(target), body: body)
    }
}

/// The error a piece of work ends with.
func failure(_ work: () async throws -> Void) async -> HTTPClientError? {
    do {
        try await work()
        return nil
    } catch {
        return error as? HTTPClientError
    }
}

@Suite struct RequestTests {
    @Test("A response has the status, every header field in order, and the body")
    func wholeResponse() async throws {
        let server = try ScriptedServer([
            "GET /a?b=c": [ScriptedReply(200, [("X-One", "1"), ("x-two", "2"), ("X-One", "3")], text: "hello")]
        ])
        let response = try await makeClient().send(server.request(.get, "/a?b=c"))
        #expect(response.status == .ok)
        #expect(response.headers.values("x-one") == ["1", "3"])
        #expect(response.headers["X-Two"] == "2")
        #expect(response.contentLength == 5)
        #expect(String(decoding: try await response.collect(maximumBytes: 10), as: UTF8.self) == "hello")
        #expect(try await response.next() == nil)
    }

    @Test("A status of 400 and more is a response, not an error", arguments: [400, 401, 404, 429, 500, 503])
    func statusIsNoError(status: Int) async throws {
        let server = try ScriptedServer(["GET /": [ScriptedReply(status, text: "no")]])
        let response = try await makeClient().send(server.request(.get, "/"))
        #expect(response.status.rawValue == status)
        #expect(try await response.collect(maximumBytes: 2) == Array("no".utf8))
    }

    @Test("A HEAD has the announced length and no body")
    func head() async throws {
        let server = try ScriptedServer(["HEAD /": [ScriptedReply(200, body: [1, 2, 3], isHead: true)]])
        let response = try await makeClient().send(server.request(.head, "/"))
        #expect(response.contentLength == 3)
        #expect(try await response.next() == nil)
    }

    @Test("A body in memory is sent with its length", arguments: [0, 1, 70_000, 1_500_000])
    func bodyInMemory(count: Int) async throws {
        let server = try ScriptedServer(["PUT /": [ScriptedReply(201)]])
        let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let response = try await makeClient().send(server.request(.put, "/", body: body))
        #expect(response.status == .created)
        let request = try #require(server.requests.first)
        #expect(request.body == body)
        #expect(request.header("Content-Length") == String(count))
        #expect(request.header("Expect") == nil)
    }

    @Test("A POST without a body announces a length of 0; a DELETE and a GET announce none")
    func noBody() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(204) }
        let client = try makeClient()
        for method in [HTTPMethod.post, .patch, .delete, .get] {
            _ = try await client.send(server.request(method, "/"))
        }
        #expect(server.requests.map { $0.header("Content-Length") } == ["0", "0", nil, nil])
        #expect(server.requests.map(\.method) == ["POST", "PATCH", "DELETE", "GET"])
    }

    @Test("Header fields go out as given, an empty value too; the user agent is the configured one")
    func headers() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(204) }
        var request = try server.request(.get, "/")
        request.headers = HeaderFields([("Accept", "a/b, c/d"), ("X-Empty", ""), ("Authorization", "Basic eA==")])
        _ = try await makeClient { $0.userAgent = "test/1" }.send(request)
        let seen = try #require(server.requests.first)
        #expect(seen.header("accept") == "a/b, c/d")
        #expect(seen.header("X-Empty") == "")
        #expect(seen.header("Authorization") == "Basic eA==")
        #expect(seen.header("User-Agent") == "test/1")
    }

    @Test(
        "What would break the framing of the request is refused before anything is sent",
        arguments: [
            ("X", "a\r\nY: b"), ("X", "a\0"), ("X Y", "a"), ("", "a"), ("Content-Length", "5"), ("host", "other"),
            ("Transfer-Encoding", "chunked"), ("X:", "a"),
        ])
    func headerInjection(name: String, value: String) async throws {
        let server = try ScriptedServer { _ in ScriptedReply(204) }
        var request = try server.request(.get, "/")
        request.headers.append(name, value)
        let error = await failure { _ = try await makeClient().send(request) }
        guard case .requestInvalid = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server.requests.isEmpty)
    }

    @Test("One connection serves requests that come one after the other")
    func reuse() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200, text: "x") }
        let client = try makeClient()
        for _ in 0..<20 {
            let response = try await client.send(server.request(.get, "/"))
            _ = try await response.collect(maximumBytes: 1)
        }
        #expect(server.activity.acceptedConnections == 1)
        #expect(server.requests.count == 20)
    }

    @Test("Many tasks share one client, and no more connections are opened than allowed")
    func concurrent() async throws {
        let server = try ScriptedServer { request in ScriptedReply(200, text: request.target) }
        let client = try makeClient { $0.maximumConnectionsPerHost = 4 }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let response = try await client.send(server.request(.get, "/\(number)"))
                    return try await response.collect(maximumBytes: 10) == Array("/\(number)".utf8)
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        #expect(server.activity.acceptedConnections <= 4)
        #expect(server.requests.count == 200)
    }

    @Test("A unix socket is spoken to as asked, and no proxy comes in between")
    func unixSocket() async throws {
        let scratch = try ScratchDirectory()
        let path = scratch.path + "/socket"
        let server = try ScriptedServer(unixSocketPath: path, ["GET /x": [ScriptedReply(200, text: "unix")]])
        var request = HTTPClientRequest(.get, try HTTPURL(parsing: "http://localhost/x"))
        request.unixSocketPath = path
        let client = try HTTPClient()
        let body = try await client.send(request).collect(maximumBytes: 10)
        #expect(body == Array("unix".utf8))
        #expect(server.requests.first?.header("Host") == "localhost")
    }

    @Test("Interim responses and chunked framing are the client's business")
    func interimAndChunked() async throws {
        let server = try ScriptedServer { _ in
            ScriptedReply([
                .send(
                    Array(
                        """
                        HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\
                        \r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: t\r\n\r\n
                        """.utf8))
            ])
        }
        let response = try await makeClient().send(server.request(.get, "/"))
        #expect(response.status == .ok)
        #expect(response.headers["Link"] == nil)
        #expect(try await response.collect(maximumBytes: 5) == Array("abcde".utf8))
        #expect(response.contentLength == nil)
    }
}
