import BenchmarkSupport
import RegistryLoad

/// The servers of the download cases, each with the same charts and blobs; started and filled at first use.
final class DownloadFixture {
    private unowned let session: Session
    private var directories: [(kind: Server.Kind, path: String)] = []
    private var running: (isTLS: Bool, servers: [Server])?
    private var charts: [Chart] = []
    /// Targets of the blobs of 1 MB.
    private var megabytes: [String] = []

    init(_ session: Session) {
        self.session = session
    }

    /// What to ask for.
    func requests(_ content: DownloadCase.Content) -> [HTTPRequest] {
        switch content {
        case .manifest(let method): charts.map { .manifest(method, $0.repository, $0.tag) }
        case .chart: charts.map { .blob("GET", $0.repository, $0.layerDigest) }
        case .megabyte: megabytes.map { HTTPRequest("GET", $0) }
        }
    }

    /// The servers, all running, with or without TLS.
    ///
    /// Going from one to the other restarts them over the same data.
    func servers(isTLS: Bool) throws(BenchmarkFailure) -> [Server] {
        if let running, running.isTLS == isTLS { return running.servers }
        if directories.isEmpty { try fill() }
        try stop()
        var servers: [Server] = []
        for (kind, path) in directories { servers.append(try Server(session.launch(kind, in: path, isTLS: isTLS))) }
        running = (isTLS, servers)
        return servers
    }

    /// Stops the servers; their data stays.
    func stop() throws(BenchmarkFailure) {
        for server in running?.servers ?? [] { server.stop() }
        running = nil
    }

    private func fill() throws(BenchmarkFailure) {
        let maker = ChartMaker(layerByteCount: 50_000)
        charts = (0..<session.scale.tags).map(maker.chart)
        let filling = randomBytes((1 << 20) - 8, seed: 2)
        var blobs: [(digest: String, body: [[UInt8]])] = []
        for number in 0..<session.scale.megabyteBlobs {
            let body = [Array("\(10_000_000 + number)".utf8), filling]
            blobs.append((digestText(body), body))
        }
        megabytes = blobs.map { "/v2/bench/chart-0/blobs/\($0.digest)" }
        for kind in session.participants() {
            let directory = try session.freshDirectory(kind.rawValue)
            if kind == .nginx {
                try writeFiles(Server.Launch.staticRoot(directory), blobs)
            } else {
                let server = try Server(session.launch(kind, in: directory))
                try upload(server, blobs)
                server.stop()
            }
            directories.append((kind, directory))
        }
        try session.settle()
    }

    private func upload(_ server: Server, _ blobs: [(digest: String, body: [[UInt8]])]) throws(BenchmarkFailure) {
        let load = ChartLoad(charts: charts, clients: 4) { client, chart throws(BenchmarkFailure) in
            try client.push(chart)
        }
        _ = try load.run(port: server.port)
        let connection = try Connection(port: server.port)
        for blob in blobs {
            let begun = try connection.exchange(.beginUpload("bench/chart-0"), expecting: 202)
            try connection.exchange(
                .putBlob(location: begun.locationPath, digest: blob.digest, body: blob.body), expecting: 201)
        }
    }

    /// The same answers as files, at the paths the registries have them.
    private func writeFiles(_ root: String, _ blobs: [(digest: String, body: [[UInt8]])]) throws(BenchmarkFailure) {
        for number in 0..<ChartMaker.repositories {
            for kind in ["manifests", "blobs"] { try makeDirectory("\(root)/v2/bench/chart-\(number)/\(kind)") }
        }
        for chart in charts {
            let repository = "\(root)/v2/\(chart.repository)"
            try writeFile("\(repository)/manifests/\(chart.tag)", [chart.manifest])
            try writeFile("\(repository)/blobs/\(chart.layerDigest)", chart.layer)
        }
        for (target, blob) in zip(megabytes, blobs) { try writeFile(root + target, blob.body) }
    }
}
