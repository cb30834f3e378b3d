import BenchmarkSupport

extension Goal {
    /// One request a repository, and one or two to see who is there.
    private static let listing = 1 / Double(Scale.versions) + 0.02

    /// The goals of a series.
    static func all(case name: String, series: String) -> [Goal] {
        if name.hasSuffix("-requests") { return requests(name, series) }
        switch (name, series) {
        case ("registries-cold", "chartroom"): return [times(2.5, "skopeo")]
        case ("store-cold", "chartroom"): return [times(5, "skopeo")]
        case ("classic-cold", "chartroom"): return [times(5, StageResults.helmNet)]
        case ("slow-registries-cold", "chartroom"), ("slow-store-cold", "chartroom"): return [times(8, "skopeo")]
        case ("slow-classic-cold", "chartroom"): return [times(8, StageResults.helmNet)]
        case (_, "chartroom") where name.hasSuffix("-warm") && name.contains("classic"):
            return [times(10, StageResults.helmNet)]
        case (_, "chartroom") where name.hasSuffix("-warm"): return [times(10, "skopeo")]
        case ("plan-yaml", "first"), ("plan-json", "first"), ("plan-yaml", "again"), ("plan-json", "again"):
            return [Goal(text: "under 1 s", bound: .atMost(1000))]
        case ("memory", MemoryCase.all): return [Goal(text: "under 64 MB", bound: .atMost(64e6))]
        default: return []
        }
    }

    private static func times(_ factor: Double, _ other: String) -> Goal {
        Goal(text: "at least \(JSONValue.rounded(factor)) times \(other)", bound: .ratio(to: other, atLeast: factor))
    }

    private static func requests(_ name: String, _ series: String) -> [Goal] {
        let isSource = name.hasSuffix("-source-requests")
        switch series {
        case "chartroom" where name.contains("-cold-"):
            return isSource
                ? [Goal(text: "the floor: 3 a tag, and one a repository", bound: .atMost(3 + listing))]
                : [Goal(text: "the floor: 8 a tag", bound: .atMost(8))]
        case "chartroom" where name.hasPrefix("listing-warm-") && isSource:
            return [Goal(text: "one a repository", bound: .atMost(listing))]
        case "chartroom" where name.contains("-warm-"), "chartroom-checked" where name.contains("-warm-"):
            return [Goal(text: "one a tag, and one a repository", bound: .atMost(1 + listing))]
        case "chartroom-immutable" where name.contains("-warm-"):
            return [Goal(text: "none a tag, one a repository", bound: .atMost(listing))]
        default: return []
        }
    }
}
