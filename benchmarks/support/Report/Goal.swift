/// What the project set out to reach in a case; told beside the number, never asserted.
package struct Goal {
    /// What a number is held against.
    package enum Bound {
        /// The ratio to another series is at least so much.
        case ratio(to: String, atLeast: Double)
        /// The median is at most so much.
        case atMost(Double)
        /// The median is at least so much.
        case atLeast(Double)
    }

    package let text: String
    package let bound: Bound

    /// A goal.
    package init(text: String, bound: Bound) {
        (self.text, self.bound) = (text, bound)
    }

    /// A goal held against another series of the same case.
    package static func ratio(_ other: String, _ least: Double) -> Goal {
        Goal(text: "at least \(least) of \(other)", bound: .ratio(to: other, atLeast: least))
    }

    /// Whether it is reached; nil when what it is held against was not measured.
    func isReached(median: Double, ratio: (String) -> Double?) -> Bool? {
        switch bound {
        case .ratio(let other, let least): ratio(other).map { $0 >= least }
        case .atMost(let most): median <= most
        case .atLeast(let least): median >= least
        }
    }
}
