/// A classic repository's index as Helm reads it: charts by name, their versions the newest first.
///
/// Source: helm.sh/helm/v4 v4.3.0 `pkg/repo/v1/index.go`, `loadIndex`. More lenient in two ways: unknown fields are
/// ignored in YAML too, and a version whose fields have the wrong shape is dropped instead of ending the reading.
public struct RepositoryIndex: Sendable, Equatable {
    /// One chart of the index.
    public struct Chart: Sendable, Equatable {
        /// The name it is listed under; nearly always that of its versions.
        public let name: String
        /// Its versions, the newest first; no two of one text.
        public let versions: [RepositoryIndexEntry]
    }

    /// A version that was left out.
    public struct Dropped: Sendable, Equatable {
        /// The name it was listed under.
        public let chart: String
        /// Its version as written; empty when it has none.
        public let version: String
        /// One sentence.
        public let reason: String
    }

    /// What `apiVersion` says: `v1`.
    public let apiVersion: String
    /// When it was made, as written; empty when the index does not say.
    public let generated: String
    /// The charts, sorted by the bytes of their names; those without versions too.
    public let charts: [Chart]
    /// How many versions are listed.
    public let versionCount: Int
    /// How many versions were left out.
    public let droppedCount: Int
    /// The first hundred versions that were left out.
    public let dropped: [Dropped]

    /// The versions of a chart, the newest first; none when it is not listed.
    ///
    /// Logarithmic in the charts.
    public func versions(of name: String) -> [RepositoryIndexEntry] {
        var range = 0..<charts.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if charts[middle].name.utf8.elementsEqual(name.utf8) { return charts[middle].versions }
            let isBefore = charts[middle].name.utf8.lexicographicallyPrecedes(name.utf8)
            range = isBefore ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return []
    }

    /// One version by its text; nil when it is not listed.
    public func version(_ version: String, of name: String) -> RepositoryIndexEntry? {
        versions(of: name).first { $0.version == version }
    }
}

/// What an index may cost at most.
public struct RepositoryIndexLimits: Sendable, Equatable {
    /// The size of its text in bytes, unpacked; 64 MiB.
    public var bytes = 64 << 20
    /// Its versions, valid or not, and its charts; 200,000 of each.
    public var entries = 200_000
    /// Values in the tree of one version; 50,000.
    public var valuesPerEntry = 50_000

    /// The defaults.
    public init() {}
}

/// Why a text is no index.
public enum RepositoryIndexError: Error, Sendable, Equatable, CustomStringConvertible {
    /// It is not what an index looks like; one sentence.
    case malformed(String)
    /// It lists more versions or charts than allowed.
    case tooManyEntries(limit: Int)

    /// The sentence.
    public var description: String {
        switch self {
        case .malformed(let text): text
        case .tooManyEntries(let limit): "it lists more than \(limit) versions or charts"
        }
    }
}
