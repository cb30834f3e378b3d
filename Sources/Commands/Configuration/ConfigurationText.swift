import OCIModel

/// Writes a configuration back.
enum ConfigurationText {
    /// A YAML file that means the same, each line with where its value comes from.
    static func yaml(_ loaded: LoadedConfiguration) -> String {
        var lines: [(text: String, comment: String)] = []
        var section = ""
        for key in ConfigurationKey.all {
            let words = key.path.split(separator: ".").map(String.init)
            let parent = words.count > 1 ? words[0] : ""
            let value: String
            switch key.write(loaded.configuration) {
            case .text(let text): value = quoted(text)
            case .list(let elements): value = "[" + elements.map(quoted).joined(separator: ", ") + "]"
            case .nothing: continue
            }
            if parent != section, !parent.isEmpty { lines.append((parent + ":", "")) }
            section = parent
            let name = (parent.isEmpty ? "" : "  ") + (words.last ?? "")
            lines.append((name + ": " + value, Printable.text(loaded.origin(key.path).description)))
        }
        let width = min(48, lines.map(\.text.count).max() ?? 0)
        return lines.map { text, comment in
            guard !comment.isEmpty else { return text + "\n" }
            return text + String(repeating: " ", count: max(0, width - text.count)) + "  # " + comment + "\n"
        }.joined()
    }

    /// An array of `{key, value, origin}`; the value is a string, an array of strings or null.
    static func json(_ loaded: LoadedConfiguration) -> JSONValue {
        .array(
            ConfigurationKey.all.map { key in
                let value: JSONValue =
                    switch key.write(loaded.configuration) {
                    case .text(let text): .string(text)
                    case .list(let elements): .array(elements.map { .string($0) })
                    case .nothing: .null
                    }
                return .object([
                    ("key", .string(key.path)), ("value", value),
                    ("origin", .string(loaded.origin(key.path).description)),
                ])
            })
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
