internal import Glibc

/// A system call that failed: which, on what, why.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The `errno` value.
    public let code: CInt
    /// The call, `fsync` for example.
    public let call: String
    /// What it was called on: a path, never a secret.
    public let object: String

    /// Keeps what failed.
    public init(code: CInt, call: String, object: String) {
        self.code = code
        self.call = call
        self.object = object
    }

    /// `cannot fsync blobs/sha256: No space left on device`.
    public var description: String { "cannot \(call) \(object): \(SystemError.text(code))" }

    /// The text of an `errno` value.
    public static func text(_ code: CInt) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let base = buffer.baseAddress, strerror_r(code, base, buffer.count) == 0 else {
                return "error \(code)"
            }
            return String(cString: base)
        }
    }

    /// Whether the object does not exist.
    public var isNotFound: Bool { code == ENOENT }
    /// Whether it exists already.
    public var alreadyExists: Bool { code == EEXIST }
    /// Whether the disk, the quota or the file system's write path is the cause.
    public var isStorageFailure: Bool { [ENOSPC, EDQUOT, EIO, EROFS, EFBIG].contains(code) }
}
