public import OCIModel

// The text of a lock: JSON, one line a reference, in the plan's order, so that two locks can be compared line by line.
extension MirrorLock {
    /// The version of the form.
    static let version: Int64 = 1
    /// The largest text that is read, in bytes.
    public static let maximumBytes = 64 << 20

    /// The text.
    public var text: String {
        var text = "{\"version\":\(MirrorLock.version),\"mirrors\":["
        for (number, mirror) in mirrors.enumerated() {
            text += (number == 0 ? "" : ",") + "\n{\"name\":" + JSONValue.string(mirror.name).description()
            text += ",\"from\":" + JSONValue.string(mirror.from.description).description()
            text += ",\"to\":" + JSONValue.string(mirror.to.description).description() + ",\"references\":["
            for (position, reference) in mirror.references.enumerated() {
                text += (position == 0 ? "" : ",") + "\n  " + reference.json(in: mirror).description()
            }
            text += "\n]}"
        }
        return text + "\n]}\n"
    }

    /// Reads a lock.
    ///
    /// - Throws: `OCIParseError` saying what is wrong where.
    public init(parsing bytes: [UInt8]) throws(OCIParseError) {
        guard bytes.count <= MirrorLock.maximumBytes else { throw OCIParseError("the lock is larger than 64 MiB") }
        let tree = try JSONValue(parsing: bytes)
        guard tree["version"]?.integer == MirrorLock.version else {
            throw OCIParseError("it is no lock of version \(MirrorLock.version); write it anew")
        }
        mirrors = []
        for (number, mirror) in (tree["mirrors"]?.array ?? []).enumerated() {
            mirrors.append(try LockedMirror(mirror, "mirrors[\(number)]"))
        }
    }
}

extension LockedMirror {
    fileprivate init(_ tree: JSONValue, _ place: String) throws(OCIParseError) {
        name = try LockText.string(tree, "name", place)
        from = try LockText.place(tree, "from", place)
        to = try LockText.place(tree, "to", place)
        references = []
        for (number, reference) in (tree["references"]?.array ?? []).enumerated() {
            references.append(try LockedReference(reference, self, "\(place).references[\(number)]"))
        }
    }
}

extension LockedReference {
    fileprivate func json(in mirror: LockedMirror) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("source", .string(source)), ("version", .string(version)), ("digest", .string(digest.description)),
            ("repository", .string(repository.description)), ("tag", .string(tag.description)),
        ]
        if from != mirror.from { members.append(("from", .string(from.description))) }
        if to != mirror.to { members.append(("to", .string(to.description))) }
        switch origin {
        case .selected, .formerly: break
        case .dependency(let chart): members.append(("dependencyOf", .string(chart)))
        case .image(let chart, let place, let confidence):
            members.append(("imageOf", .string(chart)))
            members.append(("foundIn", .string(place)))
            members.append(("confidence", .string(confidence.name)))
        }
        if isExcluded || origin != .selected { members.append(("excluded", .bool(isExcluded))) }
        return .object(members)
    }

    fileprivate init(_ tree: JSONValue, _ mirror: LockedMirror, _ place: String) throws(OCIParseError) {
        source = try LockText.string(tree, "source", place)
        version = try LockText.string(tree, "version", place)
        digest = try Digest(parsing: try LockText.string(tree, "digest", place))
        repository = try RepositoryName(parsing: try LockText.string(tree, "repository", place))
        tag = try Tag(parsing: try LockText.string(tree, "tag", place))
        from = tree["from"] == nil ? mirror.from : try LockText.place(tree, "from", place)
        to = tree["to"] == nil ? mirror.to : try LockText.place(tree, "to", place)
        isExcluded = tree["excluded"]?.bool ?? false
        if let chart = tree["dependencyOf"]?.string {
            origin = .dependency(of: chart)
        } else if let chart = tree["imageOf"]?.string {
            let confidence = ImageConfidence(name: tree["confidence"]?.string ?? "") ?? .low
            origin = .image(of: chart, place: tree["foundIn"]?.string ?? "", confidence: confidence)
        } else {
            origin = .selected
        }
    }
}

enum LockText {
    static func string(_ tree: JSONValue, _ name: String, _ place: String) throws(OCIParseError) -> String {
        guard let text = tree[name]?.string, !text.isEmpty else {
            throw OCIParseError("\(place) has no \(name)")
        }
        return text
    }

    static func place(_ tree: JSONValue, _ name: String, _ place: String) throws(OCIParseError) -> MirrorPlace {
        let text = try string(tree, name, place)
        guard let found = MirrorPlace(text) else {
            throw OCIParseError("\(place).\(name) is no place of a mirror: \(OCIParseError.quote(text))")
        }
        return found
    }
}

extension ImageConfidence {
    /// `low`, `medium`, `high`.
    public var name: String {
        switch self {
        case .low: "low"
        case .medium: "medium"
        case .high: "high"
        }
    }

    /// Reads a name.
    public init?(name: String) {
        guard let found = ImageConfidence.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }
}
