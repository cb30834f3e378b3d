internal import Glibc

/// An exclusive lock on a file, held until the value dies or the process ends, however it ends.
public final class FileLock: Sendable {
    private let descriptor: CInt

    private init(descriptor: CInt) {
        self.descriptor = descriptor
    }

    /// Unlocks before it closes: a child that is just being started shares the lock until it has closed its copy.
    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Takes the lock without waiting; nil when another process or another lock object holds it.
    ///
    /// - Throws: `SystemError` when the file cannot be opened or locked.
    public static func take(_ path: String) throws(SystemError) -> FileLock? {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw SystemError(code: errno, call: "open", object: path) }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return FileLock(descriptor: descriptor) }
        let code = errno
        close(descriptor)
        guard code == EWOULDBLOCK else { throw SystemError(code: code, call: "flock", object: path) }
        return nil
    }

    /// Takes the lock, and waits while another process or lock object holds it: for locks that are held for a moment.
    ///
    /// - Throws: `SystemError` when the file cannot be opened or locked.
    public static func wait(_ path: String) throws(SystemError) -> FileLock {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw SystemError(code: errno, call: "open", object: path) }
        while flock(descriptor, LOCK_EX) != 0 {
            let code = errno
            if code == EINTR { continue }
            close(descriptor)
            throw SystemError(code: code, call: "flock", object: path)
        }
        return FileLock(descriptor: descriptor)
    }

    /// Replaces the file's text: who holds the lock.
    ///
    /// At most 4 KiB.
    public func write(_ text: String) throws(SystemError) {
        var bytes = Array(text.utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, &bytes, bytes.count, 0) == bytes.count else {
            throw SystemError(code: errno, call: "write", object: "lock file")
        }
    }

    /// What the holder of the lock wrote; nil when there is no such file.
    public static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        let file = File(descriptor: descriptor, name: path)
        guard let bytes = try? file.read(at: 0, maximumBytes: 4096) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
