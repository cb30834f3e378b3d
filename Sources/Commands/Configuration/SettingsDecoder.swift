import YAML

/// What the keys of a mapping mean.
struct SettingTable<Root: Sendable>: Sendable {
    /// What the whole mapping is called in messages.
    var title: String
    /// What stands in front of keys in messages.
    var label = ""
    /// What stands in front of keys in `origins`.
    var place = ""
    var settings: [Setting<Root>]
    /// Keys that somebody else reads.
    var others: [String] = []
    /// Keys that are refused, and what to do instead.
    var refusals: [String: ValueMistake] = [:]
}

/// Reads mappings of a file by tables of settings, collecting every mistake with its place.
struct SettingsDecoder {
    let path: String
    let home: String?
    /// What variables in values stand for; empty where none may.
    let environment: [String: String]
    private(set) var origins: [String: Origin] = [:]
    private(set) var mistakes: [ConfigurationMistake] = []

    init(path: String, home: String?, environment: [String: String] = [:]) {
        self.path = path
        self.home = home
        self.environment = environment
    }

    /// Reads a mapping into `root`.
    mutating func decode<Root>(_ node: YAMLNode, by table: SettingTable<Root>, into root: inout Root) {
        decodeSection(node, prefix: "", table, &root)
    }

    /// Notes where something stands.
    mutating func place(_ name: String, _ node: YAMLNode) {
        origins[name] = origin(node)
    }

    /// Notes a mistake.
    mutating func note(_ node: YAMLNode, _ message: String, hint: String? = nil) {
        mistakes.append(ConfigurationMistake(origin: origin(node), message: message, hint: hint))
    }

    /// Notes that the text is no YAML.
    mutating func note(_ error: YAMLError) {
        let origin = Origin.file(path: path, line: error.line, column: error.column)
        mistakes.append(ConfigurationMistake(origin: origin, message: error.message))
    }

    private func origin(_ node: YAMLNode) -> Origin { .file(path: path, line: node.line, column: node.column) }

    private mutating func decodeSection<Root>(
        _ node: YAMLNode, prefix: String, _ table: SettingTable<Root>, _ root: inout Root
    ) {
        guard let entries = node.entries else {
            let name = prefix.isEmpty ? table.title : table.label + prefix.dropLast()
            return note(node, "\(name) must be a mapping of keys to values")
        }
        for (keyNode, value) in entries {
            let name = keyNode.text ?? ""
            let path = prefix + name
            let isSection = !name.isEmpty && table.settings.contains { $0.path.hasPrefix(path + ".") }
            let setting = table.settings.first { $0.path == path }
            if let setting, !isSection || value.entries == nil {
                decodeValue(value, setting, table, &root)
            } else if isSection {
                decodeSection(value, prefix: path + ".", table, &root)
            } else if let refusal = table.refusals[path] {
                note(keyNode, "\(table.label)\(path): \(refusal.message)", hint: refusal.hint)
            } else if !table.others.contains(path) {
                note(
                    keyNode, "there is no key \(Printable.quoted(table.label + path))",
                    hint: hint(name, prefix, table))
            }
        }
    }

    /// The nearest key of this section, or the place where a key of that name lives.
    private func hint<Root>(_ name: String, _ prefix: String, _ table: SettingTable<Root>) -> String? {
        let paths = table.settings.map(\.path) + table.others
        if let elsewhere = paths.first(where: { $0.split(separator: ".").last.map(String.init) == name }) {
            return "did you mean \(table.label)\(elsewhere)?"
        }
        let siblings = paths.filter { $0.hasPrefix(prefix) }.compactMap {
            $0.dropFirst(prefix.count).split(separator: ".").first.map(String.init)
        }
        return Suggestion.nearest(to: name, among: siblings).map { "did you mean \(table.label)\(prefix)\($0)?" }
    }

    private mutating func decodeValue<Root>(
        _ node: YAMLNode, _ setting: Setting<Root>, _ table: SettingTable<Root>, _ root: inout Root
    ) {
        let name = table.label + setting.path
        guard let value = given(node, name) else { return }
        do throws(ValueMistake) {
            try setting.read(value, ValuePlace(isFile: true, home: home, environment: environment), &root)
            place(table.place + setting.path, node)
        } catch {
            let elements = node.elements ?? []
            let wrong = error.element.flatMap { elements.indices.contains($0) ? elements[$0] : nil } ?? node
            note(wrong, "\(name): \(error.message)", hint: error.hint)
        }
    }

    private mutating func given(_ node: YAMLNode, _ name: String) -> GivenValue? {
        if node.isNull {
            note(node, "\(name) has no value", hint: "leave the key out for the default")
            return nil
        }
        switch node.content {
        case .scalar(let text, _): return .text(text, base: directory)
        case .sequence(let elements):
            var texts: [String] = []
            for element in elements {
                guard let text = element.string else {
                    note(element, "\(name): an element must be a text")
                    return nil
                }
                texts.append(text)
            }
            return .list(texts)
        case .mapping:
            note(node, "\(name) must be a value, not a mapping")
            return nil
        }
    }

    /// Where relative paths of the file begin.
    private var directory: String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
