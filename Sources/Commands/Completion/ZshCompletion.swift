/// A completion script for zsh 5 and later: one function a command, over `_arguments`.
struct ZshCompletion {
    let root: Command

    var script: String {
        """
        #compdef \(root.name)
        # zsh completion of \(root.name); made by '\(root.name) completion zsh'.
        \(CommandPath.all(below: root).map(function).joined(separator: "\n"))
        if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
            _\(root.name) "$@"
        else
            compdef _\(root.name) \(root.name)
        fi

        """
    }

    private func name(_ path: CommandPath) -> String { (["_" + root.name] + path.words).joined(separator: "_") }

    private func function(_ path: CommandPath) -> String {
        path.command.children.isEmpty ? leaf(path) : group(path)
    }

    private func leaf(_ path: CommandPath) -> String {
        let specifications = path.command.allOptions.flatMap(specification) + path.command.arguments.map(specification)
        return "\(name(path))() {\n    _arguments -s -S \\\n        "
            + specifications.map(\.shellQuoted).joined(separator: " \\\n        ") + "\n}"
    }

    private func group(_ path: CommandPath) -> String {
        let children = path.command.children.map { child in
            (child.name + ":" + escaped(child.summary)).shellQuoted
        }
        let cases = path.command.children.map { child in
            "                \(child.name)) \(name(path))_\(child.name) ;;"
        }
        return """
            \(name(path))() {
                local curcontext="$curcontext" state line
                _arguments -C \(path.command.allOptions.flatMap(specification).map(\.shellQuoted).joined(separator: " ")) '1: :->command' '*:: :->rest'
                case $state in
                    command)
                        local -a commands=(\(children.joined(separator: " ")))
                        _describe -t commands command commands ;;
                    rest)
                        case $line[1] in
            \(cases.joined(separator: "\n"))
                        esac ;;
                esac
            }
            """
    }

    /// `--name=[help]:VALUE:action`, and the same for the letter.
    private func specification(_ option: Command.Option) -> [String] {
        let help = "[" + escaped(option.help) + "]"
        let value = option.isFlag ? "" : ":\(option.placeholder ?? "value"):" + action(option.kind)
        let exclusion = option.isRepeatable ? "*" : option.short.map { "(-\($0) --\(option.name))" } ?? ""
        let long = exclusion + "--" + option.name + (option.isFlag ? "" : "=") + help + value
        guard let short = option.short else { return [long] }
        return [long, exclusion + "-\(short)" + (option.isFlag ? "" : "+") + help + value]
    }

    private func specification(_ argument: Command.Argument) -> String {
        let prefix =
            switch argument.arity {
            case .one: ":"
            case .optional: "::"
            case .many: "*:"
            }
        return prefix + escaped(argument.name) + ":" + action(argument.kind)
    }

    private func action(_ kind: Command.ValueKind) -> String {
        switch kind {
        case .text, .count: " "
        case .file(let endings):
            endings.isEmpty ? "_files" : "_files -g \"*(" + endings.joined(separator: "|") + ")(-.)\""
        case .directory: "_files -/"
        case .choice(let words): "(" + words.joined(separator: " ") + ")"
        case .command: "(" + root.children.map(\.name).joined(separator: " ") + ")"
        }
    }

    /// Characters that end a part of a specification.
    private func escaped(_ text: String) -> String {
        text.reduce(into: "") { output, character in
            if ":[]\\".contains(character) { output.append("\\") }
            output.append(character)
        }
    }
}
