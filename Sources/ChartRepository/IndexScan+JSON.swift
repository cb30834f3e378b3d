internal import HelmModel
internal import OCIModel

/// Reads out of an index in JSON the few members of each version that say where it is.
struct JSONIndexScan {
    private let limits: RepositoryIndexLimits
    private var charts: [ChartListing.Chart] = []
    private var names: Set<String> = []
    private var entryCount = 0
    private var hasAPIVersion = false
    private var hasEntries = false
    private var entry: [String: JSONValue]?
    private var isUnusual = false

    private static let wanted: Set<String> = ["name", "version", "created", "digest", "checksum", "url", "urls"]

    private init(_ limits: RepositoryIndexLimits) {
        self.limits = limits
    }

    /// What the text lists; nil when it is no JSON, or not shaped as an index is: then the whole has to be read.
    static func listing(of text: [UInt8], _ limits: RepositoryIndexLimits) -> ChartListing? {
        var scan = JSONIndexScan(limits)
        do throws(OCIParseError) {
            try JSONWalk.walk(text, maximumValues: limits.valuesPerEntry, deciding: { scan.step(at: $0) }) {
                scan.take($1, at: $0)
            }
        } catch {
            return nil
        }
        scan.finishEntry()
        guard !scan.isUnusual, scan.hasAPIVersion, scan.hasEntries else { return nil }
        return ChartListing(charts: scan.charts)
    }

    private mutating func step(at path: [String?]) -> JSONStep {
        if path.count < 4 { finishEntry() }
        switch path.count {
        case 0: return .enter
        case 1:
            switch path[0] {
            case "entries":
                hasEntries = true
                return .enter
            case "apiVersion": return .take
            case .some: return .skip
            case nil: return giveUp()
            }
        case 2:
            guard let name = path[1], charts.count < limits.entries, names.insert(name).inserted else {
                return giveUp()
            }
            charts.append(ChartListing.Chart(name: name, versions: []))
            return .enter
        case 3:
            entryCount += 1
            guard path[2] == nil, entryCount <= limits.entries else { return giveUp() }
            entry = [:]
            return .enter
        default:
            guard let key = path[3] else { return giveUp() }
            return JSONIndexScan.wanted.contains(key) ? .take : .skip
        }
    }

    private mutating func giveUp() -> JSONStep {
        isUnusual = true
        return .stop
    }

    private mutating func take(_ value: JSONValue, at path: [String?]) -> Bool {
        if path.count == 1, path[0] == "apiVersion" {
            hasAPIVersion = value.string?.isEmpty == false
        } else if path.count == 4, let key = path[3] {
            entry?[key] = value
        } else if value != .null || path.count == 3 {
            // A value where a mapping or a list should be.
            isUnusual = value != .array([]) && value != .object([])
        }
        return !isUnusual
    }

    private mutating func finishEntry() {
        guard let done = entry else { return }
        entry = nil
        guard !charts.isEmpty, let version = JSONIndexScan.version(done) else { return }
        charts[charts.count - 1].versions.append(version)
    }

    /// The version; nil for one with a member of the wrong shape, which an index drops.
    private static func version(_ members: [String: JSONValue]) -> ChartListing.Version? {
        func text(_ name: String) -> String? {
            guard let value = members[name], value != .null else { return "" }
            return value.string
        }
        guard let name = text("name"), !name.isEmpty, let version = text("version"), let created = text("created"),
            let digest = text("digest"), let checksum = text("checksum"), let url = text("url")
        else { return nil }
        var urls: [String] = []
        if let value = members["urls"], value != .null {
            guard let list = value.array else { return nil }
            for element in list {
                guard let element = element.string else { return nil }
                urls.append(element)
            }
        }
        return ChartListing.Version(
            version: version, urls: urls.isEmpty && !url.isEmpty ? [url] : urls, created: created,
            digest: digest.isEmpty ? checksum : digest)
    }
}
