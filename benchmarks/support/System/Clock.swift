package import Glibc

/// Nanoseconds of a clock; monotonic unless told otherwise.
package func nanoseconds(_ clock: clockid_t = CLOCK_MONOTONIC) -> Int {
    var time = timespec()
    clock_gettime(clock, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// The middle of some numbers; of an even count, the mean of the middle two; nil of none.
package func median(_ values: [Double]) -> Double? {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return nil }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// A percentile of sorted numbers, 0 of none.
package func percentile(_ share: Double, ofSorted values: [UInt32]) -> Double {
    guard let last = values.indices.last else { return 0 }
    return Double(values[min(last, Int(share * Double(values.count)))])
}
