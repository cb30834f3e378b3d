internal import BlobStorage
internal import Codecs
public import Content
internal import Metadata
public import OCIModel
internal import Posix

extension Registry: UploadSessions {
    /// Begins a session.
    ///
    /// Its row outlives a killed process; it costs no flush.
    public func beginUpload(in repository: RepositoryName, client: String, algorithm: DigestAlgorithm)
        async throws(ContentError) -> UploadID
    {
        try checkUnlocked(repository)
        try uploads.reserve(client)
        do throws(ContentError) {
            let slot = try reserveSlot()
            let row = MetadataWriter.UploadRow(
                id: try Registry.newUploadID(), repository: repository, slot: slot, algorithm: algorithm,
                client: client, startedAt: options.now())
            do throws(ContentError) {
                try await committer.commit(isDurable: false) { writer throws(ContentError) in
                    try writer.addUpload(row)
                    return Committer.Effects()
                }
            } catch {
                blobs.discard(slot: slot)
                throw error
            }
            uploads.add(row)
            return row.id
        } catch {
            uploads.release(client)
            throw error
        }
    }

    private static func newUploadID() throws(ContentError) -> UploadID {
        let hex = PasswordHash.randomBytes(16).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
        guard let id = UploadID(hex) else { throw .internal("a random upload name came out malformed") }
        return id
    }

    private func reserveSlot() throws(ContentError) -> String {
        do { return try blobs.reserveSlot() } catch { throw Registry.noRoom(error) }
    }

    static func noRoom(_ error: SystemError) -> ContentError {
        .storageFull("the store cannot take the bytes: \(error); free or repair the disk, then retry")
    }

    /// Refuses early what the transaction would refuse in the end.
    func checkUnlocked(_ repository: RepositoryName) throws(ContentError) {
        if let locks = try reader().locks(of: repository), !locks.contains(.write) {
            throw .denied("repository \(repository) is locked against writing; unlock it with writeEnabled=true")
        }
    }

    /// How many bytes a session holds.
    public func uploadLength(_ id: UploadID, in repository: RepositoryName) async throws(ContentError) -> Int64 {
        try uploads.length(id, in: repository)
    }

    /// Opens a session to append to.
    ///
    /// One of an earlier process is hashed anew, which reads what it holds.
    public func openUpload(_ id: UploadID, in repository: RepositoryName, at offset: Int64?)
        async throws(ContentError) -> any UploadWriter
    {
        try checkUnlocked(repository)
        let session = try uploads.checkOut(id, in: repository, at: offset)
        do throws(SystemError) {
            let ingest: IngestFile
            if let open = session.ingest {
                ingest = open
            } else {
                ingest = try blobs.resumeIngest(
                    slot: session.row.slot, session.row.algorithm, length: session.length)
            }
            return LocalUpload(registry: self, repository: repository, ingest: ingest, session: id)
        } catch {
            uploads.checkIn(id, nil)
            throw Registry.noRoom(error)
        }
    }

    /// Opens an upload that has no session.
    public func openUpload(in repository: RepositoryName, algorithm: DigestAlgorithm) async throws(ContentError)
        -> any UploadWriter
    {
        try checkUnlocked(repository)
        do {
            let ingest = try blobs.beginIngest(algorithm)
            return LocalUpload(registry: self, repository: repository, ingest: ingest, session: nil)
        } catch {
            throw Registry.noRoom(error)
        }
    }

    /// Ends a session and forgets its bytes.
    public func cancelUpload(_ id: UploadID, in repository: RepositoryName) async throws(ContentError) {
        _ = try uploads.checkOut(id, in: repository, at: nil)
        await forgetUpload(id)
    }

    /// Ends a session that its caller has checked out.
    ///
    /// A row that cannot be removed now is removed by the housekeeping.
    func forgetUpload(_ id: UploadID) async {
        guard let row = uploads.remove(id) else { return }
        try? await committer.commit(ending: row, isDurable: false) { writer throws(ContentError) in
            try writer.removeUpload(id)
            return Committer.Effects(discarded: [row.slot])
        }
    }

