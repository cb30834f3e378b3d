import Synchronization

/// A number that only grows.
///
/// One atomic add a count.
public final class Counter: Sendable {
    private let count = Atomic<UInt64>(0)

    /// Starts at 0.
    public init() {}

    /// Adds; negative amounts count as 0.
    public func increment(by amount: Int64 = 1) {
        count.wrappingAdd(UInt64(clamping: amount), ordering: .relaxed)
    }

    /// What was counted so far.
    public var value: UInt64 { count.load(ordering: .relaxed) }
}

/// A number that goes up and down.
public final class Gauge: Sendable {
    private let level = Atomic<Int64>(0)

    /// Starts at 0.
    public init() {}

    /// Sets the number.
    public func set(_ value: Int64) { level.store(value, ordering: .relaxed) }

    /// Adds to the number; negative amounts subtract.
    public func add(_ amount: Int64) { level.wrappingAdd(amount, ordering: .relaxed) }

    /// The number now.
    public var value: Int64 { level.load(ordering: .relaxed) }
}

/// How long things take, in buckets with fixed bounds.
///
/// Two atomic adds an observation.
public final class Histogram: Sendable {
    /// The upper bounds in nanoseconds, rising.
    let bounds: [Int64]
    private let buckets: [Counter]
    private let sum = Counter()

    /// Buckets for the time of a request: 0.5 ms to 10 s.
    public static let requestBounds: [Duration] = [
        .microseconds(500), .milliseconds(1), .microseconds(2500), .milliseconds(5), .milliseconds(10),
        .milliseconds(25), .milliseconds(50), .milliseconds(100), .milliseconds(250), .milliseconds(500), .seconds(1),
        .milliseconds(2500), .seconds(5), .seconds(10),
    ]

    /// Builds a histogram; `bounds` must rise and must not be empty.
    public init(bounds: [Duration] = Histogram.requestBounds) {
        self.bounds = bounds.map(Decimal.nanoseconds)
        precondition(!bounds.isEmpty, "a histogram needs bounds")
        precondition(zip(self.bounds, self.bounds.dropFirst()).allSatisfy { $0 < $1 }, "histogram bounds must rise")
        buckets = (0...bounds.count).map { _ in Counter() }
    }

    /// Notes one duration; negative ones count as 0.
    public func observe(_ duration: Duration) {
        let nanoseconds = Decimal.nanoseconds(duration)
        var index = 0
        while index < bounds.count, nanoseconds > bounds[index] { index += 1 }
        buckets[index].increment()
        sum.increment(by: nanoseconds)
    }

    /// The observations so far: how many lie at or below each bound, how many there are, their sum in nanoseconds.
    ///
    /// Taken while others observe, the sum may be one observation ahead or behind; the counts agree.
    func snapshot() -> (cumulative: [UInt64], count: UInt64, nanoseconds: UInt64) {
        var running: UInt64 = 0
        let all = buckets.map { bucket in
            running &+= bucket.value
            return running
        }
        return (Array(all.dropLast()), running, sum.value)
    }
}
