internal import Content
internal import OCIModel

// The attribute objects of Azure's data plane as JSON. Source: Azure.ContainerRegistry stable 2021-07-01
// containerregistry.json. What is missing reads as unknown, never as an error, except the names of things.
extension AttributeLocks {
    private static let names: [(String, AttributeLocks)] = [
        ("deleteEnabled", .delete), ("writeEnabled", .write), ("listEnabled", .list), ("readEnabled", .read),
    ]

    /// Reads `changeableAttributes`; what it does not name is not locked.
    init(json: JSONValue?) {
        self = .all
        for (name, lock) in AttributeLocks.names where json?[name]?.bool == false { remove(lock) }
    }

    /// The body of a PATCH.
    static func json(_ change: AttributeChange) -> JSONValue {
        .object(
            names.compactMap { name, lock in
                if change.disable.contains(lock) { return (name, .bool(false)) }
                return change.enable.contains(lock) ? (name, .bool(true)) : nil
            })
    }
}

extension RepositoryAttributes {
    init(json: JSONValue, name: RepositoryName) {
        self.init(
            name: name, createdAt: AttributeTime.microseconds(json["createdTime"]),
            updatedAt: AttributeTime.microseconds(json["lastUpdateTime"]),
            manifestCount: max(0, json["manifestCount"]?.integer ?? 0),
            tagCount: max(0, json["tagCount"]?.integer ?? 0),
            locks: AttributeLocks(json: json["changeableAttributes"]))
    }
}

extension TagAttributes {
    /// - Throws: `OCIParseError` when name or digest are malformed.
    init(json: JSONValue) throws(OCIParseError) {
        self.init(
            name: try Tag(parsing: json["name"]?.string ?? ""),
            digest: try Digest(parsing: json["digest"]?.string ?? ""),
            createdAt: AttributeTime.microseconds(json["createdTime"]),
            updatedAt: AttributeTime.microseconds(json["lastUpdateTime"]),
            locks: AttributeLocks(json: json["changeableAttributes"]), upstream: json["upstream"]?.string,
            goneSince: json["goneTime"].map { AttributeTime.microseconds($0) }.flatMap { $0 == 0 ? nil : $0 })
    }
}

extension ManifestAttributes {
    /// - Throws: `OCIParseError` when digest, type or a tag are malformed.
    init(json: JSONValue) throws(OCIParseError) {
        var tags: [Tag] = []
        for text in json["tags"]?.array ?? [] { tags.append(try Tag(parsing: text.string ?? "")) }
        self.init(
            digest: try Digest(parsing: json["digest"]?.string ?? ""),
            mediaType: try MediaType(parsing: json["mediaType"]?.string ?? ""),
            configMediaType: json["configMediaType"]?.string, artifactType: json["artifactType"]?.string,
            imageSize: max(0, json["imageSize"]?.integer ?? 0),
            createdAt: AttributeTime.microseconds(json["createdTime"]),
            updatedAt: AttributeTime.microseconds(json["lastUpdateTime"]),
            pulledAt: json["lastPullTime"].map { AttributeTime.microseconds($0) }.flatMap { $0 == 0 ? nil : $0 },
            tags: tags.sorted(), locks: AttributeLocks(json: json["changeableAttributes"]))
    }
}

/// Times as attribute objects write them: ISO 8601, usually in UTC with seven digits behind the second.
enum AttributeTime {
    /// Microseconds since 1970; 0 for what is no time.
    static func microseconds(_ json: JSONValue?) -> Int64 {
        json?.string.flatMap { parse($0) } ?? 0
    }

    /// Reads `YYYY-MM-DDThh:mm:ss[.f…](Z|±hh:mm)`; nil for anything else.
    static func parse(_ text: String) -> Int64? { RFC3339.microseconds(parsing: text) }
}
