import BenchmarkSupport
import RegistryLoad

/// A page of 100 tags out of 100, and out of a hundred thousand.
enum TagPageCase {
    /// The series the others are held against.
    static let few = "of-100"
    private static let page = 100

    static func run(_ session: Session) throws(BenchmarkFailure) {
        guard !session.participants([.chartroom]).isEmpty else { return }
        let server = try Server(session.launch(.chartroom))
        let many = session.scale.manyTags
        try tag(server, "bench/chart-0", count: page)
        try tag(server, "bench/chart-1", count: many)
        try session.settle()
        let targets = [
            (few, "/v2/bench/chart-0/tags/list?n=\(page)"),
            ("first-of-\(many)", "/v2/bench/chart-1/tags/list?n=\(page)"),
            ("middle-of-\(many)", "/v2/bench/chart-1/tags/list?n=\(page)&last=\(name(many / 2))"),
        ]
        let contenders = targets.map { label, target in
            Contender(label: label, server: server) { server throws(BenchmarkFailure) in
                try DownloadLoad(
                    requests: [HTTPRequest("GET", target)], connections: session.options.connections,
                    seconds: session.options.seconds
                ).run(port: server.port)
            }
        }
        let result = CaseResult(
            name: "tag-page", unit: "1/s", connections: session.options.connections,
            highWater: contenders.highWater)
        session.report.tell(result, try session.alternate(contenders))
        server.stop()
    }

    private static func name(_ number: Int) -> String { "1.0.\(1_000_000 + number)" }

    /// Gives one manifest many tags, fifty with each request.
    private static func tag(_ server: Server, _ repository: String, count: Int) throws(BenchmarkFailure) {
        let number = repository.hasSuffix("0") ? 0 : 1
        let chart = ChartMaker(layerByteCount: 50_000).chart(number)
        try HelmClient(port: server.port).push(chart)
        let connection = try Connection(port: server.port)
        // The push made one tag itself.
        for first in stride(from: 1, to: count, by: 50) {
            let tags = (first..<min(first + 50, count)).map { "tag=\(name($0))" }.joined(separator: "&")
            try connection.exchange(
                .putManifest(repository, "\(chart.manifestDigest)?\(tags)", chart.manifest), expecting: 201)
        }
    }
}
