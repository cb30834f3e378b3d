// ChartServer: classic chart repositories over HTTP, and ChartMuseum's API.
//
// Owns: the paths below `/charts` and `/api`, `/index.yaml`, `/info`, `/health` and `/artifacthub-repo.yml`, and their
// bodies. Invariant: every error is `{"error":"<one line>"}`. Reads that touch one row are answered on the loop thread;
// lists, uploads and indexes that must be made leave it. Compatibility: what Helm, `helm cm-push` and curl send to a
// ChartMuseum works unchanged; docs/charts.md lists the paths and where the answers differ.

public import ChartInspection
public import Content
public import FrontDoor
internal import HTTPMessage
public import HTTPServer
internal import OCIModel
public import RepositoryIndexing

/// What the face serves: a store with its charts at hand.
public typealias ServedCharts = ChartReads & ChartIntake & LocalReads

/// What the charts' face may be told.
public struct ChartFaceOptions: Sendable {
    /// The program's version, for `/info`.
    public var version = ""
    /// The named views: selector by name.
    public var views: [String: String] = [:]
    /// Gives the bytes of `artifacthub-repo.yml`; nil when none is configured.
    public var artifactHubFile: (@Sendable () throws(ContentError) -> [UInt8])?
    /// The largest archive, in bytes; 413 above.
    public var maximumChartBytes: Int64 = 64 << 20
    /// The longest list of charts in one answer, in bytes; longer ones must be asked for in pages.
    public var maximumListBytes = 64 << 20

    /// The defaults.
    public init() {}
}

/// Answers the requests of classic chart repositories.
public final class ChartFace: Face {
    let charts: any ServedCharts
    let indexes: IndexService
    let inspector: ChartInspector
    let views: NamedViews
    let options: ChartFaceOptions
    /// What is asked before the store; nil when no upstreams stand behind it.
    let cache: (any UpstreamReads)?

    /// Serves a store's charts, and what `cache` says stands behind them.
    ///
    /// - Throws: `.parameterInvalid` when a named view is no selector.
    public init(
        _ charts: any ServedCharts, indexes: IndexService, inspector: ChartInspector,
        _ options: ChartFaceOptions = ChartFaceOptions(), cache: (any UpstreamReads)? = nil
    ) throws(ContentError) {
        self.charts = charts
        self.inspector = inspector
        self.indexes = indexes
        self.options = options
        self.cache = cache
        views = try NamedViews(options.views)
    }

    /// The kinds of its routes.
    public let kinds = ChartTarget.Kind.allCases.map { "\($0)" }

    /// Reads a path.
    public func recognize(_ request: any Request) -> Recognition<ChartRoute> {
        do throws(ContentError) {
            guard let target = try ChartTarget(parsing: request.rawPath, request.method) else {
                return .foreign
            }
            return .route(ChartRoute(target: target))
        } catch {
            return .wrong(failure(error))
        }
    }

    /// Decides what happens to a request that may pass.
    public func plan(_ route: ChartRoute, _ request: any Request) throws(ContentError) -> Plan {
        switch route.target {
        case .index(let namespace, let view, let isJSON):
            return try index(of: namespace, view, isJSON: isJSON, request)
        case .file(let namespace, let name): return try file(name, in: namespace, request)
        case .charts(let namespace):
            return request.method == .post
                ? try upload(into: namespace, request) : try list(namespace, request)
        case .chart(let namespace, let name): return versions(of: name, in: namespace, request)
        case .version(let namespace, let name, let version):
            return request.method == .delete
                ? remove(name, version, from: namespace) : entry(of: name, version, in: namespace, request)
        case .templates(let namespace, let name, let version):
            return try templates(of: name, version, in: namespace, request)
        case .values(let namespace, let name, let version):
            return try values(of: name, version, in: namespace, request)
        case .provenance(let namespace): return try addProvenance(to: namespace, request)
        case .program: return .respond(.json(.ok, .object([("version", .string(options.version))])))
        case .health: return .respond(.json(.ok, .object([("healthy", .bool(true))])))
        case .artifactHub: return try artifactHub(request)
        }
    }

    /// An error in ChartMuseum's form.
    public func failure(_ error: ContentError) -> Response { .museumFailure(error) }

    private func artifactHub(_ request: any Request) throws(ContentError) -> Plan {
        guard let file = options.artifactHubFile else {
            throw .nameUnknown("no artifacthub-repo.yml is configured: set charts.artifactHub")
        }
        return perform { () throws(ContentError) in
            .tagged(try file(), type: "application/yaml", for: request)
        }
    }
}
