internal import Content
internal import FrontDoor
internal import HTTPMessage
internal import HTTPServer
internal import OCIModel

/// The attribute objects of Azure Container Registry's data plane, which `az acr` and its SDKs read and write.
///
/// Source: Azure.ContainerRegistry stable 2021-07-01 containerregistry.json.
extension RegistryFace {
    func attributes(_ route: RegistryTarget.AttributeRoute, _ request: any Request) throws(ContentError) -> Plan {
        // The server sends no body for HEAD.
        switch (route, request.method == .head ? .get : request.method) {
        case (.catalog, .get): return .respond(try attributeCatalog(request))
        case (.repository(let name), .get):
            return perform { [self] () throws(ContentError) in try await repositoryObject(name) }
        case (.repository(let name), .delete): return deleteRepository(name)
        case (.repository(let name), .patch): return change(nil, in: name)
        case (.tags(let name), .get): return try tagList(in: name, request)
        case (.tag(let name, let tag), .get):
            return perform { [self] () throws(ContentError) in try await tagObject(tag, in: name) }
        case (.tag(let name, let tag), .patch): return change(.tag(tag), in: name)
        case (.tag(let name, let tag), .delete): return deleteManifest(.tag(tag), in: name)
        case (.manifests(let name), .get): return try manifestList(in: name, request)
        case (.manifest(let name, let digest), .get):
            return perform { [self] () throws(ContentError) in try await manifestObject(digest, in: name) }
        case (.manifest(let name, let digest), .patch): return change(.digest(digest), in: name)
        default: throw .unsupported("\(request.method.rawValue) is not offered on attribute paths like this one")
        }
    }

    private func attributeCatalog(_ request: any Request) throws(ContentError) -> Response {
        let wanted = try RegistryFace.page(try request.queryItems(), usual: 100)
        let page = try registry.repositoryPage(wanted)
        var headers: [(name: StaticString, value: String)] = []
        if page.hasMore, let last = page.elements.last {
            headers.append(RegistryFace.next("/acr/v1/_catalog", wanted.limit, last: last.description))
        }
        return listing(
            .object([("repositories", .array(page.elements.map { .string($0.description) }))]), headers, request)
    }

    // MARK: Objects

    private func named(_ repository: RepositoryName, _ members: [(String, JSONValue)]) -> JSONValue {
        .object(
            [("registry", .string(options.hostName)), ("imageName", .string(repository.description))] + members)
    }

    private func repositoryObject(_ name: RepositoryName) async throws(ContentError) -> Response {
        let found = try await registry.repository(name)
        return .json(
            .ok,
            named(
                name,
                [
                    ("createdTime", .string(AttributeTime.text(found.createdAt))),
                    ("lastUpdateTime", .string(AttributeTime.text(found.updatedAt))),
                    ("manifestCount", .integer(found.manifestCount)), ("tagCount", .integer(found.tagCount)),
                    ("changeableAttributes", RegistryFace.locks(found.locks)),
                ]))
    }

    private func tagObject(_ tag: Tag, in name: RepositoryName) async throws(ContentError) -> Response {
        .json(.ok, named(name, [("tag", RegistryFace.object(try await registry.tagAttributes(tag, in: name)))]))
    }

    private func manifestObject(_ digest: Digest, in name: RepositoryName) async throws(ContentError) -> Response {
        let found = try await registry.manifestAttributes(digest, in: name)
        return .json(.ok, named(name, [("manifest", RegistryFace.object(found))]))
    }

    static func locks(_ locks: AttributeLocks) -> JSONValue {
        .object([
            ("deleteEnabled", .bool(locks.contains(.delete))), ("writeEnabled", .bool(locks.contains(.write))),
            ("listEnabled", .bool(locks.contains(.list))), ("readEnabled", .bool(locks.contains(.read))),
        ])
    }

