import HTTPMessage
import HTTPServer
import Testing

@Suite struct BasicTests {
    @Test("Requests on one connection are answered one after another")
    func keepAlive() async throws {
        try await withServer(plan: { .respond(.text($0.rawPath + "?" + $0.rawQuery)) }) { server, handler in
            let client = try RawClient(server.address)
            #expect(try client.get("/a%2Fb?x=1+2&y=%20").text == "/a%2Fb?x=1+2&y=%20")
            let second = try client.get("/%3A")
            #expect(second.text == "/%3A?")
            #expect(second.status == 200)
            #expect(second.field("Content-Type") == "text/plain")
            #expect(second.field("Connection") != "close")
            #expect(HTTPDate.parse(second.field("Date") ?? "") != nil)
            let ended = handler.outcomes(2)
            #expect(ended.map(\.path) == ["/a%2Fb", "/%3A"])
            #expect(ended[1].id == second.field("X-Request-Id"))
            #expect(ended[0].id != ended[1].id)
            #expect(ended[1].outcome.bytesSent == 5)
            #expect(ended[1].outcome.isComplete)
            #expect(server.statistics.openConnections == 1)
        }
    }

    @Test("Pipelined requests are answered in order, whatever their plans are")
    func pipelining() async throws {
        try await withServer(plan: { request in
            let path = request.rawPath
            switch path {
            case "/work": return .perform { .text(path) }
            case "/body": return .receive(maximumBytes: 10) { .text(String(decoding: $0, as: UTF8.self)) }
            default: return .respond(.text(path))
            }
        }) { server, _ in
            let client = try RawClient(server.address)
            try client.send(
                "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /work HTTP/1.1\r\nHost: x\r\n\r\n"
                    + "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
                    + "POST /drop HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
                    + "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
            for expected in ["/1", "/work", "hello", "/drop", "/2"] {
                #expect(try client.receive().text == expected)
            }
        }
    }

    @Test("A HEAD answer has the length and no body")
    func head() async throws {
        try await withServer(plan: { _ in .respond(.text("12345")) }) { server, handler in
            let client = try RawClient(server.address)
            try client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
            let reply = try client.receive(isHead: true)
            #expect(reply.field("Content-Length") == "5")
            #expect(try client.get("/").text == "12345")
            #expect(handler.outcomes(1).first?.outcome.bytesSent == 0)
        }
    }

    @Test("204 and 304 have no body", arguments: [204, 304])
    func bodiless(status: Int) async throws {
        try await withServer(plan: { _ in .respond(.text("ignored", HTTPStatus(rawValue: status))) }) { server, _ in
            let client = try RawClient(server.address)
            let first = try client.get("/")
            #expect(first.status == status)
            #expect(first.body.isEmpty)
            if status == 204 { #expect(first.field("Content-Length") == nil) }
            #expect(try client.get("/").status == status)
        }
    }

    @Test("Work off the loop sees header, peer and body, and its annotations come back")
    func perform() async throws {
        try await withServer(plan: { request in
            .receive(maximumBytes: 100) { body in
                request.annotations.user = "me"
                let lines = [
                    request.header("x-list") ?? "-", request.header("X-None") ?? "-", request.peer,
                    request.method.rawValue, "\(request.contentLength ?? -1)", String(decoding: body, as: UTF8.self),
                    request.annotations.user ?? "-", "\(request.isSecure)",
                ]
                return .text(lines.joined(separator: "|"))
            }
        }) { server, _ in
            let client = try RawClient(server.address)
            try client.send(
                "PUT /x HTTP/1.1\r\nHost: x\r\nX-List: a\r\nX-LIST:  b\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")
            #expect(try client.receive().text == "a, b|-|127.0.0.1|PUT|-1|abcde|me|false")
        }
    }

    @Test("A response cannot smuggle header lines")
    func injection() async throws {
        try await withServer(plan: { _ in
            .respond(
                Response(.ok, headers: [("X-A", "1\r\nX-Evil: 2"), ("X-B", "\t"), ("X-C", "a\0b"), ("Date", "now")]))
        }) { server, _ in
            let reply = try RawClient(server.address).get("/")
            #expect(reply.field("X-Evil") == nil)
            #expect(reply.field("X-A") == "1  X-Evil: 2")
            #expect(reply.head.contains("\0") == false)
            #expect(reply.field("Date") != "now")
        }
    }

    @Test("HTTP/1.0 closes after one answer unless asked to stay")
    func oldVersion() async throws {
        try await withServer(plan: { _ in .respond(.text("old")) }) { server, _ in
            let client = try RawClient(server.address)
            try client.send("GET / HTTP/1.0\r\n\r\n")
            #expect(try client.receive().text == "old")
            #expect(try client.isClosed())
        }
    }
}
