import Testing
import YAML

@Suite struct YAMLLimitTests {
    private func limits(_ change: (inout YAMLLimits) -> Void) -> YAMLLimits {
        var limits = YAMLLimits()
        change(&limits)
        return limits
    }

    @Test("A text at the size limit passes, one byte more does not")
    func bytes() throws {
        let limits = limits { $0.bytes = 10 }
        #expect(outline(try parse("a: 2345678", limits)) == "{a:2345678}")
        #expect(failure("a: 23456789", limits)?.message == "the text is larger than 10 bytes")
    }

    @Test("Nesting stops at the depth limit, in flow and in block style")
    func depth() throws {
        let limits = limits { $0.depth = 4 }
        #expect(outline(try parse("[[[x]]]", limits)) == "[[[x]]]")
        #expect(failure("[[[[x]]]]", limits)?.message == "nested deeper than 4 levels")
        #expect(failure("a:\n b:\n  c:\n   d:\n    e: 1", limits)?.message == "nested deeper than 4 levels")
        #expect(failure("a: &a [[x]]\nb: [*a]", limits)?.message == "nested deeper than 4 levels")
        let deep = String(repeating: "[", count: 100_000)
        #expect(failure(deep)?.message == "nested deeper than 64 levels")
        #expect(failure(String(repeating: "- ", count: 100_000))?.message == "nested deeper than 64 levels")
    }

    @Test("Nodes are counted, keys and collections included")
    func nodes() throws {
        let limits = limits { $0.nodes = 5 }
        #expect(outline(try parse("{a: [1, 2]}", limits)) == "{a:[1,2]}")
        #expect(failure("{a: [1, 2, 3]}", limits)?.message == "more than 5 nodes")
        #expect(failure("a: &a [1]\nb: *a", limits)?.message == "more than 5 nodes")
    }

    @Test("An alias bomb stops at the expansion limit")
    func bomb() throws {
        var text = "l0: &l0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            let alias = "*l\(level - 1)"
            text += "l\(level): &l\(level) [\(repeatElement(alias, count: 9).joined(separator: ", "))]\n"
        }
        #expect(failure(text)?.message == "aliases expand to more than 10000 nodes")
        let limits = limits { $0.aliasExpansion = 2 }
        #expect(outline(try parse("- &a [1]\n- *a", limits)) == "[[1],[1]]")
        #expect(failure("- &a [1]\n- *a\n- *a", limits)?.message == "aliases expand to more than 2 nodes")
    }
}
