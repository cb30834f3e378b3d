import Archive
import HelmModel
import OCIModel

/// What is left of the limits.
struct ChartTreeBudget {
    private let limits: ChartTree.Limits
    private var unpackedBytes: Int64
    private var keptBytes: Int64
    private var entries: Int
    private var charts: Int

    init(_ limits: ChartTree.Limits) {
        self.limits = limits
        (unpackedBytes, keptBytes) = (limits.unpackedBytes, limits.keptBytes)
        (entries, charts) = (limits.entries, limits.charts)
    }

    /// What one archive may unfold to.
    var archiveLimits: ArchiveLimits {
        var archive = ArchiveLimits()
        archive.totalBytes = min(archive.totalBytes, unpackedBytes)
        archive.entries = min(archive.entries, entries)
        return archive
    }

    /// Keeps a file.
    mutating func keep(_ size: Int64) throws(ChartArchiveError) {
        guard size <= keptBytes else { throw .filesTooLarge(limit: limits.keptBytes) }
        keptBytes -= size
    }

    /// Opens a chart.
    mutating func open() throws(ChartArchiveError) {
        guard charts > 0 else { throw .archive(.tooManyEntries(limit: limits.charts)) }
        charts -= 1
    }

    /// Pays for what was read of an archive, which its own limits held within the rest.
    mutating func pay(entries count: Int, bytes: Int64) {
        entries = max(0, entries - count)
        unpackedBytes = max(0, unpackedBytes - bytes - Int64(count) * 512)
    }
}

/// Where a file belongs in the tree.
struct ChartTreePlace {
    enum Kind {
        case file, template, archive
    }

    /// The directories in `charts/` that lead to its chart.
    var chain: [String] = []
    /// The path in that chart; of an archive its name.
    var path: String
    var kind: Kind

    private static let files = [
        "Chart.yaml", "requirements.yaml", "values.yaml", "Images.lock", "Chart.lock", "requirements.lock",
    ]

    /// Nil for what says nothing of charts or images; Helm passes over what begins with `_` or `.` in `charts/`.
    init?(_ written: String) {
        // By bytes: to Characters a slash with a combining mark behind it is no slash.
        var elements = written.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }[...]
        while elements.count >= 3, elements.first == "charts" {
            let name = elements[elements.startIndex + 1]
            guard !name.hasPrefix("_"), !name.hasPrefix(".") else { return nil }
            chain.append(name)
            elements = elements.dropFirst(2)
        }
        let path = elements.joined(separator: "/")
        self.path = path
        if elements.count == 2, elements.first == "charts", let name = elements.last {
            guard name.hasSuffix(".tgz"), !name.hasPrefix("_"), !name.hasPrefix(".") else { return nil }
            self.path = name
            kind = .archive
        } else if ChartTreePlace.files.contains(path) {
            kind = .file
        } else if elements.first == "templates",
            [".yaml", ".yml", ".tpl", ".json"].contains(where: { path.hasSuffix($0) })
        {
            kind = .template
        } else {
            return nil
        }
    }
}

/// A chart while its archive is read.
struct ChartTreeDraft {
    var files: [String: ArchivedFile] = [:]
    var templates: [String: ArchivedFile] = [:]
    var directories: [String: ChartTreeDraft] = [:]
    var packed: [String: ChartTree] = [:]
    var problems: [String] = []

    /// Reads an archive that lies so deep.
    static func read(
        depth: Int, budget: inout ChartTreeBudget, nextPiece: @escaping () throws -> [UInt8]?
    ) throws(ChartArchiveError) -> ChartTreeDraft {
        try budget.open()
        var draft = ChartTreeDraft()
        var entries = try ChartEntries(limits: budget.archiveLimits, nextPiece: nextPiece)
        // What was paid for already.
        var (count, bytes) = (0, Int64(0))
        do throws(ChartArchiveError) {
            while let file = try entries.next() {
                budget.pay(entries: entries.entryCount - count, bytes: entries.declaredBytes - bytes)
                (count, bytes) = (entries.entryCount, entries.declaredBytes)
                guard let place = ChartTreePlace(file.path) else { continue }
                let level = depth + place.chain.count + (place.kind == .archive ? 1 : 0)
                guard level <= ChartTree.maximumDepth else {
                    draft.note("there are charts deeper than \(ChartTree.maximumDepth) levels, which are left out")
                    continue
                }
                if place.kind != .archive { try budget.keep(file.entry.size) }
                let data = try entries.data(of: file, maximumBytes: file.entry.size)
                try draft.put(data, place, chain: place.chain[...], depth: depth, budget: &budget)
            }
        } catch {
            budget.pay(entries: entries.entryCount - count, bytes: entries.declaredBytes - bytes)
            throw error
        }
        budget.pay(entries: entries.entryCount - count, bytes: entries.declaredBytes - bytes)
        return draft
    }

    private mutating func note(_ problem: String) {
        if problems.count < 100, !problems.contains(problem) { problems.append(problem) }
    }

    private mutating func put(
        _ data: [UInt8], _ place: ChartTreePlace, chain: ArraySlice<String>, depth: Int,
        budget: inout ChartTreeBudget
    ) throws(ChartArchiveError) {
        if let name = chain.first {
            if directories[name] == nil { try budget.open() }
            return try directories[name, default: ChartTreeDraft()]
                .put(data, place, chain: chain.dropFirst(), depth: depth + 1, budget: &budget)
        }
        switch place.kind {
        case .file: files[place.path] = ArchivedFile(path: place.path, bytes: data)
        case .template: templates[place.path] = ArchivedFile(path: place.path, bytes: data)
        case .archive: try unpack(data, place.path, depth: depth + 1, budget: &budget)
        }
    }

    /// Reads an archive in `charts/`; what is wrong with it alone is a problem, what is too much is an error.
    private mutating func unpack(
        _ data: [UInt8], _ name: String, depth: Int, budget: inout ChartTreeBudget
    ) throws(ChartArchiveError) {
        do throws(ChartArchiveError) {
            var rest: [UInt8]? = data
            let draft = try ChartTreeDraft.read(depth: depth, budget: &budget) { rest.take() }
            packed[name] = ChartTree(subchart: draft, name: name)
        } catch {
            switch error {
            case .filesTooLarge, .archive(.tooLarge), .archive(.tooManyEntries), .archiveTooLarge: throw error
            case .archive, .path, .kind, .noChart, .duplicate, .yaml, .metadata:
                note("charts/\(name.prefix(100)) cannot be read: \(error)")
            }
        }
    }

    /// The metadata.
    ///
    /// - Throws: `.noChart`, `.yaml`, `.metadata`.
    func readMetadata() throws(ChartArchiveError) -> ChartMetadata {
        guard let chart = files["Chart.yaml"] else { throw .noChart }
        let tree = try bounded(chart)
        var requirements: JSONValue?
        if let file = files["requirements.yaml"] { requirements = try bounded(file) }
        do {
            return try ChartMetadata(chart: tree, requirements: requirements)
        } catch {
            throw .metadata(error)
        }
    }

    private func bounded(_ file: ArchivedFile) throws(ChartArchiveError) -> JSONValue {
        guard file.bytes.count <= ChartArchiveReader.maximumMetadataBytes else {
            throw .filesTooLarge(limit: ChartArchiveReader.maximumMetadataBytes)
        }
        return try ChartYAML.tree(file.bytes, file: file.path)
    }
}
