import HelmModel
import TestSupport
import Testing

@Suite struct SemanticVersionTests {
    @Test(
        "Versions of the specification are parsed and printed back",
        arguments: [
            "0.0.0", "1.2.3", "18446744073709551615.0.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-0.3.7",
            "1.0.0-x-y-z.--", "1.0.0+001", "1.0.0-beta+exp.sha.5114f85", "1.0.0+21AF26D3----117B344092BD",
            "104.1.2+up57.0.3", "1.2.3-0A", "1.2.3--", "1.0.0-99999999999999999999",
        ])
    func strict(text: String) throws {
        #expect(try SemanticVersion(parsing: text).description == text)
        #expect(try SemanticVersion(lenient: text).description == text)
    }

    @Test(
        "What Helm takes besides is taken leniently only",
        arguments: [
            ("v1.2.3", "1.2.3"), ("1", "1.0.0"), ("1.2", "1.2.0"), ("v1", "1.0.0"), ("01.02.03", "1.2.3"),
            ("1-rc1", "1.0.0-rc1"), ("1.2+b", "1.2.0+b"),
        ])
    func lenient(text: String, version: String) throws {
        #expect(try SemanticVersion(lenient: text).description == version)
        let error = #expect(throws: HelmParseError.self) { try SemanticVersion(parsing: text) }
        #expect(error?.description == "version \"\(text)\" is not a semantic version")
    }

    @Test(
        "Neither reading takes nonsense",
        arguments: [
            "", "v", "V1.0.0", "vv1", " 1.0.0", "1.0.0 ", "1.0.0\n", "1.2.3.4", "1.2.3-01", "1.2.3-", "1.2.3+",
            "1.2.3-a_b", "1.2.3+a_b", "1.2.3+a..b", "1.2.3-a..b", "1.2.3+a+b", "1.x", "x", "1..2", "1.2.", ".1", "-1",
            "99999999999999999999.0.0", "1.0.0é", "1.0.٣", "+1.0.0", "1.0.+1",
        ])
    func refused(text: String) {
        #expect(throws: HelmParseError.self) { try SemanticVersion(parsing: text) }
        #expect(throws: HelmParseError.self) { try SemanticVersion(lenient: text) }
    }

    /// Section 11 of the specification, and ties.
    private static let ascending = [
        "0.9.9", "1.0.0-0", "1.0.0-9", "1.0.0-10", "1.0.0-99999999999999999999", "1.0.0-alpha", "1.0.0-alpha.1",
        "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.0+a", "1.0.0+b",
        "1.0.1", "1.2.0", "1.10.0", "2.0.0",
    ]

    @Test("Versions are ordered by precedence, then by build metadata", arguments: [1, 2, 3] as [UInt64])
    func order(seed: UInt64) throws {
        let versions = try Self.ascending.map { try SemanticVersion(parsing: $0) }
        for (index, left) in versions.enumerated() {
            for (otherIndex, right) in versions.enumerated() {
                #expect((left < right) == (index < otherIndex), "\(left) \(right)")
                #expect((left == right) == (index == otherIndex))
            }
        }
        var random = SeededGenerator(seed: seed)
        #expect(versions.shuffled(using: &random).sorted() == versions, "seed \(seed)")
        #expect(versions[12].hasSamePrecedence(as: versions[13]))
        #expect(!versions[11].hasSamePrecedence(as: versions[12]))
    }
}
