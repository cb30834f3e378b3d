internal import CLinux
internal import Glibc

/// An open directory: every name is looked up below it, so no path is ever put together from outside data.
///
/// Safe to use from several threads. Names hold no `/`; one that does is refused.
public final class Directory: Sendable {
    /// The path it was opened by, for messages.
    public let path: String
    private let descriptor: CInt
    private let calls: SystemCalls

    /// Opens a directory, making it (mode 0750) and its parents when they are missing.
    public init(creating path: String, calls: SystemCalls = .real) throws(SystemError) {
        try Directory.makeAll(path, calls)
        try calls.admit(.open, path)
        descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(code: errno, call: "open", object: path) }
        self.path = path
        self.calls = calls
    }

    deinit { close(descriptor) }

    private static func makeAll(_ path: String, _ calls: SystemCalls) throws(SystemError) {
        if access(path, F_OK) == 0 { return }
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try makeAll(String(path[..<slash]), calls)
        }
        try calls.admit(.mkdir, path)
        guard mkdir(path, 0o750) == 0 || errno == EEXIST else {
            throw SystemError(code: errno, call: "mkdir", object: path)
        }
        try syncParent(of: path, calls)
    }

    /// Makes a new directory's name durable: a power cut must not take a directory whose files were flushed.
    private static func syncParent(of path: String, _ calls: SystemCalls) throws(SystemError) {
        let name = path.reversed().drop { $0 == "/" }
        let above = String(name.drop { $0 != "/" }.drop { $0 == "/" }.reversed())
        let parent = above.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : above
        try calls.admit(.fsync, parent)
        let descriptor = Glibc.open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(code: errno, call: "open", object: parent) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemError(code: errno, call: "fsync", object: parent) }
    }

    private func object(_ name: String) -> String { path + "/" + name }

    private func check(_ name: String) throws(SystemError) {
        let isPlain = !name.isEmpty && name != "." && name != ".." && !name.utf8.contains { $0 == 0x2F || $0 == 0 }
        guard isPlain else { throw SystemError(code: EINVAL, call: "look up", object: object("?")) }
    }

    /// How to open a file.
    public enum Mode: Sendable {
        /// An existing file, for reading.
        case read
        /// An existing file, for reading and writing.
        case readWrite
        /// A new file (mode 0640), for reading and writing; an error when it exists.
        case createNew
    }

    /// Opens a file; never follows a symbolic link.
    public func open(_ name: String, _ mode: Mode) throws(SystemError) -> File {
        File(descriptor: try openDescriptor(name, mode), name: object(name), calls: calls)
    }

    /// Opens a file and gives its bare descriptor, which the caller closes.
    public func openDescriptor(_ name: String, _ mode: Mode) throws(SystemError) -> CInt {
        try check(name)
        try calls.admit(.open, object(name))
        let flags: CInt
        switch mode {
        case .read: flags = O_RDONLY
        case .readWrite: flags = O_RDWR
        case .createNew: flags = O_RDWR | O_CREAT | O_EXCL
        }
        let number = openat(descriptor, name, flags | O_CLOEXEC | O_NOFOLLOW, 0o640)
        guard number >= 0 else { throw SystemError(code: errno, call: "open", object: object(name)) }
        return number
    }

    /// The size of a file in bytes, or nil when there is none of that name.
    public func size(of name: String) throws(SystemError) -> Int64? {
        try check(name)
        var status = stat()
        if fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 { return Int64(status.st_size) }
        guard errno == ENOENT else { throw SystemError(code: errno, call: "stat", object: object(name)) }
        return nil
    }

    /// Moves a file into another directory of the same file system, replacing what has the name there.
    public func rename(_ name: String, to newName: String, in target: Directory) throws(SystemError) {
        try check(name)
        try check(newName)
        try calls.admit(.rename, object(name))
        guard renameat(descriptor, name, target.descriptor, newName) == 0 else {
            throw SystemError(code: errno, call: "rename", object: object(name))
        }
    }

    /// Removes a file; one that is not there is fine.
    public func remove(_ name: String) throws(SystemError) {
        try check(name)
        try calls.admit(.unlink, object(name))
        guard unlinkat(descriptor, name, 0) == 0 || errno == ENOENT else {
            throw SystemError(code: errno, call: "unlink", object: object(name))
        }
    }

    /// Makes the names in it durable.
    ///
    /// Blocks for a disk flush.
    public func sync() throws(SystemError) {
        try calls.admit(.fsync, path)
        guard fsync(descriptor) == 0 else { throw SystemError(code: errno, call: "fsync", object: path) }
    }

    /// Makes everything on its file system durable.
    ///
    /// Blocks for one flush of all that is dirty there.
    ///
    /// Reports write-back errors since Linux 5.8 (syncfs(2)); see `reportsFileSystemErrors`.
    public func syncFileSystem() throws(SystemError) {
        try calls.admit(.syncfs, path)
        guard chartroom_syncfs(descriptor) == 0 else { throw SystemError(code: errno, call: "syncfs", object: path) }
    }

    /// Whether this kernel's `syncfs` reports write-back errors (Linux 5.8 and later).
    public static var reportsFileSystemErrors: Bool {
        var name = utsname()
        guard uname(&name) == 0 else { return false }
        let release = withUnsafeBytes(of: name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        guard numbers.count == 2 else { return false }
        return numbers[0] > 5 || (numbers[0] == 5 && numbers[1] >= 8)
    }

    /// Bytes free to an unprivileged process on its file system.
    public func freeBytes() throws(SystemError) -> Int64 {
        var status = statvfs()
        guard fstatvfs(descriptor, &status) == 0 else {
            throw SystemError(code: errno, call: "statvfs", object: path)
        }
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? .max : Int64(clamping: bytes)
    }

    /// The names in it, unsorted, without the two that stand for itself and its parent.
    ///
    /// Reads the whole directory.
    public func names() throws(SystemError) -> [String] {
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { throw SystemError(code: errno, call: "open", object: path) }
        guard let stream = fdopendir(copy) else {
            let code = errno
            close(copy)
            throw SystemError(code: code, call: "open", object: path)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            // readdir(3): the end and an error look alike but for errno.
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw SystemError(code: errno, call: "readdir", object: path) }
        return names
    }
}
