import Glibc
import HTTPMessage
import HTTPServer
import Posix
import Testing

@Suite struct LimitTests {
    @Test("A header above the limit is answered with 431, one below is read")
    func headerBytes() async throws {
        try await withServer(limits: { $0.headerBytes = 4096 }, plan: { _ in .respond(.text("fits")) }) { server, _ in
            let fitting = "GET / HTTP/1.1\r\nHost: x\r\nX: \(String(repeating: "a", count: 4000))\r\n\r\n"
            let client = try RawClient(server.address)
            try client.send(fitting)
            #expect(try client.receive().text == "fits")
            try client.send(fitting.replacing("X: ", with: "X: \(String(repeating: "b", count: 4096))"))
            let reply = try client.receive()
            #expect(reply.status == 431)
            #expect(reply.text.hasPrefix("refused"))
            #expect(try client.isClosed())
        }
    }

    @Test("A header that never ends is answered with 431")
    func endlessHeader() async throws {
        try await withServer(plan: { _ in .respond(.text("no")) }) { server, _ in
            let client = try RawClient(server.address)
            try client.send("GET / HTTP/1.1\r\nHost: x\r\n" + String(repeating: "X: abcdefgh\r\n", count: 6000))
            #expect(try client.receive().status == 431)
        }
    }

    @Test("A target above the limit is answered with 414, one below is read")
    func targetBytes() async throws {
        try await withServer(limits: { $0.targetBytes = 100 }, plan: { .respond(.text("\($0.rawPath.utf8.count)")) }) {
            server, _ in
            let client = try RawClient(server.address)
            #expect(try client.get("/" + String(repeating: "a", count: 98)).text == "99")
            let reply = try client.get("/?" + String(repeating: "a", count: 99))
            #expect(reply.status == 414)
            #expect(try client.isClosed())
        }
    }

    @Test("A body announced above its maximum is refused before it is sent")
    func announcedBody() async throws {
        let consumer = RecordingConsumer()
        try await withServer(plan: { request in
            request.rawPath == "/stream"
                ? .stream(maximumBytes: 10, consumer) : .receive(maximumBytes: 10) { _ in .text("no") }
        }) { server, _ in
            for path in ["/stream", "/receive"] {
                let client = try RawClient(server.address)
                try client.send("PUT \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n")
                #expect(try client.receive().status == 413)
                #expect(try client.isClosed())
            }
            #expect(consumer.waits { $0.abandons == 1 })
            #expect(consumer.read(\.pieces).isEmpty)
        }
    }

    @Test("A chunked body above its maximum is read to its end and refused", arguments: ["/stream", "/receive"])
    func growingBody(path: String) async throws {
        let consumer = RecordingConsumer()
        try await withServer(plan: { request in
            request.rawPath == "/stream"
                ? .stream(maximumBytes: 10, consumer) : .receive(maximumBytes: 10) { _ in .text("no") }
        }) { server, handler in
            let client = try RawClient(server.address)
            try client.send(
                "PUT \(path) HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n8\r\n12345678\r\n0\r\n\r\n"
            )
            #expect(try client.receive().status == 413)
            #expect(try client.isClosed())
            #expect(handler.outcomes(1).first?.outcome.status == 413)
            if path == "/stream" { #expect(consumer.waits { $0.abandons == 1 && $0.finishes == 0 }) }
        }
    }

    @Test("Connections above the limit wait until one leaves")
    func connections() async throws {
        try await withServer(limits: { $0.connections = 2 }, plan: { _ in .respond(.text("hi")) }) { server, _ in
            var first: RawClient? = try RawClient(server.address)
            let second = try RawClient(server.address)
            #expect(try first?.get("/").text == "hi")
            #expect(try second.get("/").text == "hi")
            let third = try RawClient(server.address)
            try third.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try second.get("/").text == "hi")
            #expect(server.statistics.openConnections == 2)
            first = nil
            #expect(try third.receive().text == "hi")
        }
    }

    @Test("Connections above the limit for one address are closed")
    func connectionsPerAddress() async throws {
        try await withServer(limits: { $0.connectionsPerAddress = 2 }, plan: { _ in .respond(.text("hi")) }) {
            server, _ in
            let first = try RawClient(server.address)
            let second = try RawClient(server.address)
            #expect(try first.get("/").text == "hi")
            #expect(try second.get("/").text == "hi")
            #expect(try RawClient(server.address).isClosed())
            #expect(try first.get("/").text == "hi")
        }
    }

    @Test("A connection without a request is closed after the idle limit, also between two requests")
    func idle() async throws {
        try await withServer(limits: { $0.idleTimeout = .milliseconds(100) }, plan: { _ in .respond(.text("hi")) }) {
            server, _ in
            #expect(try RawClient(server.address).isClosed())
            let used = try RawClient(server.address)
            #expect(try used.get("/").text == "hi")
            #expect(try used.isClosed())
        }
    }

