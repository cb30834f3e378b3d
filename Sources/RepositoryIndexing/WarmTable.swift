internal import Content
internal import Synchronization

/// The block indexes of the repositories asked for last.
final class WarmTable: Sendable {
    /// A repository's index, in both forms.
    struct Warm: Sendable {
        var index: BlockIndex
        /// The compressed form, maybe of an older revision; nil until somebody asks for it.
        var packed: PackedIndex?
        /// The ticket of its making.
        var begun: UInt64
        /// How many bytes were sent in pieces since the log was written in one piece.
        var copiedBytes: Int64 = 0
        fileprivate var usedAt: UInt64 = 0

        init(index: BlockIndex, packed: PackedIndex?, begun: UInt64) {
            self.index = index
            self.packed = packed
            self.begun = begun
        }
    }

    private struct State {
        var tables: [ChartNamespace: Warm] = [:]
        var clock: UInt64 = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    /// A table of at most so many repositories, each with up to four descriptors.
    init(limit: Int) {
        self.limit = max(limit, 1)
    }

    /// What is known of a repository; notes that it was asked for.
    func find(_ namespace: ChartNamespace) -> Warm? {
        state.withLock { state in
            guard var found = state.tables[namespace] else { return nil }
            state.clock += 1
            found.usedAt = state.clock
            state.tables[namespace] = found
            return found
        }
    }

    /// Counts an answer that was sent in pieces; the sum so far.
    func noteCopy(_ bytes: Int64, of namespace: ChartNamespace) -> Int64 {
        state.withLock { state in
            guard state.tables[namespace] != nil else { return 0 }
            state.tables[namespace]?.copiedBytes += bytes
            return state.tables[namespace]?.copiedBytes ?? 0
        }
    }

    /// Takes a repository's newest index; forgets the repository that was not asked for longest when there are too many.
    func keep(_ warm: Warm, for namespace: ChartNamespace) {
        var gone: [Warm] = []
        state.withLock { state in
            state.clock += 1
            var warm = warm
            warm.usedAt = state.clock
            if let old = state.tables.updateValue(warm, forKey: namespace) { gone.append(old) }
            guard state.tables.count > limit,
                let oldest = state.tables.min(by: { $0.value.usedAt < $1.value.usedAt })
            else { return }
            state.tables[oldest.key] = nil
            gone.append(oldest.value)
        }
        // Closed behind the lock.
        _ = gone
    }
}
