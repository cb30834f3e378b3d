/// A version by SemVer 2.0.0 (semver.org/spec/v2.0.0.html).
///
/// Ordered by precedence (section 11); versions of equal precedence are ordered by their build metadata's bytes, so
/// that the order is total and agrees with equality.
public struct SemanticVersion: Hashable, Sendable {
    /// The major version.
    public let major: UInt64
    /// The minor version.
    public let minor: UInt64
    /// The patch version.
    public let patch: UInt64
    /// The pre-release identifiers; empty for a release.
    public let prerelease: [String]
    /// The build metadata without its `+`; empty when there is none.
    public let build: String

    /// Parses a version by the specification, to the letter.
    ///
    /// - Throws: `HelmParseError` naming the text, also when a number does not fit 64 bits.
    public init(parsing text: some StringProtocol) throws(HelmParseError) {
        try self.init(text, isLenient: false)
    }

    /// Parses a version as Helm takes it for a chart.
    ///
    /// A leading `v` is dropped, a missing minor or patch version is 0, and the numbers may have leading zeros.
    /// Source: Masterminds/semver v3.4.0 `version.go`, `NewVersion`.
    /// - Throws: `HelmParseError` naming the text.
    public init(lenient text: some StringProtocol) throws(HelmParseError) {
        try self.init(text, isLenient: true)
    }

    private init(_ text: some StringProtocol, isLenient: Bool) throws(HelmParseError) {
        guard let parsed = Parts(text: Substring(text).utf8, isLenient: isLenient) else {
            throw HelmParseError("version \(HelmParseError.quote(text)) is not a semantic version")
        }
        (major, minor, patch) = parsed.numbers
        prerelease = parsed.prerelease
        build = parsed.build
    }

    /// Keeps parts that are known to be legal.
    init(major: UInt64, minor: UInt64, patch: UInt64, prerelease: [String], build: String) {
        self.major = major
        self.minor = minor
        self.patch = patch
        self.prerelease = prerelease
        self.build = build
    }

    /// Whether the two differ in build metadata at most.
    public func hasSamePrecedence(as other: SemanticVersion) -> Bool {
        (major, minor, patch) == (other.major, other.minor, other.patch) && prerelease == other.prerelease
    }
}

extension SemanticVersion: Comparable {
    /// Orders by precedence, then by build metadata.
    public static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
        let leftNumbers = (left.major, left.minor, left.patch)
        let rightNumbers = (right.major, right.minor, right.patch)
        if leftNumbers != rightNumbers { return leftNumbers < rightNumbers }
        if left.prerelease != right.prerelease { return prereleasePrecedes(left.prerelease, right.prerelease) }
        return left.build.utf8.lexicographicallyPrecedes(right.build.utf8)
    }

    /// A release comes behind its pre-releases; a longer list behind its own beginning.
    private static func prereleasePrecedes(_ left: [String], _ right: [String]) -> Bool {
        guard !left.isEmpty, !right.isEmpty else { return !left.isEmpty }
        for (leftPart, rightPart) in zip(left, right) where leftPart != rightPart {
            switch (isNumber(leftPart), isNumber(rightPart)) {
            case (true, true) where leftPart.utf8.count != rightPart.utf8.count:
                return leftPart.utf8.count < rightPart.utf8.count
            case (true, false): return true
            case (false, true): return false
            case (true, true), (false, false):
                return leftPart.utf8.lexicographicallyPrecedes(rightPart.utf8)
            }
        }
        return left.count < right.count
    }

    static func isNumber(_ text: some StringProtocol) -> Bool {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// Whether a byte may stand in an identifier: letters, digits and `-`.
    static func isIdentifier(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

extension SemanticVersion: CustomStringConvertible {
    /// The version by the specification, whatever it was parsed from.
    public var description: String {
        "\(major).\(minor).\(patch)" + (prerelease.isEmpty ? "" : "-" + prerelease.joined(separator: "."))
            + (build.isEmpty ? "" : "+" + build)
    }
}

/// The pieces of a version's text.
private struct Parts {
    var numbers: (UInt64, UInt64, UInt64)
    var prerelease: [String] = []
    var build = ""

    init?(text: Substring.UTF8View, isLenient: Bool) {
        var rest = Substring(text)
        if let plus = rest.utf8.firstIndex(of: UInt8(ascii: "+")) {
            guard let identifiers = Parts.identifiers(rest[plus...].dropFirst()) else { return nil }
            build = identifiers.joined(separator: ".")
            rest = rest[..<plus]
        }
        if let dash = rest.utf8.firstIndex(of: UInt8(ascii: "-")) {
            guard let identifiers = Parts.identifiers(rest[dash...].dropFirst()),
                !identifiers.contains(where: { SemanticVersion.isNumber($0) && Parts.hasLeadingZero($0) })
            else { return nil }
            prerelease = identifiers
            rest = rest[..<dash]
        }
        if isLenient, rest.utf8.first == UInt8(ascii: "v") { rest = rest.dropFirst() }
        var values: [UInt64] = []
        for part in rest.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false) {
            guard !part.isEmpty, SemanticVersion.isNumber(part), isLenient || !Parts.hasLeadingZero(part),
                let value = UInt64(part)
            else { return nil }
            values.append(value)
        }
        guard isLenient ? (1...3).contains(values.count) : values.count == 3 else { return nil }
        numbers = (values[0], values.count > 1 ? values[1] : 0, values.count > 2 ? values[2] : 0)
    }

    private static func hasLeadingZero(_ text: some StringProtocol) -> Bool {
        text.utf8.count > 1 && text.utf8.first == UInt8(ascii: "0")
    }

    /// Identifiers of letters, digits and `-`, joined by `.`, none empty.
    private static func identifiers(_ text: Substring) -> [String]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let legal = parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(SemanticVersion.isIdentifier) }
        return legal ? parts.map { String($0) } : nil
    }
}
