internal import Metadata
internal import OCIModel
internal import Synchronization

/// When upstreams were asked for tags, until the committer has written it down: asking never waits for a write.
final class CheckLog: Sendable {
    private struct Key: Hashable {
        let repository: RepositoryName
        let tag: Tag
    }

    private struct State {
        var waiting: [Key: TagCheck] = [:]
        /// With the committer, and still to be found here until its rows say the same.
        var written: [Key: TagCheck] = [:]
    }

    /// More tags asked for within half a second than this are not remembered, and are asked for again.
    private static let most = 100_000

    private let state = Mutex(State())

    func note(_ check: TagCheck) {
        let key = Key(repository: check.repository, tag: check.tag)
        state.withLock { state in
            if state.waiting.count < CheckLog.most || state.waiting[key] != nil { state.waiting[key] = check }
        }
    }

    func find(_ tag: Tag, in repository: RepositoryName) -> TagCheck? {
        let key = Key(repository: repository, tag: tag)
        return state.withLock { $0.waiting[key] ?? $0.written[key] }
    }

    func take() -> [TagCheck] {
        state.withLock { state in
            state.written = state.waiting
            state.waiting = [:]
            return Array(state.written.values)
        }
    }

    /// Ends a `take`: what could not be written waits again, unless something newer is known.
    func didWrite(_ isWritten: Bool) {
        state.withLock { state in
            if !isWritten { state.waiting.merge(state.written) { newer, _ in newer } }
            state.written = [:]
        }
    }
}
