internal import Codecs
internal import Content
internal import FrontDoor
internal import HTTPMessage
internal import HTTPServer
internal import OCIModel

extension RegistryFace {
    func base() -> Response {
        Response(
            .ok,
            headers: [("Content-Type", "application/json"), ("Docker-Distribution-API-Version", "registry/2.0")],
            body: .bytes(Array("{}".utf8)))
    }

    /// end-3: a manifest, whole, as it was pushed.
    ///
    /// There is one representation of it, so `Accept` chooses nothing: a client that cannot use the type is told the
    /// type and not a 404.
    func manifest(_ reference: ManifestReference, in place: RegistryPlace, _ request: any Request)
        throws(ContentError) -> Plan
    {
        if let cached = try cache?.cachedManifest(reference, in: place.repository) {
            return try answer(cached) { found throws(ContentError) in
                place.marked(RegistryFace.response(found, to: reference, request))
            }
        }
        let found = try registry.findManifest(reference, in: place.repository)
        return .respond(place.marked(RegistryFace.response(found, to: reference, request)))
    }

    private static func response(_ found: StoredManifest, to reference: ManifestReference, _ request: any Request)
        -> Response
    {
        let digest = found.digest.description
        let cache =
            switch reference {
            case .digest: CacheControl.byDigest
            case .tag: CacheControl.byName
            }
        let entityTag = "\"\(digest)\""
        if let wanted = request.header("If-None-Match"), EntityTag(digest).matches(ifNoneMatch: wanted) {
            return Response(
                .notModified,
                headers: [("Docker-Content-Digest", digest), ("ETag", entityTag), ("Cache-Control", cache)])
        }
        return Response(
            .ok,
            headers: [
                ("Content-Type", found.mediaType.description), ("Docker-Content-Digest", digest), ("ETag", entityTag),
                ("Cache-Control", cache),
            ], body: .bytes(found.bytes))
    }

    /// end-7: stores a manifest by tag, or by digest with any number of `?tag=`.
    func putManifest(_ reference: ManifestReference, in repository: RepositoryName, _ request: any Request)
        throws(ContentError) -> Plan
    {
        // Counted before the query is read, which has a limit of its own.
        let tagCount = request.rawQuery.utf8.split(separator: UInt8(ascii: "&")).count { $0.starts(with: "tag=".utf8) }
        guard tagCount <= RegistryFace.mostTags else {
            return .respond(
                .failure(
                    .uriTooLong, code: "UNSUPPORTED",
                    "\(tagCount) tags in one request, \(RegistryFace.mostTags) is the most"))
        }
        var tags = try RegistryFace.tags(request)
        if case .tag(let tag) = reference { tags.insert(tag, at: 0) }
        let contentType = request.header("Content-Type")
        return .receive(maximumBytes: options.maximumManifestBytes) { [self, tags] bytes in
            do throws(ContentError) {
                return try await store(bytes, as: reference, tags: tags, contentType, in: repository)
            } catch {
                return .failure(error)
            }
        }
    }

    /// The specification's draft asks for ten or more.
    private static let mostTags = 50

    private static func tags(_ request: any Request) throws(ContentError) -> [Tag] {
        guard !request.rawQuery.isEmpty else { return [] }
        var tags: [Tag] = []
        for text in try request.queryItems().all("tag") {
            do { tags.append(try Tag(parsing: text)) } catch { throw .parameterInvalid(error.description) }
        }
        return tags
    }

    private func store(
        _ bytes: [UInt8], as reference: ManifestReference, tags: [Tag], _ contentType: String?,
        in repository: RepositoryName
    ) async throws(ContentError) -> Response {
        let mediaType = try RegistryFace.mediaType(of: bytes, contentType)
        let digest: Digest
        switch reference {
        case .digest(let named): digest = named
        case .tag:
            guard let hashed = Digest(.sha256, hash: ContentHasher.hash(bytes.span, .sha256)) else {
                throw .internal("SHA-256 gave a hash of the wrong length")
            }
            digest = hashed
        }
        try await registry.putManifest(
            StoredManifest(digest: digest, mediaType: mediaType, bytes: bytes), tags: tags, in: repository)
        var response = Response(
            .created,
            headers: [
                ("Location", "/v2/\(repository)/manifests/\(digest)"), ("Docker-Content-Digest", digest.description),
            ])
        if let subject = (try? Manifest(parsing: bytes, contentType: mediaType))?.subject {
            response.headers.append(("OCI-Subject", subject.digest.description))
        }
        for tag in tags { response.headers.append(("OCI-Tag", tag.description)) }
        return response
    }

    /// The type is the header's; Helm writes none into the body.
    ///
    /// A body that names one will do where the header is missing. Manifests are JSON, and only as JSON are they served:
    /// as `text/html` one would be a page on the registry's own site.
    private static func mediaType(of bytes: [UInt8], _ contentType: String?) throws(ContentError) -> MediaType {
        guard let type = try declaredType(of: bytes, contentType) else {
            throw .manifestInvalid("the request has no Content-Type: send the manifest's media type")
        }
        guard type.description == "application/json" || type.description.hasSuffix("+json") else {
            throw .manifestInvalid("media type \(type) is no manifest's: manifests are JSON")
        }
        return type
    }

    private static func declaredType(of bytes: [UInt8], _ contentType: String?) throws(ContentError) -> MediaType? {
        do {
            if let contentType, !contentType.isEmpty { return try MediaType(parsing: contentType) }
            return try JSONValue(parsing: bytes)["mediaType"]?.string.map { text throws(OCIParseError) in
                try MediaType(parsing: text)
            }
        } catch {
            throw .manifestInvalid(error.description)
        }
    }

    /// end-9: removes a tag, or a manifest with all its tags.
    func deleteManifest(_ reference: ManifestReference, in repository: RepositoryName) -> Plan {
        perform { [registry] () throws(ContentError) in
            try await registry.deleteManifest(reference, in: repository)
            return Response(.accepted)
        }
    }
}
