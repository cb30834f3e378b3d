internal import CMicrohttpd
internal import Glibc
internal import HTTPMessage
internal import Synchronization

/// Sockets whose connection has ended while the client was still sending.
///
/// Closing such a socket makes the kernel send a reset, and a client that meets the reset before it has read its
/// answer reports a broken connection instead of, say, a full disk. So a duplicate of the socket stays open for a
/// while and what still comes is thrown away (RFC 9112 section 9.6).
final class Lingering: Sendable {
    private struct Socket {
        let descriptor: Int32
        let deadline: UInt64
    }

    private static let nanoseconds: UInt64 = 5_000_000_000
    private static let maximumCount = 256
    private static let blocksPerRound = 64

    private let sockets = Mutex<[Socket]>([])

    var isEmpty: Bool { sockets.withLock { $0.isEmpty } }

    /// Keeps a socket open beyond its connection.
    ///
    /// Does nothing when too many linger already.
    func add(_ descriptor: Int32) {
        sockets.withLock { sockets in
            guard sockets.count < Lingering.maximumCount else { return }
            let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
            guard copy >= 0 else { return }
            sockets.append(Socket(descriptor: copy, deadline: Clock.now() + Lingering.nanoseconds))
        }
    }

    /// Throws away what has come and closes what has ended or lingered long enough.
    func sweep() {
        let now = Clock.now()
        sockets.withLock { sockets in
            sockets.removeAll { socket in
                let isOver = now > socket.deadline || Lingering.hasEnded(socket.descriptor)
                if isOver { _ = close(socket.descriptor) }
                return isOver
            }
        }
    }

    func closeAll() {
        sockets.withLock { sockets in
            for socket in sockets { _ = close(socket.descriptor) }
            sockets = []
        }
    }

    private static func hasEnded(_ descriptor: Int32) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 64 * 1024, alignment: 1) { buffer in
            for _ in 0..<blocksPerRound {
                let count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
                if count > 0 { continue }
                return count == 0 || (errno != EAGAIN && errno != EINTR)
            }
            return false
        }
    }
}

extension LiveRequest {
    /// Answers in the middle of a body, which libmicrohttpd cannot do, by writing to the socket itself.
    ///
    /// Nothing else is on its way to the client then. The caller ends the connection, with `lingers` set, when this
    /// is true. False when the response does not fit into the socket or has to go through TLS: the rest of the body
    /// must be read first. Loop thread only.
    func sendThrough(_ response: Response) -> Bool {
        guard !isSecure, method != .head, let body = response.bytesInMemory else { return false }
        let code = response.status.rawValue
        var head =
            "HTTP/1.1 \(code) \(LiveRequest.reason(code))\r\nContent-Length: \(body.count)\r\nConnection: close\r\n"
        head += "Date: \(HTTPDate.format(unixSeconds: Int64(time(nil))))\r\nX-Request-Id: \(requestID)\r\n"
        for field in response.headers where !LiveRequest.isOwn(field.name) {
            head += "\(field.name): \(LiveRequest.cleaned(field.value))\r\n"
        }
        let message = Array(head.utf8) + [0x0D, 0x0A] + body
        let sent = Glibc.send(connection.descriptor, message, message.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
        guard sent == message.count else { return false }
        status = code
        responseBytes = Int64(body.count)
        stage = .queued
        hasSentThrough = true
        return true
    }

    private static func reason(_ code: Int) -> String {
        MHD_get_reason_phrase_for(UInt32(clamping: code)).map { String(cString: $0) } ?? "Unknown"
    }
}

extension Response {
    /// The body when it is in memory.
    fileprivate var bytesInMemory: [UInt8]? {
        switch body {
        case .empty: []
        case .bytes(let bytes): bytes
        case .file, .slices, .growing: nil
        }
    }
}
