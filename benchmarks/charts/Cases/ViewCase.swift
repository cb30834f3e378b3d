import BenchmarkSupport

/// Views of one chart and of the newest versions: asked for the first time, and again; and what has not changed.
enum ViewCase {
    static func run(_ session: Session, _ fixture: RepositoryFixture) throws(BenchmarkFailure) {
        let (server, maker) = (try fixture.chartroom(), fixture.maker)
        let asking = Asking(session: session, fixture: fixture, server: server, client: try fixture.client())
        var all: [Series] = []
        for (label, charts) in [("chart-of-20", maker.smallCharts), ("chart-of-200", maker.largeCharts)] {
            let requests = charts.prefix(fixture.scale.additions).map {
                HTTPRequest.index(view: "chart=\(ChartMaker.name($0))")
            }
            all.append(try asking.first("\(label)-first", requests))
            if let request = requests.first { all.append(try asking.again("\(label)-again", request)) }
        }
        let newest = HTTPRequest.index(view: "newest=1")
        all.append(try asking.afterAdditions("newest-1-first", newest))
        all.append(try asking.again("newest-1-again", newest))
        for (label, request) in [("not-modified", HTTPRequest.index()), ("not-modified-view", newest)] {
            var known = request
            known.ifNoneMatch = try asking.client.connection.exchange(request, expecting: 200).entityTag
            all.append(try asking.again(label, known, expecting: 304))
        }
        fixture.notePeak("view")
        let result = CaseResult(name: "view", unit: "ms", connections: 1, lessIsBetter: true, isComparison: false)
        fixture.report(result, all)
    }

    /// Ways to ask, over one connection.
    private struct Asking {
        let session: Session
        let fixture: RepositoryFixture
        let server: Server
        let client: ChartClient

        /// Each request once.
        func first(_ label: String, _ requests: [HTTPRequest]) throws(BenchmarkFailure) -> Series {
            var series = Series(label)
            let cost = try session.cost(of: server) { () throws(BenchmarkFailure) in
                for request in requests { try add(request, to: &series) }
            }
            series.note(cost, for: requests.count)
            return series
        }

        /// A request again and again, each time after a version was added, which is not timed.
        func afterAdditions(_ label: String, _ request: HTTPRequest) throws(BenchmarkFailure) -> Series {
            var series = Series(label)
            for _ in 0..<max(1, fixture.scale.additions / 2) {
                try client.push(fixture.nextAddition())
                try add(request, to: &series)
            }
            return series
        }

        /// The same request many times: a round counts by its median.
        func again(
            _ label: String, _ request: HTTPRequest, expecting status: Int = 200
        ) throws(BenchmarkFailure) -> Series {
            var series = Series(label)
            let (rounds, count) = (session.options.rounds, fixture.scale.repeatedViews)
            let cost = try session.cost(of: server) { () throws(BenchmarkFailure) in
                for _ in 0..<rounds {
                    let times = try client.milliseconds(of: request, count: count, expecting: status)
                    let latencies = times.map { UInt32(clamping: Int($0 * 1000)) }
                    var sample = LoadSample(requests: count, rate: 0, latencies: latencies)
                    sample.rate = median(times) ?? 0
                    series.add(sample)
                }
            }
            series.note(cost, for: rounds * count)
            return series
        }

        private func add(_ request: HTTPRequest, to series: inout Series) throws(BenchmarkFailure) {
            for time in try client.milliseconds(of: request, count: 1) { series.add(time) }
        }
    }
}
