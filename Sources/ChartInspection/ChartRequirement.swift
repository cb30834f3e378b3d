public import ChartArchive
public import HelmModel

/// A chart that another one needs, and where it is said to be.
public struct ChartRequirement: Sendable, Hashable {
    /// The chart's name.
    public var name: String
    /// The name it goes by in the chart that needs it; empty for its own.
    public var alias: String
    /// A version or a range of versions.
    public var version: String
    /// Where it is, as written.
    public var repository: String
    /// The paths of values that switch it on.
    public var condition: String
    /// Tags that switch it on.
    public var tags: [String]
    /// The version that `Chart.lock` or `requirements.lock` names.
    public var locked: String?
    /// Whether `charts/` holds it already.
    public var isVendored: Bool

    /// What kind of place a repository is.
    public enum Place: Sendable, Hashable {
        /// None is named: the chart should be in `charts/`.
        case none
        /// A directory beside the chart's sources, `file://`.
        case directory(String)
        /// A repository by the name that somebody has given it, `@name` or `alias:name`.
        case alias(String)
        /// A namespace of a registry, without `oci://`: the chart's name is its last element's child.
        case registry(String)
        /// A classic repository's URL.
        case charts(url: String)
        /// Nothing that is known.
        case unknown
    }

    /// Builds it from its parts.
    public init(
        name: String, alias: String = "", version: String, repository: String, condition: String = "",
        tags: [String] = [], locked: String? = nil, isVendored: Bool = false
    ) {
        self.name = name
        self.alias = alias
        self.version = version
        self.repository = repository
        self.condition = condition
        self.tags = tags
        self.locked = locked
        self.isVendored = isVendored
    }

    /// What is named by a dependency of `Chart.yaml`.
    public init(_ dependency: ChartDependency, locked: String? = nil, isVendored: Bool = false) {
        name = dependency.name
        alias = dependency.alias
        version = dependency.version
        repository = dependency.repository
        condition = dependency.condition
        tags = dependency.tags
        self.locked = locked
        self.isVendored = isVendored
    }

    /// What a chart needs, in the order of `Chart.yaml`.
    ///
    /// A lock file that cannot be read counts as none.
    public static func all(of tree: ChartTree) -> [ChartRequirement] {
        guard let metadata = tree.metadata else { return [] }
        let lock = tree.lock.flatMap { try? ChartLock($0, of: metadata) }
        // A chart may be there under several aliases: each takes the next of its name.
        var chosen = lock?.entries ?? []
        return metadata.dependencies.map { declared in
            let entry = chosen.firstIndex { $0.name == declared.name }.map { chosen.remove(at: $0) }
            let vendored = ChartInspector.vendored(declared, locked: entry?.version, among: tree.vendored)
            return ChartRequirement(declared, locked: entry?.version, isVendored: vendored != nil)
        }
    }

    /// Where it is.
    public var place: Place {
        if repository.isEmpty { return .none }
        func rest(_ prefix: String) -> String? {
            repository.hasPrefix(prefix) ? String(repository.dropFirst(prefix.count)) : nil
        }
        if let path = rest("file://") { return .directory(path) }
        if let name = rest("@") ?? rest("alias:") { return .alias(name) }
        if let path = rest("oci://") { return .registry(path.hasSuffix("/") ? String(path.dropLast()) : path) }
        if rest("https://") != nil || rest("http://") != nil { return .charts(url: repository) }
        return .unknown
    }

    /// The version to take of those there are: the locked one when it is there and fits, otherwise the newest that fits.
    ///
    /// Nil when none fits. Versions that Helm cannot read do not count; of equal ones the first is taken.
    /// - Throws: `HelmParseError` when the constraint cannot be read.
    public func choose(among versions: some Sequence<String>) throws(HelmParseError) -> String? {
        // Helm takes nothing for anything, too.
        let constraint = try VersionConstraint(parsing: version.isEmpty ? "*" : version)
        var best: (text: String, version: SemanticVersion)?
        for text in versions {
            guard let version = try? SemanticVersion(lenient: text), constraint.matches(version) else { continue }
            if text == locked { return text }
            if let newest = best, !(newest.version < version) { continue }
            best = (text, version)
        }
        return best?.text
    }
}
