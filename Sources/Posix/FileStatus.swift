internal import Glibc

/// What tells a changed file from the same one: identity, size and times.
///
/// Follows symbolic links.
public struct FileStatus: Hashable, Sendable {
    /// What a path leads to.
    public enum Kind: Sendable {
        /// A file with bytes.
        case regular
        /// A directory.
        case directory
        /// Anything else: sockets, devices, pipes.
        case other
    }

    /// What it is.
    public let kind: Kind
    /// The size in bytes.
    public let size: Int64
    /// When its bytes last changed, in nanoseconds since 1970; saturating.
    public let modifiedNanoseconds: Int64
    private let device: UInt64
    private let inode: UInt64

    /// Looks at a path; nil when nothing is there.
    ///
    /// - Throws: `SystemError` when it cannot be looked at, because a directory on the way is closed for example.
    public init?(path: String) throws(SystemError) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw SystemError(code: errno, call: "stat", object: path)
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: kind = .regular
        case S_IFDIR: kind = .directory
        default: kind = .other
        }
        size = Int64(status.st_size)
        let (seconds, overflow) = Int64(status.st_mtim.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
        modifiedNanoseconds = overflow ? .max : seconds &+ Int64(status.st_mtim.tv_nsec)
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}

extension File {
    /// Opens the file a path leads to, for reading; follows symbolic links and never waits for a pipe's writer.
    public init(reading path: String) throws(SystemError) {
        let number = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard number >= 0 else { throw SystemError(code: errno, call: "open", object: path) }
        self.init(descriptor: number, name: path)
    }

    /// All bytes of a regular file.
    ///
    /// - Throws: `SystemError` with `EFBIG` when it has more than `maximumBytes`, `EISDIR` or `EINVAL` when it is no
    ///   regular file, or as reading does.
    public static func contents(of path: String, maximumBytes: Int) throws(SystemError) -> [UInt8] {
        if let status = try FileStatus(path: path) {
            switch status.kind {
            case .regular: break
            case .directory: throw SystemError(code: EISDIR, call: "read", object: path)
            case .other: throw SystemError(code: EINVAL, call: "read", object: path)
            }
        }
        let file = try File(reading: path)
        let bytes = try file.read(at: 0, maximumBytes: maximumBytes + 1)
        guard bytes.count <= maximumBytes else { throw SystemError(code: EFBIG, call: "read", object: path) }
        return bytes
    }
}
