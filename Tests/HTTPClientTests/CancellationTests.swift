import HTTPClient
import HTTPMessage
import TestSupport
import Testing

@Suite struct CancellationTests {
    @Test("Cancelling the task before the head comes closes the connection")
    func beforeHead() async throws {
        let gate = Gate()
        let server = try ScriptedServer { _ in .silence(until: gate) }
        let client = try makeClient()
        let task = Task { await failure { _ = try await client.send(server.request(.get, "/")) } }
        #expect(await server.until { $0.requests.count == 1 })
        task.cancel()
        #expect(await task.value == .cancelled)
        gate.open()
        #expect(await server.until { $0.openConnections == 0 })
    }

    @Test("Cancelling the task in the middle of the body ends the body with an error")
    func inBody() async throws {
        let gate = Gate()
        let server = try ScriptedServer { _ in .stalling([1, 2, 3], after: 1, until: gate) }
        let client = try makeClient()
        let task = Task {
            await failure {
                let response = try await client.send(server.request(.get, "/"))
                _ = try await response.collect(maximumBytes: 3)
            }
        }
        #expect(await server.until { $0.requests.count == 1 })
        task.cancel()
        #expect(await task.value == .cancelled)
        gate.open()
        #expect(await server.until { $0.openConnections == 0 })
    }

    @Test("A task that is cancelled already sends nothing")
    func cancelledBefore() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200) }
        let client = try makeClient()
        let start = Gate()
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return await failure { _ = try await client.send(server.request(.get, "/")) }
        }
        task.cancel()
        start.open()
        #expect(await task.value == .cancelled)
        #expect(server.requests.isEmpty)
    }

    @Test("A response that is dropped unread gives its connection up; the client works on")
    func dropped() async throws {
        let body = [UInt8](repeating: 1, count: 8 << 20)
        let server = try ScriptedServer { request in
            request.target == "/big" ? ScriptedReply(200, body: body) : ScriptedReply(200, text: "ok")
        }
        let client = try makeClient()
        _ = try await client.send(server.request(.get, "/big"))
        #expect(await server.until { $0.openConnections == 0 })
        #expect(try await client.send(server.request(.get, "/")).collect(maximumBytes: 2) == Array("ok".utf8))
    }

    @Test("A response outlives the variable that held its client")
    func clientGone() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200, body: [UInt8](repeating: 1, count: 4 << 20)) }
        let response = try await makeClient().send(server.request(.get, "/"))
        #expect(try await response.collect(maximumBytes: 4 << 20).count == 4 << 20)
    }

    @Test("A client that goes closes its idle connections")
    func idleConnectionsClose() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200, text: "x") }
        do {
            let client = try makeClient()
            _ = try await client.send(server.request(.get, "/")).collect(maximumBytes: 1)
            #expect(server.activity.openConnections == 1)
        }
        #expect(await server.until { $0.openConnections == 0 })
    }

    @Test("Hundreds of requests cancelled at random moments leave nothing behind")
    func storm() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200, body: [UInt8](repeating: 1, count: 300_000)) }
        let client = try makeClient { $0.bufferBytes = 16_384 }
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<300 {
                group.addTask {
                    let task = Task {
                        try await client.send(server.request(.get, "/\(number)")).collect(maximumBytes: 300_000).count
                    }
                    for _ in 0..<(number % 40) { await Task.yield() }
                    task.cancel()
                    switch await task.result {
                    case .success(let count): #expect(count == 300_000)
                    case .failure(let error): #expect(error as? HTTPClientError == .cancelled)
                    }
                }
            }
        }
        #expect(
            try await client.send(server.request(.get, "/end")).collect(maximumBytes: 300_000).count == 300_000)
    }
}
