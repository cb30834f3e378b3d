internal import ChartInspection
internal import OCIModel

// How the ledger keeps what was found in a chart. A finding of another version is as good as none: the archive is read
// anew.
extension ChartFinding {
    /// Goes up whenever the form changes, or charts are read otherwise than before.
    private static let version: Int64 = 1
    /// What is not worth keeping any more, in bytes.
    private static let maximumBytes = 8 << 20

    /// The text; nil when there is too much of it.
    var body: [UInt8]? {
        var members: [(String, JSONValue)] = [("version", .integer(ChartFinding.version))]
        switch self {
        case .chart(let needs): members.append(("chart", needs.json))
        case .other: members.append(("other", .bool(true)))
        case .unreadable(let reason): members.append(("unreadable", .string(reason)))
        }
        let text = JSONValue.object(members).text()
        return text.count <= ChartFinding.maximumBytes ? text : nil
    }

    /// Reads a text; nil for any other.
    init?(_ body: [UInt8]) {
        guard let tree = try? JSONValue(parsing: body), tree["version"]?.integer == ChartFinding.version else {
            return nil
        }
        if let reason = tree["unreadable"]?.string {
            self = .unreadable(reason)
        } else if tree["other"]?.bool == true {
            self = .other
        } else if let chart = tree["chart"], let needs = ChartNeeds(chart) {
            self = .chart(needs)
        } else {
            return nil
        }
    }
}

extension ChartNeeds {
    fileprivate var json: JSONValue {
        .object([
            ("name", .string(name)), ("version", .string(version)),
            ("requirements", .array(requirements.map(\.json))), ("images", .array(images.map(\.json))),
            ("leftOut", .integer(Int64(leftOut))), ("problems", .texts(problems)),
        ])
    }

    fileprivate init?(_ tree: JSONValue) {
        guard let name = tree["name"]?.string, let version = tree["version"]?.string,
            let requirements = tree.all("requirements", ChartRequirement.init(kept:)),
            let images = tree.all("images", ChartImage.init(kept:)), let problems = tree.all("problems", \.string)
        else { return nil }
        self.init(
            name: name, version: version, requirements: requirements, images: images,
            leftOut: Int(clamping: tree["leftOut"]?.integer ?? 0), problems: problems)
    }
}

extension ChartRequirement {
    fileprivate var json: JSONValue {
        var members: [(String, JSONValue)] = [
            ("name", .string(name)), ("version", .string(version)), ("repository", .string(repository)),
        ]
        if !alias.isEmpty { members.append(("alias", .string(alias))) }
        if !condition.isEmpty { members.append(("condition", .string(condition))) }
        if !tags.isEmpty { members.append(("tags", .texts(tags))) }
        if let locked { members.append(("locked", .string(locked))) }
        if isVendored { members.append(("vendored", .bool(true))) }
        return .object(members)
    }

    fileprivate init?(kept tree: JSONValue) {
        guard let name = tree["name"]?.string, let version = tree["version"]?.string,
            let repository = tree["repository"]?.string
        else { return nil }
        self.init(
            name: name, alias: tree["alias"]?.string ?? "", version: version, repository: repository,
            condition: tree["condition"]?.string ?? "", tags: tree.all("tags", \.string) ?? [],
            locked: tree["locked"]?.string, isVendored: tree["vendored"]?.bool ?? false)
    }
}

extension ChartImage {
    fileprivate var json: JSONValue {
        .object([
            ("reference", .string(reference.description)), ("confidence", .integer(Int64(confidence.rawValue))),
            ("sources", .array(sources.map(\.json))),
            (
                "digests",
                .array(digests.map { .texts([$0.platform, $0.digest.description]) })
            ),
        ])
    }

    fileprivate init?(kept tree: JSONValue) {
        guard let reference = tree["reference"]?.string.flatMap({ try? Reference(parsing: $0) }),
            let confidence = Confidence(kept: tree["confidence"]),
            let sources = tree.all("sources", Source.init(kept:)),
            let digests = tree.all("digests", PlatformDigest.init(kept:))
        else { return nil }
        self.init(reference: reference, confidence: confidence, sources: sources, digests: digests)
    }
}

extension ChartImage.Confidence {
    fileprivate init?(kept tree: JSONValue?) {
        guard let number = tree?.integer else { return nil }
        self.init(rawValue: Int(clamping: number))
    }
}

extension ChartImage.PlatformDigest {
    fileprivate init?(kept tree: JSONValue) {
        guard let parts = tree.array, parts.count == 2, let platform = parts[0].string,
            let digest = parts[1].string.flatMap({ try? Digest(parsing: $0) })
        else { return nil }
        self.init(platform: platform, digest: digest)
    }
}

extension ChartImage.Source {
    fileprivate var json: JSONValue {
        var members: [(String, JSONValue)] = [
            ("chart", .string(chart)), ("place", .string(place)), ("confidence", .integer(Int64(confidence.rawValue))),
        ]
        if let note { members.append(("note", .string(note))) }
        if let key {
            members.append(("key", .texts(key.path)))
            switch key.form {
            case .text: members.append(("form", .string("text")))
            case .parts(let hasRegistry): members.append(("form", .string(hasRegistry ? "registry" : "repository")))
            }
        }
        return .object(members)
    }

    fileprivate init?(kept tree: JSONValue) {
        guard let chart = tree["chart"]?.string, let place = tree["place"]?.string,
            let confidence = ChartImage.Confidence(kept: tree["confidence"])
        else { return nil }
        var key: ChartImage.ValuesKey?
        if let path = tree.all("key", \.string) {
            switch tree["form"]?.string {
            case "text": key = ChartImage.ValuesKey(path: path, form: .text)
            case "registry": key = ChartImage.ValuesKey(path: path, form: .parts(hasRegistry: true))
            case "repository": key = ChartImage.ValuesKey(path: path, form: .parts(hasRegistry: false))
            default: return nil
            }
        }
        self.init(chart: chart, place: place, confidence: confidence, note: tree["note"]?.string, key: key)
    }
}

extension JSONValue {
    fileprivate static func texts(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }

    /// Every element of a member, read; nil when there is no such list or one element cannot be read.
    fileprivate func all<Value>(_ name: String, _ read: (JSONValue) -> Value?) -> [Value]? {
        guard let elements = self[name]?.array else { return nil }
        var values: [Value] = []
        values.reserveCapacity(elements.count)
        for element in elements {
            guard let value = read(element) else { return nil }
            values.append(value)
        }
        return values
    }
}
