internal import Content

/// Puts the blocks of an index together: old ones as they are, new ones from entries.
struct BlockWriter {
    private let log: IndexLog
    private let head: LogSlice
    private let layout = IndexLayout(form: .json)
    private var blocks: [Block] = []

    /// Begins an index from nothing.
    init(_ log: IndexLog) throws(ContentError) {
        self.log = log
        head = try log.append(layout.head.span)
    }

    /// Begins the successor of an index, in its log.
    init(continuing index: BlockIndex) {
        log = index.log
        head = index.head
        blocks.reserveCapacity(index.blocks.count + 2)
    }

    /// Whether the key comes behind everything so far.
    func isBehind(_ key: ChartVersionKey) -> Bool {
        guard let last = blocks.last?.last else { return true }
        return last < key
    }

    /// Takes blocks over.
    mutating func keep(_ others: ArraySlice<Block>) { blocks += others }

    /// Makes blocks of the entries from a key on, until there are no more or `goesOn` says so behind a block.
    mutating func read(
        _ namespace: ChartNamespace, from first: ChartVersionKey?, _ reads: any ChartReads,
        _ goesOn: (ChartVersionKey) -> Bool
    ) throws(ContentError) {
        var builder = BlockBuilder(layout)
        builder.previousName = blocks.last?.last.name
        var failure: ContentError?
        var wasStopped = false
        try reads.forEachEntry(in: namespace, from: first, before: nil) { entry in
            do throws(ContentError) {
                guard let draft = try builder.add(entry) else { return true }
                try append(draft)
                wasStopped = !goesOn(draft.last)
                return !wasStopped
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        if !wasStopped, let rest = builder.finish() { try append(rest) }
    }

    private mutating func append(_ draft: BlockDraft) throws(ContentError) {
        let slice = try log.append(draft.bytes.span)
        blocks.append(
            Block(first: draft.first, last: draft.last, newest: draft.newest, hash: draft.hash, slice: slice))
    }

    /// The index of all blocks; `tail` is the predecessor's, taken over when it is the same.
    func finish(revision: Int64, tail old: (slice: LogSlice, bytes: [UInt8])?) throws(ContentError) -> BlockIndex {
        let generated = blocks.lazy.compactMap(\.newest).max() ?? IndexLayout.noTime
        let bytes = layout.tail(behind: blocks.last?.last.name, generated: generated)
        let tail: LogSlice
        if let old, old.bytes == bytes { tail = old.slice } else { tail = try log.append(bytes.span) }
        let tag = TagBuilder()
        for block in blocks { tag.add(block.hash) }
        return BlockIndex(
            revision: revision, log: log, head: head, blocks: blocks, tail: tail, tailBytes: bytes,
            entityTag: tag.finish(tail: bytes, .json))
    }
}
