extension VersionConstraint {
    /// An operator and its version.
    struct Condition: Hashable, Sendable {
        var relation: Relation
        /// The version; what was left open is 0.
        var bound: SemanticVersion
        var openness: Openness
    }

    /// The operators.
    enum Relation: Sendable {
        case equal, notEqual, greater, less, greaterOrEqual, lessOrEqual, tilde, caret
    }

    /// Which parts of a version were missing or a wildcard.
    enum Openness: Sendable {
        /// None: `1.2.3`.
        case none
        /// The patch version: `1.2`, `1.2.x`.
        case patch
        /// The minor and patch versions: `1`, `1.x`.
        case minor
        /// All: `*`.
        case all
    }
}

extension VersionConstraint.Condition {
    /// Whether the condition holds; the rule for pre-releases stands above it.
    func matches(_ version: SemanticVersion) -> Bool {
        switch relation {
        case .equal: openness == .none ? version.hasSamePrecedence(as: bound) : isWithinTilde(version)
        case .notEqual: differs(version)
        case .greater: isGreater(version)
        case .less: version.isBelow(bound)
        case .greaterOrEqual: !version.isBelow(bound)
        case .lessOrEqual: isLessOrEqual(version)
        case .tilde: isWithinTilde(version)
        case .caret: isWithinCaret(version)
        }
    }

    private func differs(_ version: SemanticVersion) -> Bool {
        switch openness {
        case .none, .all: return !version.hasSamePrecedence(as: bound)
        case .minor: return version.major != bound.major
        case .patch:
            guard (version.major, version.minor) == (bound.major, bound.minor) else { return true }
            return version.prerelease != bound.prerelease
        }
    }

    /// `>1` is 2.0.0 and up, `>1.2` is 1.3.0 and up.
    private func isGreater(_ version: SemanticVersion) -> Bool {
        switch openness {
        case .none, .all: bound.isBelow(version)
        case .minor: version.major > bound.major
        case .patch: (version.major, version.minor) > (bound.major, bound.minor)
        }
    }

    /// `<=1` is below 2.0.0, `<=1.2` below 1.3.0; `<=*` is what is left of 0.0, as in the original.
    private func isLessOrEqual(_ version: SemanticVersion) -> Bool {
        switch openness {
        case .none: !bound.isBelow(version)
        case .minor: version.major <= bound.major
        case .patch, .all: (version.major, version.minor) <= (bound.major, bound.minor)
        }
    }

    /// Changes of the patch version, or of the minor version where the bound leaves it open.
    ///
    /// `~0.0.0` takes everything, which is not what it looks like and what Helm does.
    private func isWithinTilde(_ version: SemanticVersion) -> Bool {
        guard !version.isBelow(bound) else { return false }
        switch openness {
        case .all: return true
        case .none where (bound.major, bound.minor, bound.patch) == (0, 0, 0): return true
        case .none, .patch: return (version.major, version.minor) == (bound.major, bound.minor)
        case .minor: return version.major == bound.major
        }
    }

    /// Changes right of the first number that is not 0.
    private func isWithinCaret(_ version: SemanticVersion) -> Bool {
        guard !version.isBelow(bound), version.major == bound.major else { return false }
        if bound.major > 0 || openness == .minor { return true }
        guard version.minor == bound.minor else { return false }
        return bound.minor > 0 || openness == .patch || version.patch == bound.patch
    }
}

extension SemanticVersion {
    /// Whether it has lower precedence; build metadata does not count.
    fileprivate func isBelow(_ other: SemanticVersion) -> Bool {
        self < other && !hasSamePrecedence(as: other)
    }
}
