import BenchmarkSupport

/// How much of everything a run does.
struct Scale {
    /// What the upstream adds to each request.
    static let delayMilliseconds = 50

    /// Charts of the registry upstream.
    let charts: Int
    /// Charts of the classic upstream, and versions of each.
    let listedCharts: Int
    let listedVersions: Int
    /// How often all charts are pulled in a round of the stale cases.
    let passes: Int

    init(_ options: Options) {
        charts = options.isQuick ? 20 : 100
        listedCharts = options.isQuick ? 10 : 50
        listedVersions = options.isQuick ? 50 : 200
        passes = options.isQuick ? 3 : 10
    }
}
