internal import Glibc
internal import Synchronization

/// A file open for reading that several owners share until one takes its descriptor away.
///
/// Reading at an offset is safe from several threads; after `takeDescriptor` nothing more is read through it.
public final class OpenFile: Sendable {
    /// The size when it was opened, in bytes.
    public let size: Int64
    private let name: String
    private let descriptor: Atomic<CInt>

    /// Takes over an open descriptor.
    public init(descriptor: CInt, name: String) throws(SystemError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw SystemError(code: code, call: "fstat", object: name)
        }
        size = Int64(status.st_size)
        self.name = name
        self.descriptor = Atomic(descriptor)
    }

    deinit {
        let number = descriptor.load(ordering: .relaxed)
        if number >= 0 { close(number) }
    }

    /// Gives up the descriptor, which the caller closes; -1 when it was given up before.
    public func takeDescriptor() -> CInt {
        descriptor.exchange(-1, ordering: .acquiringAndReleasing)
    }

    /// Another descriptor of the same open file, which the caller closes; -1 when the process has no more to give.
    public func duplicateDescriptor() -> CInt {
        fcntl(descriptor.load(ordering: .acquiring), F_DUPFD_CLOEXEC, 0)
    }

    /// Bytes from `offset`, at most `maximumBytes`, fewer only at the end.
    public func read(at offset: Int64, maximumBytes: Int) throws(SystemError) -> [UInt8] {
        let number = descriptor.load(ordering: .acquiring)
        var failure: CInt = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: maximumBytes) { buffer, count in
            while count < maximumBytes, let base = buffer.baseAddress {
                let got = pread(number, base + count, maximumBytes - count, off_t(offset) + off_t(count))
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = errno }
                if got <= 0 { return }
                count += got
            }
        }
        guard failure == 0 else { throw SystemError(code: failure, call: "read", object: name) }
        return bytes
    }
}
