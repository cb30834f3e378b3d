public import Content
public import OCIModel

extension JSONValue {
    /// A text, or null.
    init(optional text: String?) {
        self = text.map { .string($0) } ?? .null
    }

    /// A list of texts.
    init(_ texts: [String]) {
        self = .array(texts.map { .string($0) })
    }
}

extension ChartSummary {
    /// `namespace` (empty for the root), `repository`, `name`, `version`, `appVersion`, `description`, `deprecated`,
    /// `type`, `created`, `digest` (the archive's SHA-256), `size`, `manifest`, `versions` (how many are listed).
    public var json: JSONValue {
        .object([
            ("namespace", .string(namespace.description)), ("repository", .string(repository.description)),
            ("name", .string(name)), ("version", .string(version)), ("appVersion", .string(appVersion)),
            ("description", .string(description)), ("deprecated", .bool(isDeprecated)), ("type", .string(type)),
            ("created", .string(created)), ("digest", .string(archive.description)), ("size", .integer(size)),
            ("manifest", .string(manifest.description)), ("versions", .integer(versionCount)),
        ])
    }
}

extension UnlistedChart {
    /// `repository`, `manifest`, `tags`, `problem`.
    public var json: JSONValue {
        .object([
            ("repository", .string(repository.description)), ("manifest", .string(manifest.description)),
            ("tags", JSONValue(tags.map(\.description))), ("problem", .string(problem)),
        ])
    }
}
