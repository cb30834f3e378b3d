internal import CZlib

/// The CRC-32 of bytes (RFC 1952 section 8), which can be put together from those of parts.
public struct CRC32: Hashable, Sendable {
    /// The checksum; 0 for no bytes.
    public private(set) var value: UInt32
    /// How many bytes it covers.
    public private(set) var byteCount: Int64

    /// The checksum of no bytes.
    public init() {
        value = 0
        byteCount = 0
    }

    /// The checksum of bytes.
    public init(of bytes: Span<UInt8>) {
        self.init()
        update(bytes)
    }

    /// Adds bytes.
    public mutating func update(_ bytes: Span<UInt8>) {
        value = bytes.withUnsafeBufferPointer {
            UInt32(truncatingIfNeeded: crc32_z(UInt(value), $0.baseAddress, $0.count))
        }
        byteCount += Int64(bytes.count)
    }

    /// Adds what another checksum covers, as if its bytes followed; costs about a microsecond.
    public mutating func append(_ other: CRC32) {
        value = UInt32(truncatingIfNeeded: crc32_combine(UInt(value), UInt(other.value), Int(other.byteCount)))
        byteCount += other.byteCount
    }
}

/// What stands around pieces of a `Deflater` in a gzip file of one member (RFC 1952).
public enum GzipFrame {
    /// The header, without name and time, so that the same content gives the same file.
    ///
    /// The system is "unknown".
    public static let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]

    /// What follows the last piece: an empty final block, the checksum and the length of all bytes before compression.
    public static func trailer(_ checksum: CRC32) -> [UInt8] {
        var bytes: [UInt8] = [3, 0]
        for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: checksum.value >> shift)) }
        for shift in [0, 8, 16, 24] as [Int64] { bytes.append(UInt8(truncatingIfNeeded: checksum.byteCount >> shift)) }
        return bytes
    }
}
