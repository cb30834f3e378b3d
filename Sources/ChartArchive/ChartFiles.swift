public import Archive

/// What is inside a chart besides its metadata: the files people look at, by their paths in the chart's directory.
///
/// Source: helm.sh/helm/v4 v4.3.0 `pkg/chart/v2/loader/load.go` for what counts as what; of a file that is there twice
/// the last counts, as there.
public struct ChartFiles: Sendable {
    /// `values.yaml`.
    public private(set) var values: ArchivedFile?
    /// `values.schema.json`.
    public private(set) var schema: ArchivedFile?
    /// `README.md`, `README.txt` or `README`, in that order and of any case.
    public private(set) var readme: ArchivedFile?
    /// `Chart.lock`, or `requirements.lock`.
    public private(set) var lock: ArchivedFile?
    /// What is below `templates/`, sorted by path.
    public private(set) var templates: [ArchivedFile] = []
    /// What is below `crds/`, sorted by path.
    public private(set) var crds: [ArchivedFile] = []
    /// The names of what is in `charts/`: directories, and archives with their `.tgz`; sorted, each once.
    public private(set) var vendored: [String] = []

    /// What to read; names in `charts/` always come.
    public struct Selection: OptionSet, Sendable {
        /// The bits.
        public let rawValue: Int

        /// Takes bits.
        public init(rawValue: Int) {
            self.rawValue = rawValue
        }

        /// `values.yaml` and its schema.
        public static let values = Selection(rawValue: 1)
        /// The readme.
        public static let readme = Selection(rawValue: 2)
        /// The lock file.
        public static let lock = Selection(rawValue: 4)
        /// Templates and custom resource definitions.
        public static let templates = Selection(rawValue: 8)
        /// All of it.
        public static let all: Selection = [.values, .readme, .lock, .templates]
    }

    /// The most bytes of all files read together: 16 MiB.
    public static let maximumBytes: Int64 = 16 << 20

    /// Reads the files from a source that gives the archive's next bytes on each call, and nil behind the last.
    ///
    /// One pass; memory for one piece and what is read. The metadata are not looked at.
    /// - Throws: `ChartArchiveError` as the reader of charts does, `.filesTooLarge` when the selected files together have
    ///   more than `maximumBytes`.
    public init(
        _ selection: Selection = .all, limits: ArchiveLimits = ArchiveLimits(),
        maximumBytes: Int64 = ChartFiles.maximumBytes, nextPiece: @escaping () throws -> [UInt8]?
    ) throws(ChartArchiveError) {
        var entries = try ChartEntries(limits: limits, nextPiece: nextPiece)
        var collector = Collector(selection: selection)
        var rest = maximumBytes
        while let file = try entries.next() {
            guard let place = collector.place(of: file.path) else { continue }
            guard file.entry.size <= rest else { throw .filesTooLarge(limit: maximumBytes) }
            rest -= file.entry.size
            collector.put(
                ArchivedFile(path: file.path, bytes: try entries.data(of: file, maximumBytes: rest + file.entry.size)),
                place)
        }
        values = collector.single[.values]
        schema = collector.single[.schema]
        readme = collector.readmes.min { $0.key < $1.key }?.value
        lock = collector.single[.lock] ?? collector.single[.oldLock]
        templates = collector.templates.values.sorted { $0.path < $1.path }
        crds = collector.crds.values.sorted { $0.path < $1.path }
        vendored = collector.vendored.sorted()
    }

    /// Reads the files from bytes in memory.
    ///
    /// - Throws: as the other one.
    public init(
        _ selection: Selection = .all, of bytes: [UInt8], limits: ArchiveLimits = ArchiveLimits()
    ) throws(ChartArchiveError) {
        var rest: [UInt8]? = bytes
        try self.init(selection, limits: limits) { rest.take() }
    }
}

/// A file of a chart.
public struct ArchivedFile: Sendable, Equatable {
    /// The path in the chart's directory.
    public let path: String
    /// Its bytes.
    public let bytes: [UInt8]
    /// Its bytes as text; nil when it is binary: not UTF-8, or with a NUL among them.
    public var text: String? {
        guard !bytes.contains(0) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
    /// Whether it is no text.
    public var isBinary: Bool { text == nil }
}

/// Sorts files into their places.
private struct Collector {
    let selection: ChartFiles.Selection
    var single: [Place: ArchivedFile] = [:]
    /// By rank of their names.
    var readmes: [Int: ArchivedFile] = [:]
    var templates: [String: ArchivedFile] = [:]
    var crds: [String: ArchivedFile] = [:]
    var vendored: Set<String> = []

    enum Place: Hashable {
        case values, schema, lock, oldLock, template, crd
        case readme(rank: Int)
    }

    private static let readmeNames = ["readme.md", "readme.txt", "readme"]

    /// Where a file belongs; nil when it is not to be read.
    mutating func place(of path: String) -> Place? {
        switch path {
        case "values.yaml": return selection.contains(.values) ? .values : nil
        case "values.schema.json": return selection.contains(.values) ? .schema : nil
        case "Chart.lock": return selection.contains(.lock) ? .lock : nil
        case "requirements.lock": return selection.contains(.lock) ? .oldLock : nil
        default: break
        }
        if path.hasPrefix("templates/") { return selection.contains(.templates) ? .template : nil }
        if path.hasPrefix("crds/") { return selection.contains(.templates) ? .crd : nil }
        if path.hasPrefix("charts/") { noteVendored(path.dropFirst("charts/".count)) }
        guard selection.contains(.readme), path.utf8.count <= 10 else { return nil }
        return Collector.readmeNames.firstIndex(of: path.lowercased()).map { .readme(rank: $0) }
    }

    /// A directory, or an archive; Helm passes over what begins with `_` or `.`.
    private mutating func noteVendored(_ path: Substring) {
        let name = path.prefix { $0 != "/" }
        guard !name.hasPrefix("_"), !name.hasPrefix("."), name.count < path.count || name.hasSuffix(".tgz") else {
            return
        }
        vendored.insert(String(name))
    }

    mutating func put(_ file: ArchivedFile, _ place: Place) {
        switch place {
        case .readme(let rank): readmes[rank] = file
        case .template: templates[file.path] = file
        case .crd: crds[file.path] = file
        case .values, .schema, .lock, .oldLock: single[place] = file
        }
    }
}