    @Test("A connection whose request is being worked on is not closed for idling")
    func workIsNotIdle() async throws {
        let gate = Gate()
        try await withServer(
            limits: {
                $0.idleTimeout = .milliseconds(50)
                $0.headerTimeout = .milliseconds(50)
                $0.bodyTimeout = .milliseconds(50)
            },
            plan: { _ in
                .perform {
                    gate.wait()
                    return .text("done")
                }
            }
        ) { server, _ in
            let client = try RawClient(server.address)
            try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            // An idle connection opened later dies; by then the working one has outlived its limit.
            #expect(try RawClient(server.address).isClosed())
            #expect(try RawClient(server.address).isClosed())
            gate.open()
            #expect(try client.receive().text == "done")
        }
    }

    @Test(
        "A header that does not end is cut, however its bytes trickle",
        arguments: ["GET / HTTP/1.1\r\nHost: x\r\nX: ", "G", "GET /aaaaaaaaaaaaaaaaa"], [false, true])
    func slowHeader(start: String, isSecondRequest: Bool) async throws {
        try await withServer(limits: { $0.headerTimeout = .milliseconds(200) }, plan: { _ in .respond(.text("hi")) }) {
            server, _ in
            let client = try RawClient(server.address)
            if isSecondRequest {
                #expect(try client.get("/").text == "hi")
                // The janitor needs a look at the idle connection to notice that more has come.
                poll(nil, 0, 150)
            }
            try client.send(start)
            var sent = 0
            while sent < 500, (try? client.send("a")) != nil {
                sent += 1
                var watched = pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0)
                if poll(&watched, 1, 20) > 0 { break }
            }
            #expect(sent < 100)
            #expect(try client.isClosed())
        }
    }

    @Test("A body slower than the minimum rate is cut and its consumer told", arguments: [true, false])
    func slowBody(trickles: Bool) async throws {
        let consumer = RecordingConsumer()
        try await withServer(
            limits: { $0.bodyTimeout = .milliseconds(200) }, plan: { _ in .stream(maximumBytes: 1 << 20, consumer) }
        ) { server, handler in
            let client = try RawClient(server.address)
            try client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nabc")
            var watched = pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0)
            var sent = 0
            while trickles, sent < 500, poll(&watched, 1, 20) == 0 {
                guard (try? client.send("a")) != nil else { break }
                sent += 1
            }
            #expect(sent < 100)
            #expect(try client.isClosed())
            #expect(consumer.waits { $0.abandons == 1 })
            let ended = try #require(handler.outcomes(1).first).outcome
            #expect(!ended.isComplete && ended.status == 0 && ended.bytesReceived >= 3)
        }
    }

    @Test("A body that moves fast enough may take longer than the limit")
    func steadyBody() async throws {
        try await withServer(
            limits: {
                $0.bodyTimeout = .milliseconds(100)
                $0.minimumBodyBytes = 10
            }, plan: { _ in .receive(maximumBytes: 1000) { .text("\($0.count)") } }
        ) { server, _ in
            let client = try RawClient(server.address)
            try client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 300\r\n\r\n")
            for _ in 0..<30 {
                try client.send("0123456789")
                poll(nil, 0, 10)
            }
            #expect(try client.receive().text == "300")
        }
    }

    @Test("A client that does not take its response is cut")
    func slowReader() async throws {
        let bytes = [UInt8](repeating: 7, count: 16 << 20)
        try await withServer(
            limits: { $0.bodyTimeout = .milliseconds(200) }, plan: { _ in .respond(Response(.ok, body: .bytes(bytes))) }
        ) { server, handler in
            let client = try RawClient(server.address, receiveBuffer: 4096)
            try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            let ended = handler.outcomes(1)
            #expect(ended.count == 1)
            #expect(ended.first?.outcome.isComplete == false)
            #expect(ended.first?.outcome.status == 200)
        }
    }

    @Test("Requests above the limit of pending ones get 503 with Retry-After")
    func pendingRequests() async throws {
        let gate = Gate()
        let consumer = RecordingConsumer()
        try await withServer(
            limits: { $0.pendingRequests = 1 },
            plan: { request in
                switch request.rawPath {
                case "/stream": return .stream(maximumBytes: 10, consumer)
                case "/now": return .respond(.text("now"))
                default:
                    return .perform {
                        gate.wait()
                        return .text("done")
                    }
                }
            }
        ) { server, _ in
            let first = try RawClient(server.address)
            try first.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            for request in ["GET /", "GET /stream"] {
                let second = try RawClient(server.address)
                try second.send("\(request) HTTP/1.1\r\nHost: x\r\n\r\n")
                let reply = try second.receive()
                #expect(reply.status == 503)
                #expect(reply.field("Retry-After") == "1")
            }
            #expect(consumer.waits { $0.abandons == 1 })
            #expect(try RawClient(server.address).get("/now").text == "now")
            #expect(server.statistics.pendingRequests == 1)
            gate.open()
            #expect(try first.receive().text == "done")
            #expect(try first.get("/").text == "done")
        }
    }
}
