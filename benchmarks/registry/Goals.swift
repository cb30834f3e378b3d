import BenchmarkSupport

extension Goal {
    /// The goals of a series: of Chartroom, or of a label that only Chartroom's cases have.
    static func all(case name: String, series: String) -> [Goal] {
        switch (name, series) {
        case ("manifest-get", "chartroom"), ("manifest-head", "chartroom"):
            [.ratio("nginx", 0.85), .ratio("docker-registry", 40)]
        case ("blob-50k", "chartroom"): [.ratio("nginx", 0.9)]
        case ("blob-1m", "chartroom"): [.ratio("nginx", 0.85)]
        case ("tls-blob-50k", "chartroom"): [.ratio("nginx", 0.75)]
        case ("tls-blob-1m", "chartroom"): [.ratio("nginx", 0.9)]
        case ("push-new-1", "chartroom"): [.ratio("docker-registry", 3)]
        case ("push-new-8", "chartroom"), ("push-new-32", "chartroom"): [.ratio("docker-registry", 6)]
        case ("push-again-1", "chartroom"): [Goal(text: "olareg: 300 charts in 0.33 s", bound: .atLeast(300 / 0.33))]
        case ("pull-300", "chartroom"): [Goal(text: "olareg: 300 charts in 0.13 s", bound: .atLeast(300 / 0.13))]
        case ("flushes-1", "chartroom"): [Goal(text: "at most 6 a push", bound: .atMost(6))]
        case ("flushes-32", "chartroom"): [Goal(text: "under 1.5 a push", bound: .atMost(1.5))]
        case ("tag-page", let label) where label != TagPageCase.few: [.ratio(TagPageCase.few, 0.5)]
        case ("start-empty", "chartroom"): [Goal(text: "under 50 ms", bound: .atMost(50))]
        case ("start-full", _): [Goal(text: "under 1 s", bound: .atMost(1000))]
        case ("memory-idle", "chartroom"): [Goal(text: "under 24 MB", bound: .atMost(24e6))]
        case ("memory-load", "chartroom"): [Goal(text: "under 48 MB", bound: .atMost(48e6))]
        default: []
        }
    }
}
