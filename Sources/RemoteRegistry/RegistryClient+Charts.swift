public import Content
internal import HTTPClient
internal import HTTPMessage
internal import OCIModel

// Charts by name and text, from the paths below `/api/chart/` that Chartroom's own server has.
extension RegistryClient: ChartCatalog {
    /// The most one request asks for.
    private static let largestRequest = 1000
    private static let maximumAnswerBytes = 32 << 20

    /// The newest version of each chart.
    ///
    /// One GET for each page of a thousand.
    public func listCharts(
        in namespace: ChartNamespace?, _ page: PageRequest<ChartCursor>
    ) async throws(ContentError) -> Page<ChartSummary> {
        let limit = max(0, page.limit)
        var (found, last) = ([ChartSummary](), page.last)
        while true {
            var query = RegistryClient.query(namespace)
            query.append(("n", String(min(max(limit - found.count, 1), RegistryClient.largestRequest))))
            if let last {
                query.append(("last", last.namespace.path.map { "\($0)/\(last.name)" } ?? last.name))
            }
            let (tree, hasMore) = try await answer("list", query)
            let charts = try summaries(tree["charts"])
            found += charts
            guard hasMore, found.count < limit, let end = charts.last else {
                return Page(elements: Array(found.prefix(limit)), hasMore: hasMore || found.count > limit)
            }
            let next = ChartCursor(namespace: end.namespace, name: end.name)
            guard next != last else {
                throw .unavailable("\(endpoint.name) gives pages of its charts without end")
            }
            last = next
        }
    }

    /// The versions of one chart, newest first.
    ///
    /// One GET.
    public func listVersions(
        of chart: String, in namespace: ChartNamespace
    ) async throws(ContentError) -> [ChartSummary] {
        try summaries(
            try await answer("versions", RegistryClient.query(namespace) + [("name", chart)]).tree["versions"])
    }

    /// Charts by text.
    ///
    /// One GET.
    public func searchCharts(
        _ text: String, in namespace: ChartNamespace?, limit: Int
    ) async throws(ContentError) -> [ChartSummary] {
        let query = RegistryClient.query(namespace) + [("q", text), ("n", String(max(0, limit)))]
        return try summaries(try await answer("search", query).tree["charts"])
    }

    /// Artifacts that claim to be charts and are listed nowhere.
    ///
    /// One GET.
    public func listUnlisted(limit: Int) async throws(ContentError) -> [UnlistedChart] {
        let tree = try await answer("unlisted", [("n", String(max(0, limit)))]).tree
        return try decoded(tree["artifacts"]) { json throws(OCIParseError) in try UnlistedChart(json: json) }
    }

    private static func query(_ namespace: ChartNamespace?) -> [(String, String)] {
        namespace.map { [("namespace", $0.description)] } ?? []
    }

    /// What a question is answered with, and whether a page follows.
    private func answer(
        _ verb: String, _ query: [(String, String)]
    ) async throws(ContentError) -> (tree: JSONValue, hasMore: Bool) {
        let call = RegistryCall(
            method: .get, url: try endpoint.url("/api/chart/\(verb)", query), scope: .catalog, object: .charts)
        let (response, body) = try await transport.body(of: call, maximumBytes: RegistryClient.maximumAnswerBytes)
        do {
            return (try JSONValue(parsing: body), Link.next(in: response.headers["Link"]) != nil)
        } catch {
            throw .unavailable("\(endpoint.name) sent no JSON for \(call.object)")
        }
    }

    private func summaries(_ json: JSONValue?) throws(ContentError) -> [ChartSummary] {
        try decoded(json) { json throws(OCIParseError) in try ChartSummary(json: json) }
    }

    private func decoded<Element>(
        _ json: JSONValue?, _ decode: (JSONValue) throws(OCIParseError) -> Element
    ) throws(ContentError) -> [Element] {
        guard let list = json?.array else { throw .unavailable("\(endpoint.name) sent no list of charts") }
        var elements: [Element] = []
        do throws(OCIParseError) {
            for json in list { elements.append(try decode(json)) }
        } catch {
            throw .unavailable("\(endpoint.name) describes a chart wrongly: \(error.description)")
        }
        return elements
    }
}
