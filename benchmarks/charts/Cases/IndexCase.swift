import BenchmarkSupport

/// The whole index, over and over, beside nginx with the same bytes as a file.
struct IndexCase {
    let name: String
    let isGzip: Bool
    /// Whether many versions are added one by one before.
    var isGrown = false

    func run(_ session: Session, _ fixture: RepositoryFixture) throws(BenchmarkFailure) {
        if isGrown {
            let client = try fixture.client()
            for _ in 0..<fixture.scale.additions { try client.push(fixture.nextAddition()) }
        }
        let servers = try IndexCase.servers(fixture, isGzip: isGzip)
        let request = HTTPRequest.index(isGzip: isGzip)
        func load(_ server: Server, seconds: Double) throws(BenchmarkFailure) -> LoadSample {
            try DownloadLoad(requests: [request], connections: session.options.connections, seconds: seconds).run(
                port: server.port)
        }
        let contenders = servers.map { server in
            Contender(label: server.kind.rawValue, server: server) { server throws(BenchmarkFailure) in
                try load(server, seconds: session.options.seconds)
            }
        }
        for server in servers { _ = try load(server, seconds: min(0.5, session.options.seconds)) }
        fixture.notePeak(name)
        let series = try session.alternate(contenders)
        let result = CaseResult(
            name: name, unit: "1/s", connections: session.options.connections, highWater: contenders.highWater)
        fixture.notePeak(name)
        fixture.report(result, series)
    }

    /// The servers, nginx with the index as it is now.
    static func servers(_ fixture: RepositoryFixture, isGzip: Bool) throws(BenchmarkFailure) -> [Server] {
        let chartroom = try fixture.chartroom()
        guard let nginx = try fixture.nginx() else { return [chartroom] }
        let target = HTTPRequest.index().target
        try fixture.publish(target, as: target)
        try fixture.publish(target, isGzip: true, as: target + ".gz")
        return [chartroom, nginx]
    }
}

/// The whole index just after many versions were added one by one, when it lies in many places: one client, one
/// request a round, before the server puts it into one piece.
struct SlicedCase {
    let name: String
    let isGzip: Bool

    func run(_ session: Session, _ fixture: RepositoryFixture) throws(BenchmarkFailure) {
        let client = try fixture.client()
        let servers = try IndexCase.servers(fixture, isGzip: isGzip)
        let request = HTTPRequest.index(isGzip: isGzip)
        let contenders = servers.map { server in
            Contender(label: server.kind.rawValue, server: server) { server throws(BenchmarkFailure) in
                if server.kind == .chartroom {
                    for _ in 0..<fixture.scale.additions { try client.push(fixture.nextAddition()) }
                    // Not timed: it brings the index up to date.
                    try client.connection.exchange(request, expecting: 200)
                }
                let times = try ChartClient(port: server.port, fixture.maker).milliseconds(
                    of: request, count: 1)
                var sample = LoadSample()
                sample.rate = 1000 / (median(times) ?? .infinity)
                return sample
            }
        }
        fixture.notePeak(name)
        let series = try session.alternate(contenders)
        let result = CaseResult(name: name, unit: "1/s", connections: 1, highWater: contenders.highWater)
        fixture.notePeak(name)
        fixture.report(result, series)
    }
}
