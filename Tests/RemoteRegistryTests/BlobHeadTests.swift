import Content
import OCIModel
import Synchronization
import TestSupport
import Testing

@testable import RemoteRegistry

/// What a reader of a blob is told and handed, in order.
private struct Reading {
    var heads: [Int64?] = []
    var bytes: [UInt8] = []
    var cameFirst = true
    var error: ContentError?
}

@Suite struct BlobHeadTests {
    private let name = RepositoryName.named("a/b")
    private let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    private var digest: Digest { Digest(of: bytes) }

    private func read(
        _ server: ScriptedServer, from start: Int64 = 0, most: Int64 = .max, attempts: Int = 3
    ) async throws -> Reading {
        let registry = try server.registry { $0.retry.maximumAttempts = attempts }
        var reading = Reading()
        do throws(ContentError) {
            try await registry.readBlob(digest, in: name, from: start, maximumBytes: most) { size in
                reading.cameFirst = reading.bytes.isEmpty
                reading.heads.append(size)
            } _: { piece in
                reading.bytes += piece
            }
        } catch {
            reading.error = error
        }
        return reading
    }

    private func chunked(_ body: [UInt8]) -> ScriptedReply {
        let size = String(body.count, radix: 16)
        return ScriptedReply([
            .send(
                Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(size)\r\n".utf8) + body
                    + Array("\r\n0\r\n\r\n".utf8))
        ])
    }

    @Test("The size is told once and first, also when the connection breaks")
    func announced() async throws {
        let bytes = bytes
        let server = try ScriptedServer { request in
            guard let range = request.header("Range") else {
                return .lying(length: bytes.count, body: Array(bytes.prefix(10)))
            }
            let start = Int(range.dropFirst(6).dropLast())!
            return ScriptedReply(
                206, [("Content-Range", "bytes \(start)-\(bytes.count - 1)/\(bytes.count)")],
                body: Array(bytes[start...]))
        }
        for start in [Int64(0), 50] {
            let reading = try await read(server, from: start)
            #expect(reading.heads == [100_000])
            #expect(reading.cameFirst)
            #expect(reading.error == nil)
            #expect(reading.bytes == Array(bytes[Int(start)...]))
        }
    }

    @Test("Without a length the size is unknown")
    func unknown() async throws {
        let server = try ScriptedServer { _ in chunked(bytes) }
        let reading = try await read(server)
        #expect(reading.heads == [nil])
        #expect(reading.bytes == bytes)
    }

    @Test("More than is taken is refused: at once when announced, else before the byte too many")
    func tooLarge() async throws {
        let announced = try await read(try ScriptedServer { _ in ScriptedReply(200, body: bytes) }, most: 99_999)
        let silent = try await read(try ScriptedServer { _ in chunked(bytes) }, most: 99_999)
        #expect(announced.heads.isEmpty && announced.bytes.isEmpty)
        #expect(silent.bytes.count <= 99_999)
        for error in [announced.error, silent.error] {
            guard case .tooLarge = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("Sizes that contradict each other are corrupt, and no byte beyond the announced one is handed on")
    func contradiction() async throws {
        let long = bytes + [1, 2, 3]
        let server = try ScriptedServer { request in
            request.header("Range") == nil
                ? .lying(length: bytes.count, body: Array(bytes.prefix(10))) : ScriptedReply(200, body: long)
        }
        let other = try ScriptedServer { request in
            request.header("Range") == nil ? .lying(length: bytes.count, body: Array(bytes.prefix(10))) : chunked(long)
        }
        for server in [server, other] {
            let reading = try await read(server)
            guard case .corrupt = reading.error else {
                Issue.record("\(String(describing: reading.error))")
                return
            }
            #expect(reading.heads == [100_000])
            #expect(reading.bytes.count <= bytes.count)
        }
    }

    @Test("A range that ends before the blob does is read on")
    func shortRange() async throws {
        let bytes = bytes
        let server = try ScriptedServer { request in
            let start = request.header("Range").map { Int($0.dropFirst(6).dropLast())! } ?? 0
            if start == 0 { return .lying(length: bytes.count, body: Array(bytes.prefix(10))) }
            let end = min(start + 40_000, bytes.count)
            return ScriptedReply(
                206, [("Content-Range", "bytes \(start)-\(end - 1)/\(bytes.count)")], body: Array(bytes[start..<end]))
        }
        let reading = try await read(server)
        #expect(reading.error == nil)
        #expect(reading.bytes == bytes)
    }

    @Test("What the head throws ends the reading")
    func refused() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200, body: bytes) }
        let registry = try server.registry()
        let error = await failure {
            try await registry.readBlob(digest, in: name, from: 0) { _ throws(ContentError) in
                throw .storageFull("full")
            } _: { _ in
                Issue.record("a piece came")
            }
        }
        #expect(error == .storageFull("full"))
    }
}
