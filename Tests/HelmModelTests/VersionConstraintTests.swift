import HelmModel
import TestSupport
import Testing

/// A constraint, versions it takes and versions it does not take, each separated by spaces.
typealias ConstraintCase = (constraint: String, taken: String, left: String)

/// Rules that Masterminds/semver documents in its README and its comments, and what Helm documents on top.
private let operatorCases: [ConstraintCase] = [
    ("=1.2.3", "1.2.3 v1.2.3 1.2.3+b", "1.2.4 1.2.2 1.2.3-a 2.0.0"),
    ("1.2.3", "1.2.3 1.2.3+up4", "1.2.4 1.2.3-0"),
    ("= 1.2", "1.2.0 1.2.9", "1.1.9 1.3.0 2.2.0 1.2.1-a"),
    ("1.2", "1.2.0 1.2.9", "1.3.0 0.1.2"),
    ("1", "1.0.0 1.99.1", "0.9.9 2.0.0 1.0.0-rc.1"),
    ("v1", "1.0.0 v1.5.0", "2.0.0"),
    ("v1.2.3", "1.2.3", "1.2.4"),
    ("!=1.2.3", "1.2.4 1.2.2 0.0.0 2.0.0", "1.2.3 1.2.3+b 1.2.4-a"),
    ("!=1.2", "1.1.0 1.3.0 2.2.0", "1.2.0 1.2.9 1.3.0-a"),
    ("!=1", "0.9.0 2.0.0", "1.0.0 1.9.9 2.0.0-a"),
    ("!=1.x", "2.1.0", "1.1.0"),
    ("!=1.2.x", "1.3.0", "1.2.7"),
    ("!=1.2-a", "1.2.0 1.2.0-b 1.3.0", "1.2.0-a 1.2.5-a"),
    (">1.2.3", "1.2.4 1.3.0 2.0.0", "1.2.3 1.2.3+b 1.2.2 1.2.4-a"),
    (">1.2", "1.3.0 2.0.0", "1.2.0 1.2.9 1.1.0"),
    (">1", "2.0.0 10.0.0", "1.0.0 1.9.9 0.1.0 2.0.0-a"),
    (">11", "12.0.0", "11.0.0 11.1.0"),
    (">0", "1.0.0", "0.0.0 0.5.0"),
    (">=1.2.3", "1.2.3 1.2.4 2.0.0", "1.2.2 1.2.3-rc.1 2.0.0-rc.1"),
    ("=>1.2.3", "1.2.3 9.0.0", "1.2.2"),
    (">=1.2", "1.2.0 1.3.0", "1.1.9"),
    (">=1", "1.0.0 4.0.0", "0.9.9"),
    (">=0", "0.0.0 0.0.1", "0.0.0-a"),
    ("<1.2.3", "1.2.2 0.0.0", "1.2.3 1.2.3+b 1.2.3-a 2.0.0"),
    ("<1.2", "1.1.9 0.9.0", "1.2.0 1.2.9"),
    ("<1", "0.9.9", "1.0.0 1.0.0-a"),
    ("<1.x", "0.9.0", "1.0.0 2.0.0"),
    ("<=1.2.3", "1.2.3 1.2.2 1.2.3+b", "1.2.4 1.2.2-a"),
    ("=<1.2.3", "1.2.3 0.0.1", "1.2.4"),
    ("<=1.2", "1.2.0 1.2.9 1.1.0 0.5.9", "1.3.0 2.0.0"),
    ("<=1", "1.0.0 1.9.9 0.1.0", "2.0.0"),
    ("<=1.2.x", "1.2.500", "1.3.0"),
]

