import BenchmarkSupport
import Glibc

/// One client's connection and the one to the server that goes with it; both are closed with it.
///
/// Belongs to one thread at a time.
final class Relay {
    /// A request as it came; it has no body.
    struct Request {
        let bytes: [UInt8]
        let isHead: Bool
        /// Its method and what it asks for: `GET manifests`, `HEAD blobs`, `GET index.yaml`.
        let kind: String

        init(_ bytes: [UInt8]) throws(BenchmarkFailure) {
            self.bytes = bytes
            let line = bytes.prefix { $0 != 13 }.split(separator: 32)
            guard line.count == 3 else {
                throw BenchmarkFailure("not a request: \(String(decoding: bytes, as: UTF8.self))")
            }
            let method = String(decoding: line[0], as: UTF8.self)
            guard ["GET", "HEAD"].contains(method) else { throw BenchmarkFailure("the proxy forwards no \(method)") }
            isHead = method == "HEAD"
            let path = String(decoding: line[1].prefix { $0 != 63 }, as: UTF8.self).split(separator: "/")
            kind = "\(method) \(path.dropLast().last { Request.parts.contains($0) } ?? path.last ?? "/")"
        }

        private static let parts: Set<Substring> = ["manifests", "blobs", "tags", "referrers"]
    }

    private let client: CInt
    private var server: CInt = -1
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)

    init(client: CInt) {
        self.client = client
    }

    deinit {
        close(client)
        if server >= 0 { close(server) }
        buffer.deallocate()
    }

    /// Connects to the server, once.
    func connect(to port: UInt16) throws(BenchmarkFailure) {
        guard server < 0 else { return }
        server = try Socket.connect(to: port)
        guard server >= 0 else { throw BenchmarkFailure("the upstream does not listen") }
    }

    /// The client's next request; nil when it has left.
    func nextRequest() throws(BenchmarkFailure) -> Request? {
        var filled = 0
        while filled < buffer.count {
            let got = receive(from: client, at: filled)
            guard got > 0 else { return nil }
            filled += got
            if buffer[..<filled].suffix(4).elementsEqual([13, 10, 13, 10]) {
                return try Request(Array(buffer[..<filled]))
            }
        }
        throw BenchmarkFailure("a request without an end")
    }

    /// Sends a request on, and its answer back.
    ///
    /// A client that leaves in the middle is no failure: the next read tells.
    func forward(_ request: Request) throws(BenchmarkFailure) {
        guard request.bytes.withUnsafeBytes({ send($0, to: server) }) else {
            throw BenchmarkFailure("the upstream takes no request")
        }
        var filled = 0
        while true {
            let got = receive(from: server, at: filled)
            guard got > 0 else { throw BenchmarkFailure("the upstream hung up") }
            filled += got
            if let head = try ResponseHead(UnsafeRawBufferPointer(rebasing: buffer[..<filled])) {
                let hasBody = !request.isHead && head.status != 204 && head.status != 304
                try forwardBody(filled, left: (hasBody ? head.contentLength : 0) - (filled - head.byteCount))
                return
            }
            guard filled < buffer.count else { throw BenchmarkFailure("an answer whose head has no end") }
        }
    }

    /// Sends what is in the buffer, and then the rest of the body as it comes.
    private func forwardBody(_ filled: Int, left: Int) throws(BenchmarkFailure) {
        guard left >= 0 else { throw BenchmarkFailure("the upstream answers more than was asked") }
        var (filled, left) = (filled, left)
        while true {
            guard send(UnsafeRawBufferPointer(rebasing: buffer[..<filled]), to: client), left > 0 else { break }
            filled = receive(from: server, at: 0)
            guard filled > 0 else { throw BenchmarkFailure("the upstream hung up in a body") }
            left -= filled
        }
        // Nobody reads the rest: the connection is of no further use.
        if left > 0 {
            close(server)
            server = -1
        }
    }

    private func receive(from descriptor: CInt, at offset: Int) -> Int {
        while true {
            let got = recv(descriptor, buffer.baseAddress.map { $0 + offset }, buffer.count - offset, 0)
            if got >= 0 || errno != EINTR { return got }
        }
    }

    /// Whether all of it went out.
    private func send(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = Glibc.send(
                descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, CInt(MSG_NOSIGNAL))
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}
