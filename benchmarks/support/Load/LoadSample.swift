/// What one stretch of load measured.
package struct LoadSample: Sendable {
    package var requests = 0
    /// What the case counts, by its unit: requests a second, for most.
    package var rate = 0.0
    /// Microseconds half of the requests took at the most.
    package var p50: Double?
    /// Microseconds 99 of 100 requests took at the most.
    package var p99: Double?

    package init() {}

    /// - Parameter latencies: Microseconds a request took, in no order.
    package init(requests: Int, rate: Double, latencies: [UInt32]) {
        (self.requests, self.rate) = (requests, rate)
        let sorted = latencies.sorted()
        p50 = percentile(0.5, ofSorted: sorted)
        p99 = percentile(0.99, ofSorted: sorted)
    }
}
