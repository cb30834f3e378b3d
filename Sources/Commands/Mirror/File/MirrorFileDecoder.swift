import Posix
import YAML

/// Reads a mirror file of our own, collecting every mistake with its place.
struct MirrorFileDecoder {
    private var settings: SettingsDecoder
    private(set) var file = MirrorFile()
    /// Every mirror as far as it was understood; those without a mistake are in `file` too.
    private(set) var entries: [MirrorEntry] = []
    private var preset = MirrorEntry()

    /// Where values stand.
    var origins: [String: Origin] { settings.origins }
    /// What is wrong, as it was found.
    var mistakes: [ConfigurationMistake] { settings.mistakes }

    init(path: String, environment: [String: String]) {
        settings = SettingsDecoder(
            path: path, home: environment["HOME"].flatMap { $0.isEmpty ? nil : $0 }, environment: environment)
    }

    private struct Top: Sendable {
        var version = 1
    }

    private static let version = Setting<Top>(
        path: "version", form: "1", summary: "The version of the format.",
        read: { value, _, top throws(ValueMistake) in
            guard try value.single() == "1" else { throw ValueMistake("this program reads version 1") }
            top.version = 1
        },
        write: { .text(String($0.version)) })

    mutating func decode(_ bytes: [UInt8]) {
        do throws(YAMLError) {
            guard let root = try YAMLDocument.parse(bytes) else { return }
            decode(root)
        } catch {
            settings.note(error)
        }
    }

    private mutating func decode(_ root: YAMLNode) {
        var top = Top()
        let table = SettingTable(
            title: "the mirror file", settings: [MirrorFileDecoder.version],
            others: [MirrorTable.key, MirrorTable.defaultsKey, MirrorHostTable.key])
        settings.decode(root, by: table, into: &top)
        if let node = root[MirrorTable.defaultsKey] {
            var entry = preset
            decode(node, MirrorTable.defaults, into: &entry)
            preset = entry
        }
        for (index, node) in elements(of: root, MirrorHostTable.key, "- host: registry.example.com").enumerated() {
            var host = MirrorHost()
            settings.place("\(MirrorHostTable.key).\(index)", node)
            settings.decode(node, by: MirrorHostTable.table(of: index), into: &host)
            if host.host.isEmpty, settings.mistakes.allSatisfy({ !$0.message.hasPrefix("hosts.host:") }) {
                settings.note(node, "a host needs the key host")
            }
            host.tls.verifies = !host.isInsecure
            file.hosts.append(host)
        }
        let mirrors = elements(of: root, MirrorTable.key, "- name: stable")
        if mirrors.count > LoadedMirrorFile.maximumMirrors {
            settings.note(mirrors[LoadedMirrorFile.maximumMirrors], "there are more than 1000 mirrors")
        }
        for (index, node) in mirrors.prefix(LoadedMirrorFile.maximumMirrors).enumerated() { decode(node, at: index) }
    }

    private mutating func decode(_ node: YAMLNode, at index: Int) {
        var entry = preset
        let table = MirrorTable.table(of: index)
        settings.place("\(MirrorTable.key).\(index)", node)
        decode(node, table, into: &entry)
        for setting in MirrorTable.ends where node.entries != nil && node[setting.path] == nil {
            settings.note(node, "a mirror needs the key \(setting.path)")
        }
        entries.append(entry)
        if let rule = entry.rule { file.mirrors.append(rule) }
    }

    /// Decodes a mapping of mirror keys; what has details is on when they are given.
    private mutating func decode(_ node: YAMLNode, _ table: SettingTable<MirrorEntry>, into entry: inout MirrorEntry) {
        if node["referrers"]?.entries != nil { entry.referrers.isOn = true }
        if node["images"]?.entries != nil { entry.images.isOn = true }
        if node["prune"]?.entries != nil { entry.prune.isOn = true }
        settings.decode(node, by: table, into: &entry)
        if let schedule = node["schedule"], schedule["every"] != nil, let cron = schedule["cron"] {
            settings.note(cron, "\(table.label)schedule.cron: every and cron exclude each other")
        }
    }

    private mutating func elements(of root: YAMLNode, _ key: String, _ example: String) -> [YAMLNode] {
        guard let node = root[key] else { return [] }
        guard let elements = node.elements else {
            settings.note(node, "\(key) must be a list of mappings", hint: "begin each with a dash: \(example)")
            return []
        }
        settings.place(key, node)
        return elements
    }
}
