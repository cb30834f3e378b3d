public import OCIModel

/// Puts a repository's index together from pieces, each of them small: whoever walks the text asks `step` what to do
/// with a node, and hands over what is to be taken.
///
/// Paths are those of `JSONWalk`. Trees are let go as soon as they are read.
public struct RepositoryIndexBuilder: Sendable {
    private let limits: RepositoryIndexLimits
    private var apiVersion = ""
    private var generated = ""
    private var charts: [Listed] = []
    /// Where a chart stands in `charts`; names compare by their bytes.
    private var places: [[UInt8]: Int] = [:]
    /// The chart that is being read.
    private var current = 0
    private var entryCount = 0
    private var hasRoot = false
    private var droppedCount = 0
    private var dropped: [RepositoryIndex.Dropped] = []
    private var failure: RepositoryIndexError?

    private struct Listed: Sendable {
        var name: String
        var entries: [RepositoryIndexEntry] = []
        /// Whether it was noted that its versions are no list.
        var isNoList = false
    }

    private static let droppedShown = 100

    /// An index without charts.
    public init(_ limits: RepositoryIndexLimits = RepositoryIndexLimits()) {
        self.limits = limits
    }

    /// What becomes of the node at a path.
    public mutating func step(at path: [String?]) -> JSONStep {
        hasRoot = true
        switch path.count {
        case 0: return .enter
        case 1:
            switch path[0] {
            case "entries": return .enter
            case "apiVersion", "generated": return .take
            case .some: return .skip
            case nil: return fail("it is a list, not a mapping")
            }
        case 2:
            guard let name = path[1] else { return fail("its entries are a list, not a mapping of charts") }
            return begin(name) ? .enter : .stop
        case 3 where path[2] == nil: return .take
        default:
            noteNoList()
            return .skip
        }
    }

    /// Takes the tree of the node at a path; gives whether to go on.
    public mutating func take(_ value: JSONValue, at path: [String?]) -> Bool {
        switch path.count {
        case 0: _ = fail("it is not a mapping")
        case 1 where path[0] == "apiVersion": apiVersion = RepositoryIndexBuilder.text(value)
        case 1 where path[0] == "generated": generated = RepositoryIndexBuilder.text(value)
        case 1: takeEntries(value)
        case 2: takeVersions(value)
        default: takeEntry(.success(value))
        }
        return failure == nil
    }

    /// Notes that the version at a path has no tree, and why; gives whether to go on.
    public mutating func drop(_ reason: String, at path: [String?]) -> Bool {
        if path.count == 3 {
            takeEntry(.failure(HelmParseError(reason)))
        } else {
            _ = fail(reason)
        }
        return failure == nil
    }

    /// The index of all that was taken.
    ///
    /// - Throws: `RepositoryIndexError`, also for what made `step` or `take` end the walk.
    public consuming func finish() throws(RepositoryIndexError) -> RepositoryIndex {
        if let failure { throw failure }
        guard hasRoot else { throw .malformed("it is empty") }
        guard !apiVersion.isEmpty else { throw .malformed("it has no apiVersion") }
        var listed = charts
        charts = []
        listed.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        var result: [RepositoryIndex.Chart] = []
        result.reserveCapacity(listed.count)
        var versionCount = 0
        for place in listed.indices {
            let versions = sorted(listed[place])
            listed[place].entries = []
            versionCount += versions.count
            result.append(RepositoryIndex.Chart(name: listed[place].name, versions: versions))
        }
        return RepositoryIndex(
            apiVersion: apiVersion, generated: generated, charts: result, versionCount: versionCount,
            droppedCount: droppedCount, dropped: dropped)
    }
}

extension RepositoryIndexBuilder {
    private mutating func fail(_ reason: String) -> JSONStep {
        failure = failure ?? .malformed(reason)
        return .stop
    }

    /// A chart that is listed twice, which JSON allows, has the versions of the later list, as in Go.
    private mutating func begin(_ name: String) -> Bool {
        let key = Array(name.utf8)
        if let place = places[key] {
            charts[place].entries = []
            current = place
            return true
        }
        guard charts.count < limits.entries else {
            failure = .tooManyEntries(limit: limits.entries)
            return false
        }
        places[key] = charts.count
        current = charts.count
        charts.append(Listed(name: name))
        return true
    }

    private mutating func noteNoList() {
        guard !charts[current].isNoList else { return }
        charts[current].isNoList = true
        note("its versions are not a list", version: "", of: charts[current].name)
    }

    private mutating func note(_ reason: String, version: String, of chart: String) {
        droppedCount += 1
        guard dropped.count < RepositoryIndexBuilder.droppedShown else { return }
        dropped.append(RepositoryIndex.Dropped(chart: chart, version: version, reason: reason))
    }

    private mutating func takeEntries(_ value: JSONValue) {
        switch value {
        case .null: break
        case .object(let members):
            for (name, versions) in members {
                guard failure == nil, begin(name) else { return }
                takeVersions(versions)
            }
        case .bool, .integer, .number, .string, .array: _ = fail("its entries are not a mapping of charts")
        }
    }

    private mutating func takeVersions(_ value: JSONValue) {
        switch value {
        case .null: break
        case .array(let entries): for entry in entries where failure == nil { takeEntry(.success(entry)) }
        case .bool, .integer, .number, .string, .object: noteNoList()
        }
    }

    private mutating func takeEntry(_ tree: Result<JSONValue, HelmParseError>) {
        entryCount += 1
        guard entryCount <= limits.entries else {
            failure = .tooManyEntries(limit: limits.entries)
            return
        }
        var version = ""
        do throws(HelmParseError) {
            let tree = try tree.get()
            version = tree["version"]?.string ?? ""
            charts[current].entries.append(try RepositoryIndexEntry(tree: tree))
        } catch {
            note(error.description, version: version, of: charts[current].name)
        }
    }

    /// The newest first; of versions with one text the one that is listed first stays.
    private mutating func sorted(_ chart: Listed) -> [RepositoryIndexEntry] {
        let keys = chart.entries.map(\.listingOrder)
        let places = keys.indices.sorted { left, right in
            keys[left] == keys[right] ? left < right : keys[right].lexicographicallyPrecedes(keys[left])
        }
        var result: [RepositoryIndexEntry] = []
        result.reserveCapacity(places.count)
        for place in places {
            let entry = chart.entries[place]
            guard result.last?.version != entry.version else {
                note("the version is listed twice", version: entry.version, of: chart.name)
                continue
            }
            result.append(entry)
        }
        return result
    }

    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .integer(let number): String(number)
        case .null, .bool, .number, .array, .object: ""
        }
    }
}
