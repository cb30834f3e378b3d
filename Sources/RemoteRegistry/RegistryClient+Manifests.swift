internal import Codecs
public import Content
internal import HTTPClient
internal import HTTPMessage
public import OCIModel

extension RegistryClient: TagResolver, Tagger, Deleter {
    /// The manifest a reference names, verified.
    ///
    /// One GET.
    public func manifest(_ reference: ManifestReference, in repository: RepositoryName) async throws(ContentError)
        -> StoredManifest
    {
        var call = RegistryCall(
            method: .get, url: try manifestURL(reference, repository), scope: .pull(repository),
            object: .manifest(reference, repository))
        call.headers.append("Accept", RegistryClient.manifestTypes)
        let (response, bytes) = try await transport.body(of: call, maximumBytes: options.maximumManifestBytes)
        let digest = try digest(of: bytes, reference, response, call.object)
        return StoredManifest(digest: digest, mediaType: try mediaType(bytes, response, call.object), bytes: bytes)
    }

    /// A page of tags.
    ///
    /// One GET for each page the registry makes of it.
    public func tags(in repository: RepositoryName, _ page: PageRequest<String>) async throws(ContentError) -> Page<Tag>
    {
        let call = RegistryCall(
            method: .get, url: try tagsURL(repository), scope: .pull(repository), object: .repository(repository))
        return try await Pagination(transport: transport).page(page, of: call) { tree throws(ContentError) in
            try RegistryClient.texts(tree["tags"], "tags").map { text throws(ContentError) in
                (try self.tag(text), text)
            }
        }
    }

    /// Stores a manifest under tags.
    ///
    /// One PUT where the registry takes tags with a digest, else one for each tag. Where the registry does not list the
    /// referrers of a manifest's subject, one GET and one PUT more keep the index of them that clients keep then.
    public func putManifest(_ manifest: StoredManifest, tags: [Tag], in repository: RepositoryName)
        async throws(ContentError)
    {
        let algorithm = manifest.digest.algorithm
        guard Digest(algorithm, hash: ContentHasher.hash(manifest.bytes.span, algorithm.function)) == manifest.digest
        else { throw .digestInvalid("the manifest's bytes do not hash to \(manifest.digest)") }
        // Registries disagree on what to answer to a malformed one; distribution 2.8 answers 500.
        let parsed: Manifest
        do throws(OCIParseError) {
            parsed = try Manifest(parsing: manifest.bytes, contentType: manifest.mediaType)
        } catch {
            throw .manifestInvalid("the manifest for \(repository) is invalid: \(error.description)")
        }
        let isListed = try await put(manifest, tags: tags, in: repository).headers["OCI-Subject"] != nil
        if let subject = parsed.subject, !isListed {
            try await listReferrer(manifest, parsed, of: subject.digest, in: repository)
        }
    }

    /// The answer to the first PUT.
    private func put(
        _ manifest: StoredManifest, tags: [Tag], in repository: RepositoryName
    ) async throws(ContentError) -> HTTPClientResponse {
        if tags.count == 1, manifest.digest.algorithm == .sha256 {
            return try await put(manifest, as: .tag(tags[0]), [], in: repository)
        }
        let query = tags.map { ("tag", $0.description) }
        let response = try await put(manifest, as: .digest(manifest.digest), query, in: repository)
        let moved = Set(
            response.headers.values("OCI-Tag").flatMap { $0.split(separator: ",") }.map(RegistryClient.trimmed))
        for tag in tags where !moved.contains(tag.description) {
            _ = try await put(manifest, as: .tag(tag), [], in: repository)
        }
        return response
    }

    func put(
        _ manifest: StoredManifest, as reference: ManifestReference, _ query: [(String, String)],
        in repository: RepositoryName
    ) async throws(ContentError) -> HTTPClientResponse {
        var call = RegistryCall(
            method: .put, url: try manifestURL(reference, repository, query), body: manifest.bytes,
            scope: .push(repository), object: .manifest(reference, repository))
        call.headers.append("Content-Type", manifest.mediaType.description)
        let response = try await transport.succeed(call)
        if let stored = response.headers["Docker-Content-Digest"], stored != manifest.digest.description,
            manifest.digest.algorithm == .sha256
        {
            throw .corrupt("\(endpoint.name) stored \(call.object) under another digest than \(manifest.digest)")
        }
        return response
    }

