internal import Content
internal import OCIModel

// The objects of `/api/chart/`, as Chartroom's server writes them. What a chart says is taken as it is; what names
// something here must be a name.
extension ChartSummary {
    init(json: JSONValue) throws(OCIParseError) {
        self.init(
            namespace: try ChartNamespace(json: json["namespace"]),
            repository: try RepositoryName(parsing: json["repository"]?.string ?? ""),
            name: json["name"]?.string ?? "", version: json["version"]?.string ?? "",
            appVersion: json["appVersion"]?.string ?? "", description: json["description"]?.string ?? "",
            isDeprecated: json["deprecated"]?.bool ?? false, type: json["type"]?.string ?? "",
            created: json["created"]?.string ?? "", archive: try Digest(parsing: json["digest"]?.string ?? ""),
            size: json["size"]?.integer ?? 0, manifest: try Digest(parsing: json["manifest"]?.string ?? ""),
            versionCount: json["versions"]?.integer ?? 0)
        guard !name.isEmpty, !version.isEmpty else { throw OCIParseError("a chart has no name or no version") }
    }
}

extension UnlistedChart {
    init(json: JSONValue) throws(OCIParseError) {
        var tags: [Tag] = []
        for text in json["tags"]?.array ?? [] { tags.append(try Tag(parsing: text.string ?? "")) }
        self.init(
            repository: try RepositoryName(parsing: json["repository"]?.string ?? ""),
            manifest: try Digest(parsing: json["manifest"]?.string ?? ""), tags: tags,
            problem: json["problem"]?.string ?? "")
    }
}

extension ChartNamespace {
    fileprivate init(json: JSONValue?) throws(OCIParseError) {
        guard let text = json?.string else { throw OCIParseError("a chart has no namespace") }
        self.init(text.isEmpty ? nil : try RepositoryName(parsing: text))
    }
}
