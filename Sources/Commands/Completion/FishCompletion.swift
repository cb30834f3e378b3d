/// A completion script for fish 3.1 and later.
struct FishCompletion {
    let root: Command

    var script: String {
        let paths = CommandPath.all(below: root)
        return """
            # fish completion of \(root.name); made by '\(root.name) completion fish'.
            # Prints the command's words so far, then how many arguments stand behind them.
            function __\(root.name)_state
                set -l path
                set -l count 0
                set -l skip 0
                set -l words (commandline -opc)
                for word in $words[2..-1]
                    if test $skip -eq 1
                        set skip 0
                        continue
                    end
                    switch "$path|$word"
            \(paths.flatMap(valueOptionCase).joined(separator: "\n"))
                        case '*|-*'
                            continue
            \(paths.flatMap(childCase).joined(separator: "\n"))
                        case '*'
                            set count (math $count + 1)
                    end
                end
                echo "$path|$count"
            end
            function __\(root.name)_at
                string match -q -- "$argv[1]|*" (__\(root.name)_state)
            end
            function __\(root.name)_argument
                string match -q -- "$argv[1]" (__\(root.name)_state)
            end
            complete -c \(root.name) -f
            \(paths.flatMap(completions).joined(separator: "\n"))

            """
    }

    private func key(_ path: CommandPath) -> String { path.words.joined(separator: " ") }

    private func valueOptionCase(_ path: CommandPath) -> [String] {
        let words = path.command.allOptions.filter { !$0.isFlag }.flatMap { option in
            ["--" + option.name] + (option.short.map { ["-\($0)"] } ?? [])
        }
        guard !words.isEmpty else { return [] }
        let patterns = words.map { (key(path) + "|" + $0).shellQuoted }.joined(separator: " ")
        return ["            case \(patterns)\n                set skip 1"]
    }

    private func childCase(_ path: CommandPath) -> [String] {
        path.command.children.map { child in
            let words = path.words + [child.name]
            return "            case \((key(path) + "|" + child.name).shellQuoted)\n                set path "
                + words.joined(separator: " ").shellQuoted
        }
    }

    private func completions(_ path: CommandPath) -> [String] {
        let at = "complete -c \(root.name) -n " + "__\(root.name)_at \(key(path).shellQuoted)".shellQuoted
        var lines = path.command.allOptions.map { option in
            at + (option.short.map { " -s \($0)" } ?? "") + " -l " + option.name
                + (option.isFlag ? "" : " -x" + values(option.kind)) + " -d " + option.help.shellQuoted
        }
        func argument(_ state: String) -> String {
            "complete -c \(root.name) -n " + "__\(root.name)_argument \(state.shellQuoted)".shellQuoted
        }
        for child in path.command.children {
            lines.append(argument(key(path) + "|0") + " -a \(child.name) -d " + child.summary.shellQuoted)
        }
        for (index, item) in path.command.arguments.enumerated() {
            let values = values(item.kind)
            guard !values.isEmpty else { continue }
            lines.append(argument(key(path) + "|" + (item.arity == .many ? "*" : String(index))) + values)
        }
        return lines
    }

    private func values(_ kind: Command.ValueKind) -> String {
        switch kind {
        case .text, .count: ""
        case .file: " -a '(__fish_complete_path (commandline -ct))'"
        case .directory: " -a '(__fish_complete_directories (commandline -ct))'"
        case .choice(let words): " -a " + words.joined(separator: " ").shellQuoted
        case .command: " -a " + root.children.map(\.name).joined(separator: " ").shellQuoted
        }
    }
}
