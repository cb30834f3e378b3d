internal import CLinux
internal import Glibc

/// An open file.
///
/// Closes when it goes out of scope; `close()` reports what closing found.
///
/// May move between threads, but only one uses it at a time (reads at an offset excepted).
public struct File: ~Copyable, Sendable {
    private let descriptor: OwnedDescriptor
    /// The name in messages.
    public let name: String
    private let calls: SystemCalls

    /// Takes over an open descriptor.
    public init(descriptor: CInt, name: String, calls: SystemCalls = .real) {
        self.descriptor = OwnedDescriptor(number: descriptor)
        self.name = name
        self.calls = calls
    }

    /// The descriptor's number, valid while the file lives.
    public var descriptorNumber: CInt { descriptor.number }

    /// Gives up the descriptor; the caller closes it.
    public consuming func takeDescriptor() -> CInt { descriptor.take() }

    /// Writes all bytes at the file's position; resumes short writes and interruptions.
    public func write(_ bytes: Span<UInt8>) throws(SystemError) {
        try calls.admit(.write, name)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBufferPointer { buffer -> Int in
                guard let base = buffer.baseAddress else { return 0 }
                return Glibc.write(descriptor.number, base + written, buffer.count - written)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError(code: errno, call: "write", object: name)
            }
            written += count
        }
    }

    /// Reads up to `maximumBytes` at `offset`; fewer only at the end of the file.
    public func read(at offset: Int64, maximumBytes: Int) throws(SystemError) -> [UInt8] {
        try calls.admit(.read, name)
        var failure: CInt = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: maximumBytes) { buffer, count in
            while count < maximumBytes, let base = buffer.baseAddress {
                let got = pread(descriptor.number, base + count, maximumBytes - count, off_t(offset) + off_t(count))
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = errno }
                if got <= 0 { return }
                count += got
            }
        }
        guard failure == 0 else { throw SystemError(code: failure, call: "read", object: name) }
        return bytes
    }

    /// The size in bytes.
    public func size() throws(SystemError) -> Int64 {
        var status = stat()
        guard fstat(descriptor.number, &status) == 0 else {
            throw SystemError(code: errno, call: "fstat", object: name)
        }
        return Int64(status.st_size)
    }

    /// Moves the position for writing.
    public func seek(to offset: Int64) throws(SystemError) {
        guard lseek(descriptor.number, off_t(offset), SEEK_SET) >= 0 else {
            throw SystemError(code: errno, call: "lseek", object: name)
        }
    }

    /// Cuts or extends the file.
    public func truncate(to size: Int64) throws(SystemError) {
        try calls.admit(.ftruncate, name)
        guard ftruncate(descriptor.number, off_t(size)) == 0 else {
            throw SystemError(code: errno, call: "ftruncate", object: name)
        }
    }

    /// Makes data and size durable.
    ///
    /// Blocks for a disk flush.
    public func syncData() throws(SystemError) {
        try calls.admit(.fdatasync, name)
        guard fdatasync(descriptor.number) == 0 else {
            throw SystemError(code: errno, call: "fdatasync", object: name)
        }
    }

    /// Asks the kernel to begin writing what is dirty in a range; waits for nothing and promises nothing.
    public func beginWriteback(offset: Int64, length: Int64) {
        _ = chartroom_begin_writeback(descriptor.number, offset, length)
    }

    /// Closes and reports; after an error the descriptor is closed all the same.
    public consuming func close() throws(SystemError) {
        let calls = calls
        let name = name
        let number = takeDescriptor()
        let failed = Glibc.close(number) != 0 && errno != EINTR
        try calls.admit(.close, name)
        if failed { throw SystemError(code: errno, call: "close", object: name) }
    }
}

/// A descriptor that closes when it goes out of scope; apart from the file's name so that it is trivially destroyed.
///
/// Public only because the optimizer of Swift 6.3 loses the metadata of a non-public one across modules.
public struct OwnedDescriptor: ~Copyable, Sendable {
    fileprivate var number: CInt

    deinit { if number >= 0 { _ = Glibc.close(number) } }

    fileprivate consuming func take() -> CInt {
        let number = number
        discard self
        return number
    }
}
