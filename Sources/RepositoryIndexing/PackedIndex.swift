internal import Codecs
internal import Content
internal import Posix

/// The compressed form of a `BlockIndex`: each block a piece of deflate, all together one gzip file of one member.
///
/// Pieces are known by the hash of their block, so what did not change is not compressed again.
struct PackedIndex: Sendable {
    private struct Piece {
        var slice: LogSlice
        var checksum: CRC32
    }

    let revision: Int64
    let log: IndexLog
    private let head: Piece
    private let pieces: [[UInt8]: Piece]
    let slices: [LogSlice]
    let length: Int64

    /// Whether the log is to be written anew.
    var isWasteful: Bool { log.end - length > length + 1 << 20 }

    /// Compresses what the predecessor does not have, into the predecessor's log while that is not wasteful.
    init(_ index: BlockIndex, _ previous: PackedIndex?, _ makeLog: () throws(ContentError) -> IndexLog)
        throws(ContentError)
    {
        let kept = previous.flatMap { $0.isWasteful ? nil : $0.log }
        var log: IndexLog
        if let kept { log = kept } else { log = try makeLog() }
        let packer = Packer(log, old: kept == nil ? previous?.log : nil)
        var head: Piece
        if let previous { head = try packer.moved(previous.head) } else { head = try packer.head(of: index) }
        revision = index.revision
        var pieces: [[UInt8]: Piece] = [:]
        pieces.reserveCapacity(index.blocks.count)
        var order = [head.slice]
        var checksum = head.checksum
        for block in index.blocks {
            let piece: Piece
            if let known = pieces[block.hash] {
                piece = known
            } else if let known = previous?.pieces[block.hash] {
                piece = try packer.moved(known)
            } else {
                piece = try packer.piece(of: block, in: index)
            }
            pieces[block.hash] = piece
            order.append(piece.slice)
            checksum.append(piece.checksum)
        }
        order.append(try packer.tail(of: index, behind: checksum))
        var slices = LogSlice.merged(order)
        length = order.reduce(0) { $0 + $1.length }
        if slices.count > 1, length <= IndexService.smallLog {
            let whole = try makeLog()
            try whole.append(slices, of: log)
            log = whole
            slices = [LogSlice(offset: 0, length: length)]
            head.slice.offset = 0
            var offset = head.slice.length
            for block in index.blocks {
                pieces[block.hash]?.slice.offset = offset
                offset += pieces[block.hash]?.slice.length ?? 0
            }
        }
        (self.log, self.head, self.pieces, self.slices) = (log, head, pieces, slices)
    }

    /// Writes pieces.
    private struct Packer {
        let log: IndexLog
        let deflater = Deflater()

        /// The log of the pieces that move; nil when none do.
        let old: IndexLog?

        init(_ log: IndexLog, old: IndexLog?) {
            self.log = log
            self.old = old
        }

        /// A piece in the log, copied when it is in the old one.
        func moved(_ piece: Piece) throws(ContentError) -> Piece {
            guard let old else { return piece }
            let offset = log.end
            try log.append([piece.slice], of: old)
            return Piece(slice: LogSlice(offset: offset, length: piece.slice.length), checksum: piece.checksum)
        }

        private func write(_ bytes: [UInt8], behind frame: [UInt8] = []) throws(ContentError) -> Piece {
            var output = frame
            deflater.append(bytes.span, to: &output)
            return Piece(slice: try log.append(output.span), checksum: CRC32(of: bytes.span))
        }

        func head(of index: BlockIndex) throws(ContentError) -> Piece {
            try write(try index.log.read(index.head), behind: GzipFrame.header)
        }

        func piece(of block: Block, in index: BlockIndex) throws(ContentError) -> Piece {
            try write(try index.log.read(block.slice))
        }

        func tail(of index: BlockIndex, behind checksum: CRC32) throws(ContentError) -> LogSlice {
            var output: [UInt8] = []
            deflater.append(index.tailBytes.span, to: &output)
            var checksum = checksum
            checksum.append(CRC32(of: index.tailBytes.span))
            return try log.append((output + GzipFrame.trailer(checksum)).span)
        }
    }
}
