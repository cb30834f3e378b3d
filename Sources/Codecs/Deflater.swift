internal import CZlib

/// Compresses bytes as pieces of raw deflate (RFC 1951) over zlib.
///
/// Each piece stands for itself: it refers to nothing before it, ends at a byte and is not final, so pieces can be put
/// one behind the other in any order. `GzipFrame` makes a file of them. Not safe to share between threads; may move
/// between them.
public final class Deflater {
    /// More than a flush marker, so that zlib never writes two (zlib.h, `deflate`), and few calls for a block.
    private static let scratchBytes = 64 * 1024
    /// What zlib is given at once; its counters have 32 bits.
    private static let inputBytes = 1 << 30

    private let stream: UnsafeMutablePointer<z_stream>
    private let scratch: UnsafeMutablePointer<UInt8>

    /// Makes a compressor; it takes about 330 kB.
    ///
    /// `level` is zlib's, from 1 (fast) to 9 (small).
    public init(level: Int = 6) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        scratch = .allocate(capacity: Deflater.scratchBytes)
        let code = chartroom_deflate_init(stream, Int32(min(max(level, 1), 9)))
        precondition(code == Z_OK, "zlib cannot begin to compress: it is out of memory")
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
        scratch.deallocate()
    }

    /// Appends the bytes as one piece to the output.
    public func append(_ bytes: Span<UInt8>, to output: inout [UInt8]) {
        deflateReset(stream)
        bytes.withUnsafeBufferPointer { input in
            var start = 0
            repeat {
                let count = min(input.count - start, Deflater.inputBytes)
                // Zlib does not write to its input; the pointer's type is older than `const`.
                stream.pointee.next_in = input.baseAddress.map { UnsafeMutablePointer(mutating: $0 + start) }
                stream.pointee.avail_in = UInt32(count)
                start += count
                drain(flush: start == input.count ? Z_FULL_FLUSH : Z_NO_FLUSH, into: &output)
            } while start < input.count
        }
    }

    private func drain(flush: Int32, into output: inout [UInt8]) {
        repeat {
            stream.pointee.next_out = scratch
            stream.pointee.avail_out = UInt32(Deflater.scratchBytes)
            deflate(stream, flush)
            let count = Deflater.scratchBytes - Int(stream.pointee.avail_out)
            output.append(contentsOf: UnsafeBufferPointer(start: scratch, count: count))
        } while stream.pointee.avail_out == 0
    }
}
