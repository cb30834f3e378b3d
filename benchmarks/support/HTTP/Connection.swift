import Glibc

/// A blocking keep-alive connection: one request at a time, bodies dropped in the kernel.
///
/// Belongs to one thread at a time.
package final class Connection {
    package let descriptor: CInt
    /// When the last answer began to come, in nanoseconds.
    package private(set) var firstByteAt = 0
    private let port: UInt16
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16_384, alignment: 16)

    /// Connects to a server on loopback.
    package init(port: UInt16) throws(BenchmarkFailure) {
        self.port = port
        descriptor = try Socket.connect(to: port)
        guard descriptor >= 0 else { throw BenchmarkFailure("nobody listens on port \(port)") }
    }

    deinit {
        close(descriptor)
        buffer.deallocate()
    }

    /// Sends a request; the parts of the body are repeated as often as asked.
    package func send(_ request: HTTPRequest) throws(BenchmarkFailure) {
        let pieces = [request.head(port: port)] + request.body
        var number = 0
        var offset = 0
        let total = 1 + request.body.count * request.bodyRepetitions
        while number < total {
            let piece = number < pieces.count ? pieces[number] : pieces[1 + (number - 1) % request.body.count]
            let flags = CInt(MSG_NOSIGNAL) | (number + 1 < total ? CInt(MSG_MORE) : 0)
            let sent = piece.withUnsafeBytes { bytes in
                Glibc.send(descriptor, bytes.baseAddress.map { $0 + offset }, bytes.count - offset, flags)
            }
            guard sent > 0 else { throw BenchmarkFailure(call: "send", on: request.target) }
            offset += sent
            if offset == piece.count { (number, offset) = (number + 1, 0) }
        }
    }

    /// Receives the answer to a request and drops its body.
    package func receive(_ request: HTTPRequest) throws(BenchmarkFailure) -> ResponseHead {
        var filled = 0
        while true {
            let room = buffer.count - filled
            let got = recv(descriptor, buffer.baseAddress.map { $0 + filled }, room, 0)
            guard got > 0 else {
                if got == 0 { throw BenchmarkFailure("\(request.method) \(request.target): the server hung up") }
                throw BenchmarkFailure(call: "receive", on: request.target)
            }
            if filled == 0 { firstByteAt = nanoseconds() }
            filled += got
            if let head = try ResponseHead(UnsafeRawBufferPointer(rebasing: buffer[..<filled])) {
                let hasBody = request.method != "HEAD" && head.status != 204 && head.status != 304
                try drop((hasBody ? head.contentLength : 0) - (filled - head.byteCount))
                if head.isLast { throw BenchmarkFailure("\(request.target): the server closes after \(head.status)") }
                return head
            }
            guard filled < buffer.count else { throw BenchmarkFailure("\(request.target): a head without an end") }
        }
    }

    private func drop(_ byteCount: Int) throws(BenchmarkFailure) {
        guard byteCount >= 0 else { throw BenchmarkFailure("more than one answer at once") }
        var left = byteCount
        while left > 0 {
            let got = recv(descriptor, nil, left, CInt(MSG_TRUNC))
            guard got > 0 else { throw BenchmarkFailure(call: "receive", on: "a body") }
            left -= got
        }
    }

    /// Sends a request, waits for the answer, and fails unless its status is one of those expected.
    @discardableResult
    package func exchange(_ request: HTTPRequest, expecting statuses: Int...) throws(BenchmarkFailure) -> ResponseHead {
        try send(request)
        let head = try receive(request)
        try head.expect(statuses, for: request)
        return head
    }
}

extension ResponseHead {
    /// Fails unless the status is one of those expected.
    package func expect(_ statuses: [Int], for request: HTTPRequest) throws(BenchmarkFailure) {
        guard statuses.contains(status) else {
            throw BenchmarkFailure("\(request.method) \(request.target): \(status), not \(statuses)")
        }
    }

    /// The path of a `Location`, which may be absolute.
    package var locationPath: String {
        guard let scheme = location.firstRange(of: "://") else { return location }
        let rest = location[scheme.upperBound...]
        return rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? "/"
    }
}
