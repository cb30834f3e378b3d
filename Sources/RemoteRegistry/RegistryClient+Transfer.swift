public import Content
internal import HTTPClient
internal import HTTPMessage
public import OCIModel
internal import Synchronization

// The cheap questions of a transfer; how blobs are placed stands in `RegistryClient+Placing`.
extension RegistryClient: TransferDestination {
    private static let namesPrefix = "names "
    private static let digestsPrefix = "digests "
    /// The most tags a repository may have to be listed.
    private static let maximumTags = 200_000

    /// All tags of a repository, with their digests where the registry has attribute paths.
    ///
    /// One GET for each page, the first conditional; no request for a single tag. An entity tag belongs to the kind of
    /// listing that gave it: where there are no digests, an equal one says that the names are the same, no more. A
    /// registry without attribute paths is asked for them once in the life of this client.
    public func listTags(
        in repository: RepositoryName, unless entityTag: String?
    ) async throws(ContentError) -> TagListing {
        if let listing = try await tagListing.ask({ [self] () async -> Result<TagListing?, ContentError> in
            do throws(ContentError) {
                return .success(try await tagsWithDigests(in: repository, unless: entityTag))
            } catch {
                return .failure(error)
            }
        }) {
            return listing
        }
        let known = RegistryClient.validator(entityTag, RegistryClient.namesPrefix)
        switch try await tagList(in: repository, unless: known) {
        case .same: return .same
        case .list(let tags, let validator, _):
            return .tags(tags.map { ListedTag($0) }, entityTag: validator.map { RegistryClient.namesPrefix + $0 })
        }
    }

    /// The digest a tag names now.
    ///
    /// One conditional HEAD; a GET where the registry names no digest there.
    public func digest(
        of tag: Tag, in repository: RepositoryName, unless known: Digest?
    ) async throws(ContentError) -> Digest {
        switch try await manifestDigest(tag, in: repository, unless: known) {
        case .same:
            if let known { return known }
            return try await manifest(.tag(tag), in: repository).digest
        case .other(let digest?): return digest
        case .other(nil): return try await manifest(.tag(tag), in: repository).digest
        }
    }

    /// The manifests that name a manifest as their subject.
    ///
    /// One GET for each page, and one more where the registry has no such listing.
    public func listReferrers(
        of subject: Digest, in repository: RepositoryName
    ) async throws(ContentError) -> [Descriptor] {
        do throws(ContentError) {
            return try await referrers(of: subject, in: repository)
        } catch .manifestUnknown, .nameUnknown {
            return []
        }
    }

    /// Reads a blob that an upload waits for, here or elsewhere: as `readBlob`, but in no line.
    ///
    /// An upload that holds the last place at its host would wait for ever for a reading that waits for one.
    public func feedBlob(
        _ digest: Digest, in repository: RepositoryName, from offset: Int64,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError) {
        try await readBlob(digest, in: repository, from: offset, takesSlot: false, head: { _ in }, body)
    }

    /// Whether the repository has a manifest.
    ///
    /// One HEAD; an answer that names another digest is none.
    public func hasManifest(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) -> Bool {
        var call = RegistryCall(
            method: .head, url: try manifestURL(.digest(digest), repository), scope: .pull(repository),
            object: .manifest(.digest(digest), repository))
        call.headers.append("Accept", RegistryClient.manifestTypes)
        let response = try await transport.send(call)
        if response.status.isSuccess {
            let named = response.headers["Docker-Content-Digest"].flatMap { try? Digest(parsing: $0) }
            return named == nil || named == digest
        }
        if response.status == .notFound { return false }
        throw await transport.failure(response).error(about: call.object)
    }

    /// What lies on the attribute path; nil when there is none, or we may not see it.
    private func tagsWithDigests(
        in repository: RepositoryName, unless entityTag: String?
    ) async throws(ContentError) -> TagListing? {
        if lacksAttributePaths.withLock({ $0 }) { return nil }
        var call = RegistryCall(
            method: .get, url: try attributesURL(repository, "/_tags", [("n", "1000")]),
            scope: .readAttributes(repository), object: .repository(repository))
        let known = RegistryClient.validator(entityTag, RegistryClient.digestsPrefix)
        if let known { call.headers.append("If-None-Match", known) }
        var walk = ListWalk(call, transport)
        var tags: [Tag: ListedTag] = [:]
        var seen = 0
        var validator: String?
        while walk.hasMore {
            let response: HTTPClientResponse
            do throws(ContentError) {
                response = try await walk.ask()
            } catch .unauthorized where walk.pageCount == 1 {
                return nil
            }
            if walk.pageCount == 1 {
                if response.status == .notModified, known != nil { return .same }
                if try await lacksTagListing(response, call.object) { return nil }
                validator = response.headers.values("ETag").first
            }
            try await walk.read(response, "tags") { element in
                seen += 1
                if let tag = try? TagAttributes(json: element) {
                    let updatedAt = tag.updatedAt > 0 ? tag.updatedAt : nil
                    tags[tag.name] = ListedTag(tag.name, digest: tag.digest, updatedAt: updatedAt)
                }
                return seen <= RegistryClient.maximumTags
            }
            guard seen <= RegistryClient.maximumTags else {
                throw .tooLarge(
                    "\(endpoint.name) lists more than \(RegistryClient.maximumTags) tags of \(call.object), "
                        + "which is the limit")
            }
            if walk.hasMore { validator = nil }
        }
        return .tags(
            tags.values.sorted { $0.tag < $1.tag }, entityTag: validator.map { RegistryClient.digestsPrefix + $0 })
    }

    /// Whether the first answer says that tags are not listed there, or not to us: a bare refusal, or what a web server
    /// shows for any path.
    private func lacksTagListing(
        _ response: HTTPClientResponse, _ object: AskedObject
    ) async throws(ContentError) -> Bool {
        if response.status.isSuccess {
            let isHTML = response.headers["Content-Type"]?.lowercased().hasPrefix("text/html") == true
            if isHTML { response.cancel() }
            return isHTML
        }
        let failure = await transport.failure(response)
        if failure.isMissingFeature {
            lacksAttributePaths.withLock { $0 = true }
            return true
        }
        if [.unauthorized, .forbidden].contains(failure.status) { return true }
        throw failure.error(about: object)
    }

    /// The registry's own entity tag, when it is of that kind of listing.
    private static func validator(_ entityTag: String?, _ prefix: String) -> String? {
        guard let entityTag, entityTag.hasPrefix(prefix) else { return nil }
        return String(entityTag.dropFirst(prefix.count))
    }
}
