/// A command as declared once: the parser, the help, the completion scripts and `docs/cli.md` all read this.
struct Command: Sendable {
    /// The word that names it.
    var name: String
    /// One line without a full stop.
    var summary: String
    /// Paragraphs for the help, each one line.
    var discussion: [String] = []
    /// What stands behind the command without a name, in order.
    var arguments: [Argument] = []
    /// What stands behind the command with a name.
    var options: [Option] = []
    /// Command lines that work, with what they do.
    var examples: [Example] = []
    /// Commands below it; one that has any does nothing itself.
    var children: [Command] = []
    /// What it does.
    var run: (@Sendable (Invocation) async throws(CommandError) -> Void)?

    /// A command line and what it is for.
    struct Example: Sendable {
        var line: String
        var purpose: String
    }

    /// An argument without a name.
    struct Argument: Sendable {
        var name: String
        var help: String
        var kind: ValueKind = .text
        var arity: Arity = .one

        enum Arity: Sendable {
            case one, optional, many
        }

        /// As it stands in a usage line.
        var usage: String {
            switch arity {
            case .one: name
            case .optional: "[\(name)]"
            case .many: "[\(name)...]"
            }
        }
    }

    /// An argument with a name: `--name VALUE`, `--name=VALUE`, `-n VALUE`, or a flag without a value.
    struct Option: Sendable {
        var name: String
        var short: Character?
        /// What the value is called in the help; nil for a flag.
        var placeholder: String?
        var help: String
        var kind: ValueKind = .text
        var isRepeatable = false

        static func flag(_ name: String, short: Character? = nil, _ help: String) -> Option {
            Option(name: name, short: short, placeholder: nil, help: help)
        }

        static func value(
            _ name: String, short: Character? = nil, _ placeholder: String, _ help: String, kind: ValueKind = .text,
            isRepeatable: Bool = false
        ) -> Option {
            Option(
                name: name, short: short, placeholder: placeholder, help: help, kind: kind, isRepeatable: isRepeatable)
        }

        var isFlag: Bool { placeholder == nil }

        /// As it stands in the list of options.
        var usage: String {
            (short.map { "-\($0), " } ?? "    ") + "--" + name + (placeholder.map { " " + $0 } ?? "")
        }
    }

    /// What a value may be: for checks and for completion.
    enum ValueKind: Sendable, Equatable {
        case text
        /// An existing or a new file; names that end so are offered first.
        case file(endings: [String])
        case directory
        /// One of these words.
        case choice([String])
        /// A whole number, 0 or more.
        case count
        /// The name of a command: `chartroom help`.
        case command
    }

    /// The options every command understands.
    static let commonOptions: [Option] = [.flag("help", short: "h", "Show this help and exit.")]

    /// Its own options and the common ones.
    var allOptions: [Option] { options + Command.commonOptions }

    func option(named name: String) -> Option? { allOptions.first { $0.name == name } }

    func child(named name: String) -> Command? { children.first { $0.name == name } }
}

/// A command line after parsing: what a command is given.
struct Arguments: Sendable, Equatable {
    /// The values by option name, in the order given; a flag has one empty value.
    var options: [String: [String]] = [:]
    /// The values by argument name.
    var positionals: [String: [String]] = [:]

    /// The value of an option that is given at most once.
    subscript(option: String) -> String? { options[option]?.last }

    /// Whether a flag is there.
    func has(_ flag: String) -> Bool { options[flag] != nil }

    /// The value of an argument, empty when an optional one is missing.
    func positional(_ name: String) -> String { positionals[name]?.first ?? "" }
}
