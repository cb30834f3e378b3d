/// What is mirrored to what, and how slow both are.
struct Setting {
    /// Where charts come from.
    enum Source {
        /// A docker-registry.
        case registry
        /// An nginx with archives and their index.
        case classic
        /// A `chartroom serve`, whose listings tell digests.
        case chartroom
    }

    /// Where they go.
    enum Destination {
        /// A docker-registry.
        case registry
        /// Chartroom's own store: a data directory, or for other programs a `chartroom serve`.
        case store
    }

    let name: String
    let source: Source
    let destination: Destination
    /// Whether each request takes longer, at both ends.
    let isSlow: Bool
    let movers: [MoverKind]

    /// Who takes part in a round: where it is slow, the others wait for minutes, and always as long.
    func movers(round: Int) -> [MoverKind] { movers.filter { !isSlow || round == 0 || $0 == .chartroom } }

    static let all: [Setting] = [
        Setting(
            name: "registries", source: .registry, destination: .registry, isSlow: false,
            movers: [.chartroom, .skopeo, .helm]),
        Setting(
            name: "store", source: .registry, destination: .store, isSlow: false, movers: [.chartroom, .skopeo, .helm]),
        Setting(name: "classic", source: .classic, destination: .store, isSlow: false, movers: [.chartroom, .helm]),
        Setting(name: "listing", source: .chartroom, destination: .registry, isSlow: false, movers: [.chartroom]),
        Setting(
            name: "slow-registries", source: .registry, destination: .registry, isSlow: true,
            movers: [.chartroom, .skopeo, .helm]),
        Setting(
            name: "slow-store", source: .registry, destination: .store, isSlow: true,
            movers: [.chartroom, .skopeo, .helm]),
        Setting(
            name: "slow-classic", source: .classic, destination: .store, isSlow: true, movers: [.chartroom, .helm]),
    ]
}

/// Who moves the charts.
enum MoverKind: String {
    case chartroom
    case skopeo
    case helm
}

/// What is asked of a mover, in this order.
enum Stage: String {
    /// Everything; the destination is empty.
    case cold
    /// The same again.
    case warm
    /// The same again, by a mirror that says that versions never move.
    case immutable
    /// The same again, by a mirror that asks the destination for each tag instead of trusting what it remembers.
    case checked
    /// The same again, with some new versions at the source.
    case changed

    /// The mirror file of a Chartroom.
    var file: String { "\(self == .immutable || self == .checked ? rawValue : "mirror").yaml" }

    /// The stage among whose results it is told, and as whom.
    func told(_ kind: MoverKind) -> (stage: Stage, label: String) {
        switch self {
        case .cold, .warm, .changed: (self, kind.rawValue)
        case .immutable, .checked: (.warm, "\(kind.rawValue)-\(rawValue)")
        }
    }
}
