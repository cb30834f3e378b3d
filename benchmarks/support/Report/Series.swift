/// What one contender measured over the rounds of a case.
package struct Series {
    /// One stretch of load, and what it cost.
    package struct Stretch {
        var sample: LoadSample
        /// Of the server, for each request.
        var processorMicroseconds = 0.0
        /// What others took of the processors meanwhile; nil when it was too short, or does not matter.
        var othersPercent: Double?
    }

    package var label: String
    package internal(set) var stretches: [Stretch] = []

    /// A series of one number.
    package init(_ label: String, _ value: Double) {
        self.init(label)
        add(value)
    }

    package init(_ label: String) {
        self.label = label
    }

    /// Adds a number that is not a rate of requests.
    package mutating func add(_ value: Double) {
        var sample = LoadSample()
        sample.rate = value
        add(sample)
    }

    /// Adds a stretch of load that was not repeated.
    package mutating func add(_ sample: LoadSample) {
        stretches.append(Stretch(sample: sample))
    }

    /// Adds a stretch of load and what it cost.
    package mutating func add(_ sample: LoadSample, _ cost: Session.Cost) {
        let each = sample.requests > 0 ? cost.processorMicroseconds / Double(sample.requests) : 0
        stretches.append(Stretch(sample: sample, processorMicroseconds: each, othersPercent: cost.othersPercent))
    }

    /// Notes what all of it cost, spread over what was counted.
    package mutating func note(_ cost: Session.Cost, for count: Int) {
        for number in stretches.indices {
            stretches[number].processorMicroseconds = cost.processorMicroseconds / Double(max(1, count))
            stretches[number].othersPercent = cost.othersPercent
        }
    }

    package var rates: [Double] { stretches.map(\.sample.rate) }

    /// The middle of the per-round ratios to another series, above 1 when this one is better.
    package func ratio(to other: Series, lessIsBetter: Bool = false) -> Double? {
        median(
            zip(rates, other.rates).compactMap { mine, theirs in
                guard mine > 0, theirs > 0 else { return nil }
                return lessIsBetter ? theirs / mine : mine / theirs
            })
    }
}

/// A result to be told.
package struct CaseResult {
    package var name: String
    package var unit: String
    package var connections: Int
    package var lessIsBetter = false
    /// Whether the series stand for the same thing, so that ratios between them say something.
    package var isComparison = true
    /// For each series, by its label.
    package var highWater: [String: Int] = [:]
    /// For each series, by its label.
    package var extra: [String: [(String, JSONValue)]] = [:]

    /// A result without figures.
    package init(
        name: String, unit: String, connections: Int, lessIsBetter: Bool = false, isComparison: Bool = true,
        highWater: [String: Int] = [:]
    ) {
        (self.name, self.unit, self.connections) = (name, unit, connections)
        (self.lessIsBetter, self.isComparison) = (lessIsBetter, isComparison)
        self.highWater = highWater
    }
}
