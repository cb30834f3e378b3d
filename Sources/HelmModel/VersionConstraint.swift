/// A range of versions, in the syntax of `helm pull --version` and of a chart's dependencies.
///
/// Alternatives are joined by `||`; each is a list of conditions, joined by spaces or commas, that hold together.
/// A condition is an operator (`= != > < >= => <= =< ~ ~> ^`, or none) and a version that may lack its end or have
/// `x`, `X` or `*` in its place, or a range with a hyphen between spaces. A pre-release matches an alternative only
/// when a version in it has a pre-release too: `>0.0.0-0` matches all there are. Build metadata never counts.
/// Source: Masterminds/semver v3.4.0 `constraints.go`, which Helm v4.3.0 uses; where its code and its documents
/// disagree, as over `^*`, this follows the code.
public struct VersionConstraint: Hashable, Sendable {
    /// What holds together; one of these has to.
    let alternatives: [Alternative]

    /// The longest text that is read, in bytes.
    public static let maximumLength = 512

    /// Conditions that hold together, and whether one of them names a pre-release.
    struct Alternative: Hashable, Sendable {
        var conditions: [Condition]
        var takesPrereleases: Bool

        init(_ conditions: [Condition]) {
            self.conditions = conditions
            takesPrereleases = conditions.contains { !$0.bound.prerelease.isEmpty }
        }

        func matches(_ version: SemanticVersion, includingPrereleases: Bool) -> Bool {
            guard includingPrereleases || takesPrereleases || version.prerelease.isEmpty else { return false }
            return conditions.allSatisfy { $0.matches(version) }
        }
    }

    /// Parses a constraint.
    ///
    /// - Throws: `HelmParseError` naming the part that is no condition, also for empty text, for a text of more than
    ///   `maximumLength` bytes, and where Helm reads something else than the eye does: a hyphen range right behind
    ///   `||`, or behind another condition without a comma.
    public init(parsing text: some StringProtocol) throws(HelmParseError) {
        guard text.utf8.count <= VersionConstraint.maximumLength else {
            throw HelmParseError(
                "version constraint \(HelmParseError.quote(text)) is longer than \(VersionConstraint.maximumLength) bytes"
            )
        }
        var reader = ConstraintReader(text: Array(text.utf8))
        alternatives = try reader.alternatives()
    }

    /// Whether a version is in the range.
    ///
    /// No allocation; linear in the constraint.
    /// - Parameter includingPrereleases: lets pre-releases match where they are between the bounds, whether the
    ///   constraint names one or not.
    public func matches(_ version: SemanticVersion, includingPrereleases: Bool = false) -> Bool {
        alternatives.contains { $0.matches(version, includingPrereleases: includingPrereleases) }
    }

    /// Whether a pre-release can match at all.
    public var takesPrereleases: Bool { alternatives.contains(where: \.takesPrereleases) }
}
