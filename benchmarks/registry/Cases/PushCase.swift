import BenchmarkSupport
import RegistryLoad

/// Durable pushes of 50 kB charts as Helm does them, and pulls.
struct PushCase {
    let clients: Int

    /// Charts that nobody has pushed before.
    func runNew(_ session: Session) throws(BenchmarkFailure) {
        let maker = ChartMaker(layerByteCount: 50_000)
        let numbers = Counter()
        // More than any server manages; made before the clock runs.
        let count = max(200, Int(session.options.seconds * 4000))
        try run(session, "push-new-\(clients)", prepared: []) { () throws(BenchmarkFailure) in
            let first = numbers.next(count)
            try session.settle()
            let charts = (first..<first + count).map(maker.chart)
            return ChartLoad(charts: charts, clients: clients, seconds: session.options.seconds) {
                client, chart throws(BenchmarkFailure) in try client.push(chart)
            }
        }
    }

    /// Charts that are all there: HEAD, GET, and the tag written again.
    func runAgain(_ session: Session) throws(BenchmarkFailure) {
        let charts = threeHundred
        try run(session, "push-again-\(clients)", prepared: charts) { () throws(BenchmarkFailure) in
            try session.settle()
            return ChartLoad(charts: charts, clients: clients, seconds: session.options.seconds, repeats: true) {
                client, chart throws(BenchmarkFailure) in try client.push(chart)
            }
        }
    }

    /// 300 charts one after another over one connection, again and again.
    func runPull(_ session: Session) throws(BenchmarkFailure) {
        let charts = threeHundred
        try run(session, "pull-300", prepared: charts) { () throws(BenchmarkFailure) in
            ChartLoad(charts: charts, clients: 1, seconds: session.options.seconds, repeats: true) {
                client, chart throws(BenchmarkFailure) in try client.pull(chart)
            }
        }
    }

    private var threeHundred: [Chart] { (0..<300).map(ChartMaker(layerByteCount: 50_000).chart) }

    private func run(
        _ session: Session, _ name: String, prepared: [Chart],
        load: @escaping () throws(BenchmarkFailure) -> ChartLoad
    ) throws(BenchmarkFailure) {
        var contenders: [Contender] = []
        for kind in session.participants([.chartroom, .dockerRegistry]) {
            let server = try Server(session.launch(kind))
            _ = try ChartLoad(charts: prepared, clients: 4) { client, chart throws(BenchmarkFailure) in
                try client.push(chart)
            }.run(port: server.port)
            contenders.append(
                Contender(label: kind.rawValue, server: server) { server throws(BenchmarkFailure) in
                    try load().run(port: server.port)
                })
        }
        let series = try session.alternate(contenders)
        var result = CaseResult(name: name, unit: "charts/s", connections: clients, highWater: contenders.highWater)
        for series in series {
            guard let rate = median(series.rates), rate > 0 else { continue }
            result.extra[series.label] = [("seconds_for_300", .number(300 / rate))]
        }
        session.report.tell(result, series)
        for contender in contenders { contender.server.stop() }
    }
}
