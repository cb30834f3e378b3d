internal import Content
internal import OCIModel

/// Entries on their way into `{"<name>":[…],…}`.
struct ChartList {
    private var bytes: [UInt8] = []
    private var name: String?
    private var left: Int
    private let maximumBytes: Int
    /// Whether it had to stop.
    private(set) var isTooLong = false
    /// Where the versions of the first chart begin.
    private var versionsStart = 0

    /// Takes at most `limit` charts.
    init(limit: Int, maximumBytes: Int) {
        left = limit
        self.maximumBytes = maximumBytes
    }

    /// Adds the next entry, in the index's order; false when the list is at its end.
    mutating func add(_ entry: ChartEntry) -> Bool {
        if entry.key.name == name {
            bytes.append(UInt8(ascii: ","))
        } else {
            guard left > 0 else { return false }
            left -= 1
            bytes += name == nil ? "{".utf8 : "],".utf8
            bytes += JSONValue.string(entry.key.name).text(.go)
            bytes += ":".utf8
            if name == nil { versionsStart = bytes.count }
            bytes.append(UInt8(ascii: "["))
            name = entry.key.name
        }
        bytes += entry.json
        isTooLong = bytes.count > maximumBytes
        return !isTooLong
    }

    /// The whole list.
    consuming func finish() -> [UInt8] {
        if name == nil { return Array("{}".utf8) }
        bytes += "]}".utf8
        return bytes
    }

    /// The versions of the one chart, as an array; nil when there is none.
    var versions: [UInt8]? {
        name == nil ? nil : Array(bytes[versionsStart...]) + [UInt8(ascii: "]")]
    }
}
