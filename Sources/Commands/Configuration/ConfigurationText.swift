import OCIModel

/// Writes a configuration back.
enum ConfigurationText {
    /// A YAML file that means the same, each line with where its value comes from.
    static func yaml(_ loaded: LoadedConfiguration) -> String {
        var lines = Lines()
        lines.add(
            ConfigurationKey.all.map { ($0.path, $0.write(loaded.configuration), loaded.origin($0.path)) },
            first: "", indentation: "")
        let upstreams = loaded.configuration.upstreams
        lines.all.append(
            (
                UpstreamTable.key + (upstreams.isEmpty ? ": []" : ":"),
                upstreams.isEmpty ? Printable.text(loaded.origin(UpstreamTable.key).description) : ""
            ))
        for index in upstreams.indices {
            lines.add(upstream(index, loaded), first: "  - ", indentation: "    ")
        }
        return lines.text
    }

    /// An array of `{key, value, origin}`; the value is a string, an array of strings or null.
    ///
    /// The value of `upstreams` is an array with such an array for each upstream.
    static func json(_ loaded: LoadedConfiguration) -> JSONValue {
        let upstreams = loaded.configuration.upstreams.indices.map { index in
            JSONValue.array(upstream(index, loaded).map { value($0.path, json($0.value), $0.origin) })
        }
        return .array(
            ConfigurationKey.all.map { key in
                value(key.path, json(key.write(loaded.configuration)), loaded.origin(key.path))
            } + [value(UpstreamTable.key, .array(upstreams), loaded.origin(UpstreamTable.key))])
    }

    private typealias Shown = (path: String, value: WrittenValue, origin: Origin)

    /// The values of an upstream.
    private static func upstream(_ index: Int, _ loaded: LoadedConfiguration) -> [Shown] {
        let table = UpstreamTable.table(of: index)
        return table.settings.map { setting in
            (
                setting.path, setting.write(loaded.configuration.upstreams[index]),
                loaded.origin(table.place + setting.path)
            )
        }
    }

    private static func value(_ key: String, _ value: JSONValue, _ origin: Origin) -> JSONValue {
        .object([("key", .string(key)), ("value", value), ("origin", .string(origin.description))])
    }

    private static func json(_ value: WrittenValue) -> JSONValue {
        switch value {
        case .text(let text): .string(text)
        case .list(let elements): .array(elements.map { .string($0) })
        case .nothing: .null
        }
    }

    /// Lines of a YAML file while they are collected.
    private struct Lines {
        var all: [(text: String, comment: String)] = []

        /// Adds a mapping; `first` stands in front of its first line, `indentation` in front of the others.
        mutating func add(_ values: [Shown], first: String, indentation: String) {
            var section = ""
            var margin = first
            for (path, value, origin) in values {
                let words = path.split(separator: ".").map(String.init)
                let parent = words.count > 1 ? words[0] : ""
                let text: String
                switch value {
                case .text(let single): text = quoted(single)
                case .list(let elements): text = "[" + elements.map(quoted).joined(separator: ", ") + "]"
                case .nothing: continue
                }
                if parent != section, !parent.isEmpty {
                    all.append((margin + parent + ":", ""))
                    margin = indentation
                }
                section = parent
                let name = margin + (parent.isEmpty ? "" : "  ") + (words.last ?? "")
                all.append((name + ": " + text, Printable.text(origin.description)))
                margin = indentation
            }
        }

        var text: String {
            let width = min(48, all.map(\.text.count).max() ?? 0)
            return all.map { text, comment in
                guard !comment.isEmpty else { return text + "\n" }
                return text + String(repeating: " ", count: max(0, width - text.count)) + "  # " + comment + "\n"
            }.joined()
        }
    }

    /// Plain where YAML reads it back as the same text, in double quotes otherwise.
    private static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "-_./:+".utf8.contains(byte)
                }
            } && !text.hasPrefix("-") && !text.hasPrefix(":") && !text.hasSuffix(":")
        return isPlain ? text : JSONValue.string(text).description()
    }
}
