import BenchmarkSupport
import RegistryLoad

/// GET or HEAD of one kind of content, over and over, in the clear or over TLS.
struct DownloadCase {
    /// What is asked for.
    enum Content {
        /// A manifest of about 1 kB by its tag.
        case manifest(method: String)
        /// A blob of 50 kB.
        case chart
        /// A blob of 1 MB.
        case megabyte
    }

    let name: String
    let content: Content
    var isTLS = false
    /// TLS needs wrk; in the clear it is a second opinion on the generator here.
    var usesWrk = false

    static let all = [
        DownloadCase(name: "manifest-get", content: .manifest(method: "GET")),
        DownloadCase(name: "manifest-head", content: .manifest(method: "HEAD")),
        DownloadCase(name: "blob-50k", content: .chart),
        DownloadCase(name: "blob-1m", content: .megabyte),
        DownloadCase(name: "wrk-manifest-get", content: .manifest(method: "GET"), usesWrk: true),
        DownloadCase(name: "wrk-blob-50k", content: .chart, usesWrk: true),
        DownloadCase(name: "tls-manifest-get", content: .manifest(method: "GET"), isTLS: true, usesWrk: true),
        DownloadCase(name: "tls-blob-50k", content: .chart, isTLS: true, usesWrk: true),
        DownloadCase(name: "tls-blob-1m", content: .megabyte, isTLS: true, usesWrk: true),
    ]

    func run(_ session: Session, _ fixture: DownloadFixture) throws(BenchmarkFailure) {
        let servers = try fixture.servers(isTLS: isTLS)
        let requests = fixture.requests(content)
        let contenders = servers.map { server in
            Contender(label: server.kind.rawValue, server: server) { server throws(BenchmarkFailure) in
                try load(session, server, requests, seconds: session.options.seconds)
            }
        }
        // Every page and every cache is warm when the first round begins.
        for server in servers { _ = try load(session, server, requests, seconds: min(0.5, session.options.seconds)) }
        let series = try session.alternate(contenders)
        var result = CaseResult(
            name: name, unit: "1/s", connections: session.options.connections, highWater: contenders.highWater)
        for server in servers where isTLS {
            let agreed = Certificate.agreed(port: server.port, in: session.scratch.path) ?? "unknown"
            result.extra[server.kind.rawValue] = [("tls", .text(agreed))]
        }
        session.report.tell(result, series)
    }

    private func load(
        _ session: Session, _ server: Server, _ requests: [HTTPRequest], seconds: Double
    ) throws(BenchmarkFailure) -> LoadSample {
        let connections = session.options.connections
        guard usesWrk else {
            return try DownloadLoad(requests: requests, connections: connections, seconds: seconds).run(
                port: server.port)
        }
        let load = WrkLoad(
            requests: requests, connections: connections, seconds: seconds, scratch: session.scratch.path)
        return try load.run(port: server.port, isTLS: isTLS)
    }
}
