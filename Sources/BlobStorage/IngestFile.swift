internal import Codecs
public import OCIModel
public import Posix

/// Bytes on their way into the store: written to a slot and hashed as they come.
///
/// One user at a time; may move between threads. Nothing is durable before the blob is staged and flushed.
public final class IngestFile: @unchecked Sendable {
    // Unchecked: whoever owns the upload lets one request in at a time, under the lock of its table of sessions.

    /// Blobs larger than this are flushed by the uploader itself, so that a group of small ones need not wait for them.
    private static let ownFlushBytes: Int64 = 1 << 20
    /// How much may be dirty before the kernel is asked to begin writing.
    private static let writebackBytes: Int64 = 8 << 20

    /// The slot's name.
    public let slot: String
    /// Bytes written so far.
    public private(set) var length: Int64
    private let file: File
    private let hasher: ContentHasher
    private let algorithm: DigestAlgorithm
    private var writtenBack: Int64 = 0
    /// Whether a failed write could not be undone: nobody knows what the file holds behind `length`.
    private var isBroken = false

    /// Whether more bytes can be appended; false for good after a failed write that could not be undone.
    public var isUsable: Bool { !isBroken }

    init(slot: String, file: consuming File, algorithm: DigestAlgorithm, length: Int64) {
        self.slot = slot
        self.file = file
        self.algorithm = algorithm
        self.length = length
        hasher = IngestFile.hasher(algorithm)
    }

    /// Appends bytes.
    ///
    /// After an error the file is cut back to what it held before, so the upload can go on.
    public func append(_ bytes: [UInt8]) throws(SystemError) {
        try checkUsable()
        do {
            try file.write(bytes.span)
        } catch {
            isBroken = true
            try file.truncate(to: length)
            try file.seek(to: length)
            isBroken = false
            throw error
        }
        hasher.update(bytes.span)
        length += Int64(bytes.count)
        if length - writtenBack >= IngestFile.writebackBytes {
            file.beginWriteback(offset: writtenBack, length: length - writtenBack)
            writtenBack = length
        }
    }

    /// Closes the bytes off: their digest, and for a large blob their flush.
    ///
    /// Nothing may be appended any more.
    ///
    /// An algorithm other than the one hashed along the way costs a second reading of the bytes.
    public func stage(_ wanted: DigestAlgorithm) throws(SystemError) -> StagedBlob {
        try flush(try seal(wanted))
    }

    /// The first half of `stage`: the digest, with nothing flushed.
    public func seal(_ wanted: DigestAlgorithm) throws(SystemError) -> StagedBlob {
        try checkUsable()
        let finished = wanted == algorithm ? hasher : IngestFile.hasher(wanted)
        if wanted != algorithm { try hashFile(into: finished) }
        guard let digest = Digest(wanted, hash: finished.finish()) else {
            preconditionFailure("a hash has its algorithm's length")
        }
        return StagedBlob(slot: slot, digest: digest, size: length, isFlushed: false)
    }

    /// The second half of `stage`: a large blob is flushed here, a small one by the committer.
    public func flush(_ sealed: StagedBlob) throws(SystemError) -> StagedBlob {
        guard length > IngestFile.ownFlushBytes else { return sealed }
        try file.syncData()
        return StagedBlob(slot: slot, digest: sealed.digest, size: length, isFlushed: true)
    }

    private func checkUsable() throws(SystemError) {
        guard !isBroken else { throw SystemError(code: 5, call: "write", object: file.name) }
    }

    /// Takes up what the file holds already, so that more can be appended.
    func resume() throws(SystemError) {
        try hashFile(into: hasher)
        try file.seek(to: length)
    }

    private func hashFile(into hasher: ContentHasher) throws(SystemError) {
        var offset: Int64 = 0
        while offset < length {
            let piece = try file.read(at: offset, maximumBytes: Int(min(256 << 10, length - offset)))
            guard !piece.isEmpty else { throw SystemError(code: 5, call: "read", object: file.name) }
            hasher.update(piece.span)
            offset += Int64(piece.count)
        }
    }

    private static func hasher(_ algorithm: DigestAlgorithm) -> ContentHasher {
        switch algorithm {
        case .sha256: ContentHasher(.sha256)
        case .sha512: ContentHasher(.sha512)
        }
    }
}
