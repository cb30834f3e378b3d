import HelmModel
import TestSupport
import Testing

@Suite struct ChartSelectorTests {
    /// `name@version`, with a `!` behind it when it is deprecated, in the order of an index.
    private static let index = """
        bar@2.0.0 bar@1.1.0 bar@1.0.0!
        foo@2.1.0-rc.1 foo@2.0.1 foo@2.0.0 foo@2.0.0-rc.2 foo@1.2.3+up1 foo@1.2.3 foo@1.2.2! foo@1.1.0 foo@1.0.0
        foobar@0.2.0-a foobar@0.1.0
        """.split(whereSeparator: \.isWhitespace)

    private func select(_ text: String) throws -> String {
        var selection = ChartSelector.Selection(try ChartSelector(parsing: text))
        var taken: [Substring] = []
        for entry in Self.index {
            let parts = entry.split(whereSeparator: { "@!".contains($0) })
            let version = try SemanticVersion(parsing: parts[1])
            if selection.takes(name: String(parts[0]), version: version, isDeprecated: entry.hasSuffix("!")) {
                taken.append(entry)
            }
        }
        return taken.joined(separator: " ")
    }

    @Test(
        "A view holds what its selector chooses",
        arguments: [
            ("chart=bar", "bar@2.0.0 bar@1.1.0 bar@1.0.0!"),
            ("chart=foobar,bar", "bar@2.0.0 bar@1.1.0 bar@1.0.0! foobar@0.2.0-a foobar@0.1.0"),
            ("chart=*bar;version=*", "bar@2.0.0 bar@1.1.0 bar@1.0.0! foobar@0.1.0"),
            ("chart=none", ""),
            ("version=^1.1", "bar@1.1.0 foo@1.2.3+up1 foo@1.2.3 foo@1.2.2! foo@1.1.0"),
            ("chart=foo;version=>=2", "foo@2.0.1 foo@2.0.0"),
            ("chart=foo;version=>=2-0", "foo@2.1.0-rc.1 foo@2.0.1 foo@2.0.0 foo@2.0.0-rc.2"),
            ("chart=foo;version=>=2;prereleases=yes", "foo@2.1.0-rc.1 foo@2.0.1 foo@2.0.0"),
            ("chart=foo;version=>=2-0;prereleases=no", "foo@2.0.1 foo@2.0.0"),
            ("chart=foobar;prereleases=yes", "foobar@0.2.0-a foobar@0.1.0"),
            ("chart=foobar;prereleases=no", "foobar@0.1.0"),
            ("chart=bar;deprecated=no", "bar@2.0.0 bar@1.1.0"),
            ("newest=1", "bar@2.0.0 foo@2.1.0-rc.1 foobar@0.2.0-a"),
            ("newest=1;prereleases=no", "bar@2.0.0 foo@2.0.1 foobar@0.1.0"),
            ("newest=1;version=<2", "bar@1.1.0 foo@1.2.3+up1 foobar@0.1.0"),
            ("chart=foo;newest-minor=1", "foo@2.1.0-rc.1 foo@2.0.1 foo@1.2.3+up1 foo@1.1.0 foo@1.0.0"),
            (
                "chart=foo;newest-minor=2;prereleases=no",
                "foo@2.0.1 foo@2.0.0 foo@1.2.3+up1 foo@1.2.3 foo@1.1.0 foo@1.0.0"
            ),
            ("chart=foo;newest-minor=1;newest=2;prereleases=no", "foo@2.0.1 foo@1.2.3+up1"),
            ("newest-minor=1;newest=1", "bar@2.0.0 foo@2.1.0-rc.1 foobar@0.2.0-a"),
            ("chart=foo;version=1.2;deprecated=no;newest-minor=10000", "foo@1.2.3+up1 foo@1.2.3"),
        ])
    func selected(text: String, entries: String) throws {
        #expect(try select(text) == entries)
        let canonical = try ChartSelector(parsing: text).description
        #expect(try select(canonical) == entries, "\(canonical)")
    }

    @Test("A selector that changes nothing takes everything")
    func everything() throws {
        for text in ["chart=*", "chart=a,**", "deprecated=yes", "prereleases=yes;chart=*"] {
            #expect(try select(text) == Self.index.joined(separator: " "))
            #expect(try ChartSelector(parsing: text).description == "chart=*")
            #expect(try ChartSelector(parsing: text) == ChartSelector(parsing: "chart=*"))
        }
    }

    @Test(
        "The same selection has the same text",
        arguments: [
            ("newest=3;chart=b,a,b", "chart=a,b;newest=3"),
            ("version= >= 1.2 , < v2 || ~>3.x;chart=a", "chart=a;version=>=1.2,<2||~3"),
            ("version=1.2 - 1.4.5+b", "version=>=1.2,<=1.4.5"),
            ("version==1.2.x !=1.2.3-rc.1 =>1 =<2 ^X-0", "version=1.2,!=1.2.3-rc.1,>=1,<=2,^*-0"),
            ("deprecated=yes;newest=007;newest-minor=1", "newest-minor=1;newest=7"),
            ("deprecated=no;prereleases=no", "prereleases=no;deprecated=no"),
            ("prereleases=yes;version=1", "version=1;prereleases=yes"), ("chart=a***b*,A", "chart=A,a*b*"),
        ])
    func canonical(text: String, canonical: String) throws {
        let selector = try ChartSelector(parsing: text)
        #expect(selector.description == canonical)
        #expect(try ChartSelector(parsing: canonical) == selector)
    }

