import Glibc
import HTTPServer
import Posix

/// A client that sends exactly the bytes it is given, over a blocking socket.
///
/// Unchecked: a test uses it on one thread at a time.
final class RawClient: @unchecked Sendable {
    struct Reply: Equatable {
        var status: Int
        var head: String
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }

        func field(_ name: String) -> String? {
            for line in head.split(separator: "\r\n").dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                if parts.count == 2, parts[0].lowercased() == name.lowercased() {
                    return String(parts[1].drop { $0 == " " })
                }
            }
            return nil
        }
    }

    struct Failed: Error {
        var reason: String
    }

    let descriptor: Int32
    private var buffer: [UInt8] = []

    /// Connects; every later read gives up after ten seconds.
    init(_ address: BoundAddress, receiveBuffer: Int32? = nil) throws {
        switch address {
        case .tcp(let host, let port):
            let isIPv6 = host.utf8.contains(0x3A)
            descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            if var receiveBuffer {
                setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
            }
            if isIPv6 {
                var address = sockaddr_in6()
                address.sin6_family = sa_family_t(AF_INET6)
                address.sin6_port = port.bigEndian
                inet_pton(AF_INET6, host, &address.sin6_addr)
                try connect(&address, MemoryLayout<sockaddr_in6>.size)
            } else {
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_port = port.bigEndian
                inet_pton(AF_INET, host == "0.0.0.0" ? "127.0.0.1" : host, &address.sin_addr)
                try connect(&address, MemoryLayout<sockaddr_in>.size)
            }
        case .unix(let path):
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            try connect(&address, MemoryLayout<sockaddr_un>.size)
        }
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
    }

    private func connect(_ address: UnsafeRawPointer, _ size: Int) throws {
        guard Glibc.connect(descriptor, address.assumingMemoryBound(to: sockaddr.self), socklen_t(size)) == 0 else {
            throw Failed(reason: "connect: \(SystemError.text(errno))")
        }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failed(reason: "send: \(SystemError.text(errno))") }
            sent += count
        }
    }

    /// Says that nothing more will be sent.
    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Breaks the connection with a reset.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Reads more; false at the end of the stream or after a reset.
    private func fill() throws -> Bool {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        if count < 0 && errno == ECONNRESET { return false }
        guard count >= 0 else { throw Failed(reason: "recv: \(SystemError.text(errno))") }
        buffer += bytes[..<count]
        return count > 0
    }

    /// Reads one response; a HEAD answer has no body.
    func receive(isHead: Bool = false) throws -> Reply {
        let ending = Array("\r\n\r\n".utf8)
        var end: Int?
        while end == nil {
            end = buffer.indices.first { buffer[$0...].starts(with: ending) }
            if end == nil, try !fill() { throw Failed(reason: "closed before a response: \(buffer.count) bytes") }
        }
        let head = String(decoding: buffer[..<(end ?? 0)], as: UTF8.self)
        buffer.removeFirst((end ?? 0) + 4)
        guard head.hasPrefix("HTTP/1."), let status = Int(head.dropFirst(9).prefix(3)) else {
            throw Failed(reason: "not a response: \(head)")
        }
        var reply = Reply(status: status, head: head, body: [])
        let length = isHead || status == 100 || status == 204 ? 0 : reply.field("Content-Length").flatMap(Int.init) ?? 0
        while buffer.count < length {
            guard try fill() else { throw Failed(reason: "body cut at \(buffer.count) of \(length)") }
        }
        reply.body = Array(buffer[..<length])
        buffer.removeFirst(length)
        return reply
    }

    /// Reads exactly that many bytes of a body.
    func take(_ count: Int) throws -> [UInt8] {
        while buffer.count < count {
            guard try fill() else { throw Failed(reason: "body cut at \(buffer.count) of \(count)") }
        }
        defer { buffer.removeFirst(count) }
        return Array(buffer[..<count])
    }

    /// What was received and not read yet.
    var rest: String { String(decoding: buffer, as: UTF8.self) }

    /// Reads until the server closes and forgets what it sent.
    func skipToEnd() throws {
        while try fill() {}
        buffer = []
    }

    /// Whether the server closes without another byte.
    func isClosed() throws -> Bool {
        if !buffer.isEmpty { return false }
        return try !fill()
    }

    func get(_ target: String) throws -> Reply {
        try send("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n")
        return try receive()
    }
}
