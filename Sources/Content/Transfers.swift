public import OCIModel

// What a copy between two ends needs besides blobs and manifests: cheap questions, and blobs put with what is known
// of them already. Every end of a mirror conforms: registries, the local store, an image layout.

/// A tag as a listing shows it.
public struct ListedTag: Hashable, Sendable {
    /// The tag.
    public var tag: Tag
    /// The manifest it names; nil where the listing does not say.
    public var digest: Digest?
    /// When it last moved, in microseconds since 1970; nil where the listing does not say.
    public var updatedAt: Int64?

    /// Builds it.
    public init(_ tag: Tag, digest: Digest? = nil, updatedAt: Int64? = nil) {
        self.tag = tag
        self.digest = digest
        self.updatedAt = updatedAt
    }
}

/// What came of asking for all tags of a repository.
public enum TagListing: Sendable, Equatable {
    /// They are those the entity tag is of.
    case same
    /// The tags, sorted by bytes, each once, with what to ask again with.
    case tags([ListedTag], entityTag: String?)
}

/// What a transfer reads from.
public protocol TransferSource: BlobSource, TagResolver {
    /// All tags of a repository, with their digests where one request tells.
    ///
    /// - Throws: `.nameUnknown` when there is no such repository, `.tooLarge`, `.unauthorized`, `.denied`,
    ///   `.rateLimited`, `.unavailable`.
    func listTags(in repository: RepositoryName, unless entityTag: String?) async throws(ContentError) -> TagListing
    /// The digest a tag names now: one request without a body; `known` makes it conditional.
    ///
    /// - Throws: `.manifestUnknown`, `.nameUnknown`, and as `listTags`.
    func digest(of tag: Tag, in repository: RepositoryName, unless known: Digest?) async throws(ContentError) -> Digest
    /// Descriptors of the manifests that name `subject`, sorted by digest; none for an unknown one.
    func listReferrers(of subject: Digest, in repository: RepositoryName) async throws(ContentError) -> [Descriptor]
    /// A page of repository names, sorted by bytes.
    ///
    /// - Throws: `.unsupported` or what the end answers where it has no such listing.
    func repositories(_ page: PageRequest<String>) async throws(ContentError) -> Page<RepositoryName>
    /// Reads as `readBlob` does, for bytes that somebody's upload waits for.
    ///
    /// Such a reading must not stand in line behind uploads that wait for one like it.
    func feedBlob(
        _ digest: Digest, in repository: RepositoryName, from offset: Int64,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError)
}

extension TransferSource {
    /// Reads as `readBlob`, for ends without lines.
    public func feedBlob(
        _ digest: Digest, in repository: RepositoryName, from offset: Int64,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError) {
        try await readBlob(digest, in: repository, from: offset, body)
    }
}

/// A blob's bytes from some position on; one task at a time asks.
public protocol BlobPieces: AnyObject, Sendable {
    /// The next piece, at most 256 KiB; nil at the end.
    func next() async throws(ContentError) -> [UInt8]?
}

/// What is known of a blob at the destination before it is put there.
public struct BlobPlacement: Sendable {
    /// False when it cannot be there: then nobody is asked.
    public var mayBeThere: Bool
    /// Another repository of the destination that holds it, or held it a moment ago.
    public var mountFrom: RepositoryName?
    /// An upload session that was begun for it before, as `noteSession` was told; it need not exist any more.
    public var session: String?
    /// Is told of a session that can be taken up later, and of its end by nil.
    public var noteSession: @Sendable (String?) -> Void

    /// Nothing is known.
    public init(
        mayBeThere: Bool = true, mountFrom: RepositoryName? = nil, session: String? = nil,
        noteSession: @escaping @Sendable (String?) -> Void = { _ in }
    ) {
        self.mayBeThere = mayBeThere
        self.mountFrom = mountFrom
        self.session = session
        self.noteSession = noteSession
    }
}

/// How a blob came to be at the destination.
public enum BlobOutcome: Sendable, Equatable {
    /// It was there.
    case present
    /// It was linked from another repository; nothing was sent.
    case mounted
    /// It was sent: so many bytes, fewer than its size when an earlier session was taken up.
    case sent(Int64)
}

/// What a transfer writes to.
public protocol TransferDestination: TransferSource, Tagger, Deleter {
    /// Whether the repository has a manifest: one request without a body.
    ///
    /// - Throws: `.unauthorized`, `.denied`, `.rateLimited`, `.unavailable`.
    func hasManifest(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) -> Bool
    /// Puts a blob where it is not yet; `open` gives its bytes from an offset and is called as often as needed, not at
    /// all for a blob that is there or can be mounted.
    ///
    /// When it returns, the blob is durable and verified.
    /// - Throws: as `BlobSink.putBlob`, and what `open` and its pieces throw.
    func placeBlob(
        _ expected: Descriptor, in repository: RepositoryName, _ placement: BlobPlacement,
        _ open: (_ offset: Int64) async throws(ContentError) -> any BlobPieces
    ) async throws(ContentError) -> BlobOutcome
}
