public import Content
internal import Glibc
internal import Synchronization

/// A blob whose bytes a test brings piece by piece, for any number of readers.
public final class ComingBlob: Sendable {
    private struct State {
        var written: Int64 = 0
        var isFailed = false
        var waiters: [@Sendable () -> Void] = []
    }

    public let size: Int64
    private let descriptor: Int32
    private let state = Mutex(State())

    public init(size: Int) {
        self.size = Int64(size)
        var name = Array("/tmp/chartroom-coming-XXXXXX".utf8CString)
        descriptor = mkstemp(&name)
        unlink(name)
    }

    deinit { close(descriptor) }

    /// What a look-up gives to one reader.
    public var found: FoundBlob { .growing(ComingReader(self)) }

    /// Writes more; one thread at a time.
    public func append(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        let start = state.withLock { $0.written }
        _ = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(start)) }
        change { $0.written += Int64(bytes.count) }
    }

    /// Says that the rest never comes.
    public func fail() { change { $0.isFailed = true } }

    private func change(_ body: (inout State) -> Void) {
        let woken = state.withLock { state in
            body(&state)
            defer { state.waiters = [] }
            return state.waiters
        }
        for wake in woken { wake() }
    }

    fileprivate func growth(_ position: Int64, _ wake: @escaping @Sendable () -> Void) -> BlobGrowth {
        state.withLock { state in
            if state.isFailed { return .failed }
            if state.written > position { return .readable(upTo: state.written) }
            state.waiters.append(wake)
            return .waiting
        }
    }

    fileprivate func duplicate() -> Int32 { dup(descriptor) }
}

/// A whole blob in memory, behind a descriptor as a store's are.
public final class FakeBlob: OpenBlob {
    public let size: Int64
    private let bytes: [UInt8]

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        size = Int64(bytes.count)
    }

    public func takeDescriptor() -> Int32 {
        let coming = ComingBlob(size: bytes.count)
        coming.append(bytes)
        return coming.duplicate()
    }

    public func read(at offset: Int64, maximumBytes: Int) throws(ContentError) -> [UInt8] {
        Array(bytes.dropFirst(Int(offset)).prefix(maximumBytes))
    }
}

private final class ComingReader: GrowingBlob {
    private let blob: ComingBlob
    private let isTaken = Mutex(false)

    init(_ blob: ComingBlob) { self.blob = blob }

    var size: Int64 { blob.size }

    func takeDescriptor() -> Int32 {
        let wasTaken = isTaken.withLock { isTaken in
            defer { isTaken = true }
            return isTaken
        }
        return wasTaken ? -1 : blob.duplicate()
    }

    func growth(beyond position: Int64, _ wake: @escaping @Sendable () -> Void) -> BlobGrowth {
        blob.growth(position, wake)
    }
}
