import BenchmarkSupport

/// The peak of the server's memory: while the versions were loaded, in the cases that ran before, and in a stage here
/// for each kind of work, many clients at a time.
enum MemoryCase {
    /// The series of the largest peak.
    static let all = "all"

    static func run(_ session: Session, _ fixture: RepositoryFixture) throws(BenchmarkFailure) {
        let server = try fixture.chartroom()
        for (stage, request) in stages(fixture) {
            _ = try DownloadLoad(
                requests: request, connections: session.options.connections, seconds: session.options.seconds
            ).run(port: server.port)
            fixture.notePeak(stage)
        }
        try addUnderLoad(session, fixture, server)
        fixture.notePeak("memory-add")
        var largest: [String: Int] = [:]
        var order: [String] = []
        for peak in fixture.peaks {
            if largest[peak.stage] == nil { order.append(peak.stage) }
            largest[peak.stage] = max(largest[peak.stage] ?? 0, peak.bytes)
        }
        var result = CaseResult(
            name: "memory", unit: "bytes", connections: session.options.connections, lessIsBetter: true,
            isComparison: false)
        result.extra[all] = [
            ("rss_after_bytes", .integer(ProcessUsage.memory("VmRSS", of: server.processes))),
            ("anonymous_after_bytes", .integer(ProcessUsage.memory("RssAnon", of: server.processes))),
        ]
        let series = order.map { Series($0, Double(largest[$0] ?? 0)) }
        fixture.report(result, series + [Series(all, series.flatMap(\.rates).max() ?? 0)])
    }

    private static func stages(_ fixture: RepositoryFixture) -> [(String, [HTTPRequest])] {
        let views = fixture.maker.largeCharts.map { HTTPRequest.index(view: "chart=\(ChartMaker.name($0))") }
        return [
            ("memory-index", [.index()]), ("memory-index-gzip", [.index(isGzip: true)]),
            ("memory-views", views + [.index(view: "newest=1"), .index(view: "version=>=2.0.0")]),
        ]
    }

    /// Eight clients that add versions and fetch the index, in either form, after each.
    private static func addUnderLoad(
        _ session: Session, _ fixture: RepositoryFixture, _ server: Server
    ) throws(BenchmarkFailure) {
        let versions = (0..<fixture.scale.additions).map { _ in fixture.nextAddition() }
        let (port, maker) = (server.port, fixture.maker)
        _ = try SharedWork(
            clients: 8, connect: { () throws(BenchmarkFailure) in try ChartClient(port: port, maker) },
            action: { client, number throws(BenchmarkFailure) in
                guard number < versions.count else { return false }
                try client.push(versions[number])
                try client.connection.exchange(.index(isGzip: number % 2 == 1), expecting: 200)
                return true
            }
        ).run()
    }
}
