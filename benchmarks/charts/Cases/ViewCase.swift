import BenchmarkSupport

/// Views of one chart and of the newest versions: asked for the first time, and again; and what has not changed.
enum ViewCase {
    static func run(_ session: Session, _ fixture: RepositoryFixture) throws(BenchmarkFailure) {
        let (server, client, maker) = (try fixture.chartroom(), try fixture.client(), fixture.maker)
        var all: [Series] = []
        let others = try session.othersPercent(beside: [server]) { () throws(BenchmarkFailure) in
            for (label, charts) in [("chart-of-20", maker.smallCharts), ("chart-of-200", maker.largeCharts)] {
                let requests = charts.prefix(fixture.scale.additions).map {
                    HTTPRequest.index(view: "chart=\(ChartMaker.name($0))")
                }
                all.append(try first("\(label)-first", client, requests))
                if let request = requests.first { all.append(try again("\(label)-again", session, fixture, request)) }
            }
            all.append(try newest("newest-1-first", fixture, client))
            let newest = HTTPRequest.index(view: "newest=1")
            all.append(try again("newest-1-again", session, fixture, newest))
            for (label, request) in [("not-modified", HTTPRequest.index()), ("not-modified-view", newest)] {
                var asked = request
                asked.ifNoneMatch = try client.connection.exchange(request, expecting: 200).entityTag
                all.append(try again(label, session, fixture, asked, expecting: 304))
            }
        }
        fixture.notePeak("view")
        for number in all.indices { all[number].note(othersPercent: others) }
        let result = CaseResult(name: "view", unit: "ms", connections: 1, lessIsBetter: true, isComparison: false)
        fixture.report(result, all)
    }

    /// Each request once.
    private static func first(
        _ label: String, _ client: ChartClient, _ requests: [HTTPRequest]
    ) throws(BenchmarkFailure) -> Series {
        var series = Series(label)
        for request in requests {
            for time in try client.milliseconds(of: request, count: 1) { series.add(time) }
        }
        return series
    }

    /// The newest of each chart, each time after a version was added.
    private static func newest(
        _ label: String, _ fixture: RepositoryFixture, _ client: ChartClient
    ) throws(BenchmarkFailure) -> Series {
        var series = Series(label)
        for _ in 0..<max(1, fixture.scale.additions / 2) {
            try client.push(fixture.nextAddition())
            let times = try client.milliseconds(of: .index(view: "newest=1"), count: 1)
            for time in times { series.add(time) }
        }
        return series
    }

    /// The same request many times: a round counts by its median.
    private static func again(
        _ label: String, _ session: Session, _ fixture: RepositoryFixture, _ request: HTTPRequest,
        expecting status: Int = 200
    ) throws(BenchmarkFailure) -> Series {
        let client = try fixture.client()
        var series = Series(label)
        for _ in 0..<session.options.rounds {
            let times = try client.milliseconds(of: request, count: fixture.scale.repeatedViews, expecting: status)
            var sample = LoadSample(
                requests: times.count, rate: 0, latencies: times.map { UInt32(clamping: Int($0 * 1000)) })
            sample.rate = median(times) ?? 0
            series.add(sample)
        }
        return series
    }
}
