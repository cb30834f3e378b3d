internal import Synchronization

/// What the caller's task and the client's thread share of one request: everything behind one lock.
///
/// The task waits here for the head, for a piece of the body or for room in the outgoing buffer; the thread fills and
/// empties the buffers and wakes it. One task waits at a time.
final class Exchange: Sendable {
    /// What the task waits for.
    private enum Wait {
        case head
        case piece
        case room
    }

    private struct State {
        var head: ResponseHead?
        var inbound: [UInt8] = []
        var isReceivingPaused = false
        var outbound = PieceQueue()
        var isSendingPaused = false
        var outcome: Result<Void, HTTPClientError>?
        var action: (@Sendable () -> Void)?
        var waiter: (wait: Wait, continuation: CheckedContinuation<Void, Never>)?
    }

    private let state = Mutex(State())
    private let engine: Engine
    private let bufferBytes: Int

    init(engine: Engine, bufferBytes: Int) {
        self.engine = engine
        self.bufferBytes = bufferBytes
    }
}

// The task's side.
extension Exchange {
    /// Waits for the response's head.
    func head() async throws(HTTPClientError) -> ResponseHead {
        await wait(for: .head)
        let (head, outcome) = state.withLock { ($0.head, $0.outcome) }
        if let head { return head }
        if case .failure(let error) = outcome { throw error }
        throw .engineFailed("the exchange ended without a response")
    }

    /// Waits for a piece of the body and takes all there is; nil at the end.
    func nextPiece() async throws(HTTPClientError) -> [UInt8]? {
        await wait(for: .piece)
        let (piece, outcome, mustResume) = state.withLock { state in
            var piece: [UInt8] = []
            swap(&piece, &state.inbound)
            let mustResume = state.isReceivingPaused
            state.isReceivingPaused = false
            return (piece, state.outcome, mustResume)
        }
        if mustResume { engine.enqueue(.resume(self)) }
        if !piece.isEmpty { return piece }
        if case .failure(let error) = outcome { throw error }
        return nil
    }

    /// Waits until the outgoing buffer takes more; false when no more is wanted because the exchange is over or was
    /// refused by the other side.
    func waitForRoom() async -> Bool {
        await wait(for: .room)
        return state.withLock { $0.outcome == nil && ($0.head.map { $0.status < 300 } ?? true) }
    }

    /// Adds a piece to the outgoing buffer.
    func push(_ piece: [UInt8]) {
        resumeSending { $0.outbound.append(piece) }
    }

    /// Ends the outgoing body.
    func finishSending() {
        resumeSending { $0.outbound.isComplete = true }
    }

    /// Ends the exchange from the task's side; nothing happens when it is over already.
    func cancel(_ error: HTTPClientError = .cancelled) {
        guard finish(.failure(error), keepingBody: false) else { return }
        engine.enqueue(.cancel(self))
    }

    /// Has a function called when the exchange is over; at once when it is.
    func whenOver(_ action: @escaping @Sendable () -> Void) {
        let isOver = state.withLock { state in
            if state.outcome == nil { state.action = action }
            return state.outcome != nil
        }
        if isOver { action() }
    }

    private func resumeSending(_ change: (inout State) -> Void) {
        let mustResume = state.withLock { state in
            change(&state)
            let wasPaused = state.isSendingPaused
            state.isSendingPaused = false
            return wasPaused
        }
        if mustResume { engine.enqueue(.resume(self)) }
    }

    private func wait(for wait: Wait) async {
        if Task.isCancelled { cancel() }
        if state.withLock({ isReady(wait, $0) }) { return }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    precondition(state.waiter == nil, "one task at a time reads a response")
                    if self.isReady(wait, state) { return true }
                    state.waiter = (wait, continuation)
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            cancel()
        }
    }

    private func isReady(_ wait: Wait, _ state: State) -> Bool {
        if state.outcome != nil { return true }
        switch wait {
        case .head: return state.head != nil
        case .piece: return !state.inbound.isEmpty
        case .room: return state.outbound.byteCount < bufferBytes || state.head != nil
        }
    }
}

// The thread's side.
extension Exchange {
    /// What the thread shall do with bytes it wants to hand over.
    enum Delivery {
        case taken
        case full
        case unwanted
    }

    /// What the outgoing buffer gave.
    enum Supply: Equatable {
        case bytes(Int)
        case end
        case empty
        case unwanted
    }

    /// Hands over the head.
    ///
    /// The waiter is woken by `wake`.
    func deliver(_ head: ResponseHead) {
        state.withLock { $0.head = head }
    }

    /// Hands over bytes of the body, or says that there is no room.
    func deliver(_ bytes: UnsafeBufferPointer<UInt8>) -> Delivery {
        state.withLock { state in
            guard state.outcome == nil else { return .unwanted }
            guard state.inbound.isEmpty || state.inbound.count + bytes.count <= bufferBytes else {
                state.isReceivingPaused = true
                return .full
            }
            state.inbound.append(contentsOf: bytes)
            return .taken
        }
    }

    /// Takes bytes of the request's body, or notes that there are none yet.
    func supply(_ room: UnsafeMutableRawBufferPointer) -> Supply {
        state.withLock { state in
            guard state.outcome == nil else { return .unwanted }
            let count = state.outbound.copy(into: room)
            if count > 0 { return .bytes(count) }
            if state.outbound.isComplete { return .end }
            state.isSendingPaused = true
            return .empty
        }
    }

    /// Whether the thread waits for the task, either way.
    var pauses: (receiving: Bool, sending: Bool) {
        state.withLock { ($0.isReceivingPaused, $0.isSendingPaused) }
    }

    /// Records the end, unless there is one; gives whether it did.
    ///
    /// Wakes the waiter.
    @discardableResult
    func finish(_ outcome: Result<Void, HTTPClientError>, keepingBody: Bool = true) -> Bool {
        let (isFirst, waiter, action) = state.withLock { state in
            // A body that is complete stays whole for its reader, whoever gives up on it now.
            guard state.outcome == nil else {
                return (false, nil as CheckedContinuation<Void, Never>?, nil as (@Sendable () -> Void)?)
            }
            state.outcome = outcome
            state.outbound = PieceQueue()
            if !keepingBody { state.inbound = [] }
            let waiter = state.waiter?.continuation
            state.waiter = nil
            let action = state.action
            state.action = nil
            return (true, waiter, action)
        }
        action?()
        waiter?.resume()
        return isFirst
    }

    /// Wakes the waiter when what it waits for is there.
    func wake() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard let waiter = state.waiter, isReady(waiter.wait, state) else { return nil }
            state.waiter = nil
            return waiter.continuation
        }
        waiter?.resume()
    }
}
