internal import Content
internal import HTTPMessage
internal import HTTPServer
internal import OCIModel
internal import Telemetry

extension RegistryHandler {
    /// The paths that are no registry's: anyone may ask them.
    func service(_ route: Route) -> Plan {
        switch route {
        case .health:
            return .respond(RegistryHandler.text("ok\n"))
        case .readiness:
            return readiness()
        case .metrics:
            return .perform { [metrics] in
                Response(
                    .ok, headers: [("Content-Type", "text/plain; version=0.0.4; charset=utf-8")],
                    body: .bytes(metrics.exposition()))
            }
        default:
            return .respond(
                RegistryHandler.text(
                    "Chartroom, a registry for Helm charts.\n\n"
                        + "helm push chart-1.0.0.tgz oci://\(options.hostName)/charts\n"
                        + "helm pull oci://\(options.hostName)/charts/chart --version 1.0.0\n"))
        }
    }

    private func readiness() -> Plan {
        if isDraining {
            return .respond(.failure(.serviceUnavailable, code: "UNAVAILABLE", "the server is stopping"))
        }
        return .perform { [options] in
            do throws(ContentError) {
                try options.isReady()
                return RegistryHandler.text("ready\n")
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
