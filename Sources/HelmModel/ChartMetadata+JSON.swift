import OCIModel

extension ChartMetadata {
    /// The config blob: byte for byte what Helm v4.3.0 writes for this metadata (`application/vnd.cncf.helm.config.v1+json`).
    public var configJSON: [UInt8] { JSONValue.object(jsonMembers).text(.go) }

    /// The fields in Helm's order; empty ones are left out.
    var jsonMembers: [(String, JSONValue)] {
        var object = ObjectBuilder()
        object.add("name", name)
        object.add("home", home)
        object.add("sources", sources)
        object.add("version", version)
        object.add("description", description)
        object.add("keywords", keywords)
        object.add("maintainers", maintainers.map(\.json))
        object.add("icon", icon)
        object.add("apiVersion", apiVersion)
        object.add("condition", condition)
        object.add("tags", tags)
        object.add("appVersion", appVersion)
        object.add("deprecated", isDeprecated)
        if !annotations.isEmpty { object.members.append(("annotations", JSONValue(bytewiseSorted: annotations))) }
        object.add("kubeVersion", kubeVersion)
        object.add("dependencies", dependencies.map(\.json))
        object.add("type", type)
        return object.members
    }
}

extension ChartMaintainer {
    fileprivate var json: JSONValue {
        var object = ObjectBuilder()
        object.add("name", name)
        object.add("email", email)
        object.add("url", url)
        return .object(object.members)
    }
}

extension ChartDependency {
    /// Name and repository are written even when empty.
    fileprivate var json: JSONValue {
        var object = ObjectBuilder()
        object.members.append(("name", .string(name)))
        object.add("version", version)
        object.members.append(("repository", .string(repository)))
        object.add("condition", condition)
        object.add("tags", tags)
        object.add("enabled", isEnabled)
        object.add("import-values", importValues)
        object.add("alias", alias)
        return .object(object.members)
    }
}

/// Collects members as Go's `omitempty` does.
private struct ObjectBuilder {
    var members: [(String, JSONValue)] = []

    mutating func add(_ name: String, _ text: String) {
        if !text.isEmpty { members.append((name, .string(text))) }
    }

    mutating func add(_ name: String, _ flag: Bool) {
        if flag { members.append((name, .bool(true))) }
    }

    mutating func add(_ name: String, _ texts: [String]) {
        add(name, texts.map { .string($0) })
    }

    mutating func add(_ name: String, _ values: [JSONValue]) {
        if !values.isEmpty { members.append((name, .array(values))) }
    }
}

extension JSONValue {
    /// An object of strings in the order of their keys' bytes, which is Go's.
    init(bytewiseSorted strings: [String: String]) {
        self = .object(
            strings.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { ($0.key, .string($0.value)) })
    }
}
