public import OCIModel

/// Where a version stands in a classic repository: by the chart's name, then the newest version first.
public struct ChartVersionKey: Hashable, Sendable, Comparable {
    /// The chart's name as the chart itself has it.
    public var name: String
    /// The version's `SemanticVersion.listingOrder`: bytes that compare as versions do.
    public var order: [UInt8]

    /// Builds a key.
    public init(name: String, order: [UInt8]) {
        self.name = name
        self.order = order
    }

    /// Names by their bytes upwards, versions downwards.
    public static func < (left: ChartVersionKey, right: ChartVersionKey) -> Bool {
        if left.name != right.name { return left.name.utf8.lexicographicallyPrecedes(right.name.utf8) }
        return right.order.lexicographicallyPrecedes(left.order)
    }
}

/// A version as a repository index needs it.
public struct ChartEntry: Sendable, Equatable {
    /// Where it stands.
    public var key: ChartVersionKey
    /// The version as written.
    public var version: String
    /// The SHA-256 of the archive; nil when an upstream lists the version and does not say.
    public var archive: Digest?
    /// Whether the chart says it is deprecated.
    public var isDeprecated: Bool
    /// The ready JSON object of the repository index, without line breaks.
    ///
    /// Metadata in Helm's order, then `urls` (relative: `charts/<file>`), `created`, `digest`.
    public var json: [UInt8]

    /// Builds an entry.
    public init(key: ChartVersionKey, version: String, archive: Digest?, isDeprecated: Bool, json: [UInt8]) {
        self.key = key
        self.version = version
        self.archive = archive
        self.isDeprecated = isDeprecated
        self.json = json
    }
}

/// What is known of a classic repository.
public struct ChartRepositoryState: Sendable, Equatable {
    /// The repository.
    public var namespace: ChartNamespace
    /// Grows with each change of what is listed.
    public var revision: Int64
    /// Charts listed.
    public var chartCount: Int64
    /// Versions listed.
    public var versionCount: Int64

    /// Builds the state.
    public init(namespace: ChartNamespace, revision: Int64, chartCount: Int64, versionCount: Int64) {
        self.namespace = namespace
        self.revision = revision
        self.chartCount = chartCount
        self.versionCount = versionCount
    }
}

/// A listed version's files.
public struct ChartFile: Sendable, Equatable {
    /// The OCI repository that holds the blobs.
    public var repository: RepositoryName
    /// The tag of the version.
    public var tag: Tag
    /// The manifest of the version.
    public var manifest: Digest
    /// The archive.
    public var archive: Digest
    /// The provenance, if there is one.
    public var provenance: Digest?

    /// Builds the files.
    public init(repository: RepositoryName, tag: Tag, manifest: Digest, archive: Digest, provenance: Digest?) {
        self.repository = repository
        self.tag = tag
        self.manifest = manifest
        self.archive = archive
        self.provenance = provenance
    }
}

/// A version as people look at it.
public struct ChartSummary: Sendable, Equatable {
    /// The classic repository.
    public var namespace: ChartNamespace
    /// The OCI repository.
    public var repository: RepositoryName
    /// The chart's name.
    public var name: String
    /// The version as written.
    public var version: String
    /// The version of what it installs; empty when the chart does not say.
    public var appVersion: String
    /// One sentence.
    public var description: String
    /// Whether it is deprecated.
    public var isDeprecated: Bool
    /// `application` or `library`.
    public var type: String
    /// The newest time inside the archive, RFC 3339.
    public var created: String
    /// The SHA-256 of the archive.
    public var archive: Digest
    /// The archive's size in bytes.
    public var size: Int64
    /// The manifest.
    public var manifest: Digest
    /// How many versions of the chart are listed.
    public var versionCount: Int64

    /// Builds a summary.
    public init(
        namespace: ChartNamespace, repository: RepositoryName, name: String, version: String, appVersion: String,
        description: String, isDeprecated: Bool, type: String, created: String, archive: Digest, size: Int64,
        manifest: Digest, versionCount: Int64
    ) {
        self.namespace = namespace
        self.repository = repository
        self.name = name
        self.version = version
        self.appVersion = appVersion
        self.description = description
        self.isDeprecated = isDeprecated
        self.type = type
        self.created = created
        self.archive = archive
        self.size = size
        self.manifest = manifest
        self.versionCount = versionCount
    }
}

/// An artifact that claims to be a chart and is listed in no repository index.
public struct UnlistedChart: Sendable, Equatable {
    /// The OCI repository.
    public var repository: RepositoryName
    /// The manifest.
    public var manifest: Digest
    /// The tags that name it, sorted.
    public var tags: [Tag]
    /// Why it is not listed: one sentence.
    public var problem: String

    /// Builds it.
    public init(repository: RepositoryName, manifest: Digest, tags: [Tag], problem: String) {
        self.repository = repository
        self.manifest = manifest
        self.tags = tags
        self.problem = problem
    }
}

/// The key of a listing of charts over all namespaces.
public struct ChartCursor: Hashable, Sendable {
    /// The classic repository.
    public var namespace: ChartNamespace
    /// The chart's name.
    public var name: String

    /// Builds a cursor.
    public init(namespace: ChartNamespace, name: String) {
        self.namespace = namespace
        self.name = name
    }
}

