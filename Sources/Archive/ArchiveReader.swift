// Archive: gzip-compressed tar archives as a stream of entries, over libarchive.
//
// Owns: decompression, the tar formats (ustar, pax, GNU), and the limits on what they unfold to.
// Invariant: nothing touches the file system; an archive stops at its limits before more than one piece behind them is
// unpacked; exactly one layer of gzip, no other filter, no other format.
// Thread rule: a reader is used by one thread at a time; it calls its source on that thread.

/// Reads an archive entry by entry from a source of pieces.
///
/// Ask for the next entry, then read its data in pieces or ask for the next one, which skips them. Memory: one piece of
/// the source and one of data. Checksums of gzip are not verified: digests of archives are.
public struct ArchiveReader: ~Copyable {
    /// How much data one piece holds at most, in bytes.
    public static let pieceSize = 65_536

    private var handle: ArchiveHandle
    private let limits: ArchiveLimits
    private var entryCount = 0
    private var declaredBytes: Int64 = 0
    private var remainingInEntry: Int64 = 0

    /// Reads from a source that gives the archive's next bytes on each call, and nil or nothing behind the last.
    ///
    /// - Throws: `ArchiveError.notGzip` when the first bytes are not gzip's, `.source` when the source throws.
    public init(
        limits: ArchiveLimits = ArchiveLimits(), nextPiece: @escaping () throws -> [UInt8]?
    ) throws(ArchiveError) {
        var handle = try ArchiveHandle(nextPiece: nextPiece)
        try handle.open()
        self.handle = handle
        self.limits = limits
    }

    /// Reads from bytes in memory.
    ///
    /// - Throws: `ArchiveError.notGzip` when the first bytes are not gzip's.
    public init(_ bytes: [UInt8], limits: ArchiveLimits = ArchiveLimits()) throws(ArchiveError) {
        var rest: [UInt8]? = bytes
        try self.init(limits: limits) { rest.take() }
    }

    /// Moves to the next entry, skipping what is left of this one; nil behind the last.
    ///
    /// - Throws: `ArchiveError`; the reader is of no use afterwards.
    public mutating func nextEntry() throws(ArchiveError) -> ArchiveEntry? {
        guard let entry = try handle.nextEntry() else { return nil }
        entryCount += 1
        guard entryCount <= limits.entries else { throw .tooManyEntries(limit: limits.entries) }
        guard entry.path.utf8.count <= limits.pathBytes else {
            throw .malformed("an entry's path is longer than \(limits.pathBytes) bytes")
        }
        guard entry.size >= 0 else { throw .malformed("an entry's size is negative") }
        guard entry.size <= limits.entryBytes else {
            throw .entryTooLarge(path: entry.path, limit: limits.entryBytes)
        }
        declaredBytes += entry.size
        guard declaredBytes <= limits.totalBytes, handle.unpackedBytes <= limits.totalBytes else {
            throw .tooLarge(limit: limits.totalBytes)
        }
        remainingInEntry = entry.size
        return entry
    }

    /// The next piece of the entry's data, `pieceSize` bytes at most; nil behind the last.
    ///
    /// - Throws: `ArchiveError`; the reader is of no use afterwards.
    public mutating func nextPiece() throws(ArchiveError) -> [UInt8]? {
        guard remainingInEntry > 0 else { return nil }
        let piece = try handle.read(upTo: Int(min(remainingInEntry, Int64(ArchiveReader.pieceSize))))
        guard !piece.isEmpty else { throw .truncated }
        remainingInEntry -= Int64(piece.count)
        return piece
    }

    /// The rest of the entry's data at once, not more than `maximumBytes`.
    ///
    /// - Throws: `ArchiveError.entryTooLarge` when there is more; any other `ArchiveError`.
    public mutating func remainingData(maximumBytes: Int64, of entry: ArchiveEntry) throws(ArchiveError) -> [UInt8] {
        guard remainingInEntry <= maximumBytes else {
            throw .entryTooLarge(path: entry.path, limit: maximumBytes)
        }
        var data: [UInt8] = []
        while let piece = try nextPiece() { data += piece }
        return data
    }
}

/// What an archive may unfold to at most.
public struct ArchiveLimits: Sendable {
    /// Bytes of the whole archive unpacked, headers included; 100 MiB, which is Helm's limit.
    public var totalBytes: Int64 = 100 << 20
    /// Bytes of one entry; 32 MiB.
    public var entryBytes: Int64 = 32 << 20
    /// Entries; 10,000.
    public var entries = 10_000
    /// Bytes of one entry's path; 4,096.
    public var pathBytes = 4096

    /// The defaults.
    public init() {}
}
