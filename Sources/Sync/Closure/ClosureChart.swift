public import ChartInspection
public import Content

/// A chart version that others need, and what it needs itself.
public struct ClosureChart: Sendable, Hashable {
    /// Where it is.
    public var place: MirrorPlace
    /// Its repository below that place; in a classic repository its name.
    public var repository: String
    /// Its version, as its place writes it.
    public var version: String
    /// What it needs.
    public var requirements: [ChartRequirement]

    /// Builds it.
    public init(place: MirrorPlace, repository: String, version: String, requirements: [ChartRequirement]) {
        self.place = place
        self.repository = repository
        self.version = version
        self.requirements = requirements
    }

    /// `place repository version`, as findings name it.
    public var title: String { "\(repository) \(version) of \(place)" }

    /// What makes it the same chart as another.
    struct Identity: Hashable {
        var place: MirrorPlace
        var repository: String
        var version: String
    }

    var identity: Identity { Identity(place: place, repository: repository, version: version) }
}

/// What a walk over dependencies found.
public struct ClosureFindings: Sendable, Equatable {
    /// Charts to bring, in the order they were met; none of those the walk began with.
    public var charts: [Found] = []
    /// Requirements nothing was found for.
    public var unresolved: [Unresolved] = []
    /// Requirements that need nothing.
    public var satisfied: [Satisfied] = []
    /// Charts that need each other in a circle, each named once, the first again at the end.
    public var cycles: [[String]] = []

    /// Nothing.
    public init() {}

    /// A chart to bring.
    public struct Found: Sendable, Equatable {
        /// The chart.
        public var chart: ClosureChart
        /// Titles of the charts that need it, in the order they were met.
        public var requiredBy: [String]
    }

    /// A requirement without a chart.
    public struct Unresolved: Sendable, Equatable {
        /// The requirement.
        public var requirement: ChartRequirement
        /// The title of the chart that has it.
        public var requiredBy: String
        /// Why.
        public var reason: ContentError
    }

    /// A requirement that is met already.
    public struct Satisfied: Sendable, Equatable {
        /// The requirement.
        public var requirement: ChartRequirement
        /// The title of the chart that has it.
        public var requiredBy: String
        /// By what.
        public var means: Means

        /// What meets it.
        public enum Means: Sendable, Equatable {
            /// The chart's own `charts/`.
            case vendored
            /// A directory that its makers had beside it, which no registry has; `helm package` puts it into `charts/`.
            case directory
        }
    }
}