/// Charts by name and text, near or far.
public protocol ChartCatalog: Sendable {
    /// The newest version of each chart, by namespace and name; with `namespace` only those of one.
    func listCharts(in namespace: ChartNamespace?, _ page: PageRequest<ChartCursor>) async throws(ContentError) -> Page<
        ChartSummary
    >
    /// The versions of one chart, newest first; empty when there is no such chart.
    func listVersions(of chart: String, in namespace: ChartNamespace) async throws(ContentError) -> [ChartSummary]
    /// Charts whose name, keywords, description or maintainers hold every word of `text` (words match by their
    /// beginning), best first, by their newest versions.
    ///
    /// - Throws: `.parameterInvalid` when `text` holds no word.
    func searchCharts(_ text: String, in namespace: ChartNamespace?, limit: Int) async throws(ContentError)
        -> [ChartSummary]
    /// Artifacts that claim to be charts and are listed nowhere, by repository.
    func listUnlisted(limit: Int) async throws(ContentError) -> [UnlistedChart]
}

/// The synchronous face of a store's charts; rules as for `LocalReads`.
///
/// What is hidden or locked against reading is left out.
public protocol ChartReads: Sendable {
    /// Runs the body with one unchanging view of the metadata for the calls it makes on this thread.
    func withSnapshot<Value>(_ body: () throws(ContentError) -> Value) throws(ContentError) -> Value
    /// A classic repository; nil when it never held a chart.
    func chartRepository(_ namespace: ChartNamespace) throws(ContentError) -> ChartRepositoryState?
    /// Entries in the index's order, from `first` on and before `end`; the body returns whether to go on.
    func forEachEntry(
        in namespace: ChartNamespace, from first: ChartVersionKey?, before end: ChartVersionKey?,
        _ body: (ChartEntry) -> Bool
    ) throws(ContentError)
    /// What changed since a revision; nil when that is too long ago to tell.
    func changedEntries(in namespace: ChartNamespace, since revision: Int64) throws(ContentError) -> [ChartVersionKey]?
    /// The names of a repository's charts behind `last`, sorted by bytes.
    func chartNames(in namespace: ChartNamespace, _ page: PageRequest<String>) throws(ContentError) -> Page<String>
    /// The files of `<name>-<version>.tgz`; nil when it is not listed.
    func chartFile(named fileName: String, in namespace: ChartNamespace) throws(ContentError) -> ChartFile?
    /// The files of a version, by the version as written; nil when it is not listed.
    func chartFile(of chart: String, version: String, in namespace: ChartNamespace) throws(ContentError) -> ChartFile?
    /// Why a manifest is listed nowhere; nil when it is listed, or is no chart.
    func chartProblem(of manifest: Digest, in repository: RepositoryName) throws(ContentError) -> String?
}

/// Takes charts as archives and makes them OCI artifacts.
public protocol ChartIntake: Sendable {
    /// Opens an upload of an archive.
    ///
    /// - Throws: `.storageFull`.
    func openChart(in namespace: ChartNamespace) async throws(ContentError) -> any ChartUpload
    /// Adds provenance to a version that is there, found by the digest the provenance names.
    ///
    /// - Throws: `.chartInvalid` when it is no provenance, `.manifestUnknown` when it vouches for no archive that is
    ///   listed here, `.conflict` when the version has another one, `.denied`, `.storageFull`.
    func addProvenance(_ bytes: [UInt8], in namespace: ChartNamespace, replacing: Bool) async throws(ContentError)
        -> StoredChart
    /// Removes a version: its tag, and its manifest when no other tag names it.
    ///
    /// - Throws: `.manifestUnknown` when it is not listed, `.unsupported` when locked.
    func removeChart(_ name: String, version: String, in namespace: ChartNamespace) async throws(ContentError)
}

/// An archive on its way in; calls come one at a time and may block.
public protocol ChartUpload: AnyObject, Sendable {
    /// Appends bytes.
    ///
    /// - Throws: `.tooLarge`, `.storageFull`.
    func append(_ bytes: [UInt8]) async throws(ContentError)
    /// Reads the chart, and stores archive, provenance, config and manifest under the version's tag.
    ///
    /// The manifest follows from the bytes alone. When it returns, all of it is durable and listed. Whatever it throws,
    /// the upload is over and nothing of it is listed.
    /// - Throws: `.chartInvalid`, `.conflict` when the version is there and `replacing` is false, or when another
    ///   version has its tag or file name, `.denied`, `.storageFull`.
    func finish(provenance: [UInt8]?, replacing: Bool) async throws(ContentError) -> StoredChart
    /// Forgets the bytes.
    func abandon() async
}

/// A chart that was stored.
public struct StoredChart: Sendable, Equatable {
    /// The OCI repository.
    public var repository: RepositoryName
    /// The version's tag.
    public var tag: Tag
    /// The manifest.
    public var manifest: Digest
    /// The chart's name.
    public var name: String
    /// The version as written.
    public var version: String
    /// What looks wrong but stopped nothing.
    public var warnings: [String]

    /// Builds it.
    public init(
        repository: RepositoryName, tag: Tag, manifest: Digest, name: String, version: String, warnings: [String]
    ) {
        self.repository = repository
        self.tag = tag
        self.manifest = manifest
        self.name = name
        self.version = version
        self.warnings = warnings
    }
}
