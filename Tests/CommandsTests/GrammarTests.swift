import Testing

@testable import Commands

@Suite struct GrammarTests {
    static let grammar = Command(
        name: "tool", summary: "A tool",
        children: [
            Command(
                name: "copy", summary: "Copy",
                arguments: [
                    .init(name: "FROM", help: "From."), .init(name: "TO", help: "To.", arity: .optional),
                ],
                options: [
                    .flag("force", short: "f", "Force."), .value("mode", short: "m", "MODE", "Mode."),
                    .value("kind", "KIND", "Kind.", kind: .choice(["fast", "slow"])),
                    .value("count", "N", "Count.", kind: .count),
                    .value("tag", "TAG", "Tag.", isRepeatable: true), .value("into", "DIR", "Into.", kind: .directory),
                ]),
            Command(name: "group", summary: "Group", children: [Command(name: "leaf", summary: "Leaf")]),
        ])

    func parse(_ line: String) throws -> Arguments {
        guard
            case .run(_, _, let arguments) = try Parser.parse(
                line.split(separator: " ", omittingEmptySubsequences: false).map(String.init), root: Self.grammar)
        else {
            Issue.record("\(line) does not run a command")
            return Arguments()
        }
        return arguments
    }

    @Test(
        "Options are understood in every spelling",
        arguments: [
            ("copy a --mode x", ["mode": ["x"]]), ("copy a --mode=x", ["mode": ["x"]]),
            ("copy a -m x", ["mode": ["x"]]),
            ("copy a -mx", ["mode": ["x"]]), ("copy a -m=x", ["mode": ["x"]]), ("copy --mode x a", ["mode": ["x"]]),
            ("copy a --mode=", ["mode": [""]]), ("copy a --mode=a=b", ["mode": ["a=b"]]),
            ("copy a -f", ["force": [""]]),
            ("copy a --force", ["force": [""]]), ("copy a -fm x", ["force": [""], "mode": ["x"]]),
            ("copy a --tag x --tag y", ["tag": ["x", "y"]]), ("copy a --mode -", ["mode": ["-"]]),
            ("copy a --mode -x", ["mode": ["-x"]]), ("copy a --count 07", ["count": ["07"]]),
            ("copy a --force --force", ["force": [""]]),
        ] as [(String, [String: [String]])])
    func spellings(line: String, options: [String: [String]]) throws {
        #expect(try parse(line) == Arguments(options: options, positionals: ["FROM": ["a"]]))
    }

    @Test("Two dashes end the options, and one dash is an argument")
    func dashes() throws {
        #expect(try parse("copy -- --force -x").positionals == ["FROM": ["--force"], "TO": ["-x"]])
        #expect(try parse("copy - b").positionals == ["FROM": ["-"], "TO": ["b"]])
    }

    @Test(
        "Wrong lines are refused with what is wrong and what was meant",
        arguments: [
            ("copy", "FROM is missing", "see 'tool copy --help'"),
            ("copy a b c", "'c' is one argument too many", "see 'tool copy --help'"),
            ("copy a --forse", "'tool copy' has no option '--forse'", "did you mean --force?"),
            ("copy a -x", "'tool copy' has no option '-x'", "see 'tool copy --help'"),
            ("copy a --mode", "--mode needs a value: --mode MODE", "see 'tool copy --help'"),
            ("copy a --mode --force", "--mode needs a value: --mode MODE", "see 'tool copy --help'"),
            ("copy a --force=yes", "--force is a flag and takes no value", "see 'tool copy --help'"),
            ("copy a --mode x --mode y", "--mode is given twice", "see 'tool copy --help'"),
            ("copy a --kind fats", "--kind must be fast or slow, not 'fats'", "did you mean fast?"),
            ("copy a --count -1", "--count must be a whole number, not '-1'", "see 'tool copy --help'"),
            (
                "copy a --count 99999999999999999999", "--count must be a whole number, not '99999999999999999999'",
                "see"
            ),
            ("copy a --into=", "--into needs a path", "see"),
            ("cpoy a", "'tool' has no command 'cpoy'", "did you mean copy?"),
            ("group laef", "'tool group' has no command 'laef'", "did you mean leaf?"),
            ("--bogus", "'tool' has no option '--bogus'", "see 'tool --help'"),
            ("copy a --=x", "'tool copy' has no option '--'", "see"),
            ("copy a \u{1B}[2J x", "'x' is one argument too many", "see"),
        ])
    func mistakes(line: String, message: String, hint: String) throws {
        let error = try #require(throws: CommandError.self) { try parse(line) }
        #expect(error.code == .usage)
        #expect(error.message == message)
        #expect(error.hints.contains { $0.hasPrefix(hint) })
    }

