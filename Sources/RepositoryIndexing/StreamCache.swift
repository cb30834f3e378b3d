internal import Content
internal import Synchronization

/// Remembers indexes that were made in one go, the latest of each kind, within limits; forgets what was not asked for
/// longest.
final class StreamCache: Sendable {
    struct Key: Hashable {
        var namespace: ChartNamespace
        /// The selector's canonical text; empty for all.
        var selection: String
        var form: IndexRequest.Form
        var isGzip: Bool

        init(_ request: IndexRequest) {
            namespace = request.namespace
            selection = request.selector.map { "\($0)" } ?? ""
            form = request.form
            isGzip = request.isGzip
        }
    }

    /// What may be kept.
    struct Limits: Sendable {
        var memory: Int64 = 4 << 20
        var files = 64
        var fileBytes: Int64 = 256 << 20
    }

    private struct Kept {
        var index: StreamedIndex
        /// The ticket of its making.
        var begun: UInt64
        var usedAt: UInt64
    }

    private struct State {
        var kept: [Key: Kept] = [:]
        var clock: UInt64 = 0
        var memory: Int64 = 0
        var files = 0
        var fileBytes: Int64 = 0

        mutating func count(_ index: StreamedIndex, _ sign: Int64) {
            let sizes = index.sizes
            // Each costs its key and its place too.
            memory += sign * (sizes.memory + 1024)
            fileBytes += sign * sizes.file
            if sizes.file > 0 { files += Int(sign) }
        }
    }

    private let limits: Limits
    private let state = Mutex(State())

    init(_ limits: Limits) {
        self.limits = limits
    }

    /// The index of a revision, or any whose making began behind a ticket.
    func find(_ key: Key, revision: Int64, begunAfter ticket: UInt64? = nil) -> StreamedIndex? {
        state.withLock { state in
            guard var found = state.kept[key] else { return nil }
            let isRecent = ticket.map { found.begun > $0 } ?? false
            guard found.index.revision == revision || isRecent else { return nil }
            state.clock += 1
            found.usedAt = state.clock
            state.kept[key] = found
            return found.index
        }
    }

    /// Keeps an index in place of an older one of its kind.
    func keep(_ index: StreamedIndex, for key: Key, begun: UInt64) {
        // What goes is destroyed behind the lock: closing a large file takes its time.
        var gone: [StreamedIndex] = []
        state.withLock { state in
            if let old = state.kept[key] {
                guard old.index.revision <= index.revision else { return }
                state.count(old.index, -1)
                gone.append(old.index)
            }
            state.clock += 1
            state.kept[key] = Kept(index: index, begun: begun, usedAt: state.clock)
            state.count(index, 1)
            while isOver(state), state.kept.count > 1,
                let oldest = state.kept.min(by: { $0.value.usedAt < $1.value.usedAt })
            {
                state.kept[oldest.key] = nil
                state.count(oldest.value.index, -1)
                gone.append(oldest.value.index)
            }
        }
        _ = gone
    }

    private func isOver(_ state: State) -> Bool {
        state.memory > limits.memory || state.files > limits.files || state.fileBytes > limits.fileBytes
    }

    /// How many are kept, and the bytes of their files.
    var totals: (count: Int, fileBytes: Int64) { state.withLock { ($0.kept.count, $0.fileBytes) } }
}