    /// Removes a tag, or a manifest with all its tags.
    ///
    /// One DELETE, two where tags are removed on attribute paths only.
    public func deleteManifest(_ reference: ManifestReference, in repository: RepositoryName)
        async throws(ContentError)
    {
        let object = AskedObject.manifest(reference, repository)
        let response = try await transport.send(
            RegistryCall(
                method: .delete, url: try manifestURL(reference, repository), scope: .delete(repository), object: object
            ))
        if response.status.isSuccess { return }
        let failure = await transport.failure(response)
        guard case .tag(let tag) = reference, failure.isMissingFeature || failure.isDigestWanted else {
            throw failure.error(about: object)
        }
        try await deleteTag(tag, in: repository, failure.error(about: object))
    }

    /// Removes a blob from a repository.
    ///
    /// One DELETE.
    public func deleteBlob(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) {
        _ = try await transport.succeed(
            RegistryCall(
                method: .delete, url: try blobURL(digest, repository), scope: .delete(repository),
                object: .blob(digest, repository)))
    }
}

extension RegistryClient {
    /// A tag as the registry writes it.
    func tag(_ text: String) throws(ContentError) -> Tag {
        do {
            return try Tag(parsing: text)
        } catch {
            throw .unavailable("\(endpoint.name) lists a malformed tag: \(error.description)")
        }
    }

    /// All types a manifest may have, in one field line: some registries read only the first line.
    static let manifestTypes = [
        MediaType.ociManifest, .ociIndex, .dockerManifest, .dockerManifestList, .ociArtifactManifest,
    ].map(\.description).joined(separator: ", ")

    /// The digest of what came: that of the reference, else the one the registry names, else SHA-256.
    private func digest(
        of bytes: [UInt8], _ reference: ManifestReference, _ response: HTTPClientResponse, _ object: AskedObject
    ) throws(ContentError) -> Digest {
        let named: Digest?
        switch reference {
        case .digest(let digest): named = digest
        case .tag: named = response.headers["Docker-Content-Digest"].flatMap { try? Digest(parsing: $0) }
        }
        let algorithm = named?.algorithm ?? .sha256
        guard let digest = Digest(algorithm, hash: ContentHasher.hash(bytes.span, algorithm.function)) else {
            throw .internal("a hash has the wrong length")
        }
        guard named == nil || named == digest else {
            throw .corrupt("\(endpoint.name) sent a manifest for \(object) that does not hash to its digest")
        }
        return digest
    }

    /// What servers call whatever they do not know; a page of a web server is no manifest either.
    private static let typesOfAnything = ["application/json", "text/plain", "text/html", "application/octet-stream"]

    /// The type in the header, else the one in the body: Helm writes none there.
    private func mediaType(
        _ bytes: [UInt8], _ response: HTTPClientResponse, _ object: AskedObject
    ) throws(ContentError) -> MediaType {
        if let text = response.headers["Content-Type"], let type = try? MediaType(parsing: text),
            !RegistryClient.typesOfAnything.contains(type.description)
        {
            return type
        }
        if let text = (try? JSONValue(parsing: bytes))?["mediaType"]?.string, let type = try? MediaType(parsing: text) {
            return type
        }
        throw .unavailable("\(endpoint.name) does not say what type \(object) has")
    }

    /// An array of strings; null stands for none, as some registries write it.
    static func texts(_ value: JSONValue?, _ name: String) throws(ContentError) -> [String] {
        if value == nil || value == .null { return [] }
        guard let list = value?.array else { throw .unavailable("the registry's \(name) are no list") }
        var texts: [String] = []
        for element in list {
            guard let text = element.string else { throw .unavailable("the registry's \(name) are no list of texts") }
            texts.append(text)
        }
        return texts
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

extension RegistryFailure {
    /// Whether the registry deletes by digest only: distribution answers so to a tag.
    var isDigestWanted: Bool { status == .badRequest && entries.contains { $0.code == .digestInvalid } }
}
