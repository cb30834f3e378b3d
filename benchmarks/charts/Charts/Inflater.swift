import CZlib

/// Unpacks gzip by zlib and keeps nothing: what that costs without anything around it.
final class Inflater {
    /// Why bytes cannot be unpacked.
    struct Failure: Error {}

    private var stream = z_stream()
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    /// How many bytes there are in a gzip file of one member.
    func byteCount(_ file: [UInt8]) throws -> Int {
        // 16 added to the window's bits: gzip and nothing else.
        stream = z_stream()
        guard inflateInit2_(&stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw Failure()
        }
        defer { inflateEnd(&stream) }
        var code = Z_OK
        try file.withUnsafeBufferPointer { input in
            // Zlib does not write to its input; the pointer's type is older than `const`.
            stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            stream.avail_in = UInt32(input.count)
            while code == Z_OK {
                code = buffer.withUnsafeMutableBufferPointer { buffer in
                    stream.next_out = buffer.baseAddress
                    stream.avail_out = UInt32(buffer.count)
                    return inflate(&stream, Z_NO_FLUSH)
                }
            }
            guard code == Z_STREAM_END else { throw Failure() }
        }
        return Int(stream.total_out)
    }
}
