public import ChartInspection
public import Content
public import FrontDoor
public import HTTPMessage
public import HTTPServer
internal import OCIModel

/// What a path below `/api/chart/` asks.
public enum KnowledgeRoute: String, CaseIterable, FaceRoute {
    /// Charts by their newest versions.
    case list
    /// The versions of one chart.
    case versions
    /// Charts by text.
    case search
    /// What claims to be a chart and is in no index.
    case unlisted
    /// One version: metadata, digests, warnings.
    case show
    /// Its default values.
    case values
    /// Its readme.
    case readme
    /// Its templates.
    case templates
    /// What changed between two versions.
    case diff
    /// What it depends on.
    case dependencies

    /// All are one kind: which verb was asked is the log's object.
    public var kind: Int { 0 }
    /// They only read.
    public var methods: MethodSet { .read }
    /// The verb.
    public var object: String? { rawValue }
    /// Whoever may read.
    public func need(_ method: HTTPMethod) -> AccessNeed { .read }
}

/// Answers what people ask about charts, as JSON: `GET /api/chart/<verb>`.
///
/// The answers are those of `chartroom chart … --output json`. Errors have ChartMuseum's form, as below all of `/api`.
public final class KnowledgeFace: Face {
    private static let prefix = "/api/chart/"
    let catalog: any ChartCatalog
    let inspector: ChartInspector

    /// Answers from a catalog, and by looking into the charts themselves.
    public init(_ catalog: any ChartCatalog, inspector: ChartInspector) {
        self.catalog = catalog
        self.inspector = inspector
    }

    /// One kind.
    public let kinds = ["knowledge"]

    /// Reads a path below `/api/chart/`.
    public func recognize(_ request: any Request) -> Recognition<KnowledgeRoute> {
        guard request.rawPath.hasPrefix(KnowledgeFace.prefix) else { return .foreign }
        guard
            let route = KnowledgeRoute(
                rawValue: String(request.rawPath.dropFirst(KnowledgeFace.prefix.count)))
        else {
            let verbs = KnowledgeRoute.allCases.map(\.rawValue).joined(separator: ", ")
            return .wrong(
                failure(.nameUnknown("there is nothing at this path; charts are asked for \(verbs)")))
        }
        return .route(route)
    }

    /// Reads the query here, and looks for the answer on a thread that may block.
    public func plan(_ route: KnowledgeRoute, _ request: any Request) throws(ContentError) -> Plan {
        let query = KnowledgeQuery(try request.queryItems())
        switch route {
        case .list: return try list(query, request)
        case .versions:
            let (chart, namespace) = (try query.required("name"), try query.namespace() ?? .root)
            return answer(request) { [catalog] () throws(ContentError) in
                let found = try await catalog.listVersions(of: chart, in: namespace)
                return .object([("versions", .array(found.map(\.json)))])
            }
        case .search:
            let (text, namespace, limit) = (
                try query.required("q"), try query.namespace(), try query.limit()
            )
            return answer(request) { [catalog] () throws(ContentError) in
                let found = try await catalog.searchCharts(text, in: namespace, limit: limit)
                return .object([("charts", .array(found.map(\.json)))])
            }
        case .unlisted:
            let limit = try query.limit()
            return answer(request) { [catalog] () throws(ContentError) in
                let found = try await catalog.listUnlisted(limit: limit)
                return .object([("artifacts", .array(found.map(\.json)))])
            }
        case .diff:
            let (old, new) = (try query.reference("from"), try query.reference("to"))
            return answer(request) { [inspector] () throws(ContentError) in
                try await inspector.compare(old, new).json
            }
        case .show, .values, .readme, .templates, .dependencies:
            let reference = try query.reference("ref")
            return answer(request) { [self] () throws(ContentError) in
                try await inspected(route, reference)
            }
        }
    }

    private func inspected(_ route: KnowledgeRoute, _ reference: Reference) async throws(ContentError)
        -> JSONValue
    {
        switch route {
        case .show: try await inspector.show(reference).json
        case .values: try await inspector.values(reference).json
        case .readme: try await inspector.readme(reference).json
        case .templates: try await inspector.templates(reference).json
        case .dependencies: try await inspector.dependencies(reference).json
        case .list, .versions, .search, .unlisted, .diff: throw .internal("\(route) inspects no chart")
        }
    }

    private func list(_ query: KnowledgeQuery, _ request: any Request) throws(ContentError) -> Plan {
        let (namespace, limit, last) = (try query.namespace(), try query.limit(), try query.cursor())
        return perform { [catalog] () throws(ContentError) in
            let page = try await catalog.listCharts(in: namespace, PageRequest(limit: limit, last: last))
            var headers: [(name: StaticString, value: String)] = []
            if page.hasMore, let end = page.elements.last {
                let cursor = end.namespace.path.map { "\($0)/\(end.name)" } ?? end.name
                var next =
                    "\(KnowledgeFace.prefix)list?n=\(limit)&last=\(PercentEncoding.encodeQueryValue(cursor))"
                if let namespace {
                    next += "&namespace=\(PercentEncoding.encodeQueryValue(namespace.description))"
                }
                headers.append(("Link", Link.next(next)))
            }
            let json = JSONValue.object([("charts", .array(page.elements.map(\.json)))])
            return .tagged(json.text(), type: "application/json", headers: headers, for: request)
        }
    }

    private func answer(
        _ request: any Request, _ work: @escaping @Sendable () async throws(ContentError) -> JSONValue
    ) -> Plan {
        perform { () throws(ContentError) in
            .tagged(try await work().text(), type: "application/json", for: request)
        }
    }

    /// An error in ChartMuseum's form.
    public func failure(_ error: ContentError) -> Response { .museumFailure(error) }
}
