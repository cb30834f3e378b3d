/// The entries of one mapping while it is read: keys are compared by their bytes.
///
/// `<<` works in the order of the text, as go.yaml.in/yaml/v2 does it: what it brings in replaces what stands above it
/// and is replaced by what stands below.
struct Entries {
    private(set) var list: [(key: YAMLNode, value: YAMLNode)] = []
    private var places: [[UInt8]: Place] = [:]

    private struct Place {
        var index: Int
        /// The line of the written key; nil while only `<<` brought it in.
        var writtenLine: Int?
    }

    /// Adds a written key, which must not repeat a written one.
    mutating func insert(_ name: String, _ key: YAMLNode, _ value: YAMLNode) throws(YAMLError) {
        let bytes = Array(name.utf8)
        guard let place = places[bytes] else {
            places[bytes] = Place(index: list.count, writtenLine: key.line)
            list.append((key, value))
            return
        }
        if let line = place.writtenLine {
            throw key.error("key \(YAMLError.quote(name)) is already set on line \(line)")
        }
        list[place.index] = (key, value)
        places[bytes]?.writtenLine = key.line
    }

    /// Adds what `<<` brings in; of a sequence, earlier mappings win.
    mutating func merge(_ source: YAMLNode) throws(YAMLError) {
        switch source.content {
        case .mapping(let entries): overlay(entries)
        case .sequence(let sources):
            for source in sources.reversed() {
                guard let entries = source.entries else { throw source.error("'<<' takes mappings only") }
                overlay(entries)
            }
        case .scalar: throw source.error("'<<' takes a mapping or a sequence of mappings")
        }
    }

    private mutating func overlay(_ entries: [(key: YAMLNode, value: YAMLNode)]) {
        for entry in entries {
            let bytes = Array((entry.key.text ?? "").utf8)
            if let place = places[bytes] {
                list[place.index] = entry
            } else {
                places[bytes] = Place(index: list.count, writtenLine: nil)
                list.append(entry)
            }
        }
    }
}
