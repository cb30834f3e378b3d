import OCIModel
import TestSupport
import Testing

@testable import ChartInspection

@Suite struct LineMatcherTests {
    /// Rebuilds the new sequence from the old one and the changes.
    private func apply(_ changes: [LineMatcher.Change], _ old: [Int], _ new: [Int]) -> [Int] {
        var result: [Int] = []
        var position = 0
        for change in changes {
            result += old[position..<change.old.lowerBound] + new[change.new]
            position = change.old.upperBound
        }
        return result + old[position...]
    }

    /// The length of a shortest edit script, by the textbook table.
    private func distance(_ old: [Int], _ new: [Int]) -> Int {
        var row = Array(0...new.count)
        for (index, element) in old.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in 0..<new.count {
                let above = row[column + 1]
                row[column + 1] = element == new[column] ? diagonal : min(above, row[column]) + 1
                diagonal = above
            }
        }
        return row[new.count]
    }

    @Test("Changes make the new out of the old and are as few as can be", arguments: Seeds.some())
    func minimal(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let old = (0..<Int.random(in: 0...30, using: &generator)).map { _ in
                Int.random(in: 0...3, using: &generator)
            }
            let new = (0..<Int.random(in: 0...30, using: &generator)).map { _ in
                Int.random(in: 0...3, using: &generator)
            }
            let changes = LineMatcher.changes(from: old, to: new)
            #expect(apply(changes, old, new) == new)
            #expect(changes.reduce(0) { $0 + $1.old.count + $1.new.count } == distance(old, new))
            for (left, right) in zip(changes, changes.dropFirst()) {
                #expect(left.old.upperBound < right.old.lowerBound)
            }
        }
    }

    @Test("Past the bound the middle counts as replaced")
    func bound() {
        let old = [-1] + Array(0..<5000) + [-2]
        let new = [-1] + Array(10_000..<15_000) + [-2]
        #expect(LineMatcher.changes(from: old, to: new) == [.init(old: 1..<5001, new: 1..<5001)])
    }
}

@Suite struct TextDiffTests {
    private func diff(_ old: String, _ new: String) -> String {
        TextDiff(from: Array(old.utf8), to: Array(new.utf8)).text
    }

    @Test("Hunks are those of diff -u")
    func hunks() {
        let old = (1...20).map { "\($0)\n" }.joined()
        let new = old.replacing("\n2\n", with: "\ntwo\n").replacing("\n15\n", with: "\n")
        #expect(
            diff(old, new) == """
                @@ -1,5 +1,5 @@
                 1
                -2
                +two
                 3
                 4
                 5
                @@ -12,7 +12,6 @@
                 12
                 13
                 14
                -15
                 16
                 17
                 18

                """)
    }

    @Test("Empty texts and missing line ends are told")
    func ends() {
        #expect(diff("a\n", "a\n") == "")
        #expect(diff("", "a\n") == "@@ -0,0 +1 @@\n+a\n")
        #expect(diff("a\n", "") == "@@ -1 +0,0 @@\n-a\n")
        #expect(diff("a", "a\n") == "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n")
    }

    @Test("A difference has a bound")
    func bound() {
        let lines = (0..<10_000).map { "line \($0)\n" }.joined()
        let diff = TextDiff(from: [], to: Array(lines.utf8))
        #expect(diff.isTruncated)
        #expect(diff.text.utf8.count <= TextDiff.maximumBytes)
    }
}

@Suite struct ValueDiffTests {
    private func diff(_ old: String, _ new: String, depth: Int = .max) throws -> ValueDiff {
        ValueDiff(
            from: try JSONValue(parsing: Array(old.utf8)), to: try JSONValue(parsing: Array(new.utf8)), depth: depth)
    }

    @Test("What is new, gone and different comes by path")
    func paths() throws {
        let diff = try diff(
            #"{"a":{"b":1,"c":{"d":2},"same":[1,{"x":1}]},"k.e\\y":1,"old":null}"#,
            #"{"a":{"b":2,"same":[1,{"x":1}],"new":{"e":1}},"k.e\\y":2}"#)
        #expect(diff.changed.map(\.path) == ["a.b", #"k\.e\\y"#])
        #expect(diff.changed.first?.old == .integer(1) && diff.changed.first?.new == .integer(2))
        #expect(diff.removed.map(\.path) == ["a.c", "old"])
        #expect(diff.added == [.init(path: "a.new", value: .object([("e", .integer(1))]))])
    }

    @Test("The order of keys does not matter, that of lists does")
    func order() throws {
        #expect(
            try diff(#"{"a":1,"b":{"c":1,"d":[{"x":1,"y":2}]}}"#, #"{"b":{"d":[{"y":2,"x":1}],"c":1},"a":1}"#).isEmpty)
        #expect(try diff(#"{"a":[1,2]}"#, #"{"a":[2,1]}"#).changed.map(\.path) == ["a"])
    }

    @Test("Other kinds of value, and none at all")
    func kinds() throws {
        #expect(try diff("null", "{}").isEmpty)
        #expect(try diff(#"{"a":{}}"#, #"{"a":[]}"#).changed.count == 1)
        #expect(try diff("[]", #"{"a":1}"#).changed.map(\.path) == [""])
        #expect(try diff(#"{"a":{"b":1}}"#, #"{"a":{"b":2}}"#, depth: 1).changed.map(\.path) == ["a"])
    }

    @Test("Entries have a bound")
    func bound() throws {
        let many = JSONValue.object((0..<6000).map { ("k\($0)", .integer(1)) })
        let diff = ValueDiff(from: .null, to: many)
        #expect(diff.isTruncated && diff.added.count == ValueDiff.maximumEntries)
        #expect(diff.json["truncated"] == .bool(true))
    }
}
