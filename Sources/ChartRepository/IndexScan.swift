internal import HelmModel

/// Reads out of an index, as Helm and ChartMuseum write it, the few lines of each version that say where it is.
///
/// Looks at lines by their indentation and never at what lies deeper than the keys of a version. Anything else than
/// plain block YAML at the places it looks at makes it give up: then the whole text has to be parsed.
struct IndexScan {
    private let text: [UInt8]
    private let limits: RepositoryIndexLimits
    private var charts: [ChartListing.Chart] = []
    private var names: Set<String> = []
    private var versionCount = 0
    private var hasAPIVersion = false
    private var isInEntries = false
    private var hasEntries = false
    /// Where the names of charts begin; nil before the first.
    private var chartIndent: Int?
    /// Where the dashes of the chart's versions are; nil before the first.
    private var dashIndent: Int?
    private var entry: Entry?

    private struct Entry {
        /// Where its keys begin.
        var indent: Int
        var name = ""
        var version = ""
        var created = ""
        var digest = ""
        var checksum = ""
        var url = ""
        var urls: [String] = []
        /// Whether the lines that follow are elements of `urls`.
        var isInURLs = false
        /// Whether the field before was one whose text counts, and must end on its line.
        var isScalar = false
        /// Whether a field has a value that is no text.
        var isBad = false
    }

    /// Why the scan gives up.
    private struct Unusual: Error {}

    private init(_ text: [UInt8], _ limits: RepositoryIndexLimits) {
        self.text = text
        self.limits = limits
    }

    /// What the text lists; nil when it is not as plain as it has to be.
    static func listing(of text: [UInt8], _ limits: RepositoryIndexLimits) -> ChartListing? {
        var scan = IndexScan(text, limits)
        do throws(Unusual) {
            try scan.run()
        } catch {
            return nil
        }
        return scan.hasAPIVersion && scan.hasEntries ? ChartListing(charts: scan.charts) : nil
    }

    private mutating func run() throws(Unusual) {
        var start = 0
        while start < text.count {
            var end = start
            while end < text.count, text[end] != UInt8(ascii: "\n") { end += 1 }
            var first = start
            while first < end, text[first] == UInt8(ascii: " ") { first += 1 }
            let indent = first - start
            start = end + 1
            // Deeper than a version's keys: nobody asks, unless it belongs to a field that counts.
            if let entry, indent > entry.indent, !entry.isInURLs, !entry.isScalar { continue }
            if end > first, text[end - 1] == UInt8(ascii: "\r") { end -= 1 }
            guard first < end, text[first] != UInt8(ascii: "#") else { continue }
            guard text[first] != UInt8(ascii: "\t") else { throw Unusual() }
            if let entry, indent > entry.indent {
                guard entry.isInURLs, isDash(first..<end) else { throw Unusual() }
                try takeElement(first..<end)
            } else {
                try take(first..<end, at: indent)
            }
        }
        finishEntry()
    }

    private mutating func take(_ line: Range<Int>, at indent: Int) throws(Unusual) {
        if indent == 0, !isDash(line) || !isInEntries { return try takeTop(line) }
        guard isInEntries else { return }
        if let entry, indent == entry.indent {
            if isDash(line) { return try takeElement(line) }
            return try takeField(line)
        }
        if isDash(line), let chartIndent, indent == dashIndent ?? indent, indent >= chartIndent {
            return try beginEntry(line, at: indent)
        }
        guard indent == chartIndent ?? indent, indent > 0, !isDash(line) else { throw Unusual() }
        finishEntry()
        chartIndent = indent
        dashIndent = nil
        let (key, value) = try pair(line)
        guard value.isEmpty || value == "[]" || value == "null" || value == "~" else { throw Unusual() }
        guard charts.count < limits.entries, names.insert(key).inserted else { throw Unusual() }
        charts.append(ChartListing.Chart(name: key, versions: []))
    }

    private mutating func takeTop(_ line: Range<Int>) throws(Unusual) {
        finishEntry()
        if charts.isEmpty, text[line].elementsEqual("---".utf8) { return }
        guard !text[line].starts(with: "---".utf8), !text[line].starts(with: "...".utf8),
            text[line.lowerBound] != UInt8(ascii: "%")
        else { throw Unusual() }
        let (key, value) = try pair(line)
        isInEntries = key == "entries"
        switch key {
        case "entries":
            guard value.isEmpty, !hasEntries else { throw Unusual() }
            hasEntries = true
        case "apiVersion":
            guard !value.isEmpty else { throw Unusual() }
            hasAPIVersion = true
        default: break
        }
    }

    // MARK: Versions

    private mutating func beginEntry(_ line: Range<Int>, at indent: Int) throws(Unusual) {
        finishEntry()
        guard !charts.isEmpty, versionCount < limits.entries else { throw Unusual() }
        dashIndent = indent
        versionCount += 1
        var first = line.lowerBound + 1
        while first < line.upperBound, text[first] == UInt8(ascii: " ") { first += 1 }
        guard first < line.upperBound else { throw Unusual() }
        entry = Entry(indent: indent + first - line.lowerBound)
        try takeField(first..<line.upperBound)
    }

