extension Command {
    /// `chartroom completion`.
    static let completion: Command = Command(
        name: "completion", summary: "Write a completion script for a shell",
        discussion: [
            "bash: chartroom completion bash > ~/.local/share/bash-completion/completions/chartroom",
            "zsh: chartroom completion zsh > a file named _chartroom in a directory of $fpath",
            "fish: chartroom completion fish > ~/.config/fish/completions/chartroom.fish",
        ],
        arguments: [.init(name: "SHELL", help: "bash, zsh or fish.", kind: .choice(Shell.allCases.map(\.rawValue)))],
        run: { invocation async throws(CommandError) in
            guard let shell = Shell(rawValue: invocation.arguments.positional("SHELL")) else { return }
            try invocation.console.output(shell.script(for: CommandTree.root))
        })
}

/// The shells that have completion.
enum Shell: String, CaseIterable, Sendable {
    case bash, zsh, fish

    /// The completion script of a grammar.
    func script(for root: Command) -> String {
        switch self {
        case .bash: BashCompletion(root: root).script
        case .zsh: ZshCompletion(root: root).script
        case .fish: FishCompletion(root: root).script
        }
    }
}

/// A command with the words that lead to it.
struct CommandPath {
    let command: Command
    /// Without the program's name.
    let words: [String]

    /// A command and everything below it, depth first.
    static func all(below command: Command, words: [String] = []) -> [CommandPath] {
        [CommandPath(command: command, words: words)]
            + command.children.flatMap { all(below: $0, words: words + [$0.name]) }
    }
}

extension String {
    /// The text as one word of a shell: in single quotes.
    var shellQuoted: String {
        "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
