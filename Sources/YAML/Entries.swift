/// The entries of one mapping while it is read: keys are compared by their bytes.
struct Entries {
    private(set) var list: [(key: YAMLNode, value: YAMLNode)] = []
    private var places: [[UInt8]: (index: Int, isMerged: Bool)] = [:]

    /// Adds a written key; it replaces a merged one and must not repeat a written one.
    mutating func insert(_ name: String, _ key: YAMLNode, _ value: YAMLNode) throws(YAMLError) {
        let bytes = Array(name.utf8)
        guard let place = places[bytes] else {
            places[bytes] = (list.count, false)
            list.append((key, value))
            return
        }
        guard place.isMerged else {
            throw key.error("key \(YAMLError.quote(name)) is already set on line \(list[place.index].key.line)")
        }
        list[place.index] = (key, value)
        places[bytes] = (place.index, false)
    }

    /// Adds what `<<` brings in: keys that are here already stay, and earlier mappings of a sequence win.
    mutating func merge(_ source: YAMLNode) throws(YAMLError) {
        switch source.content {
        case .mapping(let entries): add(entries)
        case .sequence(let sources):
            for source in sources {
                guard let entries = source.entries else { throw source.error("'<<' takes mappings only") }
                add(entries)
            }
        case .scalar: throw source.error("'<<' takes a mapping or a sequence of mappings")
        }
    }

    private mutating func add(_ entries: [(key: YAMLNode, value: YAMLNode)]) {
        for entry in entries {
            let bytes = Array((entry.key.text ?? "").utf8)
            guard places[bytes] == nil else { continue }
            places[bytes] = (list.count, true)
            list.append(entry)
        }
    }
}
