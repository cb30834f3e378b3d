import HelmModel
import TestSupport

/// Versions that are often near each other, so that each part of the order decides sometimes.
struct RandomVersions {
    var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    private static let numbers = ["0", "1", "2", "9", "10", "256", "65536", "18446744073709551615"]
    private static let identifiers = [
        "0", "1", "9", "10", "99", "256", "99999999999999999999", "a", "A", "alpha", "alpha-", "alpha1", "-", "0a", "z",
    ]
    private static let builds = ["", "", "a", "a.b", "0", "00", "up1.2.3", "a-"]

    mutating func pick<Element>(_ list: [Element]) -> Element {
        list[Int.random(in: 0..<list.count, using: &generator)]
    }

    mutating func text(mayBePrerelease: Bool = true) -> String {
        var text = [pick(Self.numbers), pick(Self.numbers), pick(Self.numbers)].joined(separator: ".")
        if mayBePrerelease, Bool.random(using: &generator) {
            let count = Int.random(in: 1...3, using: &generator)
            text += "-" + (0..<count).map { _ in pick(Self.identifiers) }.joined(separator: ".")
        }
        let build = pick(Self.builds)
        return build.isEmpty ? text : text + "+" + build
    }

    mutating func next(mayBePrerelease: Bool = true) throws -> SemanticVersion {
        try SemanticVersion(parsing: text(mayBePrerelease: mayBePrerelease))
    }

    /// A version that shares some parts with another.
    mutating func neighbour(of version: SemanticVersion) throws -> SemanticVersion {
        let other = try next()
        let numbers = [
            pick([version.major, other.major]), pick([version.minor, other.minor]), pick([version.patch, other.patch]),
        ]
        let prerelease = pick([version.prerelease, other.prerelease, version.prerelease + other.prerelease])
        let build = pick([version.build, other.build])
        return try SemanticVersion(
            parsing: numbers.map(String.init).joined(separator: ".")
                + (prerelease.isEmpty ? "" : "-" + prerelease.joined(separator: "."))
                + (build.isEmpty ? "" : "+" + build))
    }
}
