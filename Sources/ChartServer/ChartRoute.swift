internal import Content
public import FrontDoor
public import HTTPMessage

/// What a path of the classic world names.
public struct ChartRoute: FaceRoute {
    let target: ChartTarget

    /// Which kind of route it is.
    public var kind: Int { target.kind.rawValue }
    /// The object in the access log.
    public var object: String? { target.object }

    /// What may be done with it.
    public var methods: MethodSet {
        switch target {
        case .index, .file, .chart, .templates, .values, .program, .health, .artifactHub: .read
        case .charts: [.get, .head, .post]
        case .version: [.get, .head, .delete]
        case .provenance: .post
        }
    }

    /// What a request needs to pass.
    public func need(_ method: HTTPMethod) -> AccessNeed {
        switch target {
        case .program, .health: .nothing
        case .index, .file, .chart, .charts, .version, .templates, .values, .provenance, .artifactHub:
            method == .get || method == .head ? .read : .readWrite
        }
    }
}

/// What a path names, parsed once.
enum ChartTarget: Equatable {
    /// `index.yaml` or `index.json`, of all charts or a view's: what stands behind the `~`, decoded.
    case index(ChartNamespace, view: String?, isJSON: Bool)
    /// `<name>-<version>.tgz`, with or without `.prov`.
    case file(ChartNamespace, String)
    /// `/api/…/charts`.
    case charts(ChartNamespace)
    /// `/api/…/charts/<name>`.
    case chart(ChartNamespace, String)
    /// `/api/…/charts/<name>/<version>`.
    case version(ChartNamespace, String, String)
    /// `/api/…/charts/<name>/<version>/templates`.
    case templates(ChartNamespace, String, String)
    /// `/api/…/charts/<name>/<version>/values`.
    case values(ChartNamespace, String, String)
    /// `/api/…/prov`.
    case provenance(ChartNamespace)
    /// `/info`.
    case program
    /// `/health`, as ChartMuseum has it; the server's own is `/healthz`.
    case health
    /// `/artifacthub-repo.yml`.
    case artifactHub

    /// The routes' names in metrics and logs: a closed set.
    enum Kind: Int, CaseIterable {
        case chartIndex, chartView, chartFile, charts, chart, chartVersion, chartTemplates, chartValues,
            chartProvenance, info, chartHealth
        case artifactHub
    }

    var kind: Kind {
        switch self {
        case .index(_, nil, _): .chartIndex
        case .index: .chartView
        case .file: .chartFile
        case .charts: .charts
        case .chart: .chart
        case .version: .chartVersion
        case .templates: .chartTemplates
        case .values: .chartValues
        case .provenance: .chartProvenance
        case .program: .info
        case .health: .chartHealth
        case .artifactHub: .artifactHub
        }
    }

    var object: String? {
        switch self {
        case .index(let namespace, nil, _), .charts(let namespace), .provenance(let namespace):
            namespace.description
        case .index(let namespace, let view?, _): "\(namespace)/~\(view)"
        case .file(let namespace, let name), .chart(let namespace, let name): "\(namespace)/\(name)"
        case .version(let namespace, let name, let version),
            .templates(let namespace, let name, let version),
            .values(let namespace, let name, let version):
            "\(namespace)/\(name):\(version)"
        case .program, .health, .artifactHub: nil
        }
    }
}
