public import Content
public import OCIModel

/// How a transfer works.
public struct TransferOptions: Sendable {
    /// How many blobs of one manifest are moved at a time.
    public var blobsAtATime = 4
    /// Whether both ends are one registry, so that blobs can be mounted from where they are read.
    public var isOneRegistry = false
    /// Where upload sessions are remembered between runs; nil for nowhere.
    public var sessions: TransferSessions?

    /// Four blobs at a time, no memory of sessions.
    public init() {}
}

/// Remembers upload sessions at one destination, so that a later run can take them up.
public struct TransferSessions: Sendable {
    /// The session that was begun for a blob, if any.
    public var find: @Sendable (RepositoryName, Digest) async -> String?
    /// Remembers a session, or with nil that it is over; must not block.
    public var note: @Sendable (RepositoryName, Digest, String?) -> Void

    /// Builds it.
    public init(
        find: @escaping @Sendable (RepositoryName, Digest) async -> String?,
        note: @escaping @Sendable (RepositoryName, Digest, String?) -> Void
    ) {
        self.find = find
        self.note = note
    }
}

/// What happens in a copy, as it happens.
public enum TransferProgress: Sendable, Equatable {
    /// A blob of so many bytes is looked at.
    case blobBegan(Digest, size: Int64)
    /// So many more bytes of it were handed to the destination.
    case bytes(Digest, Int64)
    /// It is at the destination.
    case blobEnded(Digest, BlobOutcome)
    /// A manifest was put.
    case manifestPut(Digest)
}

/// A blob that was made here, for `Transfer.put`.
public struct MadeBlob: Sendable {
    /// What it is.
    public var descriptor: Descriptor
    /// Gives its bytes from an offset; called as often as needed.
    public var open: @Sendable (_ offset: Int64) async throws(ContentError) -> any BlobPieces

    /// A blob whose bytes come from a closure.
    public init(
        _ descriptor: Descriptor,
        open: @escaping @Sendable (_ offset: Int64) async throws(ContentError) -> any BlobPieces
    ) {
        self.descriptor = descriptor
        self.open = open
    }

    /// A blob at hand.
    public init(_ descriptor: Descriptor, bytes: [UInt8]) {
        self.descriptor = descriptor
        open = { offset throws(ContentError) in BytePieces(bytes, from: offset) }
    }
}