private let rangeCases: [ConstraintCase] = [
    ("~1.2.3", "1.2.3 1.2.4 1.2.99", "1.2.2 1.3.0 2.2.3 1.2.4-a"),
    ("~>1.2.3", "1.2.3 1.2.9", "1.3.0"),
    ("~1.2", "1.2.0 1.2.9", "1.3.0 1.1.0"),
    ("~1.2.x", "1.2.0 1.2.9", "1.3.0"),
    ("~1", "1.0.0 1.9.9", "2.0.0 0.9.0"),
    ("~1.x", "1.0.0 1.9.9", "2.0.0"),
    ("~1.x.x", "1.0.0 1.9.9", "2.0.0"),
    ("~0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2"),
    ("~0", "0.0.0 0.9.0", "1.0.0"),
    ("~*", "0.0.0 1.0.0 99.0.0", "1.0.0-a"),
    ("~1.2.3-b.2", "1.2.3-b.2 1.2.3-b.4 1.2.3 1.2.4-a 1.2.4", "1.2.3-b.1 1.2.3-a 1.3.0-a 1.3.0"),
    ("^1.2.3", "1.2.3 1.2.4 1.9.0", "1.2.2 2.0.0 0.9.0 1.3.0-a"),
    ("^1.2.x", "1.2.0 1.9.9", "1.1.0 2.0.0"),
    ("^1.2", "1.2.0 1.9.9", "1.1.0 2.0.0"),
    ("^1", "1.0.0 1.9.9", "2.0.0 0.9.9"),
    ("^1.x", "1.0.0 1.9.9", "2.0.0 1.5.0-a"),
    ("^0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0 1.2.3"),
    ("^0.2", "0.2.0 0.2.9", "0.3.0 0.1.9 1.2.0"),
    ("^0.0.3", "0.0.3 0.0.3+b", "0.0.2 0.0.4 0.1.3 1.0.3"),
    ("^0.0", "0.0.0 0.0.9", "0.1.0 1.0.0"),
    ("^0", "0.0.0 0.9.9", "1.0.0"),
    ("^1.2.0-b", "1.2.0-b 1.2.0-c 1.2.0 1.3.0-a 1.9.9", "1.2.0-a 2.0.0 2.0.0-a 1.1.0"),
    ("^0.2.3-b.2", "0.2.3-b.2 0.2.3-b.4 0.2.4-a", "0.2.3-b.1 0.3.0-b.2"),
    ("*", "0.0.0 1.2.3 99.0.0", "1.2.3-a 0.0.0-0"),
    ("x", "1.2.3", "1.2.3-a"),
    ("X", "1.2.3", "1.2.3-a"),
    ("1.x", "1.0.0 1.9.9", "2.0.0 0.1.0"),
    ("1.X.x", "1.0.0 1.9.9", "2.0.0"),
    ("1.2.*", "1.2.0 1.2.9", "1.3.0"),
    ("1.*.3", "1.0.0 1.9.9", "2.0.3"),
    ("*.2.3", "7.7.7", "7.7.7-a"),
    ("1.2 - 1.4.5", "1.2.0 1.3.9 1.4.5", "1.1.9 1.4.6 2.0.0 1.3.0-a"),
    ("1 - 2", "1.0.0 2.0.0 2.9.9", "0.9.0 3.0.0"),
    ("1.2.3 - 1.2", "1.2.3 1.2.9", "1.2.2 1.3.0"),
    ("v1 - v1.5", "1.0.0 1.5.9", "1.6.0"),
    ("1.0.0-b - 2", "1.0.0-b 1.5.0-a 2.9.9", "1.0.0-a 3.0.0-a"),
    ("1.2-1.4", "1.2.0 1.2.0-1.5 1.2.9", "1.3.0 1.2.0-1.3"),
]

