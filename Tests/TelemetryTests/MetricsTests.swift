import Synchronization
import Telemetry
import Testing

@Suite struct MetricsTests {
    func text(_ registry: MetricsRegistry) -> String { String(decoding: registry.exposition(), as: UTF8.self) }

    @Test("Counters and gauges are written with help and type")
    func plain() {
        let registry = MetricsRegistry()
        let counter = registry.counter("chartroom_things_total", "Things \\ counted.\nTwo lines.")
        let gauge = registry.gauge("chartroom_level", "A level.")
        counter.increment()
        counter.increment(by: 41)
        counter.increment(by: -5)
        gauge.set(7)
        gauge.add(-9)
        #expect(
            text(registry) == """
                # HELP chartroom_things_total Things \\\\ counted.\\nTwo lines.
                # TYPE chartroom_things_total counter
                chartroom_things_total 42
                # HELP chartroom_level A level.
                # TYPE chartroom_level gauge
                chartroom_level -2

                """)
    }

    @Test("A histogram is cumulative, ends at +Inf and has sum and count")
    func histogram() {
        let registry = MetricsRegistry()
        let histogram = registry.histogram("t_seconds", "Time.", bounds: [.milliseconds(5), .seconds(1)])
        for duration: Duration in [.milliseconds(5), .milliseconds(6), .seconds(2), .zero, .seconds(-1)] {
            histogram.observe(duration)
        }
        #expect(
            text(registry) == """
                # HELP t_seconds Time.
                # TYPE t_seconds histogram
                t_seconds_bucket{le="0.005"} 3
                t_seconds_bucket{le="1"} 4
                t_seconds_bucket{le="+Inf"} 5
                t_seconds_sum 2.011
                t_seconds_count 5

                """)
    }

    @Test("Label values are escaped and sorted")
    func labels() {
        let registry = MetricsRegistry()
        let family = registry.counters("r_total", "R.", labels: ["method", "status"])
        family("PUT", "201").increment()
        family("GET", "a\"b\\c\nd").increment(by: 2)
        family("PUT", "201").increment()
        #expect(
            text(registry).contains(
                "r_total{method=\"GET\",status=\"a\\\"b\\\\c\\nd\"} 2\nr_total{method=\"PUT\",status=\"201\"} 2\n"))
    }

    @Test("Labelled histograms carry their labels before the bound")
    func labelledHistogram() {
        let registry = MetricsRegistry()
        let family = registry.histograms("d_seconds", "D.", labels: ["route"], bounds: [.seconds(1)])
        family("blob").observe(.milliseconds(1))
        #expect(
            text(registry).contains(
                "d_seconds_bucket{route=\"blob\",le=\"+Inf\"} 1\nd_seconds_sum{route=\"blob\"} 0.001\n"))
    }

    @Test("Beyond the bound every new label value counts as other")
    func bound() {
        let registry = MetricsRegistry()
        let family = registry.counters("b_total", "B.", labels: ["x"], maximumChildren: 3)
        for index in 0..<100 { family(String(index)).increment() }
        family("1").increment()
        let lines = text(registry).split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines == ["b_total{x=\"0\"} 1", "b_total{x=\"1\"} 2", "b_total{x=\"2\"} 1", "b_total{x=\"other\"} 97"])
    }

    @Test("Counts of many tasks at once are all there, and no child is doubled")
    func concurrent() async {
        let registry = MetricsRegistry()
        let family = registry.counters("c_total", "C.", labels: ["x"], maximumChildren: 8)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask { for round in 0..<2000 { family(String((round + task) % 8)).increment() } }
            }
        }
        let lines = text(registry).split(separator: "\n").filter { !$0.hasPrefix("#") }
        let sum = lines.compactMap { Int($0.split(separator: " ")[1]) }.reduce(0, +)
        #expect(sum == 16_000)
        #expect(Set(lines.map { $0.split(separator: " ")[0] }).count == lines.count)
    }

    @Test("Collected values are read at each scrape; samples with wrong labels are left out")
    func collect() {
        let registry = MetricsRegistry()
        let calls = Mutex<Int64>(0)
        registry.collect("now", "Now.", .gauge) {
            [
                .init(
                    value: calls.withLock {
                        $0 += 1; return $0
                    })
            ]
        }
        registry.collect("by", "By.", .counter, labels: ["k"]) {
            [.init(labels: ["a"], value: 3), .init(value: 4)]
        }
        #expect(text(registry).contains("\nnow 1\n"))
        #expect(text(registry).contains("\nnow 2\n"))
        #expect(text(registry).hasSuffix("# TYPE by counter\nby{k=\"a\"} 3\n"))
    }

    @Test("Two metrics of one name trap")
    func duplicate() async {
        await #expect(processExitsWith: .failure) {
            let registry = MetricsRegistry()
            _ = registry.counter("a_total", "A.")
            _ = registry.gauge("a_total", "A.")
        }
    }

    @Test("An illegal name traps")
    func illegalName() async {
        await #expect(processExitsWith: .failure) { _ = MetricsRegistry().counter("1a-b", "A.") }
    }
}
