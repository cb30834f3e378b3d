import HelmModel
import OCIModel
import Sync
import TestSupport
import Testing

@Suite struct SelectionTests {
    private func versions(_ texts: [String]) throws -> [ListedVersion] {
        try texts.map { ListedVersion(text: $0, tag: try Tag(chartVersion: $0)) }
    }

    private func chosen(_ selection: VersionSelection, _ texts: [String]) throws -> [String] {
        try selection.choose(from: versions(texts), now: 0).map { texts[$0] }
    }

    private static let all = ["1.0.0", "1.0.1", "1.1.0-rc.1", "1.1.0", "2.0.0", "2.1.0-beta", "latest", "v3.0.0"]

    @Test("Without a limit everything is taken, tags that are no versions too") func everything() throws {
        #expect(try chosen(VersionSelection(), SelectionTests.all) == SelectionTests.all)
    }

    @Test("A constraint takes what helm --version would take") func constraint() throws {
        var selection = VersionSelection()
        selection.constraint = try ChartConstraint(parsing: "^1")
        #expect(try chosen(selection, SelectionTests.all) == ["1.0.0", "1.0.1", "1.1.0"])
        selection.constraint = try ChartConstraint(parsing: ">=1.1.0-0 <2")
        #expect(try chosen(selection, SelectionTests.all) == ["1.1.0-rc.1", "1.1.0"])
    }

    @Test("The newest leave pre-releases out unless they are allowed") func newest() throws {
        var selection = VersionSelection()
        selection.newest = 2
        #expect(try chosen(selection, SelectionTests.all) == ["2.0.0", "v3.0.0"])
        selection.prereleases = true
        #expect(try chosen(selection, SelectionTests.all) == ["2.1.0-beta", "v3.0.0"])
    }

    @Test("The newest of each minor version") func perMinor() throws {
        var selection = VersionSelection()
        selection.newestPerMinor = 1
        #expect(try chosen(selection, SelectionTests.all) == ["1.0.1", "1.1.0", "2.0.0", "v3.0.0"])
        selection.newest = 2
        #expect(try chosen(selection, SelectionTests.all) == ["2.0.0", "v3.0.0"])
    }

    @Test("An exact list takes versions as written or as tags, a regex whole texts") func exactAndRegex() throws {
        var selection = VersionSelection()
        selection.exact = ["latest", "1.0.0+build"]
        #expect(try chosen(selection, ["1.0.0", "1.0.0+build", "latest"]) == ["1.0.0+build", "latest"])
        selection = VersionSelection()
        selection.regex = try TextPattern("1\\..*0")
        #expect(try chosen(selection, SelectionTests.all) == ["1.0.0", "1.1.0"])
    }

    @Test("A minimum age leaves out what is younger and keeps what has no age") func age() throws {
        var selection = VersionSelection()
        selection.minimumAge = .seconds(10)
        let tags = try ["1.0.0", "1.0.1", "1.0.2"].map { try Tag(parsing: $0) }
        let listed = [
            ListedVersion(text: "1.0.0", tag: tags[0], createdAt: 89_000_000),
            ListedVersion(text: "1.0.1", tag: tags[1], createdAt: 95_000_000),
            ListedVersion(text: "1.0.2", tag: tags[2]),
        ]
        #expect(selection.choose(from: listed, now: 100_000_000) == [0, 2])
    }

    @Test("Whatever is chosen fits, and nothing newer that fits is left out", arguments: Seeds.some())
    func property(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let texts = (0..<Int.random(in: 0...30, using: &random)).map { _ in
                "\(Int.random(in: 0...3, using: &random)).\(Int.random(in: 0...3, using: &random))."
                    + "\(Int.random(in: 0...5, using: &random))"
            }
            var selection = VersionSelection()
            selection.newest = Int.random(in: 1...5, using: &random)
            let unique = Array(Set(texts)).sorted()
            let taken = try chosen(selection, unique).map { try SemanticVersion(parsing: $0) }
            let left = try unique.map { try SemanticVersion(parsing: $0) }.filter { !taken.contains($0) }
            #expect(taken.count == min(unique.count, selection.newest ?? 0))
            if let oldest = taken.min(), let newestLeft = left.max() { #expect(newestLeft < oldest) }
        }
    }

    @Test(
        "Tags that are whole versions are immutable where versions are",
        arguments: [("1.2.3", true), ("v1.2.3", true), ("1.2.3-rc.1", true), ("1.2", false), ("latest", false)])
    func immutable(text: String, isCovered: Bool) throws {
        #expect(ImmutableTags.versions.covers(try Tag(parsing: text)) == isCovered)
        #expect(!ImmutableTags.none.covers(try Tag(parsing: text)))
        #expect(ImmutableTags.all.covers(try Tag(parsing: text)))
    }
}
