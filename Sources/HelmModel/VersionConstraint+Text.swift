extension VersionConstraint: CustomStringConvertible {
    /// The constraint without what does not count: `>=1.2,<2||~3`; parses to an equal one.
    ///
    /// Hyphen ranges are written as the two conditions they stand for, operators in one of their spellings, versions
    /// without `v` and build metadata, and with nothing in the place of what they leave open.
    public var description: String {
        alternatives.map { $0.conditions.map(\.description).joined(separator: ",") }.joined(separator: "||")
    }
}

extension VersionConstraint.Condition: CustomStringConvertible {
    var description: String {
        let numbers: String
        switch openness {
        case .none: numbers = "\(bound.major).\(bound.minor).\(bound.patch)"
        case .patch: numbers = "\(bound.major).\(bound.minor)"
        case .minor: numbers = "\(bound.major)"
        case .all: numbers = "*"
        }
        return sign + numbers + (bound.prerelease.isEmpty ? "" : "-" + bound.prerelease.joined(separator: "."))
    }

    private var sign: String {
        switch relation {
        case .equal: ""
        case .notEqual: "!="
        case .greater: ">"
        case .less: "<"
        case .greaterOrEqual: ">="
        case .lessOrEqual: "<="
        case .tilde: "~"
        case .caret: "^"
        }
    }
}
