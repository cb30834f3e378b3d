import CArchive

/// libarchive's reader and the buffer it reads from.
struct ArchiveHandle: ~Copyable {
    private let archive: OpaquePointer
    private let feed: Unmanaged<Feed>

    init(nextPiece: @escaping () throws -> [UInt8]?) throws(ArchiveError) {
        guard let archive = archive_read_new() else { throw .malformed("out of memory") }
        self.archive = archive
        feed = Unmanaged.passRetained(Feed(nextPiece))
    }

    /// Pulls the first bytes and picks the filter; once, before anything else.
    mutating func open() throws(ArchiveError) {
        guard archive_read_support_filter_gzip(archive) == ARCHIVE_OK,
            archive_read_support_format_tar(archive) == ARCHIVE_OK
        else { throw .malformed("libarchive was built without gzip") }
        let status = archive_read_open(archive, feed.toOpaque(), nil, readFeed, nil)
        let feed = feed.takeUnretainedValue()
        if let error = feed.failure { throw .source(error) }
        guard feed.firstBytes == [0x1F, 0x8B, 8] else { throw .notGzip }
        // libarchive unpacks the first bytes already here, and looks for the format.
        if status != ARCHIVE_OK {
            throw feed.byteCount < Feed.smallestGzip ? .truncated : failure()
        }
        // One gzip filter, then the bytes themselves.
        guard archive_filter_code(archive, 0) == ARCHIVE_FILTER_GZIP, archive_filter_count(archive) == 2 else {
            throw .notGzip
        }
    }

    deinit {
        archive_read_free(archive)
        feed.release()
    }

    /// How many bytes came out of gzip so far.
    var unpackedBytes: Int64 { archive_filter_bytes(archive, 0) }

    /// Reads the next header; nil at the end of the archive.
    mutating func nextEntry() throws(ArchiveError) -> ArchiveEntry? {
        var pointer: OpaquePointer?
        let status = archive_read_next_header(archive, &pointer)
        if status == ARCHIVE_EOF { return nil }
        guard status == ARCHIVE_OK || status == ARCHIVE_WARN, let entry = pointer else { throw failure() }
        return ArchiveEntry(
            path: text(archive_entry_pathname_utf8(entry), archive_entry_pathname(entry)), kind: kind(of: entry),
            size: archive_entry_size(entry), mode: UInt32(archive_entry_perm(entry)),
            modificationTime: Int64(archive_entry_mtime(entry)))
    }

    private func kind(of entry: OpaquePointer) -> ArchiveEntry.Kind {
        if archive_entry_hardlink(entry) != nil || archive_entry_hardlink_utf8(entry) != nil {
            return .hardLink(text(archive_entry_hardlink_utf8(entry), archive_entry_hardlink(entry)))
        }
        switch UInt32(archive_entry_filetype(entry)) {
        case 0o100000: return .file
        case 0o040000: return .directory
        case 0o120000:
            return .symbolicLink(text(archive_entry_symlink_utf8(entry), archive_entry_symlink(entry)))
        default: return .special
        }
    }

    /// libarchive gives a text as UTF-8 when it knows its encoding, and as written otherwise.
    private func text(_ utf8: UnsafePointer<CChar>?, _ raw: UnsafePointer<CChar>?) -> String {
        (utf8 ?? raw).map { String(cString: $0) } ?? ""
    }

    /// Reads at most `count` bytes of the entry's data; empty at its end.
    mutating func read(upTo count: Int) throws(ArchiveError) -> [UInt8] {
        var result = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            result = archive_read_data(archive, buffer.baseAddress, count)
            initialized = max(0, result)
        }
        guard result >= 0 else { throw failure() }
        return bytes
    }

    /// The source's error when it threw one, otherwise libarchive's words sorted into cases.
    private func failure() -> ArchiveError {
        if let error = feed.takeUnretainedValue().failure { return .source(error) }
        let words = archive_error_string(archive).map { String(cString: $0) } ?? "no reason given"
        if words.contains("runcated") { return .truncated }
        if words.contains("Unrecognized archive format") { return .notTar }
        return .malformed(words)
    }
}

/// The source's current piece, at an address that stays until the next one.
///
/// Touched by the reader's thread only.
private final class Feed {
    private let nextPiece: () throws -> [UInt8]?
    private var piece = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 0)
    private(set) var failure: (any Error)?
    private(set) var firstBytes: [UInt8] = []
    private(set) var byteCount = 0

    /// Header, an empty block and trailer.
    static let smallestGzip = 20

    init(_ nextPiece: @escaping () throws -> [UInt8]?) {
        self.nextPiece = nextPiece
    }

    deinit {
        piece.deallocate()
    }

    /// The next bytes; an empty buffer at the end, nil when the source threw.
    func next() -> UnsafeMutableBufferPointer<UInt8>? {
        let bytes: [UInt8]
        do {
            bytes = try nextPiece() ?? []
        } catch {
            failure = error
            return nil
        }
        byteCount += bytes.count
        firstBytes += bytes.prefix(3 - firstBytes.count)
        piece.deallocate()
        piece = .allocate(capacity: bytes.count)
        _ = piece.initialize(fromContentsOf: bytes)
        return piece
    }
}

private func readFeed(
    _ archive: OpaquePointer?, _ feed: UnsafeMutableRawPointer?, _ buffer: UnsafeMutablePointer<UnsafeRawPointer?>?
) -> Int {
    guard let feed, let piece = Unmanaged<Feed>.fromOpaque(feed).takeUnretainedValue().next() else { return -1 }
    buffer?.pointee = UnsafeRawPointer(piece.baseAddress)
    return piece.count
}
