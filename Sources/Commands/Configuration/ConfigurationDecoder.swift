import YAML

/// Reads the file, collecting every mistake with its place.
struct ConfigurationDecoder {
    let path: String
    let home: String?
    private(set) var configuration = Configuration()
    private(set) var origins: [String: Origin] = [:]
    private(set) var mistakes: [ConfigurationMistake] = []

    init(path: String, home: String?) {
        self.path = path
        self.home = home
    }

    mutating func decode(_ bytes: [UInt8]) {
        do {
            guard let root = try YAMLDocument.parse(bytes) else { return }
            decodeSection(root, prefix: "")
        } catch {
            let origin = Origin.file(path: path, line: error.line, column: error.column)
            mistakes.append(ConfigurationMistake(origin: origin, message: error.message))
        }
    }

    private mutating func decodeSection(_ node: YAMLNode, prefix: String) {
        guard let entries = node.entries else {
            let name = prefix.isEmpty ? "the configuration" : String(prefix.dropLast())
            return note(node, "\(name) must be a mapping of keys to values")
        }
        for (keyNode, value) in entries {
            let name = keyNode.text ?? ""
            let path = prefix + name
            if let key = ConfigurationKey.all.first(where: { $0.path == path }) {
                decodeValue(value, key)
            } else if ConfigurationKey.all.contains(where: { $0.path.hasPrefix(path + ".") }), !name.isEmpty {
                decodeSection(value, prefix: path + ".")
            } else {
                let hint = unknownKeyHint(name, prefix)
                note(keyNode, "there is no key \(Printable.quoted(path))", hint: hint)
            }
        }
    }

    /// The nearest key of this section, or the place where a key of that name lives.
    private func unknownKeyHint(_ name: String, _ prefix: String) -> String? {
        let paths = ConfigurationKey.all.map(\.path)
        if let elsewhere = paths.first(where: { $0.split(separator: ".").last.map(String.init) == name }) {
            return "did you mean \(elsewhere)?"
        }
        let siblings = paths.filter { $0.hasPrefix(prefix) }.compactMap {
            $0.dropFirst(prefix.count).split(separator: ".").first.map(String.init)
        }
        return Suggestion.nearest(to: name, among: siblings).map { "did you mean \(prefix)\($0)?" }
    }

    private mutating func decodeValue(_ node: YAMLNode, _ key: ConfigurationKey) {
        guard let value = given(node, key) else { return }
        do {
            try key.read(value, .init(isFile: true, home: home), &configuration)
            origins[key.path] = .file(path: path, line: node.line, column: node.column)
        } catch {
            note(node, "\(key.path): \(error.message)", hint: error.hint)
        }
    }

    private mutating func given(_ node: YAMLNode, _ key: ConfigurationKey) -> GivenValue? {
        if node.isNull {
            note(node, "\(key.path) has no value", hint: "leave the key out for the default")
            return nil
        }
        switch node.content {
        case .scalar(let text, _): return .text(text, base: directory)
        case .sequence(let elements):
            var texts: [String] = []
            for element in elements {
                guard let text = element.string else {
                    note(element, "\(key.path): an element must be a text")
                    return nil
                }
                texts.append(text)
            }
            return .list(texts)
        case .mapping:
            note(node, "\(key.path) must be a value, not a mapping")
            return nil
        }
    }

    /// Where relative paths of the file begin.
    private var directory: String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private mutating func note(_ node: YAMLNode, _ message: String, hint: String? = nil) {
        let origin = Origin.file(path: path, line: node.line, column: node.column)
        mistakes.append(ConfigurationMistake(origin: origin, message: message, hint: hint))
    }
}
