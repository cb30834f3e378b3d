internal import ChartArchive
internal import ChartInspection
internal import HelmModel

/// What a chart's archive says that it needs.
struct ChartNeeds: Sendable, Equatable {
    /// The chart's name.
    var name: String
    /// Its version.
    var version: String
    /// Charts it depends on.
    var requirements: [ChartRequirement] = []
    /// Images that it names.
    var images: [ChartImage] = []
    /// How many places look like an image and do not say which.
    var leftOut = 0
    /// What could not be read.
    var problems: [String] = []

    /// The chart for people.
    var title: String { "\(name) \(version)" }
}

extension ChartNeeds {
    /// Everything that a chart says.
    init(of tree: ChartTree) {
        let found = ChartImages(of: tree)
        self.init(
            name: tree.name, version: tree.metadata?.version ?? "", requirements: ChartRequirement.all(of: tree),
            images: found.images, leftOut: found.leftOut, problems: found.problems)
    }
}

/// What was found where a chart was looked for.
enum ChartFinding: Sendable, Equatable {
    /// A chart.
    case chart(ChartNeeds)
    /// An artifact of another kind.
    case other
    /// A chart that cannot be read, and why.
    case unreadable(String)
}
