public import Content
internal import OCIModel
public import Posix
internal import Synchronization

/// The indexes of a store's classic repositories, ready to be sent.
///
/// The JSON index of a whole repository is kept in blocks: a change costs the blocks it touches. Views, the YAML form
/// and the indexes of small repositories are made in one go and remembered within limits. Memory does not grow with a
/// repository but for some 400 bytes a block of about 64 versions. Everything may be called from any thread.
public final class IndexService: Sendable {
    /// Up to so many versions, a repository's index is made in one go.
    static let smallVersions: Int64 = 64
    /// Behind so many times its length sent in pieces, a log is written in one piece.
    ///
    /// Measured: a whole file costs a quarter of the CPU of pieces to send, and writing it anew about two answers.
    static let patience: Int64 = 2

    /// Up to so many bytes an index is put into one piece with each change: two milliseconds, less than what sending
    /// it in pieces costs its first readers.
    static let smallLog: Int64 = 4 << 20

    enum Line: Hashable, Sendable {
        case blocks(ChartNamespace)
        case streams(ChartNamespace)
    }

    let reads: any ChartReads
    let warm: WarmTable
    let streams: StreamCache
    let gate = BuildGate<Line>()
    private let directory: Directory
    let executor: (any TaskExecutor)?
    private let tickets = Atomic<UInt64>(0)
    private let logs = Atomic<UInt64>(0)

    /// Opens the service and empties its directory, which it makes when it is missing.
    ///
    /// `executor` runs what need not be waited for; without one it is done by whoever builds.
    /// - Throws: `.storageFull` when the directory cannot be made or emptied.
    public convenience init(
        reads: any ChartReads, directory path: String, executor: (any TaskExecutor)? = nil,
        calls: SystemCalls = .real
    ) throws(ContentError) {
        try self.init(
            reads: reads, directory: path, executor: executor, calls: calls, warmRepositories: 64,
            limits: StreamCache.Limits())
    }

    init(
        reads: any ChartReads, directory path: String, executor: (any TaskExecutor)?, calls: SystemCalls,
        warmRepositories: Int, limits: StreamCache.Limits
    ) throws(ContentError) {
        do {
            directory = try Directory(creating: path, calls: calls)
            for name in try directory.names() { try directory.remove(name) }
        } catch {
            throw .storageFull("the directory of repository indexes cannot be prepared: \(error)")
        }
        self.reads = reads
        self.executor = executor
        warm = WarmTable(limit: warmRepositories)
        streams = StreamCache(limits)
    }

    /// The index when nothing must be built for it but what takes well under a millisecond; nil otherwise.
    ///
    /// For the thread that serves the request: one look at the metadata, no waiting, no writing.
    /// - Throws: `.nameUnknown` when the namespace never held a chart.
    public func ready(_ request: IndexRequest) throws(ContentError) -> ServedIndex? {
        let state = try state(of: request.namespace)
        guard request.usesBlocks(state) else { return try readyStream(request, state) }
        guard let found = warm.find(request.namespace), found.index.revision == state.revision else { return nil }
        return serve(found, request)
    }

    /// The index, built when it must be: with what changed when that is known, else anew.
    ///
    /// For a thread that may block. One build at a time for each repository, and one of a view; who waits for it holds
    /// no thread, and takes its result when the build began later than the call.
    /// - Throws: `.nameUnknown` when the namespace never held a chart, `.storageFull`, and what the store throws.
    public func build(_ request: IndexRequest) async throws(ContentError) -> ServedIndex {
        if let found = try ready(request) { return found }
        let arrival = ticket()
        let isInBlocks = request.usesBlocks(try state(of: request.namespace))
        let line: Line = isInBlocks ? .blocks(request.namespace) : .streams(request.namespace)
        await gate.enter(line)
        defer { gate.leave(line) }
        return isInBlocks ? try blocks(request, since: arrival) : try stream(request, since: arrival)
    }

    func state(of namespace: ChartNamespace) throws(ContentError) -> ChartRepositoryState {
        guard let state = try reads.chartRepository(namespace) else {
            throw .nameUnknown(
                namespace.path == nil
                    ? "there is no chart at the root of this registry"
                    : "there is no chart repository \(OCIParseError.quote("\(namespace)"))")
        }
        return state
    }

    /// A number greater than every one before it.
    func ticket() -> UInt64 { tickets.add(1, ordering: .acquiringAndReleasing).newValue }

    /// A new file; its name tells nothing.
    func makeLog() throws(ContentError) -> IndexLog {
        let number = logs.add(1, ordering: .relaxed).newValue
        return try IndexLog.make(in: directory, name: "\(number).json")
    }
}

extension IndexRequest {
    /// Whether the answer is the index that is kept in blocks.
    func usesBlocks(_ state: ChartRepositoryState) -> Bool {
        selector == nil && form == .json && state.versionCount > IndexService.smallVersions
    }
}
