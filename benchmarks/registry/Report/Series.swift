/// What one contender measured over the rounds of a case.
struct Series {
    /// One stretch of load, and what it cost.
    struct Stretch {
        var sample: LoadSample
        /// Of the server, for each request.
        var processorMicroseconds = 0.0
        /// What others took of the processors meanwhile; nil when it was too short, or does not matter.
        var othersPercent: Double?
    }

    var label: String
    var stretches: [Stretch] = []

    /// A series of one number.
    init(_ label: String, _ value: Double) {
        self.init(label)
        add(value)
    }

    init(_ label: String) {
        self.label = label
    }

    /// Adds a number that is not a rate of requests.
    mutating func add(_ value: Double) {
        var sample = LoadSample()
        sample.rate = value
        stretches.append(Stretch(sample: sample))
    }

    var rates: [Double] { stretches.map(\.sample.rate) }

    /// The middle of the per-round ratios to another series, above 1 when this one is better.
    func ratio(to other: Series, lessIsBetter: Bool = false) -> Double? {
        median(
            zip(rates, other.rates).compactMap { mine, theirs in
                guard mine > 0, theirs > 0 else { return nil }
                return lessIsBetter ? theirs / mine : mine / theirs
            })
    }
}

/// A result to be told.
struct CaseResult {
    var name: String
    var unit: String
    var connections: Int
    var lessIsBetter = false
    /// For each series, by its label.
    var highWater: [String: Int] = [:]
    /// For each series, by its label.
    var extra: [String: [(String, JSONValue)]] = [:]
}