private let combinedCases: [ConstraintCase] = [
    (">=1.2, <2", "1.2.0 1.9.9", "1.1.0 2.0.0"),
    (">=1.2 <2", "1.2.0 1.9.9", "1.1.0 2.0.0"),
    (">=1.2,<2", "1.2.0", "2.0.0"),
    (" >=  1.2 ,\t<2 ", "1.2.0", "2.0.0"),
    (">= 1.2 < 2 != 1.5.0", "1.4.0 1.5.1", "1.5.0 2.0.0"),
    (">=1 <2 || >=3 <4", "1.0.0 1.9.0 3.0.0 3.9.9", "0.9.0 2.0.0 2.9.9 4.0.0"),
    ("1||3", "1.0.0 3.5.0", "2.0.0"),
    ("1 || 3 || 5.x", "1.0.0 3.5.0 5.0.0", "2.0.0 4.0.0"),
    ("1.0.0 - 2.0.0 <=1.5.0", "1.5.0 1.0.0", "1.6.0"),
    ("1.0.0 - 2.0.0, !=1.5.0", "1.6.0", "1.5.0"),
    (">1, 2 - 3", "2.0.0 3.9.0", "1.9.0 4.0.0"),
    ("1 - 3 2 - 4", "2.0.0 3.9.9", "1.9.9 4.0.0"),
    ("1 - 2 || 4 - 5", "1.0.0 2.9.0 4.0.0", "3.0.0 6.0.0"),
    ("1||v3 - 4", "1.5.0 3.0.0 4.9.9", "2.0.0 5.0.0"),
    ("1 - 2||4", "2.0.0 4.1.0", "3.0.0"),
    ("2 - 3<3", "2.5.0", "3.0.0"),
    ("12.3.34 ~12.3.3", "12.3.34", "12.3.33"),
    // Pre-releases: one condition of an alternative that names one lets them into this alternative, not into others.
    (">0.0.0-0", "0.0.0-a 0.0.1 1.2.3-b.1 99.0.0", "0.0.0-0"),
    (">=0.0.0-0", "0.0.0-0 1.2.3-b.1 99.0.0", ""),
    ("*-0", "1.2.3-a 1.2.3 0.0.0-0", ""),
    (">=1.0.0-b.1 <2", "1.0.0-b.1 1.5.0-a 1.9.9 2.0.0-a", "2.0.0 1.0.0-a"),
    ("<2 >=1.0.0-b.1", "1.5.0-a", "1.0.0-a"),
    (">=1.0.0-b.1 <2 || >3", "1.5.0-a 4.0.0", "4.0.0-a 3.0.0"),
    (">=1-0", "1.0.0-0 1.0.0-a 2.0.0-a", "0.9.0"),
    ("<=1.1-a", "0.1.0-a 1.1.9", "1.2.0"),
    ("1.2-0", "1.2.0-a 1.2.9 1.2.9-a", "1.3.0 1.3.0-a"),
    (">1.2.3-a.1", "1.2.3-a.2 1.2.3-a.10 1.2.3-b 1.2.3 1.3.0-a", "1.2.3-a.1 1.2.3-a 1.2.3-0"),
    ("<1.0.0-9", "1.0.0-8 0.9.0", "1.0.0-10 1.0.0-a 1.0.0"),
    ("1.2.3-rc.1", "1.2.3-rc.1 1.2.3-rc.1+b", "1.2.3-rc.2 1.2.3"),
    ("1.2.3+b", "1.2.3 1.2.3+c", "1.2.4"),
    ("01.02.03", "1.2.3", "1.2.4"),
    // What the code does and its documents do not say.
    ("~0.0.0", "0.0.0 1.2.3 9.9.9", "1.0.0-a"),
    ("^*", "0.0.0 0.0.0+b", "0.0.1 0.1.0 1.0.0"),
    ("<=*", "0.0.0 0.0.9", "0.1.0 1.0.0"),
    (">*", "0.0.1 1.0.0", "0.0.0"),
    (">=*", "0.0.0 5.0.0", "5.0.0-a"),
    ("!=*", "0.0.1 5.0.0", "0.0.0"),
    (">0-0", "1.0.0-a 1.0.0", "0.0.1-a 0.0.1"),
    ("<0-z", "0.0.0-a", "0.0.0"),
]

