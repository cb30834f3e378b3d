public import Content
public import OCIModel
internal import Posix
internal import Synchronization

/// Charts in memory: what a store lists, without a store.
///
/// Entries are what the test puts in; nothing is derived from them but their order. Each call of `change` is one
/// revision. Counts what is read, for tests of what is not.
public final class MemoryCharts: ChartReads {
    struct Repository {
        var entries: [ChartEntry] = []
        var files: [ChartVersionKey: ChartFile] = [:]
        var revision: Int64 = 0
        /// The changes behind revision `forgotten`.
        var changes: [(revision: Int64, key: ChartVersionKey)] = []
        var forgotten: Int64 = 0

        /// The first entry that is not before the key.
        func position(of key: ChartVersionKey) -> Int {
            var (low, high) = (0, entries.count)
            while low < high {
                let middle = (low + high) / 2
                if entries[middle].key < key { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }

    private struct State {
        var repositories: [ChartNamespace: Repository] = [:]
        var entriesRead = 0
        var listings = 0
    }

    /// What a thread sees while it is in `withSnapshot`.
    private final class Snapshot {
        var repositories: [ChartNamespace: Repository]?
    }

    private let state = Mutex(State())
    private let snapshots = ThreadLocal<Snapshot>()

    public init() {}

    private func repository(_ namespace: ChartNamespace) -> Repository? {
        if let seen = snapshots.value({ Snapshot() }).repositories { return seen[namespace] }
        return state.withLock { $0.repositories[namespace] }
    }

    // MARK: Changing

    /// One change of a repository.
    public enum Change: Sendable {
        /// Adds a version, or replaces the one of its key.
        case put(ChartEntry, ChartFile? = nil)
        /// Removes a version; one that is not there is fine.
        case remove(ChartVersionKey)
    }

    /// Applies changes as one revision.
    public func change(_ namespace: ChartNamespace, _ changes: [Change]) {
        state.withLock { state in
            var repository = state.repositories[namespace] ?? Repository()
            repository.revision += 1
            for change in changes {
                switch change {
                case .put(let entry, let file):
                    let position = repository.position(of: entry.key)
                    if position < repository.entries.count, repository.entries[position].key == entry.key {
                        repository.entries[position] = entry
                    } else {
                        repository.entries.insert(entry, at: position)
                    }
                    repository.files[entry.key] = file
                    repository.changes.append((repository.revision, entry.key))
                case .remove(let key):
                    let position = repository.position(of: key)
                    guard position < repository.entries.count, repository.entries[position].key == key else { continue }
                    repository.entries.remove(at: position)
                    repository.files[key] = nil
                    repository.changes.append((repository.revision, key))
                }
            }
            state.repositories[namespace] = repository
        }
    }

    /// Forgets what changed until now, so that nobody can be told.
    public func forgetChanges(in namespace: ChartNamespace) {
        state.withLock { state in
            guard let revision = state.repositories[namespace]?.revision else { return }
            state.repositories[namespace]?.changes = []
            state.repositories[namespace]?.forgotten = revision
        }
    }

    // MARK: Looking at it

    /// All entries of a repository in their order, uncounted.
    public func entries(in namespace: ChartNamespace) -> [ChartEntry] {
        state.withLock { $0.repositories[namespace]?.entries ?? [] }
    }

    /// How many entries were read so far, and by how many calls.
    public var counts: (entries: Int, calls: Int) { state.withLock { ($0.entriesRead, $0.listings) } }

    // MARK: ChartReads

    public func withSnapshot<Value>(_ body: () throws(ContentError) -> Value) throws(ContentError) -> Value {
        let snapshot = snapshots.value { Snapshot() }
        guard snapshot.repositories == nil else { return try body() }
        snapshot.repositories = state.withLock { $0.repositories }
        defer { snapshot.repositories = nil }
        return try body()
    }

    public func chartRepository(_ namespace: ChartNamespace) throws(ContentError) -> ChartRepositoryState? {
        guard let repository = repository(namespace) else { return nil }
        var charts: Int64 = 0
        var last: String?
        for entry in repository.entries where entry.key.name != last {
            charts += 1
            last = entry.key.name
        }
        return ChartRepositoryState(
            namespace: namespace, revision: repository.revision, chartCount: charts,
            versionCount: Int64(repository.entries.count))
    }

    public func forEachEntry(
        in namespace: ChartNamespace, from first: ChartVersionKey?, before end: ChartVersionKey?,
        _ body: (ChartEntry) -> Bool
    ) throws(ContentError) {
        guard let repository = repository(namespace) else { return }
        var count = 0
        defer {
            state.withLock { state in
                state.entriesRead += count
                state.listings += 1
            }
        }
        for entry in repository.entries[(first.map { repository.position(of: $0) } ?? 0)...] {
            if let end, !(entry.key < end) { return }
            count += 1
            if !body(entry) { return }
        }
    }

    public func changedEntries(
        in namespace: ChartNamespace, since revision: Int64
    ) throws(ContentError) -> [ChartVersionKey]? {
        guard let repository = repository(namespace), revision >= repository.forgotten else { return nil }
        return Array(Set(repository.changes.filter { $0.revision > revision }.map(\.key)))
    }

    public func chartNames(
        in namespace: ChartNamespace, _ page: PageRequest<String>
    ) throws(ContentError) -> Page<String> {
        var names = Set(repository(namespace)?.entries.map(\.key.name) ?? []).sorted {
            $0.utf8.lexicographicallyPrecedes($1.utf8)
        }
        if let last = page.last { names.removeAll { !last.utf8.lexicographicallyPrecedes($0.utf8) } }
        return Page(elements: Array(names.prefix(page.limit)), hasMore: names.count > page.limit)
    }

    public func chartFile(named fileName: String, in namespace: ChartNamespace) throws(ContentError) -> ChartFile? {
        guard let repository = repository(namespace) else { return nil }
        let entry = repository.entries.first { "\($0.key.name)-\($0.version).tgz" == fileName }
        return entry.flatMap { repository.files[$0.key] }
    }

    public func chartFile(
        of chart: String, version: String, in namespace: ChartNamespace
    ) throws(ContentError) -> ChartFile? {
        try chartFile(named: "\(chart)-\(version).tgz", in: namespace)
    }

    public func chartProblem(of manifest: Digest, in repository: RepositoryName) throws(ContentError) -> String? { nil }
}
