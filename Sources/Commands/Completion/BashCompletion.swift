/// A completion script for bash 3.2 and later, without the bash-completion package.
struct BashCompletion {
    let root: Command

    var script: String {
        let paths = CommandPath.all(below: root)
        return """
            # bash completion of \(root.name); made by '\(root.name) completion bash'.
            _\(root.name)() {
                local current="${COMP_WORDS[COMP_CWORD]}" previous="" path="" word index skip=0 count=0
                # --name=VALUE comes as three words.
                if [[ $current == "=" ]]; then current=""; previous="${COMP_WORDS[COMP_CWORD-1]}"
                elif ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[COMP_CWORD-1]} == "=" ]]; then
                    previous="${COMP_WORDS[COMP_CWORD-2]}"
                else previous="${COMP_WORDS[COMP_CWORD-1]}"; fi
                for ((index = 1; index < COMP_CWORD; index++)); do
                    word="${COMP_WORDS[index]}"
                    if ((skip)); then skip=0; continue; fi
                    if [[ $word == "=" ]]; then skip=1; continue; fi
                    case "$path|$word" in
            \(lines(paths, valueOptionCase))
                    esac
                    [[ $word == -* ]] && continue
                    case "$path|$word" in
            \(lines(paths, childCase))
                        *) count=$((count + 1)) ;;
                    esac
                done
                COMPREPLY=()
                case "$path|$previous" in
            \(lines(paths, valueCase))
                esac
                if [[ $current == -* ]]; then
                    case "$path" in
            \(lines(paths, optionsCase))
                    esac
                    return
                fi
                case "$path|$count" in
            \(lines(paths, argumentCase))
                esac
            }
            complete -F _\(root.name) \(root.name)

            """
    }

    private func lines(_ paths: [CommandPath], _ line: (CommandPath) -> [String]) -> String {
        paths.flatMap(line).map { "            " + $0 }.joined(separator: "\n")
    }

    private func key(_ path: CommandPath) -> String { path.words.joined(separator: " ") }

    private func spellings(_ option: Command.Option) -> [String] {
        ["--" + option.name] + (option.short.map { ["-\($0)"] } ?? [])
    }

    private func pattern(_ path: CommandPath, _ words: [String]) -> String {
        words.map { "\"\(key(path))|\($0)\"" }.joined(separator: "|")
    }

    /// Options whose next word is a value: that word is neither a command nor an argument.
    private func valueOptionCase(_ path: CommandPath) -> [String] {
        let words = path.command.allOptions.filter { !$0.isFlag }.flatMap(spellings)
        guard !words.isEmpty else { return [] }
        return [pattern(path, words) + ") [[ ${COMP_WORDS[index+1]} != \"=\" ]] && skip=1; continue ;;"]
    }

    private func childCase(_ path: CommandPath) -> [String] {
        path.command.children.map { child in
            "\(pattern(path, [child.name]))) path=\"\((path.words + [child.name]).joined(separator: " "))\" ;;"
        }
    }

    private func valueCase(_ path: CommandPath) -> [String] {
        path.command.allOptions.filter { !$0.isFlag }.map { option in
            pattern(path, spellings(option)) + ") " + reply(option.kind) + "; return ;;"
        }
    }

    private func optionsCase(_ path: CommandPath) -> [String] {
        let names = path.command.allOptions.map { "--" + $0.name }.joined(separator: " ")
        return ["\"\(key(path))\") COMPREPLY=($(compgen -W \"\(names)\" -- \"$current\")) ;;"]
    }

    private func argumentCase(_ path: CommandPath) -> [String] {
        if !path.command.children.isEmpty {
            let names = path.command.children.map(\.name).joined(separator: " ")
            return ["\"\(key(path))|0\") COMPREPLY=($(compgen -W \"\(names)\" -- \"$current\")) ;;"]
        }
        return path.command.arguments.enumerated().map { index, argument in
            let count = argument.arity == .many ? "*" : "\"\(index)\""
            return "\"\(key(path))|\"\(count)) " + reply(argument.kind) + " ;;"
        }
    }

    private func reply(_ kind: Command.ValueKind) -> String {
        switch kind {
        case .text, .count: ":"
        case .file: "COMPREPLY=($(compgen -f -- \"$current\")); compopt -o filenames 2>/dev/null"
        case .directory: "COMPREPLY=($(compgen -d -- \"$current\")); compopt -o filenames 2>/dev/null"
        case .choice(let words): "COMPREPLY=($(compgen -W \"\(words.joined(separator: " "))\" -- \"$current\"))"
        case .command:
            "COMPREPLY=($(compgen -W \"\(root.children.map(\.name).joined(separator: " "))\" -- \"$current\"))"
        }
    }
}
