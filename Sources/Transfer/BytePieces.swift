public import Content
internal import Synchronization

/// Bytes at hand, in pieces.
public final class BytePieces: BlobPieces {
    private static let pieceBytes = 262_144
    private let bytes: [UInt8]
    private let position: Mutex<Int>

    /// Gives what follows an offset; nothing when there is nothing.
    public init(_ bytes: [UInt8], from offset: Int64 = 0) {
        self.bytes = bytes
        position = Mutex(Int(min(max(0, offset), Int64(bytes.count))))
    }

    /// The next piece; nil at the end.
    public func next() async throws(ContentError) -> [UInt8]? {
        let range = position.withLock { position in
            let start = position
            position = min(bytes.count, start + BytePieces.pieceBytes)
            return start..<position
        }
        return range.isEmpty ? nil : Array(bytes[range])
    }
}
