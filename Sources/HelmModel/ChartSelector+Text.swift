extension ChartSelector {
    private enum Key: String, CaseIterable {
        case chart, version, prereleases, deprecated
        case newestPerMinor = "newest-minor"
        case newest
    }

    /// Parses a selector.
    ///
    /// - Throws: `HelmParseError` naming the part: an unknown or repeated key, a value that is not what the key takes,
    ///   or more than `maximumLength` bytes as given or as `description` writes it.
    public init(parsing text: some StringProtocol) throws(HelmParseError) {
        self.init()
        let tooLong = HelmParseError("selector: the text is longer than \(ChartSelector.maximumLength) bytes")
        guard text.utf8.count <= ChartSelector.maximumLength else { throw tooLong }
        var seen: Set<Key> = []
        for part in Substring(text).split(separator: ";", omittingEmptySubsequences: false) {
            let end = part.firstIndex(of: "=") ?? part.endIndex
            guard let key = Key(rawValue: String(part[..<end])), end < part.endIndex else {
                let known = Key.allCases.map(\.rawValue).joined(separator: ", ")
                throw HelmParseError(
                    "selector: \(HelmParseError.quote(part)) must be <key>=<value> with a key of \(known)")
            }
            guard seen.insert(key).inserted else {
                throw HelmParseError("selector: '\(key.rawValue)' must be given once")
            }
            try set(key, part[part.index(after: end)...])
        }
        // Without a constraint there is no rule to lift, and equal selections are equal values.
        if version == nil, takesPrereleases == true { takesPrereleases = nil }
        guard description.utf8.count <= ChartSelector.maximumLength else { throw tooLong }
    }

    private mutating func set(_ key: Key, _ value: Substring) throws(HelmParseError) {
        switch key {
        case .chart: charts = try ChartSelector.patterns(value)
        case .version:
            do {
                version = try VersionConstraint(parsing: value)
            } catch {
                throw HelmParseError("selector: \(error.description)")
            }
        case .prereleases: takesPrereleases = try ChartSelector.flag(value, of: key)
        case .deprecated: takesDeprecated = try ChartSelector.flag(value, of: key)
        case .newestPerMinor: newestPerMinor = try ChartSelector.count(value, of: key)
        case .newest: newest = try ChartSelector.count(value, of: key)
        }
    }

    /// Sorted and unique; nil when one of them takes all names.
    private static func patterns(_ value: Substring) throws(HelmParseError) -> [ChartPattern]? {
        let texts = value.split(separator: ",", omittingEmptySubsequences: false)
        guard texts.count <= maximumCharts else {
            throw HelmParseError("selector: 'chart' names more than \(maximumCharts) charts")
        }
        var patterns: Set<ChartPattern> = []
        for text in texts {
            guard let pattern = ChartPattern(text) else {
                throw HelmParseError(
                    "selector: 'chart' must be names separated by commas, of letters, digits, '.', '_', '-' and '*' for "
                        + "any characters, but has \(HelmParseError.quote(text))")
            }
            patterns.insert(pattern)
        }
        if patterns.contains(where: \.isEverything) { return nil }
        return patterns.sorted { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }
    }

    private static func flag(_ value: Substring, of key: Key) throws(HelmParseError) -> Bool {
        switch value {
        case "yes": return true
        case "no": return false
        default:
            throw HelmParseError("selector: '\(key.rawValue)' must be yes or no, not \(HelmParseError.quote(value))")
        }
    }

    private static func count(_ value: Substring, of key: Key) throws(HelmParseError) -> Int {
        guard !value.isEmpty, SemanticVersion.isNumber(value), let count = Int(value), counts.contains(count) else {
            throw HelmParseError(
                "selector: '\(key.rawValue)' must be a number from \(counts.lowerBound) to \(counts.upperBound), "
                    + "not \(HelmParseError.quote(value))")
        }
        return count
    }
}

extension ChartSelector: CustomStringConvertible {
    /// The selector with its keys in their order, names sorted, and nothing that changes nothing.
    ///
    /// Parses to the same selection; one that takes everything is `chart=*`.
    public var description: String {
        var parts: [(Key, String)] = []
        if let charts { parts.append((.chart, charts.map(\.text).joined(separator: ","))) }
        if let version { parts.append((.version, version.description)) }
        if let takesPrereleases { parts.append((.prereleases, takesPrereleases ? "yes" : "no")) }
        if !takesDeprecated { parts.append((.deprecated, "no")) }
        if let newestPerMinor { parts.append((.newestPerMinor, String(newestPerMinor))) }
        if let newest { parts.append((.newest, String(newest))) }
        return parts.isEmpty ? "chart=*" : parts.map { "\($0.rawValue)=\($1)" }.joined(separator: ";")
    }
}
