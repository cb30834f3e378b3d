public import HelmModel

/// A chart and the charts in its `charts/`, and so on: what says which charts and images it needs.
public struct ChartTree: Sendable {
    /// The chart's name; that of its directory or archive in `charts/` when its metadata cannot be read.
    public let name: String
    /// What `Chart.yaml` says, with `requirements.yaml`; nil for a subchart that Helm would refuse.
    public let metadata: ChartMetadata?
    /// `values.yaml`.
    public let values: ArchivedFile?
    /// `Images.lock`.
    public let imagesLock: ArchivedFile?
    /// `Chart.lock`, or `requirements.lock`.
    public let lock: ArchivedFile?
    /// Text files below `templates/`, sorted by path.
    public let templates: [ArchivedFile]
    /// The names of what is in `charts/`: directories, and archives with their `.tgz`; sorted.
    public let vendored: [String]
    /// The charts in `charts/`, sorted by those names.
    public let subcharts: [ChartTree]
    /// What could not be read, each one sentence without a final full stop.
    public let problems: [String]

    /// How deep charts may lie in charts.
    public static let maximumDepth = 5

    /// What all levels together may cost.
    public struct Limits: Sendable {
        /// Bytes unpacked, of all archives together; 200 MiB.
        public var unpackedBytes: Int64 = 200 << 20
        /// Bytes of the files that are kept; 32 MiB.
        public var keptBytes: Int64 = 32 << 20
        /// Entries of all archives together; 20,000.
        public var entries = 20_000
        /// Charts; 500.
        public var charts = 500

        /// The defaults.
        public init() {}
    }

    /// Reads a chart from a source that gives the archive's next bytes on each call, and nil behind the last.
    ///
    /// One pass; memory for one piece, what is kept and one packed subchart a level. A subchart that cannot be read is a
    /// problem of the chart that holds it.
    /// - Throws: `ChartArchiveError` as the reader of charts does; when all levels together exceed a limit,
    ///   `.filesTooLarge` or `.archive` with `.tooLarge` or `.tooManyEntries`.
    public init(limits: Limits = Limits(), nextPiece: @escaping () throws -> [UInt8]?) throws(ChartArchiveError) {
        var budget = ChartTreeBudget(limits)
        let draft = try ChartTreeDraft.read(depth: 0, budget: &budget, nextPiece: nextPiece)
        self = try ChartTree(draft, name: "", metadata: draft.readMetadata())
    }

    /// Reads a chart from bytes in memory.
    ///
    /// - Throws: as the other one.
    public init(_ bytes: [UInt8], limits: Limits = Limits()) throws(ChartArchiveError) {
        var rest: [UInt8]? = bytes
        try self.init(limits: limits) { rest.take() }
    }

    init(_ draft: ChartTreeDraft, name: String, metadata: ChartMetadata?, problem: String? = nil) {
        self.name = metadata?.name ?? name
        self.metadata = metadata
        values = draft.files["values.yaml"]
        imagesLock = draft.files["Images.lock"]
        lock = draft.files["Chart.lock"] ?? draft.files["requirements.lock"]
        templates = draft.templates.values.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        var charts = draft.packed
        for (name, directory) in draft.directories { charts[name] = ChartTree(subchart: directory, name: name) }
        let sorted = charts.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        vendored = sorted.map(\.key)
        subcharts = sorted.map(\.value)
        problems = draft.problems + (problem.map { [$0] } ?? [])
    }

    /// A chart in `charts/`, whose metadata may be anything.
    init(subchart draft: ChartTreeDraft, name: String) {
        do throws(ChartArchiveError) {
            self.init(draft, name: name, metadata: try draft.readMetadata())
        } catch {
            self.init(draft, name: name, metadata: nil, problem: error.description)
        }
    }
}
