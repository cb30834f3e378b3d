internal import Content
internal import OCIModel
internal import Posix
internal import Synchronization

/// Writes changes to `index.json`, all that wait in one go: each replacement is a flush of the whole file.
final class IndexWriter: Sendable {
    private struct Waiting {
        let change: LayoutIndex.Change
        let continuation: CheckedContinuation<ContentError?, Never>
    }

    private struct Loaded {
        var index = LayoutIndex()
        var status: FileStatus?
    }

    private struct Line {
        var waiting: [Waiting] = []
        var isWriting = false
    }

    private let files: LayoutFiles
    private let fallback: RepositoryName
    private let thread = ThreadPool(name: "layout", threads: 1)
    private let line = Mutex(Line())
    private let loaded = Mutex(Loaded())

    init(_ files: LayoutFiles, fallback: RepositoryName) throws(ContentError) {
        self.files = files
        self.fallback = fallback
        _ = try current()
    }

    /// The index as it is on the disk: read again when somebody else has replaced it.
    func current() throws(ContentError) -> LayoutIndex {
        let status = files.indexStatus
        if let known = loaded.withLock({ $0.status == status ? $0.index : nil }) { return known }
        let text = try files.readIndex()
        let index: LayoutIndex
        do throws(OCIParseError) {
            index =
                try text.map { bytes throws(OCIParseError) in
                    try LayoutIndex(parsing: bytes, fallback: fallback)
                } ?? LayoutIndex()
        } catch {
            throw .corrupt("the index of the image layout \(files.path) cannot be read: \(error)")
        }
        loaded.withLock { $0 = Loaded(index: index, status: status) }
        return index
    }

    /// Makes a change; durable when it returns.
    func commit(_ change: LayoutIndex.Change) async throws(ContentError) {
        let failure = await withCheckedContinuation { continuation in
            let mustStart = line.withLock { line in
                line.waiting.append(Waiting(change: change, continuation: continuation))
                defer { line.isWriting = true }
                return !line.isWriting
            }
            if mustStart { Task(executorPreference: thread) { self.drain() } }
        }
        if let failure { throw failure }
    }

    private func drain() {
        while true {
            let batch = line.withLock { line in
                let batch = line.waiting
                line.waiting = []
                if batch.isEmpty { line.isWriting = false }
                return batch
            }
            if batch.isEmpty { return }
            let results = write(batch.map(\.change))
            for (waiting, result) in zip(batch, results) { waiting.continuation.resume(returning: result) }
        }
    }

    /// What came of each change: nil when it is done.
    private func write(_ changes: [LayoutIndex.Change]) -> [ContentError?] {
        do throws(ContentError) {
            let lock = try files.lock()
            defer { withExtendedLifetime(lock) {} }
            var index = try current()
            var results: [ContentError?] = []
            for change in changes {
                do throws(ContentError) {
                    try index.apply(change)
                    results.append(nil)
                } catch {
                    results.append(error)
                }
            }
            guard results.contains(nil) else { return results }
            try files.writeIndex(index.text)
            let status = files.indexStatus
            loaded.withLock { $0 = Loaded(index: index, status: status) }
            return results
        } catch {
            return changes.map { _ in error }
        }
    }
}
