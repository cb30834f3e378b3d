import Glibc

/// What the benchmark needs of the head of an HTTP/1.1 response.
package struct ResponseHead {
    package var status = 0
    /// Bytes up to and with the empty line.
    package var byteCount = 0
    /// Bytes of the body that a GET would bring.
    package var contentLength = 0
    package var isLast = false
    package var location = ""
    package var entityTag = ""

    /// Reads the head at the start of some bytes; nil when it is not all there.
    ///
    /// Just enough of the grammar for servers that are known to speak it.
    package init?(_ bytes: UnsafeRawBufferPointer) throws(BenchmarkFailure) {
        guard let start = bytes.baseAddress else { return nil }
        var line = 0
        while let feed = memchr(start + line, 10, bytes.count - line) {
            let next = UnsafeRawPointer(feed) - start + 1
            if next - line == 2, line > 0 {
                byteCount = next
                return
            }
            if line == 0 {
                guard next > 14, memcmp(start, "HTTP/1.1 ", 9) == 0 else {
                    throw BenchmarkFailure("not a response: \(String(decoding: bytes.prefix(40), as: UTF8.self))")
                }
                for position in 9..<12 { status = status * 10 + Int(bytes[position] &- 48) }
            } else {
                try readField(UnsafeRawBufferPointer(rebasing: bytes[line..<next]))
            }
            line = next
        }
        return nil
    }

    private mutating func readField(_ line: UnsafeRawBufferPointer) throws(BenchmarkFailure) {
        // The first letter spares most lines the comparison.
        switch (line.first ?? 0) | 0x20 {
        case UInt8(ascii: "c"):
            if let value = value(of: line, "content-length:") {
                contentLength = value.reduce(0) { $0 &* 10 &+ Int($1 &- 48) }
            } else if let value = value(of: line, "connection:") {
                isLast = value.elementsEqual("close".utf8)
            }
        case UInt8(ascii: "e"):
            if let value = value(of: line, "etag:") { entityTag = String(decoding: value, as: UTF8.self) }
        case UInt8(ascii: "l"):
            if let value = value(of: line, "location:") { location = String(decoding: value, as: UTF8.self) }
        case UInt8(ascii: "t"):
            if value(of: line, "transfer-encoding:") != nil { throw BenchmarkFailure("a chunked answer") }
        default: break
        }
    }

    private func value(of line: UnsafeRawBufferPointer, _ name: StaticString) -> Slice<UnsafeRawBufferPointer>? {
        let length = name.utf8CodeUnitCount
        guard line.count > length + 2, let base = line.baseAddress else { return nil }
        guard strncasecmp(base, name.utf8Start, length) == 0 else { return nil }
        let start = line[length] == 32 ? length + 1 : length
        return line[start..<line.count - 2]
    }
}

private func strncasecmp(_ left: UnsafeRawPointer, _ right: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    Glibc.strncasecmp(
        left.assumingMemoryBound(to: CChar.self), UnsafeRawPointer(right).assumingMemoryBound(to: CChar.self), count)
}
