// HelmModel: what Helm says about a chart, and how it says it in OCI.
//
// Owns: a chart's metadata with Helm's reading, cleaning and validation, the config blob and the manifest made of it
// byte for byte as `helm push` makes them, semantic versions and ranges of them, the mapping between versions and tags,
// the text of a repository index, and what of an index a view chooses.
// Invariant: metadata that exists passed Helm's validation. Pure: trees in, values out; no I/O, no clock, any thread.
// Compatibility: Helm v4.3.0; `fixtures/golden` holds what its library wrote.

public import OCIModel

/// What `Chart.yaml` says: the fields of helm.sh/helm/v4 v4.3.0 `pkg/chart/v2/metadata.go`.
///
/// Optional texts are empty when absent. Texts are cleaned as Helm cleans them: white space becomes spaces,
/// characters that do not print are dropped.
public struct ChartMetadata: Sendable, Equatable {
    /// The name, not empty and without a slash.
    ///
    /// A registry may take less: see `RepositoryName`.
    public internal(set) var name = ""
    /// The project's page.
    public internal(set) var home = ""
    /// URLs of source code.
    public internal(set) var sources: [String] = []
    /// The version as written; `semanticVersion` reads it.
    public internal(set) var version = ""
    /// One sentence.
    public internal(set) var description = ""
    /// Keywords.
    public internal(set) var keywords: [String] = []
    /// The people behind the chart.
    public internal(set) var maintainers: [ChartMaintainer] = []
    /// The URL of an icon.
    public internal(set) var icon = ""
    /// `v1` or `v2`, though Helm takes anything; `v1` when absent.
    public internal(set) var apiVersion = ""
    /// Paths of values that enable the chart.
    public internal(set) var condition = ""
    /// Tags that enable the chart.
    public internal(set) var tags = ""
    /// The version of what the chart installs.
    public internal(set) var appVersion = ""
    /// Whether the chart is deprecated.
    public internal(set) var isDeprecated = false
    /// Annotations, kept as they are.
    public internal(set) var annotations: [String: String] = [:]
    /// The Kubernetes versions the chart wants.
    public internal(set) var kubeVersion = ""
    /// Charts this one depends on, no two of one name or alias.
    public internal(set) var dependencies: [ChartDependency] = []
    /// `application`, `library` or empty, which means application.
    public internal(set) var type = ""

    /// Reads the tree of `Chart.yaml` as Helm does, with that of `requirements.yaml` laid over it when there is one.
    ///
    /// Numbers and booleans where text is wanted become text (`1.10` becomes `1.1`), names of fields are matched
    /// without regard to case, unknown fields are ignored, a missing apiVersion is `v1`.
    /// - Throws: `HelmParseError` for a field of the wrong shape and for each rule of Helm's `Metadata.Validate`.
    public init(chart: JSONValue, requirements: JSONValue? = nil) throws(HelmParseError) {
        try overlay(chart, at: "Chart.yaml")
        if apiVersion.isEmpty { apiVersion = "v1" }
        if let requirements { try overlay(requirements, at: "requirements.yaml") }
        try validate()
    }

    /// Reads a config blob.
    ///
    /// - Throws: `HelmParseError` for malformed JSON, a field of the wrong shape, or metadata that Helm would refuse.
    public init(configJSON bytes: [UInt8]) throws(HelmParseError) {
        let tree: JSONValue
        do {
            tree = try JSONValue(parsing: bytes)
        } catch {
            throw HelmParseError("the chart's config: \(error.description)")
        }
        try overlay(tree, at: "config")
        try validate()
    }

    /// Reads the metadata in an entry of a repository's index.
    init(indexEntry tree: JSONValue) throws(HelmParseError) {
        try overlay(tree, at: "entry")
        if apiVersion.isEmpty { apiVersion = "v1" }
        try validate(inIndex: true)
    }

    /// The version, read as Helm reads it; nil never happens for metadata that passed validation.
    public var semanticVersion: SemanticVersion? { try? SemanticVersion(lenient: version) }
}

/// A person behind a chart.
public struct ChartMaintainer: Sendable, Equatable {
    /// A name or an organisation; may be empty.
    public internal(set) var name = ""
    /// An address; may be empty.
    public internal(set) var email = ""
    /// A page; may be empty.
    public internal(set) var url = ""
}

/// A chart that another one depends on: the fields of helm.sh/helm/v4 v4.3.0 `pkg/chart/v2/dependency.go`.
public struct ChartDependency: Sendable, Equatable {
    /// The chart's name; Helm lets it be empty.
    public internal(set) var name = ""
    /// A version or a range of versions.
    public internal(set) var version = ""
    /// The repository's URL.
    public internal(set) var repository = ""
    /// The path of a value that enables the dependency.
    public internal(set) var condition = ""
    /// Tags that enable the dependency.
    public internal(set) var tags: [String] = []
    /// Whether the dependency is enabled.
    public internal(set) var isEnabled = false
    /// What to import: texts, or objects with `child` and `parent`; keys sorted, numbers as Go's float64.
    public internal(set) var importValues: [JSONValue] = []
    /// The name to go by; letters, digits, `_` and `-` when not empty.
    public internal(set) var alias = ""
}
