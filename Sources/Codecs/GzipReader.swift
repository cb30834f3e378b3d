internal import CZlib

/// Why bytes cannot be unpacked.
public enum GzipError: Error, Sendable, Equatable {
    /// They are no gzip file, a damaged one, or end too early.
    case malformed
    /// They unpack to more bytes than allowed.
    case tooLarge(limit: Int)
}

/// Unpacks a gzip file (RFC 1952) of any number of members, piece by piece, over zlib.
///
/// A few kilobytes may unpack to gigabytes, so there is always a limit. Not safe to share between threads; may move
/// between them.
public final class GzipReader {
    private static let scratchBytes = 64 * 1024

    private let stream: UnsafeMutablePointer<z_stream>
    private let scratch: UnsafeMutablePointer<UInt8>
    private let maximumBytes: Int
    private var total = 0
    /// Between two members; a file may end here only.
    private var isBetween = false

    /// Makes a reader that unpacks at most that many bytes.
    public init(maximumBytes: Int) {
        self.maximumBytes = maximumBytes
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        scratch = .allocate(capacity: GzipReader.scratchBytes)
        let code = chartroom_gunzip_init(stream)
        precondition(code == Z_OK, "zlib cannot begin to unpack: it is out of memory")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        scratch.deallocate()
    }

    /// Appends what the next piece unpacks to; nothing more may be read behind an error.
    public func read(_ bytes: Span<UInt8>, into output: inout [UInt8]) throws(GzipError) {
        try bytes.withUnsafeBufferPointer { input throws(GzipError) in
            guard let base = input.baseAddress, input.count <= Int(UInt32.max) else { return }
            // Zlib does not write to its input; the pointer's type is older than `const`.
            stream.pointee.next_in = UnsafeMutablePointer(mutating: base)
            stream.pointee.avail_in = UInt32(input.count)
            defer { stream.pointee.next_in = nil }
            repeat { try step(&output) } while stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0
        }
    }

    /// Ends the file.
    ///
    /// - Throws: `.malformed` when it ends in the middle.
    public func finish() throws(GzipError) {
        guard isBetween else { throw .malformed }
    }

    private func step(_ output: inout [UInt8]) throws(GzipError) {
        if isBetween {
            guard stream.pointee.avail_in > 0 else {
                stream.pointee.avail_out = 1
                return
            }
            inflateReset(stream)
            isBetween = false
        }
        stream.pointee.next_out = scratch
        stream.pointee.avail_out = UInt32(GzipReader.scratchBytes)
        let code = inflate(stream, Z_NO_FLUSH)
        // Z_BUF_ERROR says only that there was nothing to do.
        guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else { throw .malformed }
        let count = GzipReader.scratchBytes - Int(stream.pointee.avail_out)
        guard count <= maximumBytes - total else { throw .tooLarge(limit: maximumBytes) }
        total += count
        output.append(contentsOf: UnsafeBufferPointer(start: scratch, count: count))
        isBetween = code == Z_STREAM_END
    }
}
