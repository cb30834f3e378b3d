internal import HTTPMessage
internal import HTTPServer
internal import Telemetry

/// What is counted of each request.
struct RequestMeter: Sendable {
    private let requests: MetricFamily<Counter>
    private let durations: MetricFamily<Histogram>
    private let sent: Counter
    private let received: Counter

    init(_ metrics: MetricsRegistry) {
        requests = metrics.counters(
            "chartroom_http_requests_total", "Requests by route, method and status.",
            labels: ["route", "method", "status"], maximumChildren: 256)
        durations = metrics.histograms(
            "chartroom_http_request_duration_seconds", "Time from the complete header to the end of the response.",
            labels: ["route"])
        sent = metrics.counter("chartroom_http_sent_bytes_total", "Body bytes sent.")
        received = metrics.counter("chartroom_http_received_bytes_total", "Body bytes received.")
    }

    func count(_ route: StaticString, _ method: HTTPMethod, _ outcome: Outcome) {
        let route = "\(route)"
        requests(route, RequestMeter.known(method), String(outcome.status)).increment()
        durations(route).observe(outcome.duration)
        sent.increment(by: outcome.bytesSent)
        received.increment(by: outcome.bytesReceived)
    }

    /// A closed set: methods come from outside.
    private static func known(_ method: HTTPMethod) -> String {
        switch method {
        case .get, .head, .post, .put, .patch, .delete: method.rawValue
        default: "other"
        }
    }
}
