internal import HTTPMessage
internal import HTTPServer
internal import Synchronization
internal import Telemetry

/// What is counted of each request.
///
/// Looking a counter up by its labels costs half a microsecond, so those of the usual statuses are kept by number.
final class RequestMeter: Sendable {
    private final class Slot: Sendable {
        let counter = AtomicLazyReference<Counter>()
    }

    private static let usualStatuses = [200, 201, 202, 204, 206, 304, 401, 404]
    private static let methods: [HTTPMethod] = [.get, .head, .put, .post, .patch, .delete]

    /// The names of routes, by number.
    private let kinds: [String]
    private let requests: MetricFamily<Counter>
    private let durations: [Histogram]
    private let counters: [Slot]
    private let sent: Counter
    private let received: Counter

    init(_ metrics: MetricsRegistry, _ kinds: [String]) {
        self.kinds = kinds
        requests = metrics.counters(
            "chartroom_http_requests_total", "Requests by route, method and status.",
            labels: ["route", "method", "status"], maximumChildren: 256)
        let durations = metrics.histograms(
            "chartroom_http_request_duration_seconds", "Time from the complete header to the end of the response.",
            labels: ["route"])
        self.durations = kinds.map { durations($0) }
        let count = kinds.count * (RequestMeter.methods.count + 1) * RequestMeter.usualStatuses.count
        counters = (0..<count).map { _ in Slot() }
        sent = metrics.counter("chartroom_http_sent_bytes_total", "Body bytes sent.")
        received = metrics.counter("chartroom_http_received_bytes_total", "Body bytes received.")
    }

    func count(_ route: Int, _ method: HTTPMethod, _ outcome: Outcome) {
        counter(route, method, outcome.status).increment()
        durations[route].observe(outcome.duration)
        sent.increment(by: outcome.bytesSent)
        received.increment(by: outcome.bytesReceived)
    }

    private func counter(_ route: Int, _ method: HTTPMethod, _ status: Int) -> Counter {
        let methodIndex = RequestMeter.methods.firstIndex(of: method) ?? RequestMeter.methods.count
        guard let statusIndex = RequestMeter.usualStatuses.firstIndex(of: status) else {
            return named(route, methodIndex, status)
        }
        let row = route * (RequestMeter.methods.count + 1) + methodIndex
        let slot = counters[row * RequestMeter.usualStatuses.count + statusIndex]
        return slot.counter.load() ?? slot.counter.storeIfNil(named(route, methodIndex, status))
    }

    /// Methods come from outside, so those not known share a label.
    private func named(_ route: Int, _ methodIndex: Int, _ status: Int) -> Counter {
        let known = methodIndex < RequestMeter.methods.count
        return requests(
            kinds[route], known ? RequestMeter.methods[methodIndex].rawValue : "other",
            String(status))
    }
}
