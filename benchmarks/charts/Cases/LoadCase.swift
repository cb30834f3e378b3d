import BenchmarkSupport

/// Loading the repository: uploads of new versions by the classic door, eight at a time.
enum LoadCase {
    static func run(_ fixture: RepositoryFixture) throws(BenchmarkFailure) {
        _ = try fixture.chartroom()
        guard let loading = fixture.loading else { return }
        var series = Series("chartroom")
        series.add(loading.sample)
        series.note(loading.cost, for: loading.sample.requests)
        var result = CaseResult(name: "load", unit: "1/s", connections: 8)
        result.extra["chartroom"] = [
            ("versions", .integer(loading.sample.requests)),
            ("seconds", .number(Double(loading.sample.requests) / max(loading.sample.rate, 0.001))),
        ]
        fixture.report(result, [series])
    }
}
