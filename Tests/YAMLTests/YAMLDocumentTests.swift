import Testing
import YAML

func parse(_ text: String, _ limits: YAMLLimits = YAMLLimits()) throws(YAMLError) -> YAMLNode? {
    try YAMLDocument.parse(Array(text.utf8), limits: limits)
}

/// The error of a text; records an issue when there is none.
func failure(_ text: String, _ limits: YAMLLimits = YAMLLimits()) -> YAMLError? {
    #expect(throws: YAMLError.self) { try parse(text, limits) }
}

/// A tree in one line, to compare by eye: strings quoted, other scalars as they are written.
func outline(_ node: YAMLNode?) -> String {
    guard let node else { return "-" }
    switch node.content {
    case .scalar(let text, let isPlain): return isPlain ? text : "'\(text)'"
    case .sequence(let elements): return "[" + elements.map(outline).joined(separator: ",") + "]"
    case .mapping(let entries):
        return "{" + entries.map { outline($0.key) + ":" + outline($0.value) }.joined(separator: ",") + "}"
    }
}

@Suite struct YAMLDocumentTests {
    @Test("Trees keep order, nesting and the way scalars were written")
    func trees() throws {
        let text = """
            # a comment
            name: room
            quoted: "1.0"
            list:
              - a
              - [b, 'c']
            block: |
              two
              lines
            folded: >-
              one
              line
            empty:
            """
        #expect(
            outline(try parse(text))
                == "{name:room,quoted:'1.0',list:[a,[b,'c']],block:'two\nlines\n',folded:'one line',empty:}")
    }

    @Test("A text without a document is nil", arguments: ["", "# only a comment\n", "\n\n"])
    func nothing(text: String) throws {
        #expect(try parse(text) == nil)
    }

    @Test("Lines and columns count from one, columns in characters")
    func places() throws {
        let root = try #require(try parse("a: 1\nü:  {b: [x,  y]}\n"))
        #expect((root.line, root.column) == (1, 1))
        let y = try #require(root["ü"]?["b"]?.elements?.last)
        #expect((y.line, y.column) == (2, 14))
    }

    @Test("A byte order mark and an explicit document are taken")
    func marks() throws {
        #expect(outline(try parse("\u{FEFF}a: 1\nb: 2\n")) == "{a:1,b:2}")
        #expect(try parse("\u{FEFF}") == nil)
        #expect(outline(try parse("%YAML 1.1\n---\na: 1\n...\n")) == "{a:1}")
    }

    @Test("Aliases stand for what was anchored, keys included")
    func aliases() throws {
        #expect(outline(try parse("a: &x {k: [1]}\nb: *x\nc: [*x]")) == "{a:{k:[1]},b:{k:[1]},c:[{k:[1]}]}")
        #expect(outline(try parse("&k name: v\nother: *k")) == "{name:v,other:name}")
        #expect(outline(try parse("- &x 1\n- &x 2\n- *x")) == "[1,2,2]")
    }

    @Test(
        "Merge keys bring in what is not written",
        arguments: [
            ("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}", "{a:{x:1,y:2},b:{x:1,y:3}}"),
            ("a: &a {x: 1}\nb: &b {x: 2, z: 3}\nc:\n  <<: [*a, *b]", "{a:{x:1},b:{x:2,z:3},c:{x:1,z:3}}"),
            ("a: &a {x: 1, y: 2}\nb: {y: 3, <<: *a}", "{a:{x:1,y:2},b:{y:2,x:1}}"),
            ("<<: {x: 1}\ny: 2", "{x:1,y:2}"),
            ("'<<': text", "{'<<':text}"),
        ])
    func merges(text: String, tree: String) throws {
        #expect(outline(try parse(text)) == tree)
    }

    @Test(
        "Malformed texts are refused at their place",
        arguments: [
            ("a: 1\nb: 2\na: 3", 3, 1, "key \"a\" is already set on line 1"),
            ("a: 1\n'a': 3", 2, 1, "key \"a\" is already set on line 1"),
            ("a: 1\n<<: {a: 2}\na: 3", 3, 1, "key \"a\" is already set on line 1"),
            ("a: *nobody", 1, 4, "unknown anchor \"nobody\""),
            ("a: &x [*x]", 1, 8, "anchor \"x\" contains itself"),
            ("a: 1\n---\nb: 2", 2, 1, "a second document begins here"),
            ("? [a]\n: b", 1, 3, "a mapping's key must be a scalar"),
            ("<<: text", 1, 5, "'<<' takes a mapping or a sequence of mappings"),
            ("<<: [text]", 1, 6, "'<<' takes mappings only"),
            ("a: !!binary aGk=", 1, 4, "binary scalars are not supported"),
            ("a: [1, 2", 2, 1, "while parsing a flow sequence: did not find expected ',' or ']'"),
            ("a:\n\t- b", 2, 1, "while scanning for the next token: found character that cannot start any token"),
            ("a: \u{1}", 1, 4, "not YAML text in UTF-8: control characters are not allowed"),
        ] as [(String, Int, Int, String)])
    func malformed(text: String, line: Int, column: Int, message: String) throws {
        let error = try #require(failure(text))
        #expect(error == YAMLError(line: line, column: column, message: message))
        #expect(error.description == "line \(line), column \(column): \(message)")
    }

    @Test("Bytes that are not UTF-8 are refused where they stand")
    func encoding() throws {
        let bytes = Array("a: 1\nü: ".utf8) + [0xFF]
        let error = try #require(throws: YAMLError.self) { try YAMLDocument.parse(bytes) }
        #expect((error.line, error.column) == (2, 4))
        #expect(error.message.hasPrefix("not YAML text in UTF-8: "))
        #expect(throws: YAMLError.self) { try YAMLDocument.parse([0xFF, 0xFE, 0x61, 0x00]) }
    }

    @Test("Hostile keys are quoted short and without control characters")
    func quoting() throws {
        let key = "\"\\x07" + String(repeating: "k", count: 5000) + "\""
        let error = try #require(failure("? \(key)\n: 1\n? \(key)\n: 2"))
        #expect(error.message.hasPrefix("key \"?kkk"))
        #expect(error.message.utf8.count < 120)
    }
}
