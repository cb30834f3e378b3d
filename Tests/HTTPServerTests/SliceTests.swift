import Glibc
import HTTPMessage
import HTTPServer
import Posix
import TestSupport
import Testing

@Suite struct SliceTests {
    /// What the slices of these bytes are together.
    private static func joined(_ bytes: [UInt8], _ slices: [FileSlice]) -> [UInt8] {
        slices.flatMap { bytes[Int($0.offset)..<Int($0.offset + $0.length)] }
    }

    /// Slices in any order, some empty, some twice.
    private static func some(_ count: Int, of size: Int, _ generator: inout SeededGenerator) -> [FileSlice] {
        (0..<count).map { _ in
            let offset = Int64.random(in: 0...Int64(size), using: &generator)
            let most = min(Int64(size) - offset, Int64(4 * size / max(count, 1)))
            return FileSlice(offset: offset, length: Int64.random(in: 0...most, using: &generator))
        }
    }

    @Test("Slices arrive in their order, whole", arguments: [0, 1, 2, 3, 40, 2000], Seeds.some())
    func whole(count: Int, seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let bytes = FileTests.bytes(1_500_000)
        let slices = Self.some(count, of: bytes.count, &generator)
        let expected = Self.joined(bytes, slices)
        try await withServer(plan: { _ in
            .respond(Response(.ok, body: .slices(TestSlices(bytes, slices))))
        }) { server, handler in
            let client = try RawClient(server.address)
            for _ in 0..<2 { #expect(try client.get("/").body == expected) }
            try client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try client.receive(isHead: true).field("Content-Length") == "\(expected.count)")
            #expect(
                handler.outcomes(3).map(\.outcome.bytesSent) == [Int64(expected.count), Int64(expected.count), 0])
        }
    }

    @Test("A client that leaves, and an answer that needs no body, leave no descriptor open")
    func leaving() async throws {
        let mark = "chartroom-slices-\(UInt64.random(in: .min ... .max))"
        let bytes = FileTests.bytes(4_000_000)
        let slices = (0..<400).map { FileSlice(offset: Int64($0) * 9000, length: 8000) }
        try await withServer(plan: { request in
            let status: HTTPStatus = request.rawPath == "/304" ? .notModified : .ok
            let broken = [FileSlice(offset: -1, length: 5), FileSlice(offset: 0, length: 5)]
            let isBroken = request.rawPath == "/broken"
            return .respond(
                Response(status, body: .slices(TestSlices(bytes, isBroken ? broken : slices, mark: mark))))
        }) { server, handler in
            for _ in 0..<4 {
                let cut = try RawClient(server.address, receiveBuffer: 4096)
                try cut.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                _ = try cut.receive(isHead: true)
                cut.reset()
            }
            for (path, status) in [("/304", 304), ("/broken", 500)] {
                let client = try RawClient(server.address)
                try client.send("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try client.receive(isHead: true).status == status)
            }
            let dropped = try RawClient(server.address)
            try dropped.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n123")
            dropped.finishSending()
            try dropped.skipToEnd()
            #expect(handler.outcomes(7).count >= 7)
        }
        #expect(try TestFile.openCount(mark) == 0)
    }

    @Test("A slice beyond the file's end is answered with 500", arguments: [[10, 100_000], [100_000, 10], [100_000]])
    func shortFile(lengths: [Int64]) async throws {
        let slices = lengths.map { FileSlice(offset: 5, length: $0) }
        try await withServer(plan: { request in
            .respond(
                request.rawPath == "/"
                    ? Response(.ok, body: .slices(TestSlices(FileTests.bytes(5000), slices))) : .text("alive"))
        }) { server, handler in
            let client = try RawClient(server.address)
            #expect(try client.get("/").status == 500)
            #expect(try client.isClosed())
            #expect(try RawClient(server.address).get("/x").text == "alive")
        }
    }
}
