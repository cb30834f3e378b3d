import HelmModel
import TestSupport
import Testing

/// Laws that hold for every version and constraint.
@Suite struct ConstraintPropertyTests {
    private func expectSame(
        _ left: String, _ right: String, for version: SemanticVersion, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let isIn = try VersionConstraint(parsing: left).matches(version)
        #expect(
            try VersionConstraint(parsing: right).matches(version) == isIn, "\(left) | \(right) for \(version)",
            sourceLocation: sourceLocation)
    }

    /// A version with small numbers, so that it is often at an edge.
    private func small(_ random: inout RandomVersions, mayBePrerelease: Bool = true) throws -> SemanticVersion {
        let numbers = (0..<3).map { _ in String(Int.random(in: 0...3, using: &random.generator)) }
        let prerelease = mayBePrerelease ? random.pick(["", "", "-a", "-a.1", "-b", "-0"]) : ""
        return try SemanticVersion(parsing: numbers.joined(separator: ".") + prerelease)
    }

    @Test("Shorthands mean the ranges they stand for", arguments: Seeds.some())
    func shorthands(seed: UInt64) throws {
        var random = RandomVersions(seed: seed)
        for _ in 0..<400 {
            let version = try small(&random)
            let bound = try small(&random)
            let (major, minor, patch) = (bound.major, bound.minor, bound.patch)
            // Up to the next version without its pre-releases: what `<` alone would let in.
            let next =
                major > 0 ? "\(major + 1).0.0-0" : minor > 0 ? "0.\(minor + 1).0-0" : "0.0.\(patch + 1)-0"
            if !version.prerelease.isEmpty, bound.prerelease.isEmpty {
                #expect(!(try VersionConstraint(parsing: "^\(bound)").matches(version)))
                #expect(!(try VersionConstraint(parsing: "~\(bound)").matches(version)))
            } else {
                try expectSame("^\(bound)", ">=\(bound) <\(next)", for: version)
                if (major, minor, patch) != (0, 0, 0) {
                    try expectSame("~\(bound)", ">=\(bound) <\(major).\(minor + 1).0-0", for: version)
                }
            }
            try expectSame("\(major).\(minor)", "~\(major).\(minor).x", for: version)
            try expectSame("\(major).\(minor)", ">=\(major).\(minor).0 <\(major).\(minor + 1).0", for: version)
            try expectSame("\(major).x", "^\(major).*", for: version)
            try expectSame("\(major)", ">=\(major).0.0 <\(major + 1).0.0", for: version)
            try expectSame(">\(major).\(minor)", ">=\(major).\(minor + 1).0", for: version)
            try expectSame("<=\(major)", "<\(major + 1).0.0", for: version)
            try expectSame("\(major) - \(major + 1).\(minor)", ">=\(major), <=\(major + 1).\(minor)", for: version)
        }
    }

    @Test("Conditions are bounds in the order of versions", arguments: Seeds.some())
    func bounds(seed: UInt64) throws {
        var random = RandomVersions(seed: seed)
        for _ in 0..<400 {
            let bound = try random.next(mayBePrerelease: false)
            let version = try random.neighbour(of: bound)
            let isSame = version.hasSamePrecedence(as: bound)
            let isLess = version < bound && !isSame
            let expected = [
                ("=", isSame), ("!=", !isSame), ("<", isLess), (">=", !isLess), ("<=", isLess || isSame),
                (">", !isLess && !isSame),
            ]
            for (operation, isIn) in expected {
                // The second condition lets pre-releases in and excludes nothing.
                let constraint = try VersionConstraint(parsing: "\(operation)\(bound), >=0-0")
                #expect(constraint.matches(version) == isIn, "\(operation)\(bound) \(version)")
                let plain = try VersionConstraint(parsing: "\(operation)\(bound)")
                #expect(
                    plain.matches(version) == (isIn && version.prerelease.isEmpty), "\(operation)\(bound) \(version)")
            }
        }
    }

    @Test("Alternatives are a union, lists an intersection", arguments: Seeds.some())
    func sets(seed: UInt64) throws {
        var random = RandomVersions(seed: seed)
        let operators = ["", "=", "!=", ">", ">=", "=>", "<", "<=", "=<", "~", "~>", "^"]
        for _ in 0..<400 {
            let version = try small(&random, mayBePrerelease: false)
            let terms = try (0..<4).map { _ in
                let bound = try small(&random, mayBePrerelease: false)
                return random.pick(operators) + random.pick(["", "v", " "])
                    + random.pick([
                        "\(bound)", "\(bound.major).\(bound.minor)", "\(bound.major)", "\(bound.major).x", "*",
                    ])
            }
            let isIn = try terms.map { try VersionConstraint(parsing: $0).matches(version) }
            let union = try VersionConstraint(parsing: terms.joined(separator: random.pick(["||", " || ", "|| "])))
            #expect(union.matches(version) == isIn.contains(true), "\(terms) \(version)")
            let all = try VersionConstraint(parsing: terms.joined(separator: random.pick([",", ", ", " ", " , "])))
            #expect(all.matches(version) == !isIn.contains(false), "\(terms) \(version)")
            let mixed = try VersionConstraint(parsing: "\(terms[0]), \(terms[1]) || \(terms[2]), \(terms[3])")
            #expect(mixed.matches(version) == ((isIn[0] && isIn[1]) || (isIn[2] && isIn[3])), "\(terms) \(version)")
        }
    }

    @Test("Any bytes are read or refused", arguments: Seeds.some())
    func garbage(seed: UInt64) throws {
        var random = RandomVersions(seed: seed)
        let pieces = [
            "1", "0", "x", "*", ".", "-", "+", "v", " ", " - ", "||", "|", ",", "<", ">", "=", "!", "~", "^", "a", "é",
            "\n",
        ]
        for _ in 0..<1_000 {
            let count = Int.random(in: 0...12, using: &random.generator)
            let text = (0..<count).map { _ in random.pick(pieces) }.joined()
            guard let constraint = try? VersionConstraint(parsing: text) else { continue }
            let version = try random.next()
            if !version.prerelease.isEmpty, !constraint.takesPrereleases {
                #expect(!constraint.matches(version), "\(text) \(version)")
            }
        }
    }
}
