internal import Glibc

/// A file that appears under its name only when it is complete and durable.
///
/// It is written under a temporary name in the same directory. Going out of scope without `commit()` removes it.
public struct AtomicFile: ~Copyable {
    /// The path it will have.
    public let path: String
    private let temporaryPath: String
    private var descriptor: CInt

    /// Makes the temporary file, with the permissions the process's umask leaves of 0666.
    public init(path: String) throws(SystemError) {
        self.path = path
        let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let unique = String(UInt64.random(in: 0 ... .max), radix: 36)
        temporaryPath = path[..<slash] + "." + path[slash...].prefix(200) + "." + unique + ".partial"
        descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw SystemError(code: errno, call: "create", object: path)
        }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(temporaryPath)
    }

    /// Appends bytes.
    public func write(_ bytes: [UInt8]) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBufferPointer { buffer -> Int in
                guard let base = buffer.baseAddress else { return 0 }
                return Glibc.write(descriptor, base + written, buffer.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SystemError(code: errno, call: "write", object: path) }
            written += count
        }
    }

    /// Makes the bytes durable and gives them their name, replacing what had it.
    ///
    /// Blocks for disk flushes.
    ///
    /// - Throws: `SystemError`; then nothing has changed under the name.
    public consuming func commit() throws(SystemError) {
        guard fsync(descriptor) == 0 else { throw SystemError(code: errno, call: "fsync", object: path) }
        guard rename(temporaryPath, path) == 0 else { throw SystemError(code: errno, call: "rename", object: path) }
        let slash = path.lastIndex(of: "/")
        let directory = open(slash.map { String(path[...$0]) } ?? ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        let number = descriptor
        descriptor = -1
        let closed = close(number)
        let closeCode = errno
        if directory >= 0 {
            _ = fsync(directory)
            close(directory)
        }
        guard closed == 0 else { throw SystemError(code: closeCode, call: "close", object: path) }
    }
}
