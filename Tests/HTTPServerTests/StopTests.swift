import Glibc
import HTTPMessage
import HTTPServer
import Posix
import Testing

@Suite struct StopTests {
    private func start(_ plan: @escaping @Sendable (any Request) -> Plan) throws -> (Server, TestHandler) {
        let handler = TestHandler(plan)
        let server = try Server(
            ServerConfiguration(listen: .tcp(host: "127.0.0.1", port: 0)), handler: handler,
            executor: ThreadPool(name: "work", threads: 2))
        try server.start()
        return (server, handler)
    }

    @Test("A stop waits for requests under way and closes idle connections at once")
    func graceful() async throws {
        let gate = Gate()
        let arrived = Gate()
        let (server, handler) = try start { request in
            request.rawPath == "/"
                ? .respond(.text("hi"))
                : .perform {
                    arrived.open()
                    gate.wait()
                    return .text("finished")
                }
        }
        let idle = try RawClient(server.address)
        let busy = try RawClient(server.address)
        try await onThread {
            #expect(try idle.get("/").text == "hi")
            try busy.send("GET /work HTTP/1.1\r\nHost: x\r\n\r\n")
            arrived.wait()
        }
        async let stopped = server.shutDown(deadline: .seconds(20))
        try await onThread {
            #expect(try idle.isClosed())
            #expect(throws: RawClient.Failed.self) { try RawClient(server.address) }
            gate.open()
            let reply = try busy.receive()
            #expect(reply.text == "finished")
            #expect(reply.field("Connection") == "close")
            #expect(try busy.isClosed())
        }
        #expect(await stopped)
        #expect(handler.outcomes(2).allSatisfy { $0.outcome.isComplete })
        #expect(await server.shutDown(deadline: .seconds(1)))
    }

    @Test("After the deadline a stop cuts work, uploads and slow readers, and says so")
    func cut() async throws {
        let gate = Gate()
        let arrived = Gate()
        let consumer = RecordingConsumer(keepsBytes: false) { _ in
            gate.wait()
            return nil
        }
        let bytes = [UInt8](repeating: 1, count: 32 << 20)
        let (server, handler) = try start { request in
            switch request.rawPath {
            case "/stream": return .stream(maximumBytes: 1 << 30, consumer)
            case "/large": return .respond(Response(.ok, body: .bytes(bytes)))
            default:
                return .perform {
                    arrived.open()
                    gate.wait()
                    return .text("too late")
                }
            }
        }
        let clients = try (0..<3).map { _ in try RawClient(server.address, receiveBuffer: 4096) }
        try await onThread {
            try clients[0].send("GET /work HTTP/1.1\r\nHost: x\r\n\r\n")
            try clients[1].send("PUT /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n")
            try clients[1].send([UInt8](repeating: 1, count: 800_000))
            try clients[2].send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
            arrived.wait()
            #expect(consumer.waits { $0.pieces.count == 1 })
        }
        #expect(await server.shutDown(deadline: .milliseconds(100)) == false)
        #expect(server.statistics.openConnections == 0)
        #expect(handler.outcomes(3).count == 3)
        #expect(handler.outcomes(3).allSatisfy { !$0.outcome.isComplete })
        #expect(try await onThread { try clients[0].isClosed() })
        gate.open()
        #expect(try await onThread { consumer.waits { $0.abandons == 1 && $0.finishes == 0 } })
    }

    @Test("Two stops at once both return, with the earlier deadline")
    func twice() async throws {
        let gate = Gate()
        let arrived = Gate()
        let (server, _) = try start { _ in
            .perform {
                arrived.open()
                gate.wait()
                return .text("late")
            }
        }
        let client = try RawClient(server.address)
        try await onThread {
            try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            arrived.wait()
        }
        async let patient = server.shutDown(deadline: .seconds(1000))
        async let hasty = server.shutDown(deadline: .milliseconds(50))
        #expect(await (patient, hasty) == (false, false))
        gate.open()
    }

    @Test("A file in an answer that comes too late is closed")
    func lateFile() async throws {
        let gate = Gate()
        let arrived = Gate()
        let taken = Gate()
        final class Watched: FileBody {
            let offset: Int64 = 0
            let length: Int64 = 100_000
            let taken: Gate
            init(_ taken: Gate) { self.taken = taken }
            func takeDescriptor() -> Int32 {
                taken.open()
                return -1
            }
        }
        let (server, _) = try start { _ in
            .perform {
                arrived.open()
                gate.wait()
                return Response(.ok, body: .file(Watched(taken)))
            }
        }
        let client = try RawClient(server.address)
        try await onThread {
            try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            arrived.wait()
        }
        #expect(await server.shutDown(deadline: .zero) == false)
        gate.open()
        try await onThread { taken.wait() }
    }
}
