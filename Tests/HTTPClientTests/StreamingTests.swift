import HTTPClient
import HTTPMessage
import TestSupport
import Testing

@Suite struct StreamingTests {
    private static func pieces(_ count: Int, of size: Int) -> [[UInt8]] {
        (0..<count).map { number in [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: size) }
    }

    @Test("A body is pulled piece by piece and arrives whole, with its length", arguments: [1, 3, 40])
    func knownLength(count: Int) async throws {
        let server = try ScriptedServer(["PUT /": [ScriptedReply(201)]])
        let pieces = StreamingTests.pieces(count, of: 50_000)
        var left = pieces[...]
        let response = try await makeClient().send(
            server.request(.put, "/"), bodyLength: Int64(count * 50_000)
        ) { () throws(HTTPClientError) in left.popFirst() }
        #expect(response.status == .created)
        let request = try #require(server.requests.first)
        #expect(request.header("Content-Length") == String(count * 50_000))
        #expect(request.body == Array(pieces.joined()))
    }

    @Test("A body of unknown length goes out in chunks")
    func unknownLength() async throws {
        let server = try ScriptedServer(["POST /": [ScriptedReply(201)]])
        let pieces = StreamingTests.pieces(12, of: 33_333)
        var left = pieces[...]
        _ = try await makeClient().send(server.request(.post, "/"), bodyLength: nil) { () throws(HTTPClientError) in
            left.popFirst()
        }
        let request = try #require(server.requests.first)
        #expect(request.header("Transfer-Encoding") == "chunked")
        #expect(request.body == Array(pieces.joined()))
    }

    @Test("An empty streamed body is a body", arguments: [0, nil] as [Int64?])
    func empty(length: Int64?) async throws {
        let server = try ScriptedServer(["PUT /": [ScriptedReply(201)]])
        let response = try await makeClient().send(server.request(.put, "/"), bodyLength: length) { nil }
        #expect(response.status == .created)
        #expect(server.requests.first?.body == [])
    }

    @Test("A source that gives more or fewer bytes than announced fails the request", arguments: [1, 3])
    func wrongLength(count: Int) async throws {
        let server = try ScriptedServer(["PUT /": [ScriptedReply(201)]])
        let client = try makeClient()
        var left = StreamingTests.pieces(count, of: 10)[...]
        let error = await failure {
            _ = try await client.send(server.request(.put, "/"), bodyLength: 20) { () throws(HTTPClientError) in
                left.popFirst()
            }
        }
        guard case .requestBodyFailed = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(await server.until { $0.openConnections == 0 })
        // One piece too many is seen when the announced bytes may be on their way already.
        #expect(count == 3 || server.requests.isEmpty)
    }

    @Test("What the source throws ends the exchange and reaches the caller")
    func sourceFails() async throws {
        let server = try ScriptedServer(["PUT /": [ScriptedReply(201)]])
        let client = try makeClient()
        var calls = 0
        let error = await failure {
            _ = try await client.send(server.request(.put, "/"), bodyLength: 100) { () throws(HTTPClientError) in
                calls += 1
                guard calls == 2 else { return [1] }
                _ = await server.until { $0.acceptedConnections == 1 }
                throw .requestBodyFailed("disk on fire")
            }
        }
        #expect(error == .requestBodyFailed("disk on fire"))
        #expect(await server.until { $0.openConnections == 0 })
    }

    @Test("A server that refuses the request before reading the body stops the source")
    func earlyRefusal() async throws {
        let server = try ScriptedServer(early: { _ in ScriptedReply(413, text: "too large") }) { _ in ScriptedReply(201)
        }
        var calls = 0
        let gate = server
        let response = try await makeClient().send(
            server.request(.put, "/"), bodyLength: 1 << 40
        ) { () throws(HTTPClientError) in
            calls += 1
            // The second piece is asked for when the answer is certainly on its way.
            if calls == 2 { _ = await gate.until { $0.requests.count == 1 } }
            return [UInt8](repeating: 0, count: 100)
        }
        #expect(response.status == .contentTooLarge)
        #expect(calls < 1_000_000)
    }

    @Test("A reader who takes nothing stops the sender: the client buffers no more than its limit")
    func backPressure() async throws {
        // The body is far larger than what sockets and buffers hold together, so the sender must stand still.
        let body = [UInt8](repeating: 7, count: 64 << 20)
        let server = try ScriptedServer { request in
            if request.target == "/big" { return ScriptedReply(200, body: body) }
            return ScriptedReply(200)
        }
        let client = try makeClient { $0.bufferBytes = 65_536 }
        let response = try await client.send(server.request(.get, "/big"))
        // Other exchanges of the same client go on while that one stands still.
        for _ in 0..<50 { _ = try await client.send(server.request(.get, "/small")).collect(maximumBytes: 0) }
        var count = 0
        while let piece = try await response.next() {
            #expect(piece.count <= 65_536)
            count += piece.count
        }
        #expect(count == body.count)
    }

    @Test("A response body larger than the request allows is refused")
    func responseLimit() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200, body: [UInt8](repeating: 1, count: 1001)) }
        let client = try makeClient()
        var request = try server.request(.get, "/")
        request.maximumResponseBytes = 1000
        let error = await failure { _ = try await client.send(request).collect(maximumBytes: .max) }
        guard case .responseTooLarge(_, limit: 1000) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        request.maximumResponseBytes = 1001
        #expect(try await client.send(request).collect(maximumBytes: .max).count == 1001)
    }

    @Test("Collecting more than allowed fails and gives the connection up")
    func collectLimit() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200, body: [UInt8](repeating: 1, count: 2_000_000)) }
        let client = try makeClient()
        let response = try await client.send(server.request(.get, "/"))
        let error = await failure { _ = try await response.collect(maximumBytes: 1_999_999) }
        guard case .responseTooLarge = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
