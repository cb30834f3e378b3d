import OCIModel

/// A value that takes fields from a tree one by one, as Go's decoder fills a struct.
protocol TreeReadable {
    init()
    /// Sets the fields that the tree has and leaves the others.
    mutating func overlay(_ tree: JSONValue, at place: String) throws(HelmParseError)
}

extension ChartMetadata: TreeReadable {
    init() {}

    private enum Field: String, CaseIterable {
        case name, home, sources, version, description, keywords, maintainers, icon, apiVersion, condition, tags
        case appVersion, deprecated, annotations, kubeVersion, dependencies, type
    }

    mutating func overlay(_ tree: JSONValue, at place: String) throws(HelmParseError) {
        for (field, value) in try TreeReader.fields(Field.self, of: tree, at: place) {
            let place = "\(place): \(field.rawValue)"
            switch field {
            case .name: try TreeReader.read(value, into: &name, at: place)
            case .home: try TreeReader.read(value, into: &home, at: place)
            case .sources: try TreeReader.read(value, into: &sources, at: place)
            case .version: try TreeReader.read(value, into: &version, at: place)
            case .description: try TreeReader.read(value, into: &description, at: place)
            case .keywords: try TreeReader.read(value, into: &keywords, at: place)
            case .maintainers: try TreeReader.read(value, into: &maintainers, at: place)
            case .icon: try TreeReader.read(value, into: &icon, at: place)
            case .apiVersion: try TreeReader.read(value, into: &apiVersion, at: place)
            case .condition: try TreeReader.read(value, into: &condition, at: place)
            case .tags: try TreeReader.read(value, into: &tags, at: place)
            case .appVersion: try TreeReader.read(value, into: &appVersion, at: place)
            case .deprecated: try TreeReader.read(value, into: &isDeprecated, at: place)
            case .annotations: try TreeReader.read(value, into: &annotations, at: place)
            case .kubeVersion: try TreeReader.read(value, into: &kubeVersion, at: place)
            case .dependencies: try TreeReader.read(value, into: &dependencies, at: place)
            case .type: try TreeReader.read(value, into: &type, at: place)
            }
        }
    }
}

extension ChartMaintainer: TreeReadable {
    private enum Field: String, CaseIterable {
        case name, email, url
    }

    mutating func overlay(_ tree: JSONValue, at place: String) throws(HelmParseError) {
        for (field, value) in try TreeReader.fields(Field.self, of: tree, at: place) {
            let place = "\(place).\(field.rawValue)"
            switch field {
            case .name: try TreeReader.read(value, into: &name, at: place)
            case .email: try TreeReader.read(value, into: &email, at: place)
            case .url: try TreeReader.read(value, into: &url, at: place)
            }
        }
    }
}

extension ChartDependency: TreeReadable {
    private enum Field: String, CaseIterable {
        case name, version, repository, condition, tags, enabled, alias
        case importValues = "import-values"
    }

    mutating func overlay(_ tree: JSONValue, at place: String) throws(HelmParseError) {
        for (field, value) in try TreeReader.fields(Field.self, of: tree, at: place) {
            let place = "\(place).\(field.rawValue)"
            switch field {
            case .name: try TreeReader.read(value, into: &name, at: place)
            case .version: try TreeReader.read(value, into: &version, at: place)
            case .repository: try TreeReader.read(value, into: &repository, at: place)
            case .condition: try TreeReader.read(value, into: &condition, at: place)
            case .tags: try TreeReader.read(value, into: &tags, at: place)
            case .enabled: try TreeReader.read(value, into: &isEnabled, at: place)
            case .alias: try TreeReader.read(value, into: &alias, at: place)
            case .importValues: try TreeReader.read(value, into: &importValues, at: place)
            }
        }
    }
}
