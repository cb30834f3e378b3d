public import OCIModel

/// Gives blobs by digest.
public protocol BlobSource: Sendable {
    /// The size of a blob of the repository, in bytes.
    ///
    /// - Throws: `.blobUnknown`, `.nameUnknown`, `.denied`, `.unauthorized`, `.unavailable`.
    func blobSize(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) -> Int64

    /// Reads a blob from `offset` to its end, in pieces of at most 256 KiB, in order.
    ///
    /// A whole read (offset 0) is verified: when the bytes do not hash to the digest it throws `.corrupt` after the
    /// last piece. A body that throws ends the read with that error.
    /// - Throws: as `blobSize`; `.rangeInvalid` when `offset` lies behind the end.
    func readBlob(
        _ digest: Digest, in repository: RepositoryName, from offset: Int64,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError)
}

/// Takes blobs.
public protocol BlobSink: Sendable {
    /// Stores a blob; `next` gives its bytes piece by piece and nil at the end.
    ///
    /// Idempotent: a blob that is there already is not read from `next`. When it returns, the blob is durable.
    /// - Throws: `.digestInvalid` or `.sizeInvalid` when the bytes are not what `expected` says, `.denied`,
    ///   `.storageFull`, `.unavailable`, or what `next` throws; then nothing is stored.
    func putBlob(
        _ expected: Descriptor, in repository: RepositoryName,
        _ next: () async throws(ContentError) -> [UInt8]?
    ) async throws(ContentError)
}

/// Finds manifests by tag or digest, and lists tags.
public protocol TagResolver: Sendable {
    /// The manifest a reference names.
    ///
    /// - Throws: `.manifestUnknown`, `.nameUnknown`, `.denied`, `.unauthorized`, `.unavailable`.
    func manifest(_ reference: ManifestReference, in repository: RepositoryName) async throws(ContentError)
        -> StoredManifest

    /// A page of the repository's tags, sorted by bytes.
    ///
    /// - Throws: as `manifest`.
    func tags(in repository: RepositoryName, _ page: PageRequest<String>) async throws(ContentError) -> Page<Tag>
}

/// Takes manifests and moves tags.
public protocol Tagger: Sendable {
    /// Stores a manifest, by digest alone or under tags as well, in one step.
    ///
    /// Idempotent. When it returns, manifest and tags are durable.
    /// - Throws: `.manifestInvalid`, `.digestInvalid`, `.referencesMissing`, `.denied`, `.tooLarge`, `.storageFull`.
    func putManifest(_ manifest: StoredManifest, tags: [Tag], in repository: RepositoryName)
        async throws(ContentError)
}

/// Removes things.
public protocol Deleter: Sendable {
    /// Removes a tag, or a manifest with all its tags.
    ///
    /// - Throws: `.manifestUnknown`, `.nameUnknown`, `.denied`, `.unsupported` when locked.
    func deleteManifest(_ reference: ManifestReference, in repository: RepositoryName) async throws(ContentError)

    /// Removes a blob from a repository.
    ///
    /// - Throws: `.blobUnknown`, `.nameUnknown`, `.denied`, `.unsupported` when locked.
    func deleteBlob(_ digest: Digest, in repository: RepositoryName) async throws(ContentError)
}

/// Lists and changes what people look at: repositories, tags and manifests with their attributes.
public protocol Inventory: Sendable {
    /// A page of repository names, sorted by bytes.
    func repositories(_ page: PageRequest<String>) async throws(ContentError) -> Page<RepositoryName>
    /// One repository's attributes.
    ///
    /// - Throws: `.nameUnknown`.
    func repository(_ name: RepositoryName) async throws(ContentError) -> RepositoryAttributes
    /// A page of tags with attributes, sorted by bytes; with `digest` only those that name it.
    ///
    /// - Throws: `.nameUnknown`.
    func tagList(in repository: RepositoryName, naming digest: Digest?, _ page: PageRequest<String>)
        async throws(ContentError) -> Page<TagAttributes>
    /// A page of manifests with attributes, sorted by digest.
    ///
    /// - Throws: `.nameUnknown`.
    func manifestList(in repository: RepositoryName, _ page: PageRequest<Digest>) async throws(ContentError) -> Page<
        ManifestAttributes
    >
    /// One manifest's attributes.
    ///
    /// - Throws: `.nameUnknown`, `.manifestUnknown`.
    func manifestAttributes(_ digest: Digest, in repository: RepositoryName) async throws(ContentError)
        -> ManifestAttributes
    /// One tag's attributes.
    ///
    /// - Throws: `.nameUnknown`, `.manifestUnknown`.
    func tagAttributes(_ tag: Tag, in repository: RepositoryName) async throws(ContentError) -> TagAttributes
    /// Removes a repository with its manifests, tags and blob links; gives how many manifests and tags went.
    ///
    /// - Throws: `.nameUnknown`, `.unsupported` when locked.
    func deleteRepository(_ name: RepositoryName) async throws(ContentError) -> (manifests: Int64, tags: Int64)
    /// Changes the locks of a repository, or of one manifest or tag in it.
    ///
    /// - Throws: `.nameUnknown`, `.manifestUnknown`.
    func changeAttributes(_ change: AttributeChange, of reference: ManifestReference?, in repository: RepositoryName)
        async throws(ContentError)
}

/// What the command line needs of a registry, near or far.
public typealias RegistryEnd = BlobSource & BlobSink & TagResolver & Tagger & Deleter & Inventory & ChartCatalog
