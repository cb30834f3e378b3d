import Synchronization

/// All metrics of a program, and their text for a scraper.
///
/// Metrics are made at the start and kept; making one takes a lock, counting does not. Names must be legal and
/// unique: anything else is a programmer's error and traps.
public final class MetricsRegistry: Sendable {
    private let metrics = Mutex<[Metric]>([])

    /// What kind of number a collected metric is.
    public enum Kind: String, Sendable {
        /// Only grows.
        case counter
        /// Goes up and down.
        case gauge
    }

    /// A number read when a scraper asks.
    public struct Sample: Sendable {
        /// The label values, one for each label name; empty without labels.
        public var labels: [String]
        /// The number.
        public var value: Int64

        /// Builds a sample.
        public init(labels: [String] = [], value: Int64) {
            self.labels = labels
            self.value = value
        }
    }

    private struct Metric {
        var name: StaticString
        var help: StaticString
        var type: String
        var write: @Sendable (inout Exposition) -> Void
    }

    /// No metrics yet.
    public init() {}

    /// Makes a counter; its name should end in `_total`.
    public func counter(_ name: StaticString, _ help: StaticString) -> Counter {
        let counter = Counter()
        add(name, help, "counter") { $0.sample(name, value: String(counter.value)) }
        return counter
    }

    /// Makes a gauge.
    public func gauge(_ name: StaticString, _ help: StaticString) -> Gauge {
        let gauge = Gauge()
        add(name, help, "gauge") { $0.sample(name, value: String(gauge.value)) }
        return gauge
    }

    /// Makes a histogram; its name should end in `_seconds`.
    public func histogram(
        _ name: StaticString, _ help: StaticString, bounds: [Duration] = Histogram.requestBounds
    ) -> Histogram {
        let histogram = Histogram(bounds: bounds)
        add(name, help, "histogram") { $0.histogram(name, histogram, labels: []) }
        return histogram
    }

    /// Makes a family of counters, split by one to three labels.
    public func counters(
        _ name: StaticString, _ help: StaticString, labels: [StaticString], maximumChildren: Int = 64
    ) -> MetricFamily<Counter> {
        let family = MetricFamily(labels: labels, maximumChildren: maximumChildren) { Counter() }
        checkLabels(labels)
        add(name, help, "counter") { output in
            for (values, counter) in family.children() {
                output.sample(name, labels: Array(zip(labels, values)), value: String(counter.value))
            }
        }
        return family
    }

    /// Makes a family of histograms, split by one to three labels.
    public func histograms(
        _ name: StaticString, _ help: StaticString, labels: [StaticString],
        bounds: [Duration] = Histogram.requestBounds, maximumChildren: Int = 32
    ) -> MetricFamily<Histogram> {
        let family = MetricFamily(labels: labels, maximumChildren: maximumChildren) { Histogram(bounds: bounds) }
        checkLabels(labels)
        add(name, help, "histogram") { output in
            for (values, histogram) in family.children() {
                output.histogram(name, histogram, labels: Array(zip(labels, values)))
            }
        }
        return family
    }

    /// Adds a metric whose numbers `read` gives at each scrape, on the scraping thread; it must not block for long.
    ///
    /// A sample with more or fewer label values than names is left out.
    public func collect(
        _ name: StaticString, _ help: StaticString, _ kind: Kind, labels: [StaticString] = [],
        _ read: @escaping @Sendable () -> [Sample]
    ) {
        checkLabels(labels)
        add(name, help, kind.rawValue) { output in
            for sample in read() where sample.labels.count == labels.count {
                output.sample(name, labels: Array(zip(labels, sample.labels)), value: String(sample.value))
            }
        }
    }

    /// All metrics in the text exposition format 0.0.4, in the order they were made.
    ///
    /// Serve it as `text/plain; version=0.0.4; charset=utf-8`.
    /// Source: https://github.com/prometheus/docs/blob/main/content/docs/instrumenting/exposition_formats.md
    public func exposition() -> [UInt8] {
        var output = Exposition()
        for metric in metrics.withLock({ $0 }) {
            output.head(metric.name, help: metric.help, type: metric.type)
            metric.write(&output)
        }
        return Array(output.text.utf8)
    }

    private func add(
        _ name: StaticString, _ help: StaticString, _ type: String,
        _ write: @escaping @Sendable (inout Exposition) -> Void
    ) {
        precondition(Exposition.isName(name, allowsColon: true), "\(name) is no metric name")
        metrics.withLock { metrics in
            precondition(
                !metrics.contains { $0.name.description == name.description }, "the metric \(name) exists already")
            metrics.append(Metric(name: name, help: help, type: type, write: write))
        }
    }

    private func checkLabels(_ labels: [StaticString]) {
        precondition(labels.allSatisfy { Exposition.isName($0, allowsColon: false) }, "a label name is illegal")
    }
}
