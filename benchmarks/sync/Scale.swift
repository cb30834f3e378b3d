import BenchmarkSupport

/// How much of everything a run does.
struct Scale {
    /// What the slow settings add to each request, at both ends.
    static let delayMilliseconds = 20
    /// Versions of each chart, each a tag.
    static let versions = 3
    /// Versions that are new at the source when little has changed.
    static let changes = 3
    /// Versions of each chart of the index that is planned.
    static let listedVersions = 100

    /// Charts, each a repository.
    let charts: Int
    /// References that the loop over Helm moves; its times are scaled to all of them.
    let looped: Int
    /// Charts of the index that is planned.
    let listedCharts: Int

    init(_ options: Options) {
        charts = options.isQuick ? 20 : 100
        looped = options.isQuick ? 3 : 10
        listedCharts = options.isQuick ? 50 : 500
    }

    /// References in all.
    var references: Int { charts * Scale.versions }
}
