import Synchronization

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
        let taken = Counter()
        let start = nanoseconds()
        let end = seconds.map { start + Int($0 * 1e9) } ?? Int.max
        let latencies = try onThreads(clients) { _ throws(BenchmarkFailure) in
            let client = try HelmClient(port: port)
            var latencies: [UInt32] = []
            var now = nanoseconds()
            while now < end, let chart = chart(taken.next()) {
                try action(client, chart)
                let done = nanoseconds()
                latencies.append(UInt32(clamping: (done - now) / 1000))
                now = done
            }
            return latencies
        }.flatMap { $0 }
        let rate = Double(latencies.count) * 1e9 / Double(max(1, nanoseconds() - start))
        return LoadSample(requests: latencies.count, rate: rate, latencies: latencies)
    }

    private func chart(_ number: Int) -> Chart? {
        if repeats { return charts[number % charts.count] }
        return number < charts.count ? charts[number] : nil
    }
}

/// Numbers 0, 1, 2 …, each given once, to whichever thread asks.
final class Counter: Sendable {
    private let value = Atomic(0)

    func next() -> Int { value.wrappingAdd(1, ordering: .relaxed).oldValue }

    /// The first of so many numbers at once.
    func next(_ count: Int) -> Int { value.wrappingAdd(count, ordering: .relaxed).oldValue }
}
