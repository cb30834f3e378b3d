import OCIModel
import TestSupport
import Testing

@Suite struct JSONWalkTests {
    private func walk(
        _ text: String, entering depth: Int, values: Int = 100, skipping: String? = nil, stoppingAt stop: String? = nil
    ) throws(OCIParseError) -> [String] {
        func name(_ path: [String?]) -> String { path.map { $0 ?? "-" }.joined(separator: "/") }
        var pieces: [String] = []
        try JSONWalk.walk(
            Array(text.utf8), maximumValues: values,
            deciding: { path in
                if name(path) == skipping { return .skip }
                if name(path) == stop { return .stop }
                return path.count < depth ? .enter : .take
            },
            { path, value in
                pieces.append(name(path) + "=" + value.description())
                return true
            })
        return pieces
    }

    private static let index = #" {"v" : "1", "e": {"b":[ {"x":[1,2]} , {"y":null}], "a":[], "c":{} }, "z":[[0]]} "#

    @Test("Collections that are entered are met piece by piece, in order")
    func pieces() throws {
        #expect(
            try walk(Self.index, entering: 3) == [
                #"v="1""#, #"e/b/-={"x":[1,2]}"#, #"e/b/-={"y":null}"#, "z/-/-=0",
            ])
        #expect(try walk("[]", entering: 9) == [])
        #expect(try walk("7", entering: 9) == ["=7"])
        #expect(try walk(#"{"a":1,"a":2}"#, entering: 1) == ["a=1", "a=2"])
    }

    @Test("What is skipped is checked, what lies behind a stop is not")
    func skipping() throws {
        #expect(try walk(Self.index, entering: 1, skipping: "e") == [#"v="1""#, "z=[[0]]"])
        #expect(throws: OCIParseError.self) { try walk(#"{"a":[1,{"b":tru}]}"#, entering: 1, skipping: "a") }
        #expect(throws: OCIParseError.self) { try walk(#"{"a":[1,{"b"}]}"#, entering: 1, skipping: "a") }
        #expect(try walk(#"{"a":1,"b":2,"c":["#, entering: 1, stoppingAt: "b") == ["a=1"])
    }

    @Test(
        "What parsing refuses is refused here too, entered or not",
        arguments: [
            "", "{", #"{"a""#, #"{"a":"#, #"{"a":1"#, #"{"a":1,}"#, "[1,]", "[1 2]", #"{"a":1} x"#, #"{1:2}"#, "[01]",
            "\u{FEFF}{}",
        ])
    func malformed(text: String) {
        #expect(throws: OCIParseError.self) { try JSONValue(parsing: Array(text.utf8)) }
        for depth in [0, 1, 9] { #expect(throws: OCIParseError.self) { try walk(text, entering: depth) } }
        #expect(throws: OCIParseError.self) { try walk(text, entering: 0, skipping: "") }
    }

    @Test("Depth and the values of one piece are limited")
    func limits() throws {
        let deep = String(repeating: "[", count: 70) + String(repeating: "]", count: 70)
        for depth in [0, 5, 99] { #expect(throws: OCIParseError.self) { try walk(deep, entering: depth) } }
        #expect(throws: OCIParseError.self) { try walk(deep, entering: 0, skipping: "") }
        let pieces = "[" + Array(repeating: "[1,2,3]", count: 50).joined(separator: ",") + "]"
        #expect(try walk(pieces, entering: 1, values: 4).count == 50)
        #expect(throws: OCIParseError.self) { try walk(pieces, entering: 0, values: 4) }
    }
}
