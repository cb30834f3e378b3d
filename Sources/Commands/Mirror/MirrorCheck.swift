import OCIModel
import Sync
import Transfer

extension Command {
    static let mirrorCheck = Command(
        name: "check", summary: "Show everything that is wrong with a mirror file",
        discussion: [
            "Reads the file and every file it names, and contacts nobody. Writes each mistake and each warning with its "
                + "place to standard output, what of another program's file is not taken and what is done instead, and "
                + "then a line for each mirror. Ends with 1 when there is a mistake."
        ],
        arguments: [MirrorFileOptions.argument],
        options: MirrorFileOptions.options + [OutputFormat.option],
        examples: [
            .init(line: "chartroom mirror check", purpose: "the file mirror.yaml here"),
            .init(line: "chartroom mirror check --format regsync regsync.yml", purpose: "what would be taken from it"),
        ],
        run: { invocation async throws(CommandError) in
            let loaded = try invocation.loadMirrorFile()
            try invocation.show(json: loaded.json, table: loaded.report)
            let count = loaded.mistakes.count
            guard count == 0 else { throw CommandError(.failure, count == 1 ? "1 mistake" : "\(count) mistakes") }
        })
}

extension LoadedMirrorFile {
    /// Mistakes, warnings, what is left out, then the mirrors.
    fileprivate var report: String {
        var lines = mistakes.map(\.text)
        lines += warnings.map { $0.text(after: "warning: ") } + leftOut.map { $0.text(after: "note: ") }
        lines += mistakes.isEmpty ? file.mirrors.map { Printable.text($0.summary) } : []
        return lines.map { $0 + "\n" }.joined()
    }

    /// `{"mistakes": […], "warnings": […], "notes": […], "mirrors": […]}`.
    fileprivate var json: JSONValue {
        .object([
            ("mistakes", .array(mistakes.map(\.json))), ("warnings", .array(warnings.map(\.json))),
            ("notes", .array(leftOut.map(\.json))),
            (
                "mirrors",
                .array(
                    file.mirrors.map { rule in
                        .object([
                            ("name", .string(rule.name)), ("from", .string(rule.from.description)),
                            ("to", .string(rule.to.description)), ("summary", .string(rule.summary)),
                        ])
                    })
            ),
        ])
    }
}

extension ConfigurationMistake {
    /// The text with a word between the place and the message.
    fileprivate func text(after word: String) -> String {
        var changed = self
        changed.message = word + message
        return changed.text
    }

    /// `{"place": "file:1:2", "message": "…", "hint": "…"}`; without a hint null.
    fileprivate var json: JSONValue {
        .object([
            ("place", .string(origin.description)), ("message", .string(message)),
            ("hint", hint.map { .string($0) } ?? .null),
        ])
    }
}

extension MirrorRule {
    /// One line: `name: from -> to, what is selected, when it runs`.
    var summary: String {
        let parts: [String?] = [
            repositories.isEmpty ? nil : "repositories " + repositories.map(\.description).joined(separator: " "),
            exclude.isEmpty ? nil : "without " + exclude.map(\.description).joined(separator: " "),
            versions.summary,
            pins.isEmpty ? nil : pins.count == 1 ? "1 pin" : "\(pins.count) pins",
            naming == .same ? nil : "named \(naming)",
            platforms.isEmpty ? nil : "for " + platforms.map(\.description).joined(separator: " "),
            referrers == nil ? nil : "with referrers",
            closure.dependencies ? "with dependencies" : nil,
            closure.images == nil ? nil : "with images" + (closure.images?.to.map { " to \($0)" } ?? ""),
            prune == nil ? nil : "pruned",
            schedule?.summary ?? "on demand",
        ]
        return "\(name): \(from) -> \(to), " + parts.compactMap { $0 }.joined(separator: ", ")
    }
}

extension VersionSelection {
    fileprivate var summary: String {
        let parts: [String?] = [
            exact.isEmpty ? nil : "just " + exact.prefix(5).joined(separator: " ") + (exact.count > 5 ? " …" : ""),
            constraint?.description, regex.map { "/\($0)/" }, newest.map { "newest \($0)" },
            newestPerMinor.map { "newest \($0) of each minor" },
            minimumAge.map { "older than " + ValueText.text(duration: $0) },
            prereleases.map { $0 ? "with pre-releases" : "without pre-releases" },
        ]
        let known = parts.compactMap { $0 }
        return known.isEmpty ? "all versions" : "versions " + known.joined(separator: " ")
    }
}

extension MirrorSchedule {
    fileprivate var summary: String {
        let rhythm =
            switch rhythm {
            case .every(let interval): "every " + ValueText.text(duration: interval)
            case .cron(let line): "at \(line)"
            }
        return rhythm + (jitter == .zero ? "" : " and up to " + ValueText.text(duration: jitter))
    }
}