    private mutating func takeField(_ line: Range<Int>) throws(Unusual) {
        guard var entry else { throw Unusual() }
        entry.isInURLs = false
        let (key, raw) = try rawPair(line)
        entry.isScalar = true
        switch key {
        case "name": entry.name = try string(raw, &entry)
        case "version": entry.version = try string(raw, &entry)
        case "created": entry.created = try string(raw, &entry)
        case "digest": entry.digest = try string(raw, &entry)
        case "checksum": entry.checksum = try string(raw, &entry)
        case "url": entry.url = try string(raw, &entry)
        case "urls":
            if raw.isEmpty {
                entry.isInURLs = true
            } else if !text[raw].elementsEqual("[]".utf8) {
                throw Unusual()
            }
        case "<<": throw Unusual()
        default: entry.isScalar = false
        }
        if entry.isInURLs { entry.isScalar = false }
        self.entry = entry
    }

    private mutating func takeElement(_ line: Range<Int>) throws(Unusual) {
        guard var entry else { throw Unusual() }
        guard entry.isInURLs else { return }
        var first = line.lowerBound + 1
        while first < line.upperBound, text[first] == UInt8(ascii: " ") { first += 1 }
        let url = try string(first..<line.upperBound, &entry)
        entry.urls.append(url)
        self.entry = entry
    }

    private mutating func finishEntry() {
        guard let done = entry else { return }
        entry = nil
        guard !done.isBad, !done.name.isEmpty, !charts.isEmpty,
            let version = ChartListing.Version(
                version: done.version, urls: done.urls.isEmpty && !done.url.isEmpty ? [done.url] : done.urls,
                created: done.created, digest: done.digest.isEmpty ? done.checksum : done.digest)
        else { return }
        charts[charts.count - 1].versions.append(version)
    }

    // MARK: Lines

    private func isDash(_ line: Range<Int>) -> Bool {
        text[line.lowerBound] == UInt8(ascii: "-")
            && (line.count == 1 || text[line.lowerBound + 1] == UInt8(ascii: " "))
    }

    /// A key and a value that is a plain text or none.
    private func pair(_ line: Range<Int>) throws(Unusual) -> (key: String, value: String) {
        let (key, raw) = try rawPair(line)
        let value = String(decoding: text[raw], as: UTF8.self)
        return (key, value)
    }

    private func rawPair(_ line: Range<Int>) throws(Unusual) -> (key: String, raw: Range<Int>) {
        var colon = line.lowerBound
        var first = line.lowerBound
        var keyEnd: Int
        let quote = text[first]
        if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            first += 1
            keyEnd = first
            while keyEnd < line.upperBound, text[keyEnd] != quote {
                guard text[keyEnd] != UInt8(ascii: "\\") else { throw Unusual() }
                keyEnd += 1
            }
            colon = keyEnd + 1
            guard colon < line.upperBound, text[colon] == UInt8(ascii: ":") else { throw Unusual() }
        } else {
            guard !"?&*!|>%@`{[,]}#".utf8.contains(quote) else { throw Unusual() }
            while colon < line.upperBound,
                text[colon] != UInt8(ascii: ":")
                    || colon + 1 < line.upperBound && text[colon + 1] != UInt8(ascii: " ")
            { colon += 1 }
            guard colon < line.upperBound else { throw Unusual() }
            keyEnd = colon
        }
        var value = colon + 1
        var end = line.upperBound
        while value < end, text[value] == UInt8(ascii: " ") { value += 1 }
        while end > value, text[end - 1] == UInt8(ascii: " ") { end -= 1 }
        if value < end, text[value] == UInt8(ascii: "#") { end = value }
        return (String(decoding: text[first..<keyEnd], as: UTF8.self), value..<end)
    }

    /// A scalar on one line as text; what would be a number or nothing at all marks the entry as bad.
    private func string(_ raw: Range<Int>, _ entry: inout Entry) throws(Unusual) -> String {
        guard let first = raw.first.map({ text[$0] }) else {
            entry.isBad = true
            return ""
        }
        if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
            let inner = text[(raw.lowerBound + 1)..<max(raw.lowerBound + 1, raw.upperBound - 1)]
            guard raw.count >= 2, text[raw.upperBound - 1] == first, !inner.contains(first),
                !inner.contains(UInt8(ascii: "\\"))
            else { throw Unusual() }
            return String(decoding: inner, as: UTF8.self)
        }
        guard !"&*!|>%@`{[,]}#?-".utf8.contains(first) || first == UInt8(ascii: "-") && raw.count > 1 else {
            throw Unusual()
        }
        let bytes = text[raw]
        for position in bytes.indices.dropLast() {
            let isComment = bytes[position] == UInt8(ascii: " ") && bytes[position + 1] == UInt8(ascii: "#")
            let isMapping = bytes[position] == UInt8(ascii: ":") && bytes[position + 1] == UInt8(ascii: " ")
            guard !isComment, !isMapping else { throw Unusual() }
        }
        guard bytes.last != UInt8(ascii: ":") else { throw Unusual() }
        if IndexScan.isOther(bytes) { throw Unusual() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether YAML might take a plain scalar for a number, a truth or nothing.
    private static func isOther(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.count <= 40 else { return false }
        var dots = 0
        var isNumeric = bytes.first.map { "0123456789.+-".utf8.contains($0) } ?? false
        for byte in bytes {
            if byte == UInt8(ascii: ".") { dots += 1 }
            isNumeric = isNumeric && "0123456789.+-eExXoOabcdfABCDF_".utf8.contains(byte)
        }
        // A digest of digits alone, or with one e, is a number too.
        if isNumeric, dots <= 1, bytes.count < 40 { return true }
        let word = String(decoding: bytes, as: UTF8.self).lowercased()
        return ["null", "~", "true", "false", "yes", "no", "on", "off", ".inf", "-.inf", ".nan", "y", "n"].contains(
            word)
    }
}
