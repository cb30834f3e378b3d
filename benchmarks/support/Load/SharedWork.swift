/// Clients that share numbered pieces of work, each done once, until there are no more or the time is over.
package struct SharedWork<Client>: Sendable {
    private let clients: Int
    /// nil to do all of it however long it takes.
    private let seconds: Double?
    private let connect: @Sendable () throws(BenchmarkFailure) -> Client
    /// Does a piece; false when there is none of that number.
    private let action: @Sendable (Client, Int) throws(BenchmarkFailure) -> Bool

    /// Describes the work; nothing is done yet.
    package init(
        clients: Int, seconds: Double? = nil, connect: @escaping @Sendable () throws(BenchmarkFailure) -> Client,
        action: @escaping @Sendable (Client, Int) throws(BenchmarkFailure) -> Bool
    ) {
        (self.clients, self.seconds, self.connect, self.action) = (clients, seconds, connect, action)
    }

    /// Does it; a request of the sample is a piece.
    package func run() throws(BenchmarkFailure) -> LoadSample {
        let taken = Counter()
        let start = nanoseconds()
        let end = seconds.map { start + Int($0 * 1e9) } ?? Int.max
        let latencies = try onThreads(clients) { _ throws(BenchmarkFailure) in
            let client = try connect()
            var latencies: [UInt32] = []
            var now = nanoseconds()
            while now < end, try action(client, taken.next()) {
                let done = nanoseconds()
                latencies.append(UInt32(clamping: (done - now) / 1000))
                now = done
            }
            return latencies
        }.flatMap { $0 }
        let rate = Double(latencies.count) * 1e9 / Double(max(1, nanoseconds() - start))
        return LoadSample(requests: latencies.count, rate: rate, latencies: latencies)
    }
}
