import BenchmarkSupport

/// Clients that push, each chart once, until the time is over or the charts are.
struct ChartLoad: Sendable {
    var charts: [Chart]
    var clients: Int
    /// nil to do all charts however long it takes.
    var seconds: Double?
    /// Whether to begin with the first chart again after the last.
    var repeats = false
    /// What a client does with a chart.
    var action: @Sendable (HelmClient, Chart) throws(BenchmarkFailure) -> Void

    /// Loads a port.
    func run(port: UInt16) throws(BenchmarkFailure) -> LoadSample {
        try SharedWork(
            clients: clients, seconds: seconds,
            connect: { () throws(BenchmarkFailure) in try HelmClient(port: port) },
            action: { client, number throws(BenchmarkFailure) in
                guard repeats || number < charts.count else { return false }
                try action(client, charts[number % charts.count])
                return true
            }
        ).run()
    }
}
