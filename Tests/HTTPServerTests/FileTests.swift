import Glibc
import HTTPMessage
import HTTPServer
import Posix
import Testing

/// Parts of a temporary file as a body.
final class TestSlices: SlicesBody {
    private let file: TestFile
    let slices: [FileSlice]

    init(_ bytes: [UInt8], _ slices: [FileSlice], mark: String = "chartroom-slices") {
        file = TestFile(bytes, mark: mark)
        self.slices = slices
    }

    func takeDescriptor() -> Int32 { file.takeDescriptor() }
}

/// A temporary file as a body; closes its descriptor when nobody took it.
final class TestFile: FileBody, @unchecked Sendable {
    // Unchecked: one owner at a time, as the protocol says.
    let offset: Int64
    let length: Int64
    private var descriptor: Int32?

    init(_ bytes: [UInt8], offset: Int64 = 0, length: Int64? = nil, mark: String = "chartroom-body") {
        var name = Array("/tmp/\(mark)-XXXXXX".utf8CString)
        let file = mkstemp(&name)
        unlink(name)
        var written = 0
        while written < bytes.count {
            written += bytes[written...].withUnsafeBytes { max(0, write(file, $0.baseAddress, $0.count)) }
        }
        self.offset = offset
        self.length = length ?? Int64(bytes.count) - offset
        descriptor = file
    }

    deinit {
        if let descriptor { close(descriptor) }
    }

    func takeDescriptor() -> Int32 { descriptor.take() ?? -1 }

    /// How many descriptors of this process lead to files with that mark.
    static func openCount(_ mark: String) throws -> Int {
        guard let folder = opendir("/proc/self/fd") else { throw RawClient.Failed(reason: "opendir") }
        defer { closedir(folder) }
        var count = 0
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            var target = [CChar](repeating: 0, count: 256)
            let length = readlink("/proc/self/fd/" + name, &target, target.count)
            if length > 0,
                String(decoding: target[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self).contains(mark)
            {
                count += 1
            }
        }
        return count
    }
}

@Suite struct FileTests {
    static func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ $0 >> 7) } }

    @Test("A file is sent from its offset to its length", arguments: [0, 1, 8192, 8193, 100_000, 5_000_000], [0, 777])
    func file(count: Int, offset: Int) async throws {
        let bytes = Self.bytes(offset + count + 5)
        try await withServer(plan: { _ in
            .respond(Response(.ok, body: .file(TestFile(bytes, offset: Int64(offset), length: Int64(count)))))
        }) { server, handler in
            let client = try RawClient(server.address)
            for _ in 0..<2 {
                let reply = try client.get("/")
                #expect(reply.body == Array(bytes[offset..<(offset + count)]))
            }
            try client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try client.receive(isHead: true).field("Content-Length") == "\(count)")
            #expect(handler.outcomes(3).map(\.outcome.bytesSent) == [Int64(count), Int64(count), 0])
        }
    }

    @Test("No descriptor is left open, however a response ends")
    func descriptors() async throws {
        // Other tests open descriptors of their own meanwhile, so only this test's files are counted.
        let mark = "chartroom-body-\(UInt64.random(in: .min ... .max))"
        let bytes = Self.bytes(3_000_000)
        let gate = Gate()
        try await withServer(plan: { request in
            let file = Response(request.rawPath == "/204" ? .noContent : .ok, body: .file(TestFile(bytes, mark: mark)))
            switch request.rawPath {
            case "/work": return .perform { file }
            case "/late":
                return .perform {
                    gate.wait()
                    return file
                }
            default: return .respond(file)
            }
        }) { server, handler in
            for path in ["/", "/204", "/work"] { _ = try RawClient(server.address).get(path) }
            for _ in 0..<5 {
                let cut = try RawClient(server.address, receiveBuffer: 4096)
                try cut.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                _ = try cut.receive(isHead: true)
                cut.reset()
            }
            let dropped = try RawClient(server.address)
            try dropped.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n123")
            dropped.finishSending()
            try dropped.skipToEnd()
            let late = try RawClient(server.address)
            try late.send("GET /late HTTP/1.1\r\nHost: x\r\n\r\nHEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
            late.reset()
            gate.open()
            #expect(handler.outcomes(9).count >= 9)
        }
        #expect(try TestFile.openCount(mark) == 0)
    }

    @Test("Bytes of every size arrive whole", arguments: [0, 1, 65_536, 65_537, 4_000_000])
    func memory(count: Int) async throws {
        let bytes = Self.bytes(count)
        try await withServer(plan: { _ in .respond(Response(.ok, body: .bytes(bytes))) }) { server, handler in
            let client = try RawClient(server.address)
            for _ in 0..<2 { #expect(try client.get("/").body == bytes) }
            #expect(handler.outcomes(2).map(\.outcome.bytesSent) == [Int64(count), Int64(count)])
        }
    }

    @Test("A file shorter than announced is answered with 500", arguments: [100, 100_000])
    func shortFile(count: Int) async throws {
        try await withServer(plan: { request in
            .respond(
                request.rawPath == "/"
                    ? Response(.ok, body: .file(TestFile([1, 2, 3], length: Int64(count)))) : .text("alive"))
        }) { server, handler in
            let client = try RawClient(server.address)
            let reply = try client.get("/")
            #expect(reply.status == 500)
            #expect(reply.text == "refused: the content cannot be read")
            #expect(try client.isClosed())
            #expect(handler.outcomes(1).first?.outcome.status == 500)
            #expect(try RawClient(server.address).get("/x").text == "alive")
        }
    }
}
