public import Content
internal import HTTPClient
internal import HTTPMessage
public import OCIModel
internal import Synchronization

// Attributes from Azure's data-plane paths; `PlainInventory` stands in where a registry has none.
extension RegistryClient: Inventory {
    /// A page of repository names, from `/v2/_catalog`.
    ///
    /// Many public registries do not offer it.
    public func repositories(_ page: PageRequest<String>) async throws(ContentError) -> Page<RepositoryName> {
        let call = RegistryCall(method: .get, url: try catalogURL(), scope: .catalog, object: .catalog)
        return try await Pagination(transport: transport).page(page, of: call) { tree throws(ContentError) in
            try RegistryClient.texts(tree["repositories"], "repositories").map { text throws(ContentError) in
                do throws(OCIParseError) {
                    return (try RepositoryName(parsing: text), text)
                } catch {
                    throw .unavailable("the registry lists a malformed name: \(error.description)")
                }
            }
        }
    }

    /// One repository's attributes.
    ///
    /// One GET; elsewhere one for each page of tags and one HEAD for each tag.
    public func repository(_ name: RepositoryName) async throws(ContentError) -> RepositoryAttributes {
        let url = try attributesURL(name)
        guard let tree = try await attributes(url, .readAttributes(name), .repository(name)) else {
            return try await plain.repository(name)
        }
        return RepositoryAttributes(json: tree, name: name)
    }

    /// A page of tags with attributes.
    ///
    /// One GET for each page; elsewhere one HEAD for each tag as well.
    public func tagList(in repository: RepositoryName, naming digest: Digest?, _ page: PageRequest<String>)
        async throws(ContentError) -> Page<TagAttributes>
    {
        let query = digest.map { [("digest", $0.description)] } ?? []
        let call = listing(try attributesURL(repository, "/_tags", query), repository)
        let found = try await listed(page, call) { tree throws(ContentError) in
            try RegistryClient.objects(tree["tags"], "tags") { json throws(OCIParseError) in
                let tag = try TagAttributes(json: json)
                return (tag, tag.name.description)
            }
        }
        if let found { return found }
        return try await plain.tagList(in: repository, naming: digest, page)
    }

    /// A page of manifests with attributes, sorted by digest.
    ///
    /// One GET for each page; elsewhere one HEAD for each tag and one GET for each manifest of the page, and manifests
    /// without tags are not seen.
    public func manifestList(in repository: RepositoryName, _ page: PageRequest<Digest>)
        async throws(ContentError) -> Page<ManifestAttributes>
    {
        let call = listing(try attributesURL(repository, "/_manifests"), repository)
        let wanted = PageRequest(limit: page.limit, last: page.last?.description)
        let found = try await listed(wanted, call) { tree throws(ContentError) in
            try RegistryClient.objects(tree["manifests"], "manifests") { json throws(OCIParseError) in
                let manifest = try ManifestAttributes(json: json)
                return (manifest, manifest.digest.description)
            }
        }
        if let found { return found }
        return try await plain.manifestList(in: repository, page)
    }

    /// One manifest's attributes.
    ///
    /// One GET; elsewhere one, and one HEAD for each tag.
    public func manifestAttributes(_ digest: Digest, in repository: RepositoryName) async throws(ContentError)
        -> ManifestAttributes
    {
        let object = AskedObject.manifest(.digest(digest), repository)
        let url = try attributesURL(repository, "/_manifests/\(digest)")
        guard let tree = try await attributes(url, .readAttributes(repository), object) else {
            return try await plain.manifestAttributes(digest, in: repository)
        }
        do throws(OCIParseError) {
            return try ManifestAttributes(json: tree["manifest"] ?? .null)
        } catch {
            throw .unavailable("\(endpoint.name) describes \(object) wrongly: \(error.description)")
        }
    }

    /// One tag's attributes.
    ///
    /// One GET; elsewhere one HEAD.
    public func tagAttributes(_ tag: Tag, in repository: RepositoryName) async throws(ContentError) -> TagAttributes {
        let object = AskedObject.manifest(.tag(tag), repository)
        let url = try attributesURL(repository, "/_tags/\(tag)")
        guard let tree = try await attributes(url, .readAttributes(repository), object) else {
            return try await plain.tagAttributes(tag, in: repository)
        }
        do throws(OCIParseError) {
            return try TagAttributes(json: tree["tag"] ?? .null)
        } catch {
            throw .unavailable("\(endpoint.name) describes \(object) wrongly: \(error.description)")
        }
    }

    /// Removes a repository with all it holds.
    ///
    /// One DELETE; not offered elsewhere.
    public func deleteRepository(_ name: RepositoryName) async throws(ContentError) -> (manifests: Int64, tags: Int64) {
        let call = RegistryCall(
            method: .delete, url: try attributesURL(name), scope: .delete(name), object: .repository(name))
        let tree = try await changed(call, "remove a whole repository; delete its manifests one by one")
        return (
            RegistryClient.count(tree["manifestsDeleted"] ?? tree["manifestsDeletedCount"]),
            RegistryClient.count(tree["tagsDeleted"] ?? tree["tagsDeletedCount"])
        )
    }

