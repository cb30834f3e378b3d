import YAML

/// Reads the file, collecting every mistake with its place.
struct ConfigurationDecoder {
    private(set) var configuration = Configuration()
    private var decoder: SettingsDecoder

    /// Where values come from: by key, and `upstreams.0` and `upstreams.0.prefix` for the first upstream.
    var origins: [String: Origin] { decoder.origins }

    /// What is wrong, in the order of the file.
    var mistakes: [ConfigurationMistake] {
        decoder.mistakes.inOrder
    }

    init(path: String, home: String?) {
        decoder = SettingsDecoder(path: path, home: home)
    }

    mutating func decode(_ bytes: [UInt8]) {
        do throws(YAMLError) {
            guard let root = try YAMLDocument.parse(bytes) else { return }
            let table = SettingTable(
                title: "the configuration", settings: ConfigurationKey.all, others: [UpstreamTable.key])
            decoder.decode(root, by: table, into: &configuration)
            if let upstreams = root[UpstreamTable.key] { decodeUpstreams(upstreams) }
        } catch {
            decoder.note(error)
        }
    }

    private mutating func decodeUpstreams(_ node: YAMLNode) {
        guard let entries = node.elements else {
            decoder.note(
                node, "\(UpstreamTable.key) must be a list of mappings",
                hint: "begin each upstream with a dash: - prefix: stable")
            return
        }
        decoder.place(UpstreamTable.key, node)
        for entry in entries {
            var upstream = UpstreamConfiguration()
            let table = UpstreamTable.table(of: configuration.upstreams.count)
            guard entry.entries != nil else {
                decoder.note(entry, "\(table.title) must be a mapping of keys to values")
                continue
            }
            decoder.place(String(table.place.dropLast()), entry)
            decoder.decode(entry, by: table, into: &upstream)
            configuration.upstreams.append(upstream)
        }
    }
}
