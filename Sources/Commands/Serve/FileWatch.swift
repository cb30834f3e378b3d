import Posix

/// Tells when one of some files has changed: by identity, size and time, without reading it.
struct FileWatch {
    private let paths: [String]
    private var known: [FileStatus?]
    private let look: @Sendable (String) -> FileStatus?

    /// Remembers how the files are now.
    init(_ paths: [String], look: @escaping @Sendable (String) -> FileStatus? = FileWatch.status) {
        self.paths = paths
        self.look = look
        known = paths.map(look)
    }

    /// Whether one of them has changed since the last look.
    mutating func poll() -> Bool {
        let now = paths.map(look)
        defer { known = now }
        return now != known
    }

    /// A file that cannot be looked at counts as missing: reading it will say why.
    static let status: @Sendable (String) -> FileStatus? = { path in
        do { return try FileStatus(path: path) } catch { return nil }
    }
}
