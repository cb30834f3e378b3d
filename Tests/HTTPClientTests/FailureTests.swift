import HTTPClient
import HTTPMessage
import Synchronization
import TestSupport
import Testing

@Suite struct FailureTests {
    @Test("A body that ends early is a lost connection, not a short body", arguments: [false, true])
    func cutBody(isReset: Bool) async throws {
        let server = try ScriptedServer { _ in
            var reply = ScriptedReply.lying(length: 1000, body: [UInt8](repeating: 1, count: 10))
            if isReset { reply.steps[1] = .reset }
            return reply
        }
        let client = try makeClient()
        let error = await failure { _ = try await client.send(server.request(.get, "/")).collect(maximumBytes: 2000) }
        guard case .connectionLost(let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.contains("127.0.0.1:\(server.port)"))
    }

    @Test("A connection closed without a word is lost, and worth another try")
    func noResponse() async throws {
        let server = try ScriptedServer { _ in ScriptedReply([.close]) }
        let client = try makeClient()
        let error = await failure { _ = try await client.send(server.request(.get, "/")) }
        guard case .connectionLost = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.isTransient == true)
    }

    @Test("Nobody listening is a failed connection that names the address")
    func refused() async throws {
        let port: UInt16
        do { port = try ScriptedServer { _ in ScriptedReply(200) }.port }
        let client = try makeClient()
        let error = await failure {
            _ = try await client.send(HTTPClientRequest(.get, try HTTPURL(parsing: "http://127.0.0.1:\(port)/")))
        }
        // The port may have been taken again by another test; then a response came.
        guard let error else { return }
        guard case .connectFailed(let message) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(message.contains("127.0.0.1:\(port)"))
    }

    @Test("A missing unix socket is named")
    func missingSocket() async throws {
        var request = HTTPClientRequest(.get, try HTTPURL(parsing: "http://localhost/"))
        request.unixSocketPath = "/nonexistent/chartroom.socket"
        let client = try makeClient()
        let sent = request
        let error = await failure { _ = try await client.send(sent) }
        guard case .connectFailed(let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.contains("/nonexistent/chartroom.socket"))
    }

    @Test("A name that cannot exist is not found")
    func unknownHost() async throws {
        let client = try makeClient()
        let error = await failure {
            _ = try await client.send(HTTPClientRequest(.get, try HTTPURL(parsing: "http://no-such-host.invalid/")))
        }
        guard case .hostNotFound(let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.contains("no-such-host.invalid"))
    }

    @Test("A header larger than allowed is refused")
    func largeHeader() async throws {
        let server = try ScriptedServer { _ in
            ScriptedReply(200, (0..<100).map { ("X-\($0)", String(repeating: "v", count: 1000)) }, text: "x")
        }
        let client = try makeClient { $0.maximumHeaderBytes = 50_000 }
        let error = await failure { _ = try await client.send(server.request(.get, "/")) }
        guard case .responseInvalid = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(
        "What is not HTTP is an invalid response or a lost connection, never a success",
        arguments: [
            "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 999 What\r\n\r\n", "HTTP/1.1\r\n\r\n", "\r\n\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ])
    func notHTTP(text: String) async throws {
        let server = try ScriptedServer { _ in ScriptedReply([.send(Array(text.utf8)), .close]) }
        let client = try makeClient()
        let error = await failure { _ = try await client.send(server.request(.get, "/")).collect(maximumBytes: 100) }
        switch error {
        case .responseInvalid, .connectionLost, .responseTooLarge: break
        default: Issue.record("\(String(describing: error))")
        }
    }

    @Test("A server that never answers meets the deadline for the first byte")
    func firstByteDeadline() async throws {
        let gate = Gate()
        defer { gate.open() }
        let server = try ScriptedServer { _ in .silence(until: gate) }
        let client = try makeClient()
        var request = try server.request(.get, "/")
        request.deadlines = HTTPDeadlines(firstByte: .milliseconds(60))
        let sent = request
        let error = await failure { _ = try await client.send(sent) }
        guard case .timedOut(.firstByte, let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.contains("0.06"))
    }

    @Test("A server that takes the connection and shakes no hands meets the deadline to connect")
    func connectDeadline() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200) }
        let client = try makeClient()
        var request = HTTPClientRequest(.get, try HTTPURL(parsing: "https://127.0.0.1:\(server.port)/"))
        request.deadlines = HTTPDeadlines(connect: .milliseconds(60))
        let sent = request
        let error = await failure { _ = try await client.send(sent) }
        guard case .timedOut(.connect, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("A body that stops coming meets the stall deadline; what came before is given out")
    func stallDeadline() async throws {
        let gate = Gate()
        defer { gate.open() }
        let server = try ScriptedServer { _ in .stalling([UInt8](repeating: 1, count: 1000), after: 100, until: gate) }
        var request = try server.request(.get, "/")
        request.deadlines = HTTPDeadlines(firstByte: .seconds(20), stall: .milliseconds(60))
        let response = try await makeClient().send(request)
        #expect(try await response.next()?.count == 100)
        let error = await failure { _ = try await response.next() }
        guard case .timedOut(.stall, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("An upload nobody reads meets the stall deadline")
    func uploadStall() async throws {
        let gate = Gate()
        defer { gate.open() }
        let server = try ScriptedServer(early: { _ in .silence(until: gate) }) { _ in ScriptedReply(500) }
        let client = try makeClient()
        var request = try server.request(.put, "/", body: [UInt8](repeating: 0, count: 64 << 20))
        request.deadlines = HTTPDeadlines(firstByte: .seconds(20), stall: .milliseconds(60))
        let sent = request
        let error = await failure { _ = try await client.send(sent) }
        guard case .timedOut(.stall, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("The total deadline ends an exchange that moves but never ends")
    func totalDeadline() async throws {
        let gate = Gate()
        defer { gate.open() }
        let server = try ScriptedServer { _ in .stalling([1, 2, 3], after: 1, until: gate) }
        var request = try server.request(.get, "/")
        request.deadlines = HTTPDeadlines(total: .milliseconds(60))
        let sent = request
        let client = try makeClient()
        let error = await failure { _ = try await client.send(sent).collect(maximumBytes: 3) }
        guard case .timedOut(.total, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("Time the reader takes for itself is no stall")
    func slowReaderIsNoStall() async throws {
        let body = [UInt8](repeating: 1, count: 32 << 20)
        let server = try ScriptedServer { _ in ScriptedReply(200, body: body) }
        let gate = Gate()
        let other = try ScriptedServer { _ in .silence(until: gate) }
        defer { gate.open() }
        let client = try makeClient()
        var request = try server.request(.get, "/")
        request.deadlines = HTTPDeadlines(stall: .milliseconds(300))
        let response = try await client.send(request)
        // Another exchange's deadline is the clock here: it passes well after the stall deadline would have.
        var slow = try other.request(.get, "/")
        slow.deadlines = HTTPDeadlines(firstByte: .milliseconds(900))
        let waited = slow
        #expect(await failure { _ = try await client.send(waited) } != nil)
        #expect(try await response.collect(maximumBytes: body.count).count == body.count)
    }
}

@Suite struct ResendTests {
    /// A server that answers the first request of each connection and closes at the second.
    private func server() throws -> ScriptedServer {
        let seen = Mutex([Int: Int]())
        return try ScriptedServer { request in
            let count = seen.withLock { seen in
                seen[request.connection, default: 0] += 1
                return seen[request.connection] ?? 0
            }
            return count > 1 ? ScriptedReply([.close]) : ScriptedReply(200)
        }
    }

    @Test("A kept connection that dies is no failure for a request that may be sent again")
    func sentAgain() async throws {
        let server = try server()
        let client = try makeClient()
        for _ in 0..<2 { _ = try await client.send(server.request(.put, "/", body: [1, 2])) }
        #expect(server.requests.map(\.body) == [[1, 2], [1, 2], [1, 2]])
    }

    @Test("A request that must not be sent again is not", arguments: [nil, [], [1, 2]] as [[UInt8]?])
    func notSentAgain(body: [UInt8]?) async throws {
        let server = try server()
        let client = try makeClient()
        _ = try await client.send(server.request(.get, "/"))
        var request = try server.request(.post, "/", body: body)
        request.maySendAgain = false
        let sent = request
        let error = await failure { _ = try await client.send(sent) }
        #expect(server.requests.count == 2)
        if body?.isEmpty == false {
            guard case .connectionLost = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }
}
