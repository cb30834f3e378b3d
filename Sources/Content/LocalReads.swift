public import OCIModel

/// A blob open for reading.
public protocol OpenBlob: AnyObject, Sendable {
    /// The size in bytes.
    var size: Int64 { get }
    /// Gives up the file descriptor, which the caller closes; -1 when it was given up before.
    func takeDescriptor() -> Int32
    /// Bytes from `offset`, at most `maximumBytes`, fewer only at the end.
    func read(at offset: Int64, maximumBytes: Int) throws(ContentError) -> [UInt8]
}

/// The synchronous face of an end that has its content at hand.
///
/// Every call answers in microseconds from the page cache and is made on the thread that serves the request, through
/// a connection of that thread. None of them waits for a writer. They obey the read and list locks.
public protocol LocalReads: Sendable {
    /// The manifest a reference names; notes that it was pulled.
    ///
    /// - Throws: `.manifestUnknown`, `.nameUnknown`, `.denied`.
    func findManifest(_ reference: ManifestReference, in repository: RepositoryName) throws(ContentError)
        -> StoredManifest
    /// A blob of the repository, open.
    ///
    /// - Throws: `.blobUnknown`, `.nameUnknown`, `.denied`.
    func findBlob(_ digest: Digest, in repository: RepositoryName) throws(ContentError) -> any OpenBlob
    /// Tags sorted by bytes, hidden ones left out.
    ///
    /// - Throws: `.nameUnknown`.
    func tagPage(in repository: RepositoryName, _ page: PageRequest<String>) throws(ContentError) -> Page<Tag>
    /// Repository names sorted by bytes, hidden ones left out.
    func repositoryPage(_ page: PageRequest<String>) throws(ContentError) -> Page<RepositoryName>
    /// Descriptors of the manifests that name `subject`, sorted by digest, with those of the fallback tag folded in.
    ///
    /// Empty for an unknown repository or subject. `artifactType` filters before the page is cut.
    func referrerPage(
        of subject: Digest, in repository: RepositoryName, artifactType: String?, _ page: PageRequest<Digest>
    ) throws(ContentError) -> Page<Descriptor>
}

/// An upload session's name: 32 lower-case hex digits.
public struct UploadID: Hashable, Sendable, CustomStringConvertible {
    /// The text.
    public let description: String

    /// Parses a name; nil when it is none.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 32,
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        description = String(text)
    }
}

/// Uploads in several requests, and in one.
///
/// Sessions outlive the process. One request at a time may work on a session; another gets `.uploadInvalid`.
public protocol UploadSessions: Sendable {
    /// Begins a session for a client.
    ///
    /// - Throws: `.denied`, `.rateLimited` when the client has too many sessions, `.storageFull`.
    func beginUpload(in repository: RepositoryName, client: String, algorithm: DigestAlgorithm)
        async throws(ContentError) -> UploadID
    /// How many bytes a session holds.
    ///
    /// - Throws: `.uploadUnknown`.
    func uploadLength(_ id: UploadID, in repository: RepositoryName) async throws(ContentError) -> Int64
    /// Opens a session to append to; the caller must end it by `close`, `finish` or `abandon`.
    ///
    /// - Throws: `.uploadUnknown`; `.chunkOutOfOrder` when `offset` is given and is not where the session stands.
    func openUpload(_ id: UploadID, in repository: RepositoryName, at offset: Int64?)
        async throws(ContentError) -> any UploadWriter
    /// Opens an upload that has no session: all in one request.
    ///
    /// - Throws: `.denied`, `.storageFull`.
    func openUpload(in repository: RepositoryName, algorithm: DigestAlgorithm) async throws(ContentError)
        -> any UploadWriter
    /// Ends a session and forgets its bytes.
    ///
    /// - Throws: `.uploadUnknown`.
    func cancelUpload(_ id: UploadID, in repository: RepositoryName) async throws(ContentError)
    /// Links a blob that some repository holds into another one.
    ///
    /// Without `source` any repository will do. False when there is no such blob: upload it.
    /// - Throws: `.denied`, `.storageFull`.
    func mountBlob(_ digest: Digest, from source: RepositoryName?, into repository: RepositoryName)
        async throws(ContentError) -> Bool
}

/// An upload that one request works on.
///
/// May block; calls come one at a time.
public protocol UploadWriter: AnyObject, Sendable {
    /// Bytes the upload holds.
    var length: Int64 { get }
    /// Appends bytes.
    ///
    /// - Throws: `.storageFull`; the bytes before stay.
    func append(_ bytes: [UInt8]) async throws(ContentError)
    /// Leaves the session for later requests.
    func close() async
    /// Ends the upload: the bytes must hash to `digest`, and become a blob of the repository.
    ///
    /// When it returns, the blob is durable. Whatever it throws, the session is over.
    /// - Throws: `.digestInvalid`, `.storageFull`, `.denied`.
    func finish(_ digest: Digest) async throws(ContentError)
    /// The request died: a session keeps what came, an upload without one is forgotten.
    func abandon() async
}
