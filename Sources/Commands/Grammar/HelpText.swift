/// The help of one command, as text for a terminal.
struct HelpText {
    let command: Command
    /// The words that lead to it, the program's name first.
    let path: [String]
    /// How wide a line may be.
    var width = 80

    /// The whole help with a final newline.
    var text: String {
        var sections = [
            path.joined(separator: " ") + " - " + command.summary, "usage: " + HelpText.usage(command, path),
        ]
        sections += command.discussion.map { HelpText.wrap($0, width: width, indent: 0) }
        section("commands", command.children.map { ("  " + $0.name, $0.summary) }, into: &sections)
        section("arguments", command.arguments.map { ("  " + $0.name, $0.help) }, into: &sections)
        section("options", command.allOptions.map { ("  " + $0.usage, HelpText.help($0)) }, into: &sections)
        if !command.examples.isEmpty {
            let lines = command.examples.map { "  # \($0.purpose)\n  \($0.line)" }
            sections.append("examples:\n" + lines.joined(separator: "\n"))
        }
        if !command.children.isEmpty {
            sections.append("See '\(path.joined(separator: " ")) COMMAND --help' for one command.")
        }
        return sections.joined(separator: "\n\n") + "\n"
    }

    /// The usage line without `usage:`.
    static func usage(_ command: Command, _ path: [String]) -> String {
        let words = command.children.isEmpty ? ["[options]"] + command.arguments.map(\.usage) : ["COMMAND"]
        return (path + words).joined(separator: " ")
    }

    /// An option's help with the words it takes.
    static func help(_ option: Command.Option) -> String {
        guard case .choice(let choices) = option.kind, option.placeholder != choices.joined(separator: "|") else {
            return option.help
        }
        return option.help + " One of " + Printable.list(choices, "or") + "."
    }

    private func section(_ title: String, _ rows: [(String, String)], into sections: inout [String]) {
        guard !rows.isEmpty else { return }
        let column = min(32, (rows.map(\.0.count).max() ?? 0) + 2)
        let lines = rows.map { left, right in
            let text = HelpText.wrap(right, width: width, indent: column)
            if left.count + 2 > column { return left + "\n" + String(repeating: " ", count: column) + text }
            return left + String(repeating: " ", count: column - left.count) + text
        }
        sections.append(title + ":\n" + lines.joined(separator: "\n"))
    }

    /// Breaks a text at blanks; all lines but the first begin with `indent` blanks.
    static func wrap(_ text: String, width: Int, indent: Int) -> String {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, indent + line.count + 1 + word.count > max(width, indent + 20) {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        lines.append(line)
        return lines.joined(separator: "\n" + String(repeating: " ", count: indent))
    }
}
