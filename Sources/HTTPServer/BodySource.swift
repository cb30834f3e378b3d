internal import Glibc
internal import Synchronization

/// A response body that libmicrohttpd reads block by block.
///
/// Unchecked: used on the connection's loop thread only.
final class BodySource: @unchecked Sendable {
    enum Content {
        case file(descriptor: Int32, offset: Int64)
        case slices(SliceReader)
        case growing(GrowingReader)
        case bytes([UInt8])
        /// Nothing will be read: the answer to a HEAD request.
        case absent
    }

    /// How much is read at once; 256 KiB took no less time for each byte of many slices.
    static let blockBytes = 64 * 1024
    /// The same of a file that is still coming in: a thousand may wait for its bytes, each with a buffer of this size.
    static let growingBlockBytes = 16 * 1024
    private let content: Content
    private let connection: Connection?
    /// How much was handed over.
    private(set) var position: Int64 = 0

    init(_ content: Content, _ connection: Connection?) {
        self.content = content
        self.connection = connection
    }

    deinit {
        if case .file(let descriptor, _) = content { _ = close(descriptor) }
    }

    /// Copies bytes at a position; -1 when the file fails or ends too early, 0 when the connection was suspended.
    func read(at position: Int64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var count = 0
        switch content {
        case .absent:
            return -1
        case .bytes(let bytes):
            guard let start = Int(exactly: position), start < bytes.count else { return -1 }
            count = min(buffer.count, bytes.count - start)
            bytes.withUnsafeBytes {
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<(start + count)]))
            }
        case .slices(let reader):
            count = reader.read(at: position, into: buffer)
            guard count > 0 else { return -1 }
        case .growing(let reader):
            count = reader.read(at: position, into: buffer)
            guard count > 0 else { return count }
        case .file(let descriptor, let offset):
            repeat {
                count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset + position))
            } while count < 0 && errno == EINTR
            guard count > 0 else { return -1 }
        }
        self.position = position + Int64(count)
        connection?.progress.add(Int64(count), ordering: .relaxed)
        return count
    }
}
