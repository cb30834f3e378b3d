import BenchmarkSupport

/// How much of everything a run does.
struct Scale {
    /// Versions of a large chart.
    static let largeVersions = 200
    /// Charts of few versions, and how many those are.
    static let (smallCharts, smallVersions) = (10, 20)

    /// Charts of many versions: with the small ones, 20,000 versions in all.
    let largeCharts: Int
    /// How often a version is added and the index asked for.
    let additions: Int
    /// Requests of a round of views that were asked for before.
    let repeatedViews: Int

    init(_ options: Options) {
        largeCharts = options.isQuick ? 9 : 99
        additions = options.isQuick ? 10 : 50
        repeatedViews = options.isQuick ? 20 : 200
    }

    var versions: Int { largeCharts * Scale.largeVersions + Scale.smallCharts * Scale.smallVersions }
}
