import Glibc

/// One connection of the scripted server: reads requests, plays replies. Used by one thread.
final class ScriptedWire {
    /// How a request's body is framed.
    enum Framing {
        case length(Int)
        case chunked
    }

    private let socket: CInt
    private var buffer: [UInt8] = []

    init(socket: CInt) {
        self.socket = socket
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// The next request's head; nil when the client has gone or sends no HTTP.
    func readHead(connection: Int) -> (ScriptedRequest, Framing)? {
        var lines: [String] = []
        while true {
            guard let line = readLine() else { return nil }
            if line.isEmpty { break }
            lines.append(line)
        }
        let words = (lines.first ?? "").split(separator: " ")
        guard words.count == 3 else { return nil }
        let headers = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? parts[1].drop { $0 == " " } : ""
            return (name: String(parts[0]), value: String(value))
        }
        let request = ScriptedRequest(
            method: String(words[0]), target: String(words[1]), headers: headers, body: [], connection: connection)
        if request.header("Transfer-Encoding")?.lowercased() == "chunked" { return (request, .chunked) }
        return (request, .length(request.header("Content-Length").flatMap { Int($0) } ?? 0))
    }

    /// The body; nil when the client went away in the middle.
    func readBody(_ framing: Framing) -> [UInt8]? {
        switch framing {
        case .length(let count): return read(count)
        case .chunked:
            var body: [UInt8] = []
            while let line = readLine(), let count = Int(line.prefix { $0 != ";" }, radix: 16) {
                guard let chunk = read(count), readLine() != nil else { return nil }
                if count == 0 { return body }
                body += chunk
            }
            return nil
        }
    }

    /// Plays a reply; gives whether the connection lives on.
    func play(_ reply: ScriptedReply) -> Bool {
        for step in reply.steps {
            switch step {
            case .send(let bytes): guard send(bytes) else { return false }
            case .sendForever(let bytes): while send(bytes) {}
            case .wait(let gate): gate.wait()
            case .close: return false
            case .reset:
                var linger = linger(l_onoff: 1, l_linger: 0)
                setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
                return false
            }
        }
        return true
    }

    private func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.send(
                    socket, buffer.baseAddress.map { $0 + sent }, buffer.count - sent, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    private func readLine() -> String? {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = buffer[..<end].filter { $0 != UInt8(ascii: "\r") }
                buffer.removeFirst(end + 1)
                return String(decoding: line, as: UTF8.self)
            }
            guard fill() else { return nil }
        }
    }

    private func read(_ count: Int) -> [UInt8]? {
        while buffer.count < count {
            guard fill() else { return nil }
        }
        let bytes = Array(buffer.prefix(count))
        buffer.removeFirst(count)
        return bytes
    }

    private func fill() -> Bool {
        let piece = [UInt8](unsafeUninitializedCapacity: 65_536) { room, count in
            count = max(0, recv(socket, room.baseAddress, room.count, 0))
        }
        buffer += piece
        return !piece.isEmpty
    }
}

/// Listening sockets for tests.
enum RawSocket {
    struct Failure: Error {
        var call: String
        var code: CInt
    }

    static func listenOnLoopback() throws -> CInt {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return try listen(CInt(AF_INET), &address, socklen_t(MemoryLayout<sockaddr_in>.size))
    }

    static func listen(unixPath path: String) throws -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw Failure(call: "bind", code: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return try listen(CInt(AF_UNIX), &address, socklen_t(MemoryLayout<sockaddr_un>.size))
    }

    static func port(of socket: CInt) -> UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    private static func listen<Address>(_ family: CInt, _ address: inout Address, _ length: socklen_t) throws -> CInt {
        let socket = Glibc.socket(family, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw Failure(call: "socket", code: errno) }
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, length) }
        }
        guard bound == 0, Glibc.listen(socket, 128) == 0 else {
            let code = errno
            close(socket)
            throw Failure(call: "bind", code: code)
        }
        return socket
    }
}
