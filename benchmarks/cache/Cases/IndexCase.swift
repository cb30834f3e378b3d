import BenchmarkSupport
import RegistryLoad

/// The index of a classic upstream: through a Chartroom that has never seen it, again, and a view of it; beside nginx
/// itself, through the delay and without.
enum IndexCase {
    private static let path = "classic"
    private static let labels = ["first", "second", "view-first", "view-second", "direct", "nginx"]

    static func run(_ session: Session, _ fixture: CacheFixture) throws(BenchmarkFailure) {
        guard Set(session.participants()).isSuperset(of: [.chartroom, .nginx]) else { return }
        let upstream = try fixture.repositoryUpstream()
        var all = labels.map { Series($0) }
        var lengths: [String: Int] = [:]
        var requests: [Double] = []
        for _ in 0..<session.options.rounds {
            let (times, costs) = try session.quietest { () throws(BenchmarkFailure) in
                try attempt(session, fixture, upstream)
            }
            for (number, time) in times.enumerated() {
                var sample = LoadSample()
                sample.rate = time.milliseconds
                all[number].add(sample, costs)
                lengths[labels[number]] = time.byteCount
            }
            // But for the one of `direct`.
            requests.append(Double(try upstream.proxy.settledCounts().requests - 1))
        }
        var result = CaseResult(name: "index", unit: "ms", connections: 1, lessIsBetter: true)
        for label in labels { result.extra[label] = [("index_bytes", .integer(lengths[label] ?? 0))] }
        result.extra["first"]?.append(("upstream_requests", .number(median(requests) ?? 0)))
        result.highWater["first"] = fixture.peak("index")
        session.report.tell(result, all)
    }

    private typealias Time = (milliseconds: Double, byteCount: Int)

    /// One round, on a Chartroom with a directory of its own.
    private static func attempt(
        _ session: Session, _ fixture: CacheFixture, _ upstream: Upstream
    ) throws(BenchmarkFailure) -> (value: [Time], cost: Session.Cost) {
        let server = try fixture.start(
            .chartroom,
            settings: "upstreams: [{prefix: \(path), url: \"http://127.0.0.1:\(upstream.proxy.port)\"}]\n")
        defer { server.stop() }
        try session.settle()
        upstream.proxy.reset()
        let whole = "/charts/\(path)/index.yaml"
        let view = "/charts/\(path)/~chart=\(IndexMaker.name(3))/index.yaml"
        var times: [Time] = []
        let cost = try session.cost(of: server, with: [upstream.server]) { () throws(BenchmarkFailure) in
            let own = try Connection(port: server.port)
            for target in [whole, whole, view, view] { times.append(try time(target, own)) }
            for port in [upstream.proxy.port, upstream.server.port] {
                let connection = try Connection(port: port)
                times.append(try time("/index.yaml", connection))
            }
        }
        fixture.notePeak("index", server)
        return (times, cost)
    }

    /// Helm itself takes no gzip.
    private static func time(_ target: String, _ connection: Connection) throws(BenchmarkFailure) -> Time {
        var request = HTTPRequest("GET", target)
        request.acceptsGzip = false
        let start = nanoseconds()
        let length = try connection.exchange(request, expecting: 200).contentLength
        return (Double(nanoseconds() - start) / 1e6, length)
    }
}
