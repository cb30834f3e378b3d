public import Content
internal import Metadata
public import OCIModel

extension Registry: ChartReads {
    /// Runs the body with one unchanging view of the metadata for the calls it makes on this thread.
    public func withSnapshot<Value>(_ body: () throws(ContentError) -> Value) throws(ContentError) -> Value {
        try reader().withSnapshot(body)
    }

    /// A classic repository; nil when it never held a chart.
    public func chartRepository(_ namespace: ChartNamespace) throws(ContentError) -> ChartRepositoryState? {
        try reader().chartRepository(namespace)
    }

    /// Entries in the index's order, from `first` on and before `end`.
    public func forEachEntry(
        in namespace: ChartNamespace, from first: ChartVersionKey?, before end: ChartVersionKey?,
        _ body: (ChartEntry) -> Bool
    ) throws(ContentError) {
        try reader().forEachEntry(in: namespace, from: first, before: end, body)
    }

    /// What changed since a revision; nil when that is too long ago to tell.
    public func changedEntries(in namespace: ChartNamespace, since revision: Int64) throws(ContentError)
        -> [ChartVersionKey]?
    {
        try reader().changedEntries(in: namespace, since: revision)
    }

    /// The names of a repository's charts behind `last`, sorted by bytes.
    public func chartNames(in namespace: ChartNamespace, _ page: PageRequest<String>) throws(ContentError)
        -> Page<String>
    {
        try reader().chartNames(in: namespace, page)
    }

    /// The files of `<name>-<version>.tgz`; nil when it is not listed.
    public func chartFile(named fileName: String, in namespace: ChartNamespace) throws(ContentError) -> ChartFile? {
        guard let found = try reader().chartFile(named: fileName, in: namespace) else { return nil }
        guard found.locks.contains(.read) else {
            throw .denied("chart \(fileName) is locked against reading; unlock it with readEnabled=true")
        }
        return found.file
    }

    /// The files of a version, by the version as written; nil when it is not listed.
    public func chartFile(of chart: String, version: String, in namespace: ChartNamespace) throws(ContentError)
        -> ChartFile?
    {
        try chartFile(named: "\(chart)-\(version).tgz", in: namespace)
    }

    /// Why a manifest is listed nowhere; nil when it is listed, or is no chart.
    public func chartProblem(of manifest: Digest, in repository: RepositoryName) throws(ContentError) -> String? {
        try reader().chartProblem(of: manifest, in: repository)
    }
}

extension Registry: ChartCatalog {
    /// The newest version of each chart, by namespace and name.
    public func listCharts(in namespace: ChartNamespace?, _ page: PageRequest<ChartCursor>) async throws(ContentError)
        -> Page<ChartSummary>
    {
        try reader().charts(in: namespace, page)
    }

    /// The versions of one chart, newest first.
    public func listVersions(of chart: String, in namespace: ChartNamespace) async throws(ContentError)
        -> [ChartSummary]
    {
        try reader().versions(of: chart, in: namespace)
    }

    /// Charts that hold every word of a text, best first.
    public func searchCharts(_ text: String, in namespace: ChartNamespace?, limit: Int) async throws(ContentError)
        -> [ChartSummary]
    {
        try reader().searchCharts(text, in: namespace, limit: limit)
    }

    /// Artifacts that claim to be charts and are listed nowhere.
    public func listUnlisted(limit: Int) async throws(ContentError) -> [UnlistedChart] {
        try reader().unlistedCharts(limit: limit)
    }
}
