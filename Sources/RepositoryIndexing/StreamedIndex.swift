internal import Codecs
internal import Content
internal import HelmModel

/// An index that was made in one go: a view, the YAML form, or that of a small repository.
struct StreamedIndex: Sendable {
    let revision: Int64
    let entityTag: String
    let length: Int64
    let content: IndexSink.Content

    /// The bytes it takes in memory, and in a file.
    var sizes: (memory: Int64, file: Int64) {
        switch content {
        case .bytes(let bytes): (Int64(bytes.count), 0)
        case .file: (0, length)
        }
    }

    var served: ServedIndex {
        switch content {
        case .bytes(let bytes): ServedIndex(entityTag: entityTag, length: length, body: .bytes(bytes))
        case .file(let log):
            ServedIndex(
                entityTag: entityTag, length: length,
                body: .file(IndexFile(log, [LogSlice(offset: 0, length: length)])))
        }
    }
}

/// Makes a `StreamedIndex` entry by entry; takes memory for one block.
struct StreamedIndexBuilder {
    /// How much may be done for an answer that is made on the thread that serves it.
    static let quickEntries = 512
    /// Behind so many versions that came in vain, it is cheaper to look for the next chart.
    private static let patience = 8

    private let request: IndexRequest
    private let layout: IndexLayout
    private let tag = TagBuilder()
    private let deflater: Deflater?
    private var builder: BlockBuilder
    private var sink: IndexSink
    private var checksum = CRC32()
    private var newest: String?
    private var hasRoom = true
    private var entriesLeft: Int
    private var selection: ChartSelector.Selection?
    /// How many versions came by in a row of a chart that is complete.
    private var passed = 0

    /// Begins an index; without `makeLog` only one that is small, of few entries.
    init(_ request: IndexRequest, _ makeLog: (() throws(ContentError) -> IndexLog)?) {
        self.request = request
        layout = IndexLayout(form: request.form)
        selection = request.selector.map { ChartSelector.Selection($0) }
        builder = BlockBuilder(layout)
        sink = IndexSink(makeLog)
        deflater = request.isGzip ? Deflater() : nil
        entriesLeft = makeLog == nil ? StreamedIndexBuilder.quickEntries : .max
    }

    /// Reads what the request chooses; nil when it is too much for an index without a file.
    mutating func build(
        _ state: ChartRepositoryState, _ reads: any ChartReads
    ) throws(ContentError) -> StreamedIndex? {
        if request.isGzip { hasRoom = try sink.append(GzipFrame.header) }
        try write(layout.head)
        let bounds =
            request.selector?.exactNames?.map { StreamedIndexBuilder.bounds(of: $0) } ?? [(nil, nil)]
        for (first, end) in bounds {
            var next = first
            repeat {
                next = try read(reads, from: next, before: end)
            } while next != nil
        }
        guard hasRoom else { return nil }
        if let rest = builder.finish() { try add(rest) }
        return try finish(state.revision)
    }

    /// All versions of a chart: versions go downwards, so the first key is above every order.
    private static func bounds(of name: String) -> (ChartVersionKey?, ChartVersionKey?) {
        (ChartVersionKey(name: name, order: Array(repeating: 0xFF, count: 32)), end(of: name))
    }

    /// The key behind all versions of a chart and before the next chart; no name holds a control character.
    private static func end(of name: String) -> ChartVersionKey {
        ChartVersionKey(name: name + "\u{1}", order: Array(repeating: 0xFF, count: 32))
    }

    /// Reads until the end, or until nothing more of a long chart is chosen: then the key behind that chart.
    private mutating func read(
        _ reads: any ChartReads, from first: ChartVersionKey?, before end: ChartVersionKey?
    ) throws(ContentError) -> ChartVersionKey? {
        var failure: ContentError?
        var next: ChartVersionKey?
        try reads.forEachEntry(in: request.namespace, from: first, before: end) { entry in
            do throws(ContentError) {
                entriesLeft -= 1
                if entriesLeft < 0 { hasRoom = false }
                if hasRoom, takes(entry), let draft = try builder.add(entry) { try add(draft) }
                if passed > StreamedIndexBuilder.patience {
                    next = StreamedIndexBuilder.end(of: entry.key.name)
                    passed = 0
                }
                return hasRoom && next == nil
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        return hasRoom ? next : nil
    }

    /// Whether the request chooses the entry; counts those that came by behind the last one chosen of a chart.
    private mutating func takes(_ entry: ChartEntry) -> Bool {
        guard var selection else { return true }
        guard let version = try? SemanticVersion(lenient: entry.version) else { return false }
        let isTaken = selection.takes(
            name: entry.key.name, version: version, isDeprecated: entry.isDeprecated)
        passed = selection.isChartComplete && !isTaken ? passed + 1 : 0
        self.selection = selection
        return isTaken
    }

    private mutating func add(_ draft: BlockDraft) throws(ContentError) {
        tag.add(draft.hash)
        if let created = draft.newest { newest = max(created, newest ?? created) }
        try write(draft.bytes)
    }

    /// Writes text, compressed when asked for.
    private mutating func write(_ bytes: [UInt8]) throws(ContentError) {
        guard hasRoom else { return }
        guard let deflater else {
            hasRoom = try sink.append(bytes)
            return
        }
        var output: [UInt8] = []
        deflater.append(bytes.span, to: &output)
        checksum.update(bytes.span)
        hasRoom = try sink.append(output)
    }

    private mutating func finish(_ revision: Int64) throws(ContentError) -> StreamedIndex? {
        let tail = layout.tail(behind: builder.previousName, generated: newest ?? IndexLayout.noTime)
        try write(tail)
        if request.isGzip, hasRoom { hasRoom = try sink.append(GzipFrame.trailer(checksum)) }
        guard hasRoom else { return nil }
        let entityTag = tag.finish(tail: tail, request.form) + (request.isGzip ? "-gzip" : "")
        return StreamedIndex(
            revision: revision, entityTag: entityTag, length: sink.length, content: sink.content)
    }
}
