import Testing

@testable import YAML

@Suite struct YAMLWalkTests {
    /// What was met and what was handed over, as text; collections are entered above the given depth.
    private func walk(
        _ text: String, entering depth: Int, limits: YAMLLimits = YAMLLimits(), skipping: String? = nil,
        stoppingAt stop: String? = nil
    ) throws(YAMLError) -> [String] {
        func name(_ path: [String?]) -> String { path.map { $0 ?? "-" }.joined(separator: "/") }
        var pieces: [String] = []
        try YAMLDocument.walk(
            Array(text.utf8), limits: limits,
            deciding: { path in
                if name(path) == skipping { return .skip }
                if name(path) == stop { return .stop }
                return path.count < depth ? .enter : .take
            },
            { path, node in
                pieces.append(name(path) + "=" + Self.text(node))
                return true
            })
        return pieces
    }

    private static func text(_ node: YAMLNode) -> String {
        switch node.content {
        case .scalar(let text, _): text
        case .sequence(let elements): "[" + elements.map { text($0) }.joined(separator: " ") + "]"
        case .mapping(let entries):
            "{" + entries.map { text($0.key) + ":" + text($0.value) }.joined(separator: " ") + "}"
        }
    }

    private static let index = """
        apiVersion: v1
        entries:
          b:
          - {version: 1, urls: [x, y]}
          - version: 2
          a: []
          c: ~
        """

    @Test("Collections that are entered are met piece by piece, in order")
    func pieces() throws {
        #expect(
            try walk(Self.index, entering: 3) == [
                "apiVersion=v1", "entries/b/-={version:1 urls:[x y]}", "entries/b/-={version:2}", "entries/c=~",
            ])
        #expect(
            try walk(Self.index, entering: 1) == [
                "apiVersion=v1", "entries={b:[{version:1 urls:[x y]} {version:2}] a:[] c:~}",
            ])
        #expect(try walk("just text", entering: 9) == ["=just text"])
        #expect(try walk("# nothing\n", entering: 9) == [])
    }

    @Test("What is skipped is not handed over, and a stop ends the walk")
    func skipping() throws {
        #expect(try walk(Self.index, entering: 3, skipping: "entries/b") == ["apiVersion=v1", "entries/c=~"])
        #expect(try walk(Self.index, entering: 3, stoppingAt: "entries/a").last == "entries/b/-={version:2}")
        // What lies behind the stop is not read at all.
        #expect(try walk("a: 1\nb: 2\nc: [", entering: 1, stoppingAt: "b") == ["a=1"])
        #expect(try walk("a: [[[[[]]]]]\nb: 2", entering: 1, skipping: "a") == ["b=2"])
    }

    @Test("Aliases work across pieces, but not to what was entered")
    func aliases() throws {
        #expect(try walk("a: &x {k: v}\nb: *x", entering: 1) == ["a={k:v}", "b={k:v}"])
        #expect(try walk("a: [&x v, *x]\nb: [*x]", entering: 2) == ["a/-=v", "a/-=v", "b/-=v"])
        #expect(throws: YAMLError.self) { try walk("a: &x [1]\nb: *x", entering: 2) }
        #expect(throws: YAMLError.self) { try walk("a: &x [*x]", entering: 2) }
        #expect(throws: YAMLError.self) { try walk("a: *x", entering: 2) }
        #expect(throws: YAMLError.self) { try walk("a: {<<: {b: c}}", entering: 2) }
    }

    @Test(
        "What parse refuses is refused here too",
        arguments: ["a: 1\na: 2", "a: [1", "a: 1\n---\nb: 2", "? [x]\n: y", "a: \u{1}", "a: b: c"])
    func malformed(text: String) {
        #expect(throws: YAMLError.self) { try walk(text, entering: 1) }
        #expect(throws: YAMLError.self) { try YAMLDocument.parse(Array(text.utf8)) }
    }

    @Test("Limits hold: nodes for each piece, depth, anchors and text for the whole")
    func limits() throws {
        var limits = YAMLLimits()
        limits.nodes = 5
        limits.depth = 4
        let many = "a: [[1, 2], [3, 4], [5, 6], [7, 8]]"
        #expect(try walk(many, entering: 2, limits: limits).count == 4)
        #expect(throws: YAMLError.self) { try walk(many, entering: 1, limits: limits) }
        #expect(throws: YAMLError.self) { try walk("a: [[[[[]]]]]", entering: 1, limits: limits, skipping: "a") }
        #expect(throws: YAMLError.self) { try walk("a: [[[[[]]]]]", entering: 9, limits: limits) }
        let anchored = "a: [&a [1, 2], &b [3, 4], &c [5, 6]]"
        #expect(throws: YAMLError.self) { try walk(anchored, entering: 2, limits: limits) }
        limits.bytes = 10
        #expect(throws: YAMLError.self) { try walk(many, entering: 2, limits: limits) }
    }

    @Test("Aliases may not repeat more text than a document may have")
    func repeatedText() throws {
        var limits = YAMLLimits()
        limits.bytes = 1000
        let text = "a: &x " + String(repeating: "v", count: 200) + "\nb: [*x, *x, *x, *x"
        #expect(try YAMLDocument.parse(Array((text + "]").utf8), limits: limits) != nil)
        #expect(throws: YAMLError.self) {
            try YAMLDocument.parse(Array((text + ", *x, *x]").utf8), limits: limits)
        }
    }
}
