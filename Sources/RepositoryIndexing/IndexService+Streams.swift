internal import Content
internal import HelmModel

// Views, the YAML form, and the indexes of small repositories: made in one go, and remembered.
extension IndexService {
    /// How many charts a view may name to be made at once.
    private static let quickCharts = 16

    /// What is remembered, or what is made from a few entries.
    func readyStream(_ request: IndexRequest, _ state: ChartRepositoryState) throws(ContentError) -> ServedIndex? {
        let key = StreamCache.Key(request)
        if let found = streams.find(key, revision: state.revision) { return found.served }
        let isSmall = state.versionCount <= IndexService.smallVersions
        let names = request.selector?.exactNames?.count ?? .max
        guard isSmall || names <= IndexService.quickCharts else { return nil }
        return try make(request, key, nil)?.served
    }

    /// Builds what is missing.
    ///
    /// The caller is alone with what is made in one go for the repository.
    func stream(_ request: IndexRequest, since arrival: UInt64) throws(ContentError) -> ServedIndex {
        let key = StreamCache.Key(request)
        let revision = try state(of: request.namespace).revision
        if let found = streams.find(key, revision: revision, begunAfter: arrival) { return found.served }
        guard let made = try make(request, key, { () throws(ContentError) in try self.makeLog() }) else {
            throw .internal("a repository index was built and lost; try again")
        }
        return made.served
    }

    private func make(
        _ request: IndexRequest, _ key: StreamCache.Key, _ makeLog: (() throws(ContentError) -> IndexLog)?
    ) throws(ContentError) -> StreamedIndex? {
        let begun = ticket()
        let made = try reads.withSnapshot { () throws(ContentError) -> StreamedIndex? in
            var builder = StreamedIndexBuilder(request, makeLog)
            return try builder.build(try state(of: request.namespace), reads)
        }
        if let made { streams.keep(made, for: key, begun: begun) }
        return made
    }
}
