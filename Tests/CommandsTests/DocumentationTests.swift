import Foundation
import Testing

@testable import Commands

/// Keeps the documents in step with the grammar and the settings. `make golden` writes the generated parts anew.
@Suite(.serialized) struct DocumentationTests {
    /// Replaces what stands between two marks of a document.
    func check(_ document: String, _ mark: String, _ made: String) throws {
        let text = try Repository.text(document)
        let begin = "<!-- \(mark): begin (made by a test, do not edit) -->\n"
        let end = "<!-- \(mark): end -->"
        let start = try #require(text.range(of: begin), "\(document) has no mark \(mark)")
        let stop = try #require(text.range(of: end), "\(document) has no end of \(mark)")
        let whole = text[..<start.upperBound] + made + text[stop.lowerBound...]
        #expect(try Repository.golden(document, made: String(whole)) == whole, "run 'make golden'")
    }

    @Test("docs/cli.md shows every command as its help does")
    func commands() throws {
        let sections = CommandPath.all(below: CommandTree.root).map { path in
            let words = ["chartroom"] + path.words
            return "### \(words.joined(separator: " "))\n\n```text\n"
                + HelpText(command: path.command, path: words).text + "```\n"
        }
        try check("docs/cli.md", "commands", "\n" + sections.joined(separator: "\n") + "\n")
    }

    @Test("docs/cli.md lists every exit code")
    func exitCodes() throws {
        let rows = ExitCode.allCases.map { "| \($0.rawValue) | \($0.meaning) |\n" }.joined()
        try check("docs/cli.md", "exit codes", "\n| Code | Meaning |\n|---|---|\n" + rows + "\n")
    }

    @Test("docs/configuration.md lists every setting with its default")
    func settings() throws {
        let defaults = LoadedConfiguration()
        let rows = ConfigurationKey.all.map { key -> String in
            let preset =
                switch key.write(defaults.configuration) {
                case .text(let text): "`\(text)`"
                case .list: "none"
                case .nothing:
                    key.path == "data" ? "`$XDG_DATA_HOME/chartroom`, else `~/.local/share/chartroom`" : "none"
                }
            let flag = key.option.map { "`--\($0.name)`" } ?? "–"
            let form = key.form.replacing("|", with: "\\|")
            return "| `\(key.path)` | `\(form)` | \(preset) | `\(key.environmentName)` | \(flag) | \(key.summary) |\n"
        }
        let head = "\n| Key | Value | Default | Variable | Option | Meaning |\n|---|---|---|---|---|---|\n"
        try check("docs/configuration.md", "settings", head + rows.joined() + "\n")
    }

    @Test("docs/configuration.md lists every key of an upstream with its default")
    func upstreams() throws {
        try check("docs/configuration.md", "upstreams", table(UpstreamTable.all, UpstreamConfiguration()))
    }

    @Test("docs/mirroring.md lists every key of a mirror and of a host with its default")
    func mirrors() throws {
        try check("docs/mirroring.md", "mirrors", table(MirrorTable.all, MirrorEntry()))
        try check("docs/mirroring.md", "hosts", table(MirrorHostTable.all, MirrorHost()))
    }

    /// A table of keys.
    func table<Root>(_ settings: [Setting<Root>], _ defaults: Root) -> String {
        let rows = settings.map { key -> String in
            let preset =
                switch key.write(defaults) {
                case .text(let text): "`\(text)`"
                case .list, .nothing: "none"
                }
            let form = key.form.replacing("|", with: "\\|")
            return "| `\(key.path)` | `\(form)` | \(preset) | \(key.summary.replacing("*", with: "\\*")) |\n"
        }
        return "\n| Key | Value | Default | Meaning |\n|---|---|---|---|\n" + rows.joined() + "\n"
    }

    @Test("The example of docs/mirroring.md is a mirror file without a mistake")
    func mirrorExample() throws {
        let text = try Repository.text("docs/mirroring.md")
        let begin = try #require(text.range(of: "```yaml\n"))
        let end = try #require(text.range(of: "```", range: begin.upperBound..<text.endIndex))
        let reading = MirrorFileReading(environment: ["REGISTRY_PASSWORD": "x"])
        let loaded = LoadedMirrorFile.decode(
            Array(text[begin.upperBound..<end.lowerBound].utf8), path: "m.yaml", reading)
        #expect(loaded.mistakes == [] && loaded.warnings == [] && loaded.file.mirrors.count == 2)
    }

    @Test(
        "Every command line in the documents is one the grammar takes",
        arguments: ["docs/cli.md", "docs/configuration.md", "docs/mirroring.md", "packaging/README.md"])
    func lines(document: String) throws {
        var isShell = false
        for line in try Repository.text(document).split(separator: "\n") {
            if line.hasPrefix("```") {
                isShell = line == "```sh"
                continue
            }
            guard isShell, line.hasPrefix("chartroom ") else { continue }
            let words = line.prefix { !"|>#<".contains($0) }.split(separator: " ").dropFirst().map(String.init)
            do {
                _ = try Parser.parse(words, root: CommandTree.root)
            } catch {
                Issue.record("\(document): \(line): \(error.message)")
            }
        }
    }
}
