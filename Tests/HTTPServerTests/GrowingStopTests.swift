import Glibc
import HTTPServer
import Posix
import Testing

@Suite struct GrowingStopTests {
    private func start(_ file: GrowingFile, _ length: Int) throws -> (Server, TestHandler) {
        let handler = TestHandler { _ in GrowingBodyTests.answer(file, length: length) }
        let server = try Server(
            ServerConfiguration(listen: .tcp(host: "127.0.0.1", port: 0)), handler: handler,
            executor: ThreadPool(name: "work", threads: 1))
        try server.start()
        return (server, handler)
    }

    @Test("A stop waits for bodies that wait for bytes")
    func graceful() async throws {
        let bytes = FileTests.bytes(100_000)
        let file = GrowingFile()
        let (server, handler) = try start(file, bytes.count)
        let client = try RawClient(server.address)
        try await onThread {
            try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try client.receive(isHead: true)
        }
        async let stopped = server.shutDown(deadline: .seconds(20))
        try await onThread {
            // It takes no connection any more: the stop has begun.
            while (try? RawClient(server.address)) != nil {}
            file.append(bytes)
            let body = try client.take(bytes.count)
            #expect(body == bytes)
            #expect(try client.isClosed())
        }
        #expect(await stopped)
        #expect(handler.outcomes(1).allSatisfy { $0.outcome.isComplete })
    }

    @Test("After the deadline a stop cuts them, and later wakes do no harm")
    func cut() async throws {
        let mark = "chartroom-cut-\(UInt64.random(in: .min ... .max))"
        let bytes = FileTests.bytes(100_000)
        let file = GrowingFile(mark: mark)
        let (server, handler) = try start(file, bytes.count)
        let clients = try (0..<8).map { _ in try RawClient(server.address) }
        try await onThread {
            for client in clients { try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n") }
            for client in clients { _ = try client.receive(isHead: true) }
            #expect(file.waits(16))
            file.append(bytes[..<1000])
            for client in clients { #expect(try client.take(1000) == Array(bytes[..<1000])) }
            #expect(file.waits(24))
        }
        #expect(await server.shutDown(deadline: .milliseconds(50)) == false)
        #expect(server.statistics.openConnections == 0 && server.statistics.activeRequests == 0)
        #expect(handler.outcomes(8).allSatisfy { !$0.outcome.isComplete && $0.outcome.bytesSent == 1000 })
        #expect(try TestFile.openCount(mark) == 1)
        file.append(bytes[1000...])
        for client in clients { #expect(try await onThread { try client.isClosed() }) }
    }
}