    private static func object(_ tag: TagAttributes) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("name", .string(tag.name.description)), ("digest", .string(tag.digest.description)),
            ("createdTime", .string(AttributeTime.text(tag.createdAt))),
            ("lastUpdateTime", .string(AttributeTime.text(tag.updatedAt))), ("signed", .bool(false)),
            ("changeableAttributes", locks(tag.locks)),
        ]
        if let upstream = tag.upstream { members.append(("upstream", .string(upstream))) }
        if let time = tag.goneSince { members.append(("goneTime", .string(AttributeTime.text(time)))) }
        return .object(members)
    }

    private static func object(_ manifest: ManifestAttributes) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("digest", .string(manifest.digest.description)), ("imageSize", .integer(manifest.imageSize)),
            ("createdTime", .string(AttributeTime.text(manifest.createdAt))),
            ("lastUpdateTime", .string(AttributeTime.text(manifest.updatedAt))),
            ("mediaType", .string(manifest.mediaType.description)),
        ]
        if let type = manifest.configMediaType { members.append(("configMediaType", .string(type))) }
        if let type = manifest.artifactType { members.append(("artifactType", .string(type))) }
        if let time = manifest.pulledAt { members.append(("lastPullTime", .string(AttributeTime.text(time)))) }
        members.append(("tags", .array(manifest.tags.map { .string($0.description) })))
        members.append(("changeableAttributes", locks(manifest.locks)))
        return .object(members)
    }

    // MARK: Lists

    private func tagList(in name: RepositoryName, _ request: any Request) throws(ContentError) -> Plan {
        let query = try request.queryItems()
        let wanted = try RegistryFace.page(query, usual: 100)
        var digest: Digest?
        if let text = query.first("digest"), !text.isEmpty {
            do { digest = try Digest(parsing: text) } catch { throw .digestInvalid(error.description) }
        }
        let known = request.header("If-None-Match")
        return perform { [self, digest] () throws(ContentError) in
            let page = try await registry.tagList(in: name, naming: digest, wanted)
            var headers: [(name: StaticString, value: String)] = []
            if page.hasMore, let last = page.elements.last {
                headers.append(
                    RegistryFace.next(
                        "/acr/v1/\(name)/_tags", wanted.limit, last: last.name.description,
                        digest.map { "&digest=\(PercentEncoding.encodeQueryValue($0.description))" } ?? ""))
            }
            let object = named(name, [("tags", .array(page.elements.map(RegistryFace.object)))])
            return .tagged(object.text(), type: "application/json", headers: headers, ifNoneMatch: known)
        }
    }

    private func manifestList(in name: RepositoryName, _ request: any Request) throws(ContentError) -> Plan {
        let wanted = try RegistryFace.page(try request.queryItems(), usual: 100)
        let digests = PageRequest(limit: wanted.limit, last: try RegistryFace.lastDigest(wanted))
        return perform { [self] () throws(ContentError) in
            let page = try await registry.manifestList(in: name, digests)
            var response = Response.json(
                .ok, named(name, [("manifests", .array(page.elements.map(RegistryFace.object)))]))
            if page.hasMore, let last = page.elements.last {
                response.headers.append(
                    RegistryFace.next("/acr/v1/\(name)/_manifests", wanted.limit, last: last.digest.description))
            }
            return response
        }
    }

    // MARK: Changes

    private func deleteRepository(_ name: RepositoryName) -> Plan {
        perform { [registry] () throws(ContentError) in
            let removed = try await registry.deleteRepository(name)
            return .json(
                .accepted,
                .object([
                    ("manifestsDeletedCount", .integer(removed.manifests)),
                    ("tagsDeletedCount", .integer(removed.tags)),
                ]))
        }
    }

    private func change(_ reference: ManifestReference?, in name: RepositoryName) -> Plan {
        .receive(maximumBytes: 64 << 10) { [self] bytes in
            do throws(ContentError) {
                try await registry.changeAttributes(try RegistryFace.change(bytes), of: reference, in: name)
                switch reference {
                case nil: return try await repositoryObject(name)
                case .tag(let tag): return try await tagObject(tag, in: name)
                case .digest(let digest): return try await manifestObject(digest, in: name)
                }
            } catch {
                return .failure(error)
            }
        }
    }

    /// `{"deleteEnabled": …}`: only what is there changes; a null changes nothing.
    private static func change(_ bytes: [UInt8]) throws(ContentError) -> AttributeChange {
        let tree: JSONValue
        do { tree = try JSONValue(parsing: bytes) } catch { throw .parameterInvalid(error.description) }
        guard tree.members != nil else { throw .parameterInvalid("the body must be a JSON object of attributes") }
        var change = AttributeChange()
        for (name, lock) in [
            ("deleteEnabled", AttributeLocks.delete), ("writeEnabled", .write), ("listEnabled", .list),
            ("readEnabled", .read),
        ] {
            guard let value = tree[name], value != .null else { continue }
            guard let isOn = value.bool else { throw .parameterInvalid("\(name) must be true or false") }
            if isOn { change.enable.insert(lock) } else { change.disable.insert(lock) }
        }
        return change
    }
}
