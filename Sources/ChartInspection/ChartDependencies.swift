public import HelmModel
public import OCIModel

/// What a chart depends on, and where that is.
public struct ChartDependencies: Sendable {
    /// The version.
    public let chart: ResolvedChart
    /// The dependencies, in the order of `Chart.yaml`.
    public let dependencies: [Dependency]
    /// The lock file; nil when there is none.
    public let lock: ChartLock?
    /// Why the lock file cannot be read: one sentence without a final full stop.
    public let lockProblem: String?

    /// One dependency.
    public struct Dependency: Sendable {
        /// What `Chart.yaml` says of it.
        public let declared: ChartDependency
        /// The version in the lock file.
        public let locked: String?
        /// The name of the directory or archive in `charts/` that holds it.
        public let vendored: String?
        /// The version of it that lies beside the chart in the same registry: the locked one, otherwise the newest that
        /// fits.
        public let found: Reference?
    }

    /// `reference`, `repository`, `tag`, `manifest`; `dependencies`: objects of `name`, `alias`, `version` (as asked
    /// for), `repository`, `condition`, `tags`, `locked`, `vendored`, `found` (the last three a text or null); `lock`: an
    /// object as `ChartLock.json`, or null; `lockProblem`: a text or null.
    public var json: JSONValue {
        .object(
            chart.members + [
                ("dependencies", .array(dependencies.map(\.json))), ("lock", lock?.json ?? .null),
                ("lockProblem", JSONValue(optional: lockProblem)),
            ])
    }
}

extension ChartDependencies.Dependency {
    fileprivate var json: JSONValue {
        .object([
            ("name", .string(declared.name)), ("alias", .string(declared.alias)),
            ("version", .string(declared.version)), ("repository", .string(declared.repository)),
            ("condition", .string(declared.condition)), ("tags", JSONValue(declared.tags)),
            ("locked", JSONValue(optional: locked)), ("vendored", JSONValue(optional: vendored)),
            ("found", JSONValue(optional: found?.description)),
        ])
    }
}
