// Posix: files, directories, threads and locks of the operating system.
//
// Owns: every call of open, write, fsync, rename and their kin. Invariant: a call that matters for durability asks
// `SystemCalls` first, so that a test can make the n-th one fail. Descriptors are close-on-exec.

/// The system calls a test can make fail.
public enum SystemCall: String, CaseIterable, Sendable {
    /// Opening or creating a file.
    case open
    /// Writing bytes.
    case write
    /// Reading bytes.
    case read
    /// Flushing a file's data.
    case fdatasync
    /// Flushing a directory.
    case fsync
    /// Flushing a file system.
    case syncfs
    /// Closing a descriptor that was written to.
    case close
    /// Moving a name.
    case rename
    /// Removing a name.
    case unlink
    /// Cutting a file.
    case ftruncate
    /// Making a directory.
    case mkdir
}

/// The door to the system calls that matter for durability: the real ones, or ones that fail on purpose.
public struct SystemCalls: Sendable {
    private let fault: (@Sendable (SystemCall, String) -> CInt?)?

    /// The operating system.
    public static let real = SystemCalls(fault: nil)

    /// Calls that ask `fault` first: an `errno` value makes the call fail with it, nil lets it through.
    public init(fault: (@Sendable (SystemCall, String) -> CInt?)?) {
        self.fault = fault
    }

    /// Throws when the call is to fail.
    func admit(_ call: SystemCall, _ object: @autoclosure () -> String) throws(SystemError) {
        guard let fault else { return }
        let object = object()
        if let code = fault(call, object) {
            throw SystemError(code: code, call: call.rawValue, object: object)
        }
    }
}
