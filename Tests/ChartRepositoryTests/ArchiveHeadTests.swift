import ChartRepository
import Content
import HelmModel
import TestSupport
import Testing

/// What a reader of an archive is told and handed, in order.
private struct Reading {
    var heads: [Int64?] = []
    var bytes: [UInt8] = []
    var error: ContentError?

    mutating func read(_ entry: RepositoryIndexEntry, from server: ScriptedServer) async throws {
        let client = try repository(server.url)
        do throws(ContentError) {
            _ = try await client.archive(of: entry) { size in
                heads.append(bytes.isEmpty ? size : -1)
            } _: { piece in
                bytes += piece
            }
        } catch {
            self.error = error
        }
    }
}

@Suite struct ArchiveHeadTests {
    private let bytes = archive(700_000)

    @Test("The size is told once and first, also when the connection breaks", arguments: [1000, 600_000])
    func announced(sent: Int) async throws {
        let bytes = bytes
        let server = try ScriptedServer { request in
            guard let range = request.header("Range") else {
                return request.connection > 0
                    ? ScriptedReply(200, body: bytes) : .lying(length: bytes.count, body: Array(bytes.prefix(sent)))
            }
            let start = Int(range.dropFirst(6).dropLast())!
            return ScriptedReply(
                206, [("Content-Range", "bytes \(start)-\(bytes.count - 1)/\(bytes.count)")],
                body: Array(bytes[start...]))
        }
        var reading = Reading()
        try await reading.read(.room(of: bytes), from: server)
        #expect(reading.error == nil)
        #expect(reading.heads == [700_000])
        #expect(reading.bytes == bytes)
    }

    @Test("Without a length the size of a large archive is unknown")
    func unknown() async throws {
        let bytes = bytes
        let size = String(bytes.count, radix: 16)
        let server = try ScriptedServer { _ in
            ScriptedReply([
                .send(
                    Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(size)\r\n".utf8) + bytes
                        + Array("\r\n0\r\n\r\n".utf8))
            ])
        }
        var reading = Reading()
        try await reading.read(.room(of: bytes), from: server)
        #expect(reading.error == nil)
        #expect(reading.heads == [nil])
    }

    @Test("An archive that grows while it is fetched is corrupt, and nothing beyond the announced size is handed on")
    func grows() async throws {
        let bytes = bytes
        let server = try ScriptedServer { request in
            guard let range = request.header("Range") else {
                return .lying(length: bytes.count, body: Array(bytes.prefix(600_000)))
            }
            let start = Int(range.dropFirst(6).dropLast())!
            return ScriptedReply(
                206, [("Content-Range", "bytes \(start)-\(bytes.count)/\(bytes.count + 1)")],
                body: Array(bytes[start...]) + [0])
        }
        var reading = Reading()
        try await reading.read(.room(of: bytes), from: server)
        guard case .corrupt = reading.error else {
            Issue.record("\(String(describing: reading.error))")
            return
        }
        #expect(reading.heads == [700_000])
        #expect(reading.bytes.count < bytes.count)
    }
}
