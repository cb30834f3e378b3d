internal import Content
internal import Synchronization

/// Turns a source that pushes into pieces that are pulled: at most two wait, and one is held back until the source has
/// ended well, so that nobody has a whole blob that is wrong.
///
/// The source is read by a task of its own, which ends when the relay is dropped or whoever pulls is cancelled.
final class BlobRelay: BlobPieces {
    private let channel: PieceChannel
    private let task: Task<Void, Never>

    /// Begins to read; `expected` bytes must come.
    init(
        expected: Int64, what: String,
        _ read:
            @escaping @Sendable (_ body: ([UInt8]) async throws(ContentError) -> Void) async -> Result<
                Void, ContentError
            >
    ) {
        let channel = PieceChannel()
        self.channel = channel
        task = Task {
            var count: Int64 = 0
            var held: [UInt8]?
            let outcome = await read { piece throws(ContentError) in
                count += Int64(piece.count)
                guard count <= expected else {
                    throw .corrupt("\(what) is longer than its descriptor says")
                }
                if let held { try await channel.send(held) }
                held = piece
            }
            switch outcome {
            case .failure(let error): channel.end(.failure(error))
            case .success where count != expected:
                channel.end(.failure(.corrupt("\(what) is shorter than its descriptor says")))
            case .success:
                if let held {
                    do throws(ContentError) {
                        try await channel.send(held)
                    } catch {
                        return
                    }
                }
                channel.end(.success(()))
            }
        }
    }

    deinit {
        task.cancel()
        channel.close()
    }

    func next() async throws(ContentError) -> [UInt8]? {
        do throws(ContentError) {
            return try await channel.next()
        } catch {
            task.cancel()
            throw error
        }
    }
}

/// A line of at most two pieces between one sender and one receiver.
private final class PieceChannel: Sendable {
    private struct State {
        var pieces: [[UInt8]] = []
        var end: Result<Void, ContentError>?
        var isClosed = false
        var waiting: [Place: CheckedContinuation<Void, Never>] = [:]
    }

    private enum Place {
        case receiver
        case sender
    }

    private enum Step {
        case piece([UInt8])
        case over
        case failed(ContentError)
        case wait
    }

    private static let capacity = 2
    private static let closed = ContentError.unavailable("the copy was cancelled")
    private let state = Mutex(State())

    func send(_ piece: [UInt8]) async throws(ContentError) {
        while true {
            let isIn: Bool? = state.withLock { state in
                if state.isClosed { return nil }
                guard state.pieces.count < PieceChannel.capacity else { return false }
                state.pieces.append(piece)
                return true
            }
            guard let isIn else { throw PieceChannel.closed }
            if isIn { return wake(.receiver) }
            await wait(.sender) { $0.isClosed || $0.pieces.count < PieceChannel.capacity }
        }
    }

    func end(_ result: Result<Void, ContentError>) {
        state.withLock { state in
            if state.end == nil { state.end = result }
            // What a failed source gave before is of no use to anybody.
            if case .failure = result { state.pieces = [] }
        }
        wake(.receiver)
    }

    func close() {
        state.withLock { state in
            state.isClosed = true
            state.pieces = []
        }
        wake(.receiver)
        wake(.sender)
    }

    func next() async throws(ContentError) -> [UInt8]? {
        while true {
            let step = state.withLock { state -> Step in
                if !state.pieces.isEmpty { return .piece(state.pieces.removeFirst()) }
                if state.isClosed { return .failed(PieceChannel.closed) }
                switch state.end {
                case .failure(let error)?: return .failed(error)
                case .success?: return .over
                case nil: return .wait
                }
            }
            switch step {
            case .piece(let piece):
                wake(.sender)
                return piece
            case .over: return nil
            case .failed(let error): throw error
            case .wait: await wait(.receiver) { $0.isClosed || $0.end != nil || !$0.pieces.isEmpty }
            }
        }
    }

    /// Waits until woken; not at all when that is so already.
    ///
    /// Cancelling closes the channel.
    private func wait(
        _ place: Place,
        unless isReady: (State) -> Bool
    ) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if isReady(state) { return true }
                    state.waiting[place] = continuation
                    return false
                }
                if isReady { continuation.resume() }
                if Task.isCancelled { close() }
            }
        } onCancel: {
            close()
        }
    }

    private func wake(_ place: Place) {
        let waiting = state.withLock { $0.waiting.removeValue(forKey: place) }
        waiting?.resume()
    }
}
