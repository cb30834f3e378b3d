internal import Glibc

/// A request's target as sent, caught before libmicrohttpd takes it apart in place.
struct RawTarget {
    /// The path where libmicrohttpd keeps it: valid on the loop thread until the request is over.
    let path: UnsafeBufferPointer<UInt8>
    /// Path and query together, in bytes.
    let count: Int
    /// The query without its `?`, copied: libmicrohttpd cuts the original into pieces.
    let query: String

    init(_ text: UnsafePointer<CChar>) {
        let start = UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self)
        count = strlen(text)
        let mark = memchr(text, 0x3F, count).map { UnsafeRawPointer($0) - UnsafeRawPointer(text) }
        path = UnsafeBufferPointer(start: start, count: mark ?? count)
        query =
            if let mark {
                String(decoding: UnsafeBufferPointer(start: start + mark + 1, count: count - mark - 1), as: UTF8.self)
            } else { "" }
    }

    /// Whether there is neither a blank, a control byte nor a byte beyond ASCII in it.
    var isPrintable: Bool {
        path.allSatisfy { (0x21...0x7E).contains($0) } && query.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// The path as text, without the `http://host` of the absolute form (RFC 9112 section 3.2.2).
    ///
    /// Nil when it does not start with `/` or holds an escaped NUL.
    var pathText: String? {
        var bytes = path[...]
        if bytes.first != 0x2F { bytes = RawTarget.dropOrigin(bytes) }
        guard bytes.first == 0x2F else { return nil }
        var index = bytes.startIndex
        while index + 2 < bytes.endIndex {
            if bytes[index] == 0x25, bytes[index + 1] == 0x30, bytes[index + 2] == 0x30 { return nil }
            index += 1
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The bytes of a C string, without its NUL.
    static func bytes(_ text: UnsafePointer<CChar>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self), count: strlen(text))
    }

    private static func dropOrigin(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Slice<UnsafeBufferPointer<UInt8>> {
        for scheme: StaticString in ["http://", "https://"] where bytes.count > scheme.utf8CodeUnitCount {
            let matches = scheme.withUTF8Buffer { letters in zip(bytes, letters).allSatisfy { $0 == $1 } }
            if matches { return bytes.dropFirst(scheme.utf8CodeUnitCount).drop { $0 != 0x2F } }
        }
        return bytes
    }
}