    /// Links a blob that some repository holds into another one.
    ///
    /// One flush, no bytes.
    public func mountBlob(_ digest: Digest, from source: RepositoryName?, into repository: RepositoryName)
        async throws(ContentError) -> Bool
    {
        let now = options.now()
        let records = recordsWaiting(for: digest, in: repository) { () throws(ContentError) in
            do throws(SystemError) { return try blobs.open(digest) } catch { throw Registry.noRoom(error) }
        }
        do throws(ContentError) {
            try await committer.commit { writer throws(ContentError) in
                guard try writer.mountBlob(digest, from: source, into: repository, at: now) else {
                    throw .blobUnknown("no repository holds blob \(digest)")
                }
                for (manifest, record) in records { try writer.noteChart(record, of: manifest, in: repository) }
                return Committer.Effects()
            }
            return true
        } catch .blobUnknown {
            return false
        }
    }
}

extension Registry {
    /// Links a staged blob into a repository, as one step of a job.
    func link(
        _ staged: StagedBlob, in repository: RepositoryName, at now: Int64, _ writer: MetadataWriter,
        _ effects: inout Committer.Effects
    ) throws(ContentError) {
        var isNeeded = try writer.linkBlob(staged.digest, size: staged.size, slot: staged.slot, in: repository, at: now)
        if !isNeeded, try hasLost(staged, writer) {
            try writer.addPromotion(slot: staged.slot, staged.digest)
            isNeeded = true
        }
        if isNeeded {
            effects.promotions.append((staged.slot, staged.digest))
        } else {
            effects.discarded.append(staged.slot)
        }
    }

    /// Whether a blob that has its row lacks its file, so that bytes that come again must be kept.
    ///
    /// One look-up.
    func hasLost(_ blob: StagedBlob, _ writer: MetadataWriter) throws(ContentError) -> Bool {
        if let size = try? blobs.size(of: blob.digest), size == blob.size { return false }
        guard let slot = try writer.slot(of: blob.digest) else {
            options.observer.didRecover("put back the bytes of blob \(blob.digest), which were lost")
            return true
        }
        return (try? blobs.ingestSize(of: slot)) != blob.size
    }
}

/// An upload that one request works on.
final class LocalUpload: UploadWriter {
    private let registry: Registry
    private let repository: RepositoryName
    private let ingest: IngestFile
    private let session: UploadID?

    init(registry: Registry, repository: RepositoryName, ingest: IngestFile, session: UploadID?) {
        self.registry = registry
        self.repository = repository
        self.ingest = ingest
        self.session = session
    }

    var length: Int64 { ingest.length }

    func append(_ bytes: [UInt8]) async throws(ContentError) {
        guard ingest.length + Int64(bytes.count) <= registry.options.maximumBlobBytes else {
            throw .tooLarge("a blob may have \(registry.options.maximumBlobBytes) bytes at the most")
        }
        do { try ingest.append(bytes) } catch { throw Registry.noRoom(error) }
        if let session { registry.uploads.note(session, length: ingest.length) }
    }

    func close() async {
        if let session {
            registry.uploads.checkIn(session, ingest)
        } else {
            registry.blobs.discard(slot: ingest.slot)
        }
    }

    func abandon() async { await close() }

    func finish(_ digest: Digest) async throws(ContentError) {
        let staged: StagedBlob
        do {
            staged = try ingest.stage(digest.algorithm)
        } catch {
            await forget()
            throw Registry.noRoom(error)
        }
        guard staged.digest == digest else {
            await forget()
            throw .digestInvalid(
                "the \(staged.size) bytes sent hash to \(staged.digest), not to \(digest); upload again")
        }
        let (session, repository, now) = (session, repository, registry.options.now())
        let records = registry.recordsWaiting(for: staged, in: repository)
        // The session ends here, whatever becomes of it: its slot is the blob's now, or is given back.
        let row = session.flatMap { registry.uploads.remove($0) }
        try await registry.committer.commit([staged], ending: row) { [registry] writer throws(ContentError) in
            var effects = Committer.Effects()
            try registry.link(staged, in: repository, at: now, writer, &effects)
            for (manifest, record) in records { try writer.noteChart(record, of: manifest, in: repository) }
            if let session { try writer.removeUpload(session) }
            return effects
        }
    }

    private func forget() async {
        if let session {
            await registry.forgetUpload(session)
        } else {
            registry.blobs.discard(slot: ingest.slot)
        }
    }
}
