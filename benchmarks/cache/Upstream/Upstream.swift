import BenchmarkSupport
import RegistryLoad

/// A server that others cache from, and the proxy that makes it slow.
struct Upstream {
    let server: Server
    let proxy: DelayingProxy

    private init(_ server: Server) throws(BenchmarkFailure) {
        self.server = server
        proxy = try DelayingProxy(to: server.port, milliseconds: Scale.delayMilliseconds)
    }

    /// A docker-registry with charts.
    static func registry(_ session: Session, _ charts: [Chart]) throws(BenchmarkFailure) -> Upstream {
        let server = try Server(session.launch(.dockerRegistry))
        try fill(server, with: charts)
        return try Upstream(server)
    }

    /// An nginx with the index of a classic repository at `/index.yaml`.
    static func repository(_ session: Session, index: [UInt8]) throws(BenchmarkFailure) -> Upstream {
        let directory = try session.freshDirectory("nginx")
        let server = try Server(session.launch(.nginx, in: directory))
        try writeFile(Server.Launch.staticRoot(directory) + "/index.yaml", [index])
        return try Upstream(server)
    }

    /// Pushes charts to a server.
    static func fill(_ server: Server, with charts: [Chart]) throws(BenchmarkFailure) {
        _ = try ChartLoad(charts: charts, clients: 4) { client, chart throws(BenchmarkFailure) in
            try client.push(chart)
        }.run(port: server.port)
    }
}
