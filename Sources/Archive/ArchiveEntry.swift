/// One entry's header.
public struct ArchiveEntry: Sendable, Equatable {
    /// The path as written, not cleaned, not safe; bytes that are not UTF-8 are replaced by U+FFFD.
    public var path: String
    /// What the entry is.
    public var kind: Kind
    /// The size of its data in bytes.
    public var size: Int64
    /// The permission bits.
    public var mode: UInt32
    /// When it was modified last, in seconds since 1970; may be anything.
    public var modificationTime: Int64

    /// What an entry is.
    public enum Kind: Sendable, Equatable {
        /// A file.
        case file
        /// A directory.
        case directory
        /// A symbolic link to a path.
        case symbolicLink(String)
        /// Another name for an entry before it.
        case hardLink(String)
        /// A device, a pipe, a socket.
        case special
    }
}

/// Why an archive cannot be read.
public enum ArchiveError: Error, Sendable {
    /// The bytes are not compressed by gzip, or more than once.
    case notGzip
    /// What gzip holds is no tar archive.
    case notTar
    /// The archive ends too early.
    case truncated
    /// The archive contradicts its format.
    case malformed(String)
    /// There are more entries than the limit.
    case tooManyEntries(limit: Int)
    /// One entry is larger than the limit in bytes.
    case entryTooLarge(path: String, limit: Int64)
    /// The archive unpacks to more than the limit in bytes.
    case tooLarge(limit: Int64)
    /// The source of the bytes failed.
    case source(any Error)
}

extension ArchiveError: CustomStringConvertible {
    /// One sentence without a final full stop.
    public var description: String {
        switch self {
        case .notGzip: "not a gzip-compressed archive"
        case .notTar: "not a tar archive inside gzip"
        case .truncated: "the archive ends too early"
        case .malformed(let words): "the archive is malformed: \(words)"
        case .tooManyEntries(let limit): "the archive has more than \(limit) entries"
        case .entryTooLarge(let path, let limit):
            "entry \"\(ArchiveError.shown(path))\" of the archive is larger than \(limit) bytes"
        case .tooLarge(let limit): "the archive unpacks to more than \(limit) bytes"
        case .source(let error): "the archive cannot be read: \(error)"
        }
    }

    /// At most 100 characters of a hostile path, control characters replaced.
    private static func shown(_ path: String) -> String {
        String(path.unicodeScalars.prefix(100).map { $0.value < 0x20 || $0.value == 0x7F ? "?" : Character($0) })
    }
}
