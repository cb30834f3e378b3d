/// Makes tar archives, well-formed or not, and wraps them in gzip without a compressor.
public struct TarBuilder {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    /// Adds an entry in ustar format; `size` declares another size than the data has.
    public mutating func add(
        _ path: String, _ data: [UInt8] = [], type: Character = "0", link: String = "", size: Int? = nil,
        mode: Int = 0o644, modificationTime: Int = 1_700_000_000
    ) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: some Sequence<UInt8>, at offset: Int, width: Int) {
            for (index, byte) in text.prefix(width).enumerated() { header[offset + index] = byte }
        }
        func octal(_ value: Int, at offset: Int, width: Int) {
            let digits = String(value, radix: 8)
            put(
                (String(repeating: "0", count: max(0, width - 1 - digits.count)) + digits).utf8, at: offset,
                width: width)
        }
        put(path.utf8, at: 0, width: 100)
        octal(mode, at: 100, width: 8)
        octal(0, at: 108, width: 8)
        octal(0, at: 116, width: 8)
        octal(size ?? data.count, at: 124, width: 12)
        octal(modificationTime, at: 136, width: 12)
        put(repeatElement(UInt8(ascii: " "), count: 8), at: 148, width: 8)
        put(String(type).utf8, at: 156, width: 1)
        put(link.utf8, at: 157, width: 100)
        put("ustar".utf8, at: 257, width: 6)
        put("00".utf8, at: 263, width: 2)
        octal(header.reduce(0) { $0 + Int($1) }, at: 148, width: 7)
        bytes += header + data + repeatElement(0, count: (512 - data.count % 512) % 512)
    }

    public mutating func add(_ path: String, _ text: String) {
        add(path, Array(text.utf8))
    }

    /// Adds bytes as they are.
    public mutating func addRaw(_ raw: [UInt8]) {
        bytes += raw
    }

    /// The archive with its end mark.
    public var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    /// The archive inside gzip.
    public var gzipped: [UInt8] { Gzip.stored(finished) }
}

/// Gzip members without a compressor.
public enum Gzip {
    private static let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]

    /// The bytes in stored blocks.
    public static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var output = header
        var rest = bytes[...]
        repeat {
            let block = rest.prefix(65_535)
            rest = rest.dropFirst(block.count)
            let count = UInt16(block.count)
            output += [rest.isEmpty ? 1 : 0]
            output += [UInt8(count & 0xFF), UInt8(count >> 8), UInt8(~count & 0xFF), UInt8(~count >> 8)]
            output += block
        } while !rest.isEmpty
        return output + trailer(checksum: checksum(bytes), count: bytes.count)
    }

    /// `prefix`, followed by zeros, 258 of them in 13 bits: a bomb. Its checksum is wrong.
    public static func bomb(_ prefix: [UInt8], zeros: Int) -> [UInt8] {
        var bits = BitWriter()
        bits.write(1, count: 1)
        bits.write(1, count: 2)
        for byte in prefix + [0] { bits.writeLiteral(byte) }
        for _ in 0..<(zeros / 258) {
            bits.writeReversed(0b1100_0101, count: 8)
            bits.writeReversed(0, count: 5)
        }
        bits.writeReversed(0, count: 7)
        return header + bits.finished + trailer(checksum: 0, count: prefix.count + 1 + zeros / 258 * 258)
    }

    /// Members that unpack to this many zeros.
    public static func zeros(_ count: Int) -> [UInt8] {
        let bombed = (count - 1) / 258 * 258
        return bomb([], zeros: bombed) + stored([UInt8](repeating: 0, count: count - 1 - bombed))
    }

    private static func trailer(checksum: UInt32, count: Int) -> [UInt8] {
        [checksum, UInt32(truncatingIfNeeded: count)].flatMap { value in
            (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
    }

    private static let checksums: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(0xFFFF_FFFF) { value, byte in checksums[Int(UInt8(truncatingIfNeeded: value) ^ byte)] ^ value >> 8
        }
    }
}

/// Bits from the lowest of each byte, as deflate has them (RFC 1951, section 3.1.1).
private struct BitWriter {
    private var bytes: [UInt8] = []
    private var current: UInt32 = 0
    private var filled: UInt32 = 0

    mutating func write(_ value: UInt32, count: UInt32) {
        current |= value << filled
        filled += count
        while filled >= 8 {
            bytes.append(UInt8(current & 0xFF))
            current >>= 8
            filled -= 8
        }
    }

    /// Huffman codes go in from their highest bit.
    mutating func writeReversed(_ value: UInt32, count: UInt32) {
        var reversed: UInt32 = 0
        for bit in 0..<count { reversed |= (value >> bit & 1) << (count - 1 - bit) }
        write(reversed, count: count)
    }

    /// A byte in the fixed code (RFC 1951, section 3.2.6).
    mutating func writeLiteral(_ byte: UInt8) {
        if byte < 144 {
            writeReversed(0x30 + UInt32(byte), count: 8)
        } else {
            writeReversed(0x190 + UInt32(byte) - 144, count: 9)
        }
    }

    var finished: [UInt8] { filled == 0 ? bytes : bytes + [UInt8(current & 0xFF)] }
}