    @Test("Help is found at every depth, also before missing arguments", arguments: ["--help", "-h"])
    func help(flag: String) throws {
        for (line, path) in [
            (flag, ["tool"]), ("group \(flag)", ["tool", "group"]), ("copy \(flag)", ["tool", "copy"]),
        ] {
            guard
                case .help(_, let found) = try Parser.parse(
                    line.split(separator: " ").map(String.init), root: Self.grammar)
            else {
                Issue.record("\(line) is no call for help")
                continue
            }
            #expect(found == path)
        }
    }

    @Test("'help tag list' is 'tag list --help'")
    func helpCommand() throws {
        guard case .help(_, let path) = try Parser.parse(["help", "tag", "list"], root: CommandTree.root) else {
            Issue.record("no help")
            return
        }
        #expect(path == ["chartroom", "tag", "list"])
    }

    @Test("A group alone is incomplete")
    func group() throws {
        guard case .incomplete(_, let path) = try Parser.parse(["group"], root: Self.grammar) else {
            Issue.record("a group ran")
            return
        }
        #expect(path == ["tool", "group"])
    }

    @Test(
        "The nearest word is suggested, a far one is not",
        arguments: [("lsit", "list"), ("lst", "list"), ("LIST", "list"), ("del", "delete"), ("xyz", nil), ("", nil)]
            as [(String, String?)])
    func suggestions(word: String, expected: String?) {
        #expect(Suggestion.nearest(to: word, among: ["list", "delete", "update"]) == expected)
    }

    @Test("Every declared option and argument is unambiguous")
    func declarations() {
        for path in CommandPath.all(below: CommandTree.root) {
            let names = path.command.allOptions.map(\.name)
            #expect(Set(names).count == names.count, "\(path.words)")
            let letters = path.command.allOptions.compactMap(\.short)
            #expect(Set(letters).count == letters.count, "\(path.words)")
            #expect(path.command.children.isEmpty || path.command.arguments.isEmpty)
            #expect(!path.command.summary.hasSuffix("."))
            #expect(path.command.run != nil || !path.command.children.isEmpty || path.words == ["help"])
        }
    }

    @Test("Examples in the help are lines the grammar takes")
    func examples() throws {
        for path in CommandPath.all(below: CommandTree.root) {
            for example in path.command.examples {
                let words = example.line.split(separator: " ").dropFirst().map(String.init)
                guard case .run(_, let found, _) = try Parser.parse(words, root: CommandTree.root) else {
                    Issue.record("\(example.line) runs nothing")
                    continue
                }
                #expect(Array(found.dropFirst()) == path.words)
            }
        }
    }

    @Test("Help lines are no wider than the terminal, down to 40 columns", arguments: [40, 80, 120])
    func width(width: Int) {
        for path in CommandPath.all(below: CommandTree.root) {
            let text = HelpText(command: path.command, path: ["chartroom"] + path.words, width: width).text
            let wraps = text.split(separator: "\n").filter { !$0.contains("chartroom") && !$0.contains("  --") }
            #expect(wraps.allSatisfy { $0.count <= max(width, 56) }, "\(path.words)")
        }
    }
}
