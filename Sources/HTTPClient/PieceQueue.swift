/// Bytes on their way out, kept as the pieces they came in.
struct PieceQueue {
    private var pieces: [[UInt8]] = []
    /// Where the first piece stands.
    private var offset = 0
    private(set) var byteCount = 0
    /// Whether nothing more will be added.
    var isComplete = false

    mutating func append(_ piece: [UInt8]) {
        guard !piece.isEmpty else { return }
        pieces.append(piece)
        byteCount += piece.count
    }

    /// Moves as much of the first pieces as fits; gives how many bytes.
    mutating func copy(into room: UnsafeMutableRawBufferPointer) -> Int {
        var copied = 0
        while copied < room.count, let first = pieces.first {
            let count = min(first.count - offset, room.count - copied)
            first.withUnsafeBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: room[copied..<(copied + count)])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)]))
            }
            copied += count
            offset += count
            if offset == first.count {
                pieces.removeFirst()
                offset = 0
            }
        }
        byteCount -= copied
        return copied
    }
}
