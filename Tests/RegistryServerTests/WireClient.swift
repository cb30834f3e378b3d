import Glibc
import HTTPServer

/// A keep-alive client over a blocking socket, used on one thread at a time.
///
/// Unchecked: a test hands it from thread to thread, never shares it.
final class WireClient: @unchecked Sendable {
    struct Failed: Error {
        var reason: String
    }

    struct Reply {
        var status: Int
        var lines: [String]
        var body: [UInt8] = []

        subscript(_ name: String) -> String? {
            let prefix = name.lowercased() + ":"
            return lines.first { $0.lowercased().hasPrefix(prefix) }
                .map { String($0.dropFirst(prefix.count).drop { $0 == " " }) }
        }
    }

    /// Header lines of every request.
    var always: [String] = []
    private var descriptor: CInt
    private var buffer: [UInt8] = []

    init(_ address: BoundAddress) throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = (address.port ?? 0).bigEndian
        target.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failed(reason: "connect: \(errno)") }
        var timeout = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close() }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Sends a request and reads its answer.
    func send(_ method: String, _ target: String, _ headers: [String] = [], body: [UInt8]? = nil) throws -> Reply {
        try sendHead(method, target, headers + (body.map { ["Content-Length: \($0.count)"] } ?? []))
        // A server that has refused already may close while the rest is on its way: its answer counts.
        if let body { _ = try? write(body) }
        return try receive(isHead: method == "HEAD")
    }

    func sendHead(_ method: String, _ target: String, _ headers: [String]) throws {
        let lines = ["\(method) \(target) HTTP/1.1", "Host: localhost"] + always + headers
        try write(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
    }

    func write(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failed(reason: "send: \(errno)") }
            sent += count
        }
    }

    private func fill() throws {
        let piece = [UInt8](unsafeUninitializedCapacity: 262_144) { room, count in
            count = max(0, recv(descriptor, room.baseAddress, room.count, 0))
        }
        guard !piece.isEmpty else { throw Failed(reason: "closed after \(buffer.count) bytes") }
        buffer += piece
    }

    /// Reads exactly that many bytes of a body.
    func take(_ count: Int) throws -> [UInt8] {
        while buffer.count < count { try fill() }
        defer { buffer.removeFirst(count) }
        return Array(buffer[..<count])
    }

    private func receive(isHead: Bool) throws -> Reply {
        var reply = try receiveHead()
        while reply.status == 100 { reply = try receiveHead() }
        let hasBody = !isHead && reply.status != 204 && reply.status != 304
        let length = hasBody ? reply["Content-Length"].flatMap { Int($0) } ?? 0 : 0
        while buffer.count < length { try fill() }
        reply.body = Array(buffer.prefix(length))
        buffer.removeFirst(length)
        return reply
    }

    func receiveHead() throws -> Reply {
        var lines: [String] = []
        while true {
            while let end = buffer.firstIndex(of: 0x0A) {
                let line = String(decoding: buffer[..<end].filter { $0 != 0x0D }, as: UTF8.self)
                buffer.removeFirst(end + 1)
                guard line.isEmpty else {
                    lines.append(line)
                    continue
                }
                guard let status = Int(lines.first?.dropFirst(9).prefix(3) ?? "") else {
                    throw Failed(reason: "not a response")
                }
                return Reply(status: status, lines: Array(lines.dropFirst()))
            }
            try fill()
        }
    }
}
