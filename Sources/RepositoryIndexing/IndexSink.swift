internal import Content

/// Takes an index of unknown size: in memory as long as it is small, then in a file.
struct IndexSink {
    /// Up to here an index stays in memory: a view of one chart of 200 versions does.
    static let bufferedBytes = 256 * 1024

    /// What was collected.
    enum Content: Sendable {
        case bytes([UInt8])
        case file(IndexLog)
    }

    /// The index is larger than what may stay in memory, and there is no file for it.
    struct TooLarge: Error {}

    private let makeLog: (() throws(ContentError) -> IndexLog)?
    private var bytes: [UInt8] = []
    private var log: IndexLog?
    private(set) var length: Int64 = 0

    /// Without `makeLog` nothing goes to a file: `append` says when it would have to.
    init(_ makeLog: (() throws(ContentError) -> IndexLog)?) {
        self.makeLog = makeLog
    }

    /// Appends bytes; false when they are too many for a sink without a file.
    mutating func append(_ more: [UInt8]) throws(ContentError) -> Bool {
        length += Int64(more.count)
        if let log {
            _ = try log.append(more.span)
            return true
        }
        if bytes.count + more.count <= IndexSink.bufferedBytes {
            bytes += more
            return true
        }
        guard let makeLog else { return false }
        let log = try makeLog()
        if !bytes.isEmpty { _ = try log.append(bytes.span) }
        _ = try log.append(more.span)
        bytes = []
        self.log = log
        return true
    }

    var content: Content { log.map { .file($0) } ?? .bytes(bytes) }
}
