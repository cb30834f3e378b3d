/// What a command line asks for.
enum ParsedCommand: Sendable {
    /// Run a command. The path begins with the program's name.
    case run(Command, path: [String], Arguments)
    /// Show the help of a command.
    case help(Command, path: [String])
    /// A group was named without a command below it.
    case incomplete(Command, path: [String])
}

/// Reads command lines by a declared grammar.
///
/// Options may stand anywhere behind their command; `--` ends them. An option given twice is an error unless it may
/// repeat. Nothing is guessed: a wrong word is refused with the nearest right one as a hint.
struct Parser {
    private let words: [String]
    private var position = 0
    private var command: Command
    private var path: [String]
    private var arguments = Arguments()
    private var loose: [String] = []
    private var wantsHelp = false

    /// Parses the words behind the program's name.
    static func parse(_ words: [String], root: Command) throws(CommandError) -> ParsedCommand {
        var parser = Parser(words: words, root: root)
        return try parser.parse()
    }

    private init(words: [String], root: Command) {
        self.words = words
        command = root
        path = [root.name]
    }

    private mutating func parse() throws(CommandError) -> ParsedCommand {
        var takesOptions = true
        while position < words.count {
            let word = words[position]
            position += 1
            if takesOptions, word == "--" {
                takesOptions = false
            } else if takesOptions, word.hasPrefix("--") {
                try parseLong(word.dropFirst(2))
            } else if takesOptions, word.hasPrefix("-"), word != "-" {
                try parseShort(word)
            } else if !command.children.isEmpty {
                try descend(word)
            } else {
                loose.append(word)
            }
        }
        if wantsHelp { return .help(command, path: path) }
        guard command.children.isEmpty else { return .incomplete(command, path: path) }
        try bind()
        if command.arguments.first?.kind == .command { return try help() }
        return .run(command, path: path, arguments)
    }

    /// `chartroom help tag list` is `chartroom tag list --help`.
    private func help() throws(CommandError) -> ParsedCommand {
        let named = arguments.positionals.values.first ?? []
        return try Parser.parse(named + ["--help"], root: CommandTree.root)
    }

    private mutating func descend(_ word: String) throws(CommandError) {
        guard let child = command.child(named: word) else {
            throw usage(
                "'\(path.joined(separator: " "))' has no command \(Printable.quoted(word))",
                Suggestion.hint(for: word, among: command.children.map(\.name)))
        }
        command = child
        path.append(word)
    }

    private mutating func parseLong(_ text: Substring) throws(CommandError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts.first ?? "")
        guard let option = command.option(named: name) else { throw unknownOption("--" + name) }
        try take(option, as: "--" + name, attached: parts.count == 2 ? String(parts[1]) : nil)
    }

    /// `-o json`, `-ojson`, `-o=json`; flags may be bundled: `-yh`.
    private mutating func parseShort(_ word: String) throws(CommandError) {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            guard let option = command.allOptions.first(where: { $0.short == letter }) else {
                throw unknownOption("-" + String(letter))
            }
            guard option.isFlag else {
                let attached = letters.hasPrefix("=") ? letters.dropFirst() : letters
                return try take(option, as: "-" + String(letter), attached: letters.isEmpty ? nil : String(attached))
            }
            try take(option, as: "-" + String(letter), attached: nil)
        }
    }

    private mutating func take(_ option: Command.Option, as written: String, attached: String?) throws(CommandError) {
        if option.isFlag {
            guard attached == nil else { throw usage("\(written) is a flag and takes no value") }
            if option.name == "help" { wantsHelp = true } else { arguments.options[option.name] = [""] }
            return
        }
        let value: String
        if let attached { value = attached } else { value = try nextValue(of: option, as: written) }
        if !option.isRepeatable, arguments.options[option.name] != nil {
            throw usage("\(written) is given twice")
        }
        try check(value, option.kind, of: written)
        arguments.options[option.name, default: []].append(value)
    }

    /// The next word, unless it looks like an option: then the value was most likely forgotten.
    private mutating func nextValue(of option: Command.Option, as written: String) throws(CommandError) -> String {
        let placeholder = option.placeholder ?? "VALUE"
        guard position < words.count, !words[position].hasPrefix("--") else {
            throw usage("\(written) needs a value: \(written) \(placeholder)")
        }
        position += 1
        return words[position - 1]
    }

    private func check(_ value: String, _ kind: Command.ValueKind, of written: String) throws(CommandError) {
        switch kind {
        case .text, .command: break
        case .file, .directory:
            guard !value.isEmpty, !value.utf8.contains(0) else { throw usage("\(written) needs a path") }
        case .choice(let choices):
            guard choices.contains(value) else {
                throw usage(
                    "\(written) must be \(Printable.list(choices, "or")), not \(Printable.quoted(value))",
                    Suggestion.hint(for: value, among: choices))
            }
        case .count:
            guard let number = Int(value), number >= 0 else {
                throw usage("\(written) must be a whole number, not \(Printable.quoted(value))")
            }
        }
    }

    /// Gives the loose words to the declared arguments, in order.
    private mutating func bind() throws(CommandError) {
        var rest = loose[...]
        for argument in command.arguments {
            switch argument.arity {
            case .one:
                guard let word = rest.popFirst() else { throw usage("\(argument.name) is missing") }
                arguments.positionals[argument.name] = [word]
            case .optional:
                if let word = rest.popFirst() { arguments.positionals[argument.name] = [word] }
            case .many:
                arguments.positionals[argument.name] = Array(rest)
                rest = []
            }
            for word in arguments.positionals[argument.name] ?? [] { try check(word, argument.kind, of: argument.name) }
        }
        if let word = rest.first { throw usage("\(Printable.quoted(word)) is one argument too many") }
    }

    private func unknownOption(_ written: String) -> CommandError {
        let names = command.allOptions.map { "--" + $0.name }
        return usage(
            "'\(path.joined(separator: " "))' has no option \(Printable.quoted(written))",
            written.hasPrefix("--") ? Suggestion.hint(for: written, among: names) : nil)
    }

    private func usage(_ message: String, _ hint: String? = nil) -> CommandError {
        let line = path.joined(separator: " ")
        return CommandError(.usage, message, hints: (hint.map { [$0] } ?? []) + ["see '\(line) --help'"])
    }
}
