internal import Content
internal import HTTPMessage
internal import HTTPServer
internal import Synchronization
internal import Telemetry

/// What the server tells of itself, to anyone.
final class ServiceFace: Face {
    enum Route: Int, CaseIterable, FaceRoute {
        case root, health, readiness, metrics

        var kind: Int { rawValue }
        var methods: MethodSet { .read }
        var object: String? { nil }
        func need(_ method: HTTPMethod) -> AccessNeed { .nothing }
    }

    let kinds = Route.allCases.map { "\($0)" }
    private let options: DoorOptions
    private let metrics: MetricsRegistry
    private let draining = Atomic(false)

    init(_ options: DoorOptions, _ metrics: MetricsRegistry) {
        self.options = options
        self.metrics = metrics
    }

    func beginDraining() {
        draining.store(true, ordering: .relaxed)
    }

    func recognize(_ request: any Request) -> Recognition<Route> {
        guard let path = PercentEncoding.decode(request.rawPath) else { return .foreign }
        switch path {
        case "/": return .route(.root)
        case "/healthz": return .route(.health)
        case "/readyz": return .route(.readiness)
        case "/metrics": return .route(.metrics)
        default: return .foreign
        }
    }

    func plan(_ route: Route, _ request: any Request) -> Plan {
        switch route {
        case .root: .respond(ServiceFace.text(welcome(request.isSecure ? "https" : "http")))
        case .health: .respond(ServiceFace.text("ok\n"))
        case .readiness: readiness()
        case .metrics:
            .perform { [metrics] in
                Response(
                    .ok, headers: [("Content-Type", "text/plain; version=0.0.4; charset=utf-8")],
                    body: .bytes(metrics.exposition()))
            }
        }
    }

    func failure(_ error: ContentError) -> Response { .failure(error) }

    private func welcome(_ scheme: String) -> String {
        "Chartroom, a registry for Helm charts.\n\n"
            + "helm push chart-1.0.0.tgz oci://\(options.hostName)/charts\n"
            + "helm pull oci://\(options.hostName)/charts/chart --version 1.0.0\n"
            + "helm repo add charts \(scheme)://\(options.hostName)/charts/charts\n"
    }

    private func readiness() -> Plan {
        if draining.load(ordering: .relaxed) {
            return .respond(.failure(.serviceUnavailable, code: "UNAVAILABLE", "the server is stopping"))
        }
        return .perform { [options] in
            do throws(ContentError) {
                try options.isReady()
                return ServiceFace.text("ready\n")
            } catch {
                return .failure(.serviceUnavailable, code: "UNAVAILABLE", error.message)
            }
        }
    }

    private static func text(_ text: String) -> Response {
        Response(
            .ok, headers: [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")],
            body: .bytes(Array(text.utf8)))
    }
}
