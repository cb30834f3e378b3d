import BenchmarkSupport

extension Goal {
    /// The goals of a series.
    static func all(case name: String, series: String) -> [Goal] {
        switch (name, series) {
        case ("add", AddCase.whole), ("add-gzip", AddCase.whole):
            [Goal(text: "under 10 ms", bound: .atMost(10))]
        case (_, "chartroom") where name.hasPrefix("index-"): [.ratio("nginx", 0.8)]
        case ("view", _) where series.hasPrefix("chart-"): [Goal(text: "under 1 ms", bound: .atMost(1))]
        case ("memory", MemoryCase.all): [Goal(text: "under 64 MB", bound: .atMost(64e6))]
        default: []
        }
    }
}