@Suite struct VersionConstraintTests {
    @Test("Operators", arguments: operatorCases) func operators(each: ConstraintCase) throws { try check(each) }

    @Test("Ranges and wildcards", arguments: rangeCases) func ranges(each: ConstraintCase) throws { try check(each) }

    @Test("Lists, alternatives and pre-releases", arguments: combinedCases)
    func combined(each: ConstraintCase) throws { try check(each) }

    private func check(_ each: ConstraintCase) throws {
        let constraint = try VersionConstraint(parsing: each.constraint)
        for text in each.taken.split(separator: " ") {
            #expect(constraint.matches(try SemanticVersion(lenient: text)), "\(each.constraint) takes \(text)")
        }
        for text in each.left.split(separator: " ") {
            #expect(!constraint.matches(try SemanticVersion(lenient: text)), "\(each.constraint) leaves \(text)")
        }
    }

    @Test("The tables hold some hundred pairs")
    func size() {
        let pairs = (operatorCases + rangeCases + combinedCases).reduce(0) {
            $0 + $1.taken.split(separator: " ").count + $1.left.split(separator: " ").count
        }
        #expect(pairs > 300)
    }

    @Test(
        "What is no constraint is refused with the place",
        arguments: [
            ("", "there is no version at its end"), (" ", "there is no version at its end"),
            ("latest", "there is no version at \"latest\""), (">= bar", "there is no version at \"bar\""),
            ("1.2.3.4", "there must be a space or a comma in front of \".4\""),
            ("1.0.0~ 1.2.3", "there must be a space or a comma in front of \"~ 1.2.3\""),
            (">=1<2", "there must be a space or a comma in front of \"<2\""),
            ("1,", "there is no version at its end"), (",1", "there is no version at \",1\""),
            ("1,,2", "there is no version at \",2\""), ("1 ||", "there is no version at its end"),
            ("|| 1", "there is no version at \"|| 1\""), ("1 | 2", "there is no condition at \"| 2\""),
            ("1|2", "there is no condition at \"|2\""), ("1.", "there is no version at \"1.\""),
            ("1.2.3-", "the version at \"1.2.3-\" is cut off"), ("1.2.3+", "the version at \"1.2.3+\" is cut off"),
            ("1.2.3-a..b", "the version at \"1.2.3-a..b\" is cut off"), ("1.2.3-01", "\"1.2.3-01\" is not a version"),
            ("1.xx", "\"1.xx\" is not a version"), ("2x", "\"2x\" is not a version"),
            ("99999999999999999999", "\"99999999999999999999\" is not a version"),
            (">> 1", "there is no version at \"> 1\""), ("> = 1", "there is no version at \"= 1\""),
            (">1 - 2", "there is no version at \"- 2\""), ("1 - 2 - 3", "there is no version at \"- 3\""),
            ("1 -2", "there is no version at \"-2\""), ("V1", "there is no version at \"V1\""),
            ("1 - >2", "there is no version at \">2\""), ("¹", "there is no version at \"¹\""),
            (">1 2 - 3", "the range at \"2 - 3\" needs a comma, or a space, in front of it"),
            ("1||2 - 3", "the range at \"2 - 3\" needs a comma, or a space, in front of it"),
        ])
    func refused(text: String, reason: String) {
        let error = #expect(throws: HelmParseError.self) { try VersionConstraint(parsing: text) }
        #expect(error?.description == "version constraint \"\(text)\": \(reason)")
    }

    @Test("A constraint is at most 512 bytes long")
    func length() throws {
        let longest = "1.0.0" + String(repeating: " ", count: 507)
        _ = try VersionConstraint(parsing: longest)
        let error = #expect(throws: HelmParseError.self) { try VersionConstraint(parsing: longest + " ") }
        #expect(error?.description.hasSuffix("is longer than 512 bytes") == true)
    }
}
