/// What a view of a repository index chooses.
///
/// In text, keys joined by `;`, each at most once:
/// `chart=a,b*` names with `*` for any characters; `version=^1.2` a `VersionConstraint`; `prereleases=no|yes`;
/// `deprecated=no|yes`; `newest-minor=N` the newest N of each `major.minor`; `newest=N` the newest N of each chart.
/// They apply in this order, whatever their order in the text. Without a key nothing is left out by it, except that a
/// constraint leaves out pre-releases as Helm's rule has it; `prereleases=yes` lifts that rule.
public struct ChartSelector: Hashable, Sendable {
    /// Patterns of names, sorted and unique; nil for all charts.
    public internal(set) var charts: [ChartPattern]?
    /// The versions; nil for all.
    public internal(set) var version: VersionConstraint?
    /// Whether pre-releases are taken; nil for what the constraint says, and all when there is none.
    public internal(set) var takesPrereleases: Bool?
    /// Whether deprecated versions are taken.
    public internal(set) var takesDeprecated = true
    /// How many versions of each `major.minor` are taken; nil for all.
    public internal(set) var newestPerMinor: Int?
    /// How many versions of each chart are taken; nil for all.
    public internal(set) var newest: Int?

    /// The longest text that is read and written, in bytes.
    public static let maximumLength = 512
    /// How many charts may be named.
    public static let maximumCharts = 64
    /// The numbers that `newest` and `newest-minor` take.
    public static let counts = 1...10_000

    /// The names, sorted; nil when the selector has a pattern or names no chart, so that all names must be looked at.
    public var exactNames: [String]? {
        guard let charts, charts.allSatisfy(\.isExact) else { return nil }
        return charts.map(\.text)
    }

    /// Whether the selector takes versions of a chart at all.
    public func takes(chart name: String) -> Bool {
        charts?.contains { $0.matches(name) } ?? true
    }

    /// Whether a version is taken, before the newest are counted.
    func takes(_ candidate: SemanticVersion, isDeprecated: Bool) -> Bool {
        if isDeprecated, !takesDeprecated { return false }
        if takesPrereleases == false, !candidate.prerelease.isEmpty { return false }
        return version?.matches(candidate, includingPrereleases: takesPrereleases == true) ?? true
    }

    /// Chooses while versions come by in the order of an index: by chart, the newest version first.
    ///
    /// Remembers the last chart and the last `major.minor`, nothing else.
    public struct Selection: Sendable {
        private let selector: ChartSelector
        private var chart: String?
        private var takesChart = false
        private var line: (major: UInt64, minor: UInt64)?
        private var lineCount = 0
        private var chartCount = 0

        /// Begins with nothing seen.
        public init(_ selector: ChartSelector) {
            self.selector = selector
        }

        /// Whether the next version is taken.
        public mutating func takes(name: String, version: SemanticVersion, isDeprecated: Bool) -> Bool {
            if chart != name {
                chart = name
                takesChart = selector.takes(chart: name)
                line = nil
                chartCount = 0
            }
            guard !isChartComplete, selector.takes(version, isDeprecated: isDeprecated) else { return false }
            if let newestPerMinor = selector.newestPerMinor {
                if line?.major != version.major || line?.minor != version.minor {
                    line = (version.major, version.minor)
                    lineCount = 0
                }
                guard lineCount < newestPerMinor else { return false }
                lineCount += 1
            }
            chartCount += 1
            return true
        }

        /// Whether no other version of the chart that came last will be taken, so that the rest may be skipped.
        public var isChartComplete: Bool {
            guard takesChart else { return chart != nil }
            return selector.newest.map { chartCount >= $0 } ?? false
        }
    }
}
