internal import Content
internal import Posix
internal import Synchronization

/// A file that comes in from an upstream and is read by many meanwhile.
///
/// One task writes it, and tells here how far it is; readers come and go.
final class Fill: Sendable {
    private struct State {
        /// The size it will have; nil until the upstream said so.
        var size: Int64?
        /// Bytes written.
        var length: Int64 = 0
        /// Whether the bytes are what they should be.
        var isVerified = false
        var failure: ContentError?
        /// Called when anything changes.
        var wakes: [@Sendable () -> Void] = []
        var heads: [CheckedContinuation<Void, Never>] = []
        var ends: [CheckedContinuation<Void, Never>] = []
        var isOver = false
        var openReader: (@Sendable () throws(ContentError) -> Int32)?
    }

    private let state = Mutex(State())

    /// What a reader may count on.
    enum Head: Sendable {
        /// The bytes are coming, and there will be so many.
        case growing(Int64)
        /// It is in the store.
        case stored
        /// How many come is not known: wait for the end.
        case unknown
    }

    // MARK: The one who writes

    /// Tells how large it will be, and how readers open the file.
    func began(size: Int64?, _ openReader: @escaping @Sendable () throws(ContentError) -> Int32) {
        change { state in
            state.openReader = openReader
            if let size { state.size = size }
        }
        resumeHeads()
    }

    /// Tells that bytes were written.
    func advanced(to length: Int64) { change { $0.length = length } }

    /// Tells that the bytes are what they should be.
    func verified() { change { $0.isVerified = true } }

    /// Tells that it is in the store, or why it never will be.
    func ended(_ failure: ContentError?) {
        change { state in
            state.failure = failure
            state.isOver = true
        }
        resumeHeads()
        let ends = state.withLock { state in
            defer { state.ends = [] }
            return state.ends
        }
        for end in ends { end.resume() }
    }

    private func change(_ body: (inout State) -> Void) {
        let wakes = state.withLock { state in
            body(&state)
            defer { state.wakes = [] }
            return state.wakes
        }
        for wake in wakes { wake() }
    }

    private func resumeHeads() {
        let heads = state.withLock { state in
            defer { state.heads = [] }
            return state.heads
        }
        for head in heads { head.resume() }
    }

    // MARK: Those who read

    /// What is known now; nil when nothing is.
    var head: Head? {
        get throws(ContentError) {
            let (head, failure) = state.withLock { state -> (Head?, ContentError?) in
                if let failure = state.failure { return (nil, failure) }
                if state.isOver { return (.stored, nil) }
                guard state.openReader != nil else { return (nil, nil) }
                // Of no bytes there is no last one to hold back.
                return (state.size.flatMap { $0 > 0 ? .growing($0) : nil } ?? .unknown, nil)
            }
            if let failure { throw failure }
            return head
        }
    }

    /// Waits until the upstream has begun to answer.
    func begun() async throws(ContentError) -> Head {
        while true {
            if let head = try head { return head }
            await withCheckedContinuation { continuation in
                let isKnown = state.withLock { state in
                    if state.isOver || state.openReader != nil { return true }
                    state.heads.append(continuation)
                    return false
                }
                if isKnown { continuation.resume() }
            }
        }
    }

    /// Waits until it is in the store.
    func whole() async throws(ContentError) {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.ends.append(continuation) }
                return state.isOver
            }
            if isOver { continuation.resume() }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// A reader of the bytes that came and will come.
    func reader(size: Int64) throws(ContentError) -> GrowingReader {
        guard let open = state.withLock({ $0.openReader }) else {
            throw .internal("a file that is being fetched cannot be opened yet")
        }
        return try GrowingReader(self, size: size, descriptor: try open())
    }

    /// How far one may read who was promised `size` bytes; the last of them only once the whole is known to be right
    /// and to have as many.
    func growth(beyond position: Int64, of size: Int64, _ wake: @escaping @Sendable () -> Void) -> BlobGrowth {
        state.withLock { state in
            if state.failure != nil { return .failed }
            if state.isVerified, state.length != size { return .failed }
            let limit = state.isVerified ? size : min(state.length, size - 1)
            if limit > position { return .readable(upTo: limit) }
            if state.isOver { return .failed }
            state.wakes.append(wake)
            return .waiting
        }
    }
}

/// One reader of a fill; owns a descriptor until it is taken.
final class GrowingReader: GrowingBlob {
    let size: Int64
    private let fill: Fill
    private let file: OpenFile

    init(_ fill: Fill, size: Int64, descriptor: Int32) throws(ContentError) {
        self.fill = fill
        self.size = size
        do {
            file = try OpenFile(descriptor: descriptor, name: "a file that is being fetched")
        } catch {
            throw .internal("\(error)")
        }
    }

    func takeDescriptor() -> Int32 { file.takeDescriptor() }

    func growth(beyond position: Int64, _ wake: @escaping @Sendable () -> Void) -> BlobGrowth {
        fill.growth(beyond: position, of: size, wake)
    }
}
