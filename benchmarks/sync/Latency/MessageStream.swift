import BenchmarkSupport
import Glibc

/// One end of a connection that messages are read from and passed on to another.
///
/// Belongs to one thread; closes the connection when it goes.
final class MessageStream {
    private let descriptor: CInt
    private var buffer = [UInt8](repeating: 0, count: 65_536)
    /// What of the buffer was received and not taken.
    private var pending = 0..<0
    private(set) var receivedBytes = 0
    private(set) var sentBytes = 0

    init(_ descriptor: CInt) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// The next head; nil when the other side has left.
    func nextHead() throws(BenchmarkFailure) -> MessageHead? {
        var head: [UInt8] = []
        while let line = nextLine() {
            head += line
            if line.count <= 2, head.count > 2 { return MessageHead(head) }
            guard head.count < 65_536 else { throw BenchmarkFailure("a head without an end") }
        }
        guard head.isEmpty else { throw BenchmarkFailure("a head was cut off") }
        return nil
    }

    /// Passes on a body, behind the head that was sent.
    func forward(_ body: MessageHead.Body, to other: MessageStream) throws(BenchmarkFailure) {
        switch body {
        case .none: break
        case .length(let length): try forward(length, to: other)
        case .chunked: try forwardChunks(to: other)
        case .untilClose:
            while fill() {
                try other.send(buffer[pending])
                pending = 0..<0
            }
        }
    }

    /// Sends bytes.
    func send(_ bytes: ArraySlice<UInt8>) throws(BenchmarkFailure) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress.map { $0 + sent }, $0.count - sent, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw BenchmarkFailure(call: "send", on: "a proxied connection") }
            sent += count
        }
        sentBytes += sent
    }

    private func forward(_ length: Int, to other: MessageStream) throws(BenchmarkFailure) {
        var left = length
        while left > 0 {
            guard !pending.isEmpty || fill() else { throw BenchmarkFailure("a body was cut off") }
            let piece = pending.prefix(left)
            try other.send(buffer[piece])
            pending = piece.upperBound..<pending.upperBound
            left -= piece.count
        }
    }

    private func forwardChunks(to other: MessageStream) throws(BenchmarkFailure) {
        while let line = nextLine() {
            try other.send(line[...])
            let digits = String(decoding: line.prefix { $0 > 32 && $0 != UInt8(ascii: ";") }, as: UTF8.self)
            guard let length = Int(digits, radix: 16) else { throw BenchmarkFailure("not a chunk: \(digits)") }
            if length == 0 {
                // Trailers, or the empty line alone.
                while let line = nextLine() {
                    try other.send(line[...])
                    if line.count <= 2 { return }
                }
            }
            try forward(length + 2, to: other)
        }
        throw BenchmarkFailure("a chunked body was cut off")
    }

    /// Bytes up to and with a line feed; nil at the end.
    private func nextLine() -> [UInt8]? {
        var line: [UInt8] = []
        while !pending.isEmpty || fill() {
            if let feed = buffer[pending].firstIndex(of: 10) {
                line += buffer[pending.lowerBound...feed]
                pending = feed + 1..<pending.upperBound
                return line
            }
            line += buffer[pending]
            pending = 0..<0
        }
        return nil
    }

    /// Receives more; false at the end.
    private func fill() -> Bool {
        while true {
            let got = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            if got < 0, errno == EINTR { continue }
            pending = 0..<max(0, got)
            receivedBytes += pending.count
            return got > 0
        }
    }
}
