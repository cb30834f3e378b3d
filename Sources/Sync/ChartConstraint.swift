public import HelmModel

/// A version constraint together with its text.
public struct ChartConstraint: Sendable, Hashable, CustomStringConvertible {
    /// As written.
    public let description: String
    /// What it means.
    public let constraint: VersionConstraint

    /// Parses a constraint.
    public init(parsing text: String) throws(HelmParseError) {
        constraint = try VersionConstraint(parsing: text)
        description = text
    }
}
