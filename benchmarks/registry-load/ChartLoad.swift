package import BenchmarkSupport

/// Clients that push, each chart once, until the time is over or the charts are.
package struct ChartLoad: Sendable {
    private let charts: [Chart]
    private let clients: Int
    private let seconds: Double?
    private let repeats: Bool
    private let action: @Sendable (HelmClient, Chart) throws(BenchmarkFailure) -> Void

    /// Describes the load.
    ///
    /// - Parameters:
    ///   - seconds: nil to do all charts however long it takes.
    ///   - repeats: Whether to begin with the first chart again after the last.
    ///   - action: What a client does with a chart.
    package init(
        charts: [Chart], clients: Int, seconds: Double? = nil, repeats: Bool = false,
        action: @escaping @Sendable (HelmClient, Chart) throws(BenchmarkFailure) -> Void
    ) {
        (self.charts, self.clients, self.seconds) = (charts, clients, seconds)
        (self.repeats, self.action) = (repeats, action)
    }

    /// Loads a port.
    package func run(port: UInt16) throws(BenchmarkFailure) -> LoadSample {
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
