internal import Content
internal import Synchronization

/// Whether a registry lists tags with their digests; the first to ask finds out for all.
final class TagListingKnowledge: Sendable {
    typealias Outcome = Result<TagListing?, ContentError>

    private enum State {
        case unknown
        case asking(Task<Outcome, Never>)
        case has
        case lacks
    }

    private enum Turn {
        case ask
        case lead(Task<Outcome, Never>)
        case follow(Task<Outcome, Never>)
        case spare
    }

    private let state = Mutex(State.unknown)

    init() {}

    /// What the question gives; nil where the registry has no such listing, without asking when that is known.
    func ask(_ question: @escaping @Sendable () async -> Outcome) async throws(ContentError) -> TagListing? {
        while true {
            switch turn(question) {
            case .ask: return try await question().get()
            case .spare: return nil
            case .follow(let task):
                _ = await task.value
                if Task.isCancelled { throw .unavailable("the listing of tags was cancelled") }
            case .lead(let task):
                let outcome = await withTaskCancellationHandler {
                    await task.value
                } onCancel: {
                    task.cancel()
                }
                return try outcome.get()
            }
        }
    }

    private func turn(_ question: @escaping @Sendable () async -> Outcome) -> Turn {
        state.withLock { state in
            switch state {
            case .has: return .ask
            case .lacks: return .spare
            case .asking(let task): return .follow(task)
            case .unknown:
                // Noted before anybody who waits goes on: they would ask in a circle for a task that is over.
                let task = Task {
                    let outcome = await question()
                    note(outcome)
                    return outcome
                }
                state = .asking(task)
                return .lead(task)
            }
        }
    }

    private func note(_ outcome: Outcome) {
        state.withLock { state in
            switch outcome {
            case .success(nil): state = .lacks
            // A registry that knows no such repository on that path has the path.
            case .success, .failure(.nameUnknown): state = .has
            case .failure: state = .unknown
            }
        }
    }
}
