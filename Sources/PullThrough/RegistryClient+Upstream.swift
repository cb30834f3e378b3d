public import Content
public import OCIModel
public import RemoteRegistry

extension RegistryClient: UpstreamRegistry {
    /// The manifest a reference names, verified.
    public func fetchManifest(_ reference: ManifestReference, in repository: RepositoryName) async throws(ContentError)
        -> StoredManifest
    {
        try await manifest(reference, in: repository)
    }

    /// What a tag names now: one conditional HEAD.
    public func checkTag(_ tag: Tag, in repository: RepositoryName, unless known: Digest?) async throws(ContentError)
        -> UpstreamTag
    {
        switch try await manifestDigest(tag, in: repository, unless: known) {
        case .same: .same
        case .other(let digest): .other(digest)
        }
    }

    /// All tags, unless they are those of the entity tag.
    public func listTags(in repository: RepositoryName, unless entityTag: String?) async throws(ContentError)
        -> UpstreamListing<Tag>?
    {
        switch try await tagList(in: repository, unless: entityTag) {
        case .same: nil
        case .list(let tags, let entityTag, _): UpstreamListing(elements: tags, entityTag: entityTag)
        }
    }

    /// All referrers of a manifest.
    public func listReferrers(of subject: Digest, in repository: RepositoryName) async throws(ContentError)
        -> [Descriptor]
    {
        try await referrers(of: subject, in: repository, artifactType: nil)
    }

    /// Reads a blob from a position.
    public func fetchBlob(
        _ digest: Digest, in repository: RepositoryName, from offset: Int64,
        head: (Int64?) async throws(ContentError) -> Void, _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError) {
        try await readBlob(digest, in: repository, from: offset, head: head, body)
    }

    /// Whether it is a registry at all, and lets us in.
    public func ping() async throws(ContentError) {
        let answer: RegistryPing = try await ping()
        switch answer {
        case .welcome: return
        case .refused(let text): throw .unauthorized(text)
        case .stranger(let text): throw .unsupported(text)
        }
    }
}