    @Test("Only names without a pattern can be looked up")
    func exactNames() throws {
        #expect(try ChartSelector(parsing: "chart=b,a,b;newest=1").exactNames == ["a", "b"])
        #expect(try ChartSelector(parsing: "chart=b,a*").exactNames == nil)
        #expect(try ChartSelector(parsing: "newest=1").exactNames == nil)
    }

    @Test("A selection knows when the rest of a chart may be skipped")
    func complete() throws {
        var selection = ChartSelector.Selection(try ChartSelector(parsing: "chart=a,b;newest=1;prereleases=no"))
        #expect(!selection.isChartComplete)
        for (name, text, isTaken, isComplete) in [
            ("a", "2.0.0-a", false, false), ("a", "1.1.0", true, true), ("a", "1.0.0", false, true),
            ("b", "1.0.0-a", false, false), ("c", "1.0.0", false, true),
        ] {
            let version = try SemanticVersion(parsing: text)
            #expect(selection.takes(name: name, version: version, isDeprecated: false) == isTaken)
            #expect(selection.isChartComplete == isComplete)
        }
    }

    @Test(
        "Patterns",
        arguments: [
            ("a*", "a ab a.b", "ba"), ("*a", "a ba", "ab"), ("*a*", "a bac", "b"),
            ("a*b*c", "abc axbxc abbcc", "ab acb abcd"),
            ("*ab", "aab abab", "aba"), ("a", "a", "A aa"), ("a*a", "aa aba", "a"),
        ])
    func patterns(pattern: String, taken: String, left: String) throws {
        let selector = try ChartSelector(parsing: "chart=\(pattern)")
        for name in taken.split(separator: " ") { #expect(selector.takes(chart: String(name)), "\(name)") }
        for name in left.split(separator: " ") { #expect(!selector.takes(chart: String(name)), "\(name)") }
    }

    @Test(
        "What is no selector is refused with the part",
        arguments: [
            (
                "",
                "\"\" must be <key>=<value> with a key of chart, version, prereleases, deprecated, newest-minor, newest"
            ),
            (
                "newest=1;",
                "\"\" must be <key>=<value> with a key of chart, version, prereleases, deprecated, newest-minor, newest"
            ),
            (
                "latest=1",
                "\"latest=1\" must be <key>=<value> with a key of chart, version, prereleases, deprecated, newest-minor, newest"
            ),
            (
                "newest",
                "\"newest\" must be <key>=<value> with a key of chart, version, prereleases, deprecated, newest-minor, newest"
            ),
            ("newest=1;newest=2", "'newest' must be given once"),
            ("newest=0", "'newest' must be a number from 1 to 10000, not \"0\""),
            ("newest=10001", "'newest' must be a number from 1 to 10000, not \"10001\""),
            ("newest=+1", "'newest' must be a number from 1 to 10000, not \"+1\""),
            ("newest-minor=", "'newest-minor' must be a number from 1 to 10000, not \"\""),
            ("newest=99999999999999999999", "'newest' must be a number from 1 to 10000, not \"99999999999999999999\""),
            ("prereleases=true", "'prereleases' must be yes or no, not \"true\""),
            ("deprecated=", "'deprecated' must be yes or no, not \"\""),
            ("version=", "version constraint \"\": there is no version at its end"),
            (
                "version=1;2",
                "\"2\" must be <key>=<value> with a key of chart, version, prereleases, deprecated, newest-minor, newest"
            ),
            (
                "chart=a,,b",
                "'chart' must be names separated by commas, of letters, digits, '.', '_', '-' and '*' for any characters, but has \"\""
            ),
            (
                "chart=a/b",
                "'chart' must be names separated by commas, of letters, digits, '.', '_', '-' and '*' for any characters, but has \"a/b\""
            ),
            ("chart=\(Array(repeating: "a", count: 65).joined(separator: ","))", "'chart' names more than 64 charts"),
            ("chart=" + String(repeating: "a", count: 507), "the text is longer than 512 bytes"),
            (
                "version=" + Array(repeating: "1 - 2", count: 84).joined(separator: " "),
                "the text is longer than 512 bytes"
            ),
        ])
    func refused(text: String, reason: String) {
        let error = #expect(throws: HelmParseError.self) { try ChartSelector(parsing: text) }
        #expect(error?.description == "selector: \(reason)")
    }

    @Test("Whatever is read reads back from its own text", arguments: Seeds.some())
    func garbage(seed: UInt64) throws {
        var random = RandomVersions(seed: seed)
        let pieces = [
            "chart=", "version=", "newest=", "newest-minor=", "prereleases=", "deprecated=", ";", ";", "yes", "no", "1",
            "2",
            "a", "*", ",", "^1", ">2.1-a", " ", "||", ".", "=",
        ]
        var count = 0
        for _ in 0..<3_000 {
            let length = Int.random(in: 1...9, using: &random.generator)
            let text = (0..<length).map { _ in random.pick(pieces) }.joined()
            guard let selector = try? ChartSelector(parsing: text) else { continue }
            count += 1
            #expect(try ChartSelector(parsing: selector.description) == selector, "\(text)")
        }
        #expect(count > 10)
    }
}
