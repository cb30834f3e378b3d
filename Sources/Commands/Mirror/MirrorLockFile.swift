import OCIModel
import Posix
import Sync

/// The file a lock is kept in.
struct MirrorLockFile: Sendable {
    let path: String

    /// The file of an invocation: `--lock`, else the mirror file's name with the ending `.lock`.
    init(_ invocation: Invocation, beside mirrorFile: String) {
        if let path = invocation.arguments["lock"] {
            self.path = path
            return
        }
        let ending = [".yaml", ".yml"].first { mirrorFile.hasSuffix($0) } ?? ""
        path = mirrorFile.dropLast(ending.count) + ".lock"
    }

    /// The lock; nil when there is no such file.
    ///
    /// - Throws: `.usage` when it cannot be read or is no lock.
    func read() throws(CommandError) -> MirrorLock? {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try File.contents(of: path, maximumBytes: MirrorLock.maximumBytes)
        } catch {
            if error.isNotFound { return nil }
            throw CommandError(.usage, "the lock cannot be read: \(error)")
        }
        do throws(OCIParseError) {
            return try MirrorLock(parsing: bytes)
        } catch {
            throw CommandError(
                .usage, "\(path): \(error.description)",
                hints: ["write it anew with 'chartroom mirror plan --write-lock'"])
        }
    }

    /// The lock of one mirror.
    ///
    /// - Throws: `.usage` when there is none.
    func mirror(_ name: String, in lock: MirrorLock) throws(CommandError) -> LockedMirror {
        guard let found = lock.mirrors.first(where: { $0.name == name }) else {
            throw CommandError(
                .usage, "\(path) does not lock the mirror \(Printable.quoted(name))",
                hints: ["write it with 'chartroom mirror plan --write-lock \(Printable.text(name))'"])
        }
        return found
    }

    /// Puts a lock in place of what is there.
    func write(_ lock: MirrorLock) throws(CommandError) {
        do throws(SystemError) {
            let file = try AtomicFile(path: path)
            try file.write(Array(lock.text.utf8))
            try file.commit()
        } catch {
            throw CommandError(error)
        }
    }
}

extension Invocation {
    /// The lock, where a command cannot go on without one.
    func requiredLock(_ file: MirrorLockFile) throws(CommandError) -> MirrorLock {
        guard let lock = try file.read() else {
            throw CommandError(
                .usage, "there is no lock \(Printable.text(file.path))",
                hints: ["write one with 'chartroom mirror plan --write-lock', or name one with --lock FILE"])
        }
        return lock
    }
}
