import Foundation
import TestSupport
import Testing

@testable import Commands

@Suite struct CompletionTests {
    static let hasBash = ServerProcess.exists("bash")
    static let hasFish = ServerProcess.exists("fish")
    static let hasZsh = ServerProcess.exists("zsh")

    /// A line that ends where the cursor stands, and words that must and must not be offered.
    static let cases: [(line: String, offered: [String], withheld: [String])] = [
        ("chartroom ", ["serve", "push", "tag", "completion"], ["list", "--data"]), ("chartroom ta", ["tag"], ["push"]),
        ("chartroom tag ", ["list", "delete", "update"], ["serve"]), ("chartroom tag d", ["delete"], ["list"]),
        ("chartroom tag list --ser", ["--server"], ["--yes"]), ("chartroom tag delete --y", ["--yes"], ["--server"]),
        ("chartroom tag list --output ", ["json", "table"], ["list"]), ("chartroom tag list -o j", ["json"], ["table"]),
        ("chartroom repository --he", ["--help"], ["--data"]),
        ("chartroom tag update --write-enabled ", ["true", "false"], ["list"]),
        ("chartroom completion ", ["bash", "zsh", "fish"], []),
        ("chartroom tag list --data x --ser", ["--server"], []), ("chartroom help ta", ["tag"], ["push"]),
        ("chartroom serve --log-f", ["--log-format"], ["--listen"]),
        ("chartroom serve --access-anonymous r", ["read", "read-write"], ["none"]),
    ]

    func check(_ reply: String, _ item: (line: String, offered: [String], withheld: [String])) {
        let words = Set(reply.split(whereSeparator: \.isNewline).map { String($0).trimmed })
        for word in item.offered { #expect(words.contains(word), "'\(item.line)' offers \(words.sorted())") }
        for word in item.withheld { #expect(!words.contains(word), "'\(item.line)' offers \(word)") }
    }

    @Test("bash completes commands, options and values", .enabled(if: hasBash))
    func bash() throws {
        let script = try ScratchDirectory()
        let path = try script.write("chartroom.bash", Shell.bash.script(for: CommandTree.root))
        let driver = """
            source "$1"
            line="$2"
            read -ra COMP_WORDS <<< "$line"
            [[ $line == *" " ]] && COMP_WORDS+=("")
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _chartroom
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        for item in Self.cases {
            let result = try shell("/bin/bash", ["--norc", "-u", "-c", driver, "test", path, item.line])
            check(result.output, item)
        }
        let file = try script.write("nginx-1.tgz", "")
        let files = try shell("/bin/bash", ["--norc", "-c", driver, "test", path, "chartroom push \(script.path)/ngi"])
        #expect(files.output == file + "\n")
    }

    @Test("bash completes values behind an equals sign", .enabled(if: hasBash))
    func bashEquals() throws {
        let directory = try ScratchDirectory()
        let path = try directory.write("chartroom.bash", Shell.bash.script(for: CommandTree.root))
        let driver = """
            source "$1"
            COMP_WORDS=(chartroom tag list --output = j)
            COMP_CWORD=5
            _chartroom
            printf '%s\\n' "${COMPREPLY[@]}"
            COMP_WORDS=(chartroom tag list --output = json --ser)
            COMP_CWORD=6
            _chartroom
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        #expect(try shell("/bin/bash", ["--norc", "-c", driver, "test", path]).output == "json\n--server\n")
    }

    @Test("fish completes commands, options and values", .enabled(if: hasFish))
    func fish() throws {
        let directory = try ScratchDirectory()
        let path = try directory.write("chartroom.fish", Shell.fish.script(for: CommandTree.root))
        for item in Self.cases {
            let result = try shell(
                "/usr/bin/fish", ["--no-config", "-c", "source \(path); complete -C '\(item.line)'"],
                environment: ["HOME": directory.path])
            let words = result.output.split(separator: "\n").map { $0.split(separator: "\t")[0] }
            check(words.joined(separator: "\n"), item)
        }
    }

    @Test("zsh completes commands, options and values", .enabled(if: hasZsh))
    func zsh() throws {
        let directory = try ScratchDirectory()
        let path = try directory.write("_chartroom", Shell.zsh.script(for: CommandTree.root))
        #expect(try shell("/usr/bin/zsh", ["-n", path]).status == 0)
        let driver = try directory.write("driver.zsh", Self.zshDriver)
        let result = try shell(
            "/usr/bin/timeout", ["60", "/usr/bin/zsh", "-f", driver, path] + Self.cases.map(\.line),
            environment: ["HOME": directory.path, "TERM": "dumb"])
        let replies = result.output.components(separatedBy: "<END>")
        #expect(replies.count == Self.cases.count + 1)
        for (reply, item) in zip(replies, Self.cases) { check(reply, item) }
    }

    /// Runs a real interactive zsh on a pseudo terminal, whose `compadd` writes down what it is given.
    private static let zshDriver = """
        zmodload zsh/zpty
        zpty shell zsh -f -i
        zpty -w shell "PS1= PS2= RPS1= ; unsetopt zle_bracketed_paste 2>/dev/null; stty -echo"
        zpty -w shell "autoload -Uz compinit && compinit -D -u; source $1"
        zpty -w shell 'zstyle ":completion:*" list-grouped false; bindkey "^I" complete-word'
        zpty -w shell 'compadd() {
            local -a found
            [[ ${@[(I)-[OAD]]} -gt 0 ]] && { builtin compadd "$@"; return }
            builtin compadd -A found "$@"
            print -r -- "<<"
            print -rl -- $found
            print -r -- ">>"
            builtin compadd "$@"
        }'
        zpty -w shell 'finish() { print -r -- "<END>"; zle kill-whole-line }; zle -N finish; bindkey "^X^X" finish'
        zpty -w shell 'print READY""NOW'
        zpty -r shell line '*READYNOW*'
        for text in "${@:2}"; do
            zpty -n -w shell "$text"$'\\t'
            zpty -n -w shell $'\\C-x\\C-x'
            zpty -r shell line '*<END>*'
            print -r -- "$line"
        done
        zpty -d shell
        """
}

extension String {
    /// Without control characters, and blanks at its ends.
    fileprivate var trimmed: String {
        String(filter { !$0.isASCII || ($0.asciiValue ?? 32) >= 32 }).split(separator: " ").joined(separator: " ")
    }
}
