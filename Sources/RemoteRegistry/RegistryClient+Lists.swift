public import Content
internal import HTTPClient
internal import HTTPMessage
public import OCIModel

/// What came of asking for all tags of a repository.
public enum TagListAnswer: Sendable, Equatable {
    /// They are those the entity tag is of.
    case same
    /// The tags, sorted by bytes, each once.
    ///
    /// The entity tag is nil when there was none, or more than one page. What stood in the list and is no tag was
    /// dropped and counted.
    case list([Tag], entityTag: String?, droppedCount: Int)
}

extension RegistryClient {
    /// The most tags a repository may have to be listed.
    private static let maximumTags = 200_000
    /// The most referrers of one manifest.
    private static let maximumReferrers = 10_000

    /// All tags of a repository.
    ///
    /// One GET for each page the registry makes of them, the first conditional when an entity tag is given. Takes at
    /// most 32 MiB in all.
    /// - Throws: `.nameUnknown`, `.tooLarge` beyond 200,000 tags, `.unauthorized`, `.denied`, `.rateLimited`,
    ///   `.unavailable` also for what is no list, and for pages in a circle or on another host.
    public func tagList(
        in repository: RepositoryName, unless entityTag: String? = nil
    ) async throws(ContentError) -> TagListAnswer {
        var call = RegistryCall(
            method: .get, url: try tagsURL(repository).adding("n", "1000"), scope: .pull(repository),
            object: .repository(repository))
        if let entityTag { call.headers.append("If-None-Match", entityTag) }
        var walk = ListWalk(call, transport)
        var tags: Set<Tag> = []
        var validator: String?
        var counts = (seen: 0, dropped: 0)
        while walk.hasMore {
            let response = try await walk.ask()
            if response.status == .notModified, entityTag != nil, walk.pageCount == 1 { return .same }
            validator = walk.pageCount == 1 ? response.headers.values("ETag").first : nil
            try await walk.read(response, "tags") { element in
                counts.seen += 1
                if let text = element.string, let tag = try? Tag(parsing: text) {
                    tags.insert(tag)
                } else {
                    counts.dropped += 1
                }
                return counts.seen <= RegistryClient.maximumTags
            }
            guard counts.seen <= RegistryClient.maximumTags else {
                throw .tooLarge(
                    "\(endpoint.name) lists more than \(RegistryClient.maximumTags) tags of \(call.object), which is the limit"
                )
            }
            if walk.hasMore { validator = nil }
        }
        return .list(tags.sorted(), entityTag: validator, droppedCount: counts.dropped)
    }

    /// The manifests that name a manifest as their subject, sorted by digest, each once; none for an unknown subject.
    ///
    /// With an artifact type only those of that type. One GET for each page; a registry without the referrers API is
    /// asked for the index that stands in for it. A descriptor that is none is left out.
    /// - Throws: `.tooLarge` beyond 10,000, `.unauthorized`, `.denied`, `.rateLimited`, `.unavailable`.
    public func referrers(
        of subject: Digest, in repository: RepositoryName, artifactType: String? = nil
    ) async throws(ContentError) -> [Descriptor] {
        let object = AskedObject.manifest(.digest(subject), repository)
        let url = try referrersURL(subject, repository, artifactType.map { [("artifactType", $0)] } ?? [])
        var call = RegistryCall(method: .get, url: url, scope: .pull(repository), object: object)
        call.headers.append("Accept", MediaType.ociIndex.description)
        var walk = ListWalk(call, transport)
        var found = FoundReferrers(artifactType: artifactType, maximumCount: RegistryClient.maximumReferrers)
        while walk.hasMore {
            let response = try await walk.ask()
            if walk.pageCount == 1, try await lacksReferrers(response, object) {
                return try await listedReferrers(of: subject, in: repository, &found)
            }
            try await walk.read(response, "manifests") { found.take($0) }
            try found.check(endpoint.name, object)
        }
        return found.sorted
    }

    /// Whether the first answer says that there is no such API: 404, or whatever a web server shows for any path.
    private func lacksReferrers(
        _ response: HTTPClientResponse, _ object: AskedObject
    ) async throws(ContentError) -> Bool {
        if response.status.isSuccess {
            let type = response.headers["Content-Type"].flatMap { try? MediaType(parsing: $0) }
            let isIndex = type == .ociIndex || type?.description == "application/json"
            if !isIndex { response.cancel() }
            return !isIndex
        }
        let failure = await transport.failure(response)
        guard failure.status == .notFound || failure.isMissingFeature else { throw failure.error(about: object) }
        return true
    }

    /// What clients of the referrers tag schema wrote (distribution-spec v1.1.1, section Referrers Tag Schema).
    private func listedReferrers(
        of subject: Digest, in repository: RepositoryName, _ found: inout FoundReferrers
    ) async throws(ContentError) -> [Descriptor] {
        guard let tag = RegistryClient.referrersTag(subject) else { return [] }
        let index: StoredManifest
        do throws(ContentError) {
            index = try await manifest(.tag(tag), in: repository)
        } catch {
            switch error {
            case .manifestUnknown, .nameUnknown: return []
            default: throw error
            }
        }
        guard index.mediaType.isIndex else { return [] }
        try ListWalk.elements(index.bytes, "manifests", "\(endpoint.name) sent for \(repository):\(tag)") {
            found.take($0)
        }
        try found.check(endpoint.name, .manifest(.digest(subject), repository))
        return found.sorted
    }
}

/// Referrers as they come in.
private struct FoundReferrers {
    let artifactType: String?
    let maximumCount: Int
    private var seen = 0
    private var byDigest: [Digest: Descriptor] = [:]

    init(artifactType: String?, maximumCount: Int) {
        self.artifactType = artifactType
        self.maximumCount = maximumCount
    }

    var sorted: [Descriptor] { byDigest.values.sorted { $0.digest < $1.digest } }

    /// Gives whether to go on.
    mutating func take(_ element: JSONValue) -> Bool {
        seen += 1
        // Registries need not filter.
        if let descriptor = try? Descriptor(json: element, at: "manifests"),
            artifactType == nil || descriptor.artifactType == artifactType
        {
            byDigest[descriptor.digest] = descriptor
        }
        return seen <= maximumCount
    }

    func check(_ registry: String, _ object: AskedObject) throws(ContentError) {
        guard seen <= maximumCount else {
            throw .tooLarge("\(registry) lists more than \(maximumCount) referrers of \(object), which is the limit")
        }
    }
}