    /// Changes locks.
    ///
    /// One PATCH; not offered elsewhere.
    public func changeAttributes(
        _ change: AttributeChange, of reference: ManifestReference?, in repository: RepositoryName
    ) async throws(ContentError) {
        let below =
            switch reference {
            case nil: ""
            case .tag(let tag): "/_tags/\(tag)"
            case .digest(let digest): "/_manifests/\(digest)"
            }
        var call = RegistryCall(
            method: .patch, url: try attributesURL(repository, below), body: AttributeLocks.json(change).text(),
            scope: .changeAttributes(repository),
            object: reference.map { .manifest($0, repository) } ?? .repository(repository))
        call.headers.append("Content-Type", "application/json")
        _ = try await changed(call, "lock anything")
    }

    /// Removes a tag on its attribute path, for registries that delete manifests by digest only.
    func deleteTag(_ tag: Tag, in repository: RepositoryName, _ refusal: ContentError) async throws(ContentError) {
        let object = AskedObject.manifest(.tag(tag), repository)
        if !lacksAttributePaths.withLock({ $0 }) {
            let url = try attributesURL(repository, "/_tags/\(tag)")
            let response = try await transport.send(
                RegistryCall(method: .delete, url: url, scope: .delete(repository), object: object))
            if response.status.isSuccess { return }
            let failure = await transport.failure(response)
            guard failure.isMissingFeature, !failure.isFromRegistry else { throw failure.error(about: object) }
        }
        throw .unsupported(
            "\(endpoint.name) cannot remove a tag on its own (\(refusal.message)); delete the manifest by its digest")
    }
}

extension RegistryClient {
    private static let maximumObjectBytes = 4 << 20

    var plain: PlainInventory { PlainInventory(registry: self) }

    /// The object at an attribute path; nil when the registry has no such paths.
    private func attributes(
        _ url: HTTPURL, _ scope: TokenScope, _ object: AskedObject
    ) async throws(ContentError) -> JSONValue? {
        if lacksAttributePaths.withLock({ $0 }) { return nil }
        var call = RegistryCall(method: .get, url: url, scope: scope, object: object)
        call.maximumResponseBytes = Int64(RegistryClient.maximumObjectBytes)
        let response = try await transport.send(call)
        guard response.status.isSuccess else {
            let failure = await transport.failure(response)
            guard failure.isMissingFeature else { throw failure.error(about: object) }
            lacksAttributePaths.withLock { $0 = true }
            return nil
        }
        return try await json(response, object)
    }

    /// A page of an attribute list; nil when the registry has no such paths.
    private func listed<Element>(
        _ page: PageRequest<String>, _ call: RegistryCall,
        _ decode: (JSONValue) throws(ContentError) -> [(Element, String)]
    ) async throws(ContentError) -> Page<Element>? {
        if lacksAttributePaths.withLock({ $0 }) { return nil }
        do throws(ContentError) {
            return try await Pagination(transport: transport).page(page, of: call, decode)
        } catch {
            guard try await !hasAttributePaths(call, error) else { throw error }
            return nil
        }
    }

    /// After a failed listing: whether the paths are served at all, asked where the answer is small.
    private func hasAttributePaths(_ call: RegistryCall, _ error: ContentError) async throws(ContentError) -> Bool {
        switch error {
        case .nameUnknown, .unsupported: break
        default: return true
        }
        guard let name = call.scope.repository else { return true }
        do throws(ContentError) {
            return try await attributes(try attributesURL(name), call.scope, call.object) != nil
        } catch {
            return true
        }
    }

    private func listing(_ url: HTTPURL, _ repository: RepositoryName) -> RegistryCall {
        RegistryCall(method: .get, url: url, scope: .readAttributes(repository), object: .repository(repository))
    }

    /// What a changing request answered.
    ///
    /// - Throws: `.unsupported` where the registry has no attribute paths.
    private func changed(_ call: RegistryCall, _ what: String) async throws(ContentError) -> JSONValue {
        let response = try await transport.send(call)
        if response.status.isSuccess { return try await json(response, call.object) }
        let failure = await transport.failure(response)
        guard failure.isMissingFeature, !failure.isFromRegistry else { throw failure.error(about: call.object) }
        throw .unsupported("\(endpoint.name) cannot \(what)")
    }

    private func json(_ response: HTTPClientResponse, _ object: AskedObject) async throws(ContentError) -> JSONValue {
        let body = try await transport.collect(response, maximumBytes: RegistryClient.maximumObjectBytes)
        if body.isEmpty { return .null }
        do {
            return try JSONValue(parsing: body)
        } catch {
            throw .unavailable("\(endpoint.name) sent no JSON for \(object)")
        }
    }

    /// Azure answers with the names of what went, others with their number.
    private static func count(_ json: JSONValue?) -> Int64 {
        json?.integer ?? Int64(json?.array?.count ?? 0)
    }

    private static func objects<Element>(
        _ value: JSONValue?, _ name: String, _ decode: (JSONValue) throws(OCIParseError) -> (Element, String)
    ) throws(ContentError) -> [(Element, String)] {
        if value == nil || value == .null { return [] }
        guard let list = value?.array else { throw .unavailable("the registry's \(name) are no list") }
        var elements: [(Element, String)] = []
        do throws(OCIParseError) {
            for json in list { elements.append(try decode(json)) }
        } catch {
            throw .unavailable("the registry's \(name) hold a malformed one: \(error.description)")
        }
        return elements
    }
}
