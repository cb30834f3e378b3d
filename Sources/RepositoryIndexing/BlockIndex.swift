internal import Content
internal import Posix

/// A block of an index in its log.
struct Block: Sendable, Equatable {
    /// The keys of its first and last entry.
    var first: ChartVersionKey
    var last: ChartVersionKey
    /// The largest `created` in it.
    var newest: String?
    /// The SHA-256 of its text.
    var hash: [UInt8]
    /// Where its text is.
    var slice: LogSlice
}

/// The JSON index of a whole repository at a revision: blocks in a log.
///
/// Takes about 400 bytes for each block of about 64 versions. A value never changes; the log behind it only grows.
struct BlockIndex: Sendable {
    let revision: Int64
    let log: IndexLog
    let head: LogSlice
    let blocks: [Block]
    let tail: LogSlice
    let tailBytes: [UInt8]
    /// All of it in order, neighbours merged.
    let slices: [LogSlice]
    let length: Int64
    let entityTag: String

    /// What no slice needs any more, in bytes.
    var deadBytes: Int64 { log.end - length }

    /// Whether the log is to be written anew.
    var isWasteful: Bool { deadBytes > length + 1 << 20 }

    init(
        revision: Int64, log: IndexLog, head: LogSlice, blocks: [Block], tail: LogSlice, tailBytes: [UInt8],
        entityTag: String
    ) {
        self.revision = revision
        self.log = log
        self.head = head
        self.blocks = blocks
        self.tail = tail
        self.tailBytes = tailBytes
        self.entityTag = entityTag
        let all = [head] + blocks.map(\.slice) + [tail]
        slices = LogSlice.merged(all)
        length = all.reduce(0) { $0 + $1.length }
    }

    /// The index made from nothing, block by block.
    static func made(
        of state: ChartRepositoryState, from reads: any ChartReads, in log: IndexLog
    ) throws(ContentError) -> BlockIndex {
        var writer = try BlockWriter(log)
        try writer.read(state.namespace, from: nil, reads) { _ in true }
        return try writer.finish(revision: state.revision, tail: nil)
    }

    /// The same index in order in another log, in one slice; nil when `goesOn` ended it.
    func rewritten(to other: IndexLog, while goesOn: () -> Bool) throws(ContentError) -> BlockIndex? {
        guard try other.append(slices, of: log, while: goesOn) else { return nil }
        var offset: Int64 = 0
        func next(_ slice: LogSlice) -> LogSlice {
            defer { offset += slice.length }
            return LogSlice(offset: offset, length: slice.length)
        }
        let newHead = next(head)
        var newBlocks = blocks
        for position in newBlocks.indices { newBlocks[position].slice = next(newBlocks[position].slice) }
        return BlockIndex(
            revision: revision, log: other, head: newHead, blocks: newBlocks, tail: next(tail), tailBytes: tailBytes,
            entityTag: entityTag)
    }
}

extension BlockIndex {
    /// Whether it is cheaper to make the index from nothing than to read the blocks of so many keys.
    func isTooMuch(_ changeCount: Int) -> Bool { changeCount > 64 + blocks.count / 2 }

    /// The index after changes, of which only the blocks they touch are read and written.
    ///
    /// Reading goes on from the first block that a key is in until a new block ends where an old one ended: from there
    /// on the old blocks are what would be made.
    func updated(
        to state: ChartRepositoryState, changes: [ChartVersionKey], _ reads: any ChartReads
    ) throws(ContentError) -> BlockIndex {
        var writer = BlockWriter(continuing: self)
        var next = 0
        var isAtEnd = false
        var changes = changes.sorted()[...]
        while let change = changes.first, !isAtEnd {
            var start = position(of: change, from: next)
            // Behind the last entry: the last block may not have been full.
            if start == blocks.count, next < start { start -= 1 }
            writer.keep(blocks[next..<start])
            next = start
            let first = start < blocks.count ? min(change, blocks[start].first) : change
            isAtEnd = true
            try writer.read(state.namespace, from: first, reads) { last in
                next = position(of: last, from: next)
                guard next < blocks.count, blocks[next].last == last else { return true }
                next += 1
                isAtEnd = false
                return false
            }
            changes = changes.drop { change in !writer.isBehind(change) }
        }
        if !isAtEnd { writer.keep(blocks[next...]) }
        return try writer.finish(revision: state.revision, tail: (tail, tailBytes))
    }

    /// The first block, `start` or later, that does not end before the key.
    private func position(of key: ChartVersionKey, from start: Int) -> Int {
        var (low, high) = (start, blocks.count)
        while low < high {
            let middle = (low + high) / 2
            if blocks[middle].last < key { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
