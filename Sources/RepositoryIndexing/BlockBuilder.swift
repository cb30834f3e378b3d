internal import Codecs
internal import Content
internal import OCIModel

/// A block that was just made.
struct BlockDraft {
    /// The keys of its first and last entry.
    var first: ChartVersionKey
    var last: ChartVersionKey
    /// The largest `created` in it.
    var newest: String?
    /// Its text.
    var bytes: [UInt8]

    /// The SHA-256 of its text.
    var hash: [UInt8] { ContentHasher.hash(bytes.span, .sha256) }
}

/// Joins entries to blocks.
///
/// A block ends behind an entry whose archive's digest ends in six zero bits, behind 512 entries, or behind a mebibyte.
/// So where blocks end follows from the entries, and a change moves no end but those near it; each entry's text has its
/// separator in front, so a block depends on the name of the entry before it and on nothing behind it.
struct BlockBuilder {
    private static let maximumEntries = 512
    private static let maximumBytes = 1 << 20

    let layout: IndexLayout
    /// The chart of the last entry so far; nil before the first.
    var previousName: String?
    private var count = 0
    private var draft: BlockDraft?

    init(_ layout: IndexLayout) {
        self.layout = layout
    }

    /// A byte that is the entry's own, whatever stands around it.
    private static func mark(of entry: ChartEntry) -> UInt8 {
        entry.archive?.bytes.last ?? entry.version.utf8.reduce(UInt8(entry.key.name.utf8.count & 63)) { $0 &* 31 &+ $1 }
    }

    /// Adds an entry; a draft when it ended a block.
    mutating func add(_ entry: ChartEntry) throws(ContentError) -> BlockDraft? {
        let text = try layout.entry(entry.json)
        var current =
            draft.take() ?? BlockDraft(first: entry.key, last: entry.key, newest: nil, bytes: [])
        current.last = entry.key
        current.bytes += layout.separator(from: previousName, to: entry.key.name)
        current.bytes += text
        if let created = IndexLayout.created(in: entry.json) {
            current.newest = max(created, current.newest ?? created)
        }
        previousName = entry.key.name
        count += 1
        let isEnd =
            BlockBuilder.mark(of: entry) & 63 == 0 || count >= BlockBuilder.maximumEntries
            || current.bytes.count >= BlockBuilder.maximumBytes
        guard isEnd else {
            draft = current
            return nil
        }
        count = 0
        return current
    }

    /// The block that no entry ended; nil when there is none.
    mutating func finish() -> BlockDraft? {
        count = 0
        return draft.take()
    }
}

/// The entity tag of an index: from the hashes of its blocks and its tail.
struct TagBuilder {
    private let hasher = ContentHasher(.sha256)

    func add(_ hash: [UInt8]) { hasher.update(hash.span) }

    /// The tag of the whole; the suffixes name the form.
    func finish(tail: [UInt8], _ form: IndexRequest.Form) -> String {
        hasher.update(ContentHasher.hash(tail.span, .sha256).span)
        let hex = Digest(.sha256, hash: hasher.finish())?.hex ?? ""
        switch form {
        case .json: return hex
        case .yaml: return hex + "-yaml"
        }
    }
}
