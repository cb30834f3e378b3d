public import Content
internal import Posix
internal import Synchronization

/// A part of a log.
struct LogSlice: Hashable, Sendable {
    var offset: Int64
    var length: Int64

    var end: Int64 { offset + length }

    /// The slices with neighbours that touch made one.
    static func merged(_ slices: some Sequence<LogSlice>) -> [LogSlice] {
        var merged: [LogSlice] = []
        for slice in slices where slice.length > 0 {
            if let last = merged.last, last.end == slice.offset {
                merged[merged.count - 1].length += slice.length
            } else {
                merged.append(slice)
            }
        }
        return merged
    }
}

/// A file without a name that only grows; it goes when its last user goes.
///
/// One thread at a time appends; reading is free for all.
final class IndexLog: Sendable {
    /// How much is copied at once.
    private static let copiedBytes = 256 * 1024

    private let file: File
    /// For the descriptors that are given away.
    private let shared: OpenFile
    private let written = Atomic<Int64>(0)

    private init(_ file: consuming File, _ shared: OpenFile) {
        self.file = file
        self.shared = shared
    }

    /// Makes a file in the directory and takes its name away.
    static func make(in directory: Directory, name: String) throws(ContentError) -> IndexLog {
        do throws(SystemError) {
            let file = try directory.open(name, .createNew)
            let shared = try OpenFile(descriptor: try directory.openDescriptor(name, .read), name: name)
            try directory.remove(name)
            return IndexLog(file, shared)
        } catch {
            throw failure(error)
        }
    }

    /// Where the next bytes go.
    var end: Int64 { written.load(ordering: .acquiring) }

    /// Appends bytes; after a failure the log is what it was.
    func append(_ bytes: Span<UInt8>) throws(ContentError) -> LogSlice {
        let slice = LogSlice(offset: end, length: Int64(bytes.count))
        do {
            // A write that failed half-way moved the file's position.
            try file.seek(to: slice.offset)
            try file.write(bytes)
        } catch {
            throw IndexLog.failure(error)
        }
        written.store(slice.end, ordering: .releasing)
        return slice
    }

    /// The bytes of a slice.
    func read(_ slice: LogSlice) throws(ContentError) -> [UInt8] {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try file.read(at: slice.offset, maximumBytes: Int(slice.length))
        } catch {
            throw .corrupt("a repository index cannot be read: \(error)")
        }
        guard bytes.count == Int(slice.length) else {
            throw .corrupt("the file of a repository index is shorter than what was written to it")
        }
        return bytes
    }

    /// Appends slices of another log, in their order; false when `goesOn` ended it before the last one.
    @discardableResult
    func append(
        _ slices: [LogSlice], of other: IndexLog, while goesOn: () -> Bool = { true }
    ) throws(ContentError) -> Bool {
        for slice in slices {
            var offset = slice.offset
            while offset < slice.end {
                guard goesOn() else { return false }
                let part = LogSlice(offset: offset, length: min(slice.end - offset, Int64(IndexLog.copiedBytes)))
                // A name of its own: Swift 6.3.1 makes broken code of the span of what a throwing call returned.
                let bytes = try other.read(part)
                _ = try append(bytes.span)
                offset = part.end
            }
        }
        return true
    }

    /// A descriptor of its own for a reader, who closes it; -1 when the process has no more to give.
    func duplicateDescriptor() -> Int32 { shared.duplicateDescriptor() }

    private static func failure(_ error: SystemError) -> ContentError {
        .storageFull("the repository index cannot be written: \(error); check the data directory's disk")
    }
}

/// An index in parts of an open file, for one answer.
public final class IndexFile: Sendable {
    /// A part of the file, in bytes.
    public struct Part: Hashable, Sendable {
        /// Where it starts.
        public var offset: Int64
        /// Its length.
        public var length: Int64
    }

    /// The parts, in order; no two touch.
    public let parts: [Part]
    private let log: IndexLog

    init(_ log: IndexLog, _ slices: [LogSlice]) {
        self.log = log
        parts = slices.map { Part(offset: $0.offset, length: $0.length) }
    }

    /// A descriptor of the file, which the caller closes; -1 when the process has no more to give.
    public func takeDescriptor() -> Int32 { log.duplicateDescriptor() }

    /// All bytes; for those who do not send them.
    public func read() throws(ContentError) -> [UInt8] {
        var bytes: [UInt8] = []
        for part in parts { bytes += try log.read(LogSlice(offset: part.offset, length: part.length)) }
        return bytes
    }
}
