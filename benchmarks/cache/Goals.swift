import BenchmarkSupport

extension Goal {
    /// The goals of a series.
    static func all(case name: String, series: String) -> [Goal] {
        switch (name, series) {
        case (_, "chartroom") where name.hasPrefix("cold-") && name.hasSuffix("-requests"):
            [Goal(text: "at most 3 a chart", bound: .atMost(3))]
        case (_, "chartroom") where name.hasPrefix("cold-"):
            [Goal(text: "at most 1.15 of the time of direct", bound: .ratio(to: "direct", atLeast: 1 / 1.15))]
        case (_, "chartroom") where name.hasPrefix("warm-"):
            [Goal(text: "as fast as local, but for noise: at least 0.95", bound: .ratio(to: "local", atLeast: 0.95))]
        case (_, "stale") where name.hasPrefix("stale-"):
            [Goal(text: "as fast as fresh, but for noise: at least 0.95", bound: .ratio(to: "fresh", atLeast: 0.95))]
        case ("memory", MemoryCase.all): [Goal(text: "under 64 MB", bound: .atMost(64e6))]
        default: []
        }
    }
}
