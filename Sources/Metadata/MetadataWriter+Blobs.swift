public import Content
public import OCIModel
internal import SQLite

extension MetadataWriter {
    /// Links a blob into a repository.
    ///
    /// `slot` names where its bytes are when they have just come.
    ///
    /// True when the slot is to become the blob: it is remembered until `forgetPromotions`. False when the store
    /// holds the blob already, and the slot is not needed.
    /// - Throws: `.denied` when the repository is locked; `.blobUnknown` without a slot when the store lacks it.
    public func linkBlob(
        _ digest: Digest, size: Int64, slot: String?, in repository: RepositoryName, at now: Int64
    ) throws(ContentError) -> Bool {
        let repositoryID = try writableRepository(repository, at: now)
        let known = try sql.first("SELECT id FROM blobs WHERE digest = ?1", [.digest(digest)]) { $0.integer(0) }
        guard known != nil || slot != nil else { throw .blobUnknown("blob \(digest) is not in the store") }
        var blobID = known ?? 0
        if known == nil, let slot {
            try sql.run(
                "INSERT INTO blobs (digest, size, created_at) VALUES (?1, ?2, ?3)",
                [.digest(digest), .integer(size), .integer(now)])
            blobID = lastInsertedRow
            try addPromotion(slot: slot, digest)
        }
        try sql.run(
            "INSERT OR IGNORE INTO blob_links (repository_id, blob_id, linked_at) VALUES (?1, ?2, ?3)",
            [.integer(repositoryID), .integer(blobID), .integer(now)])
        try endWaits(for: digest, repositoryID)
        return known == nil
    }

    /// Links a blob another repository holds.
    ///
    /// False when none does.
    ///
    /// With `source` only that repository counts; it must not be locked against reading.
    public func mountBlob(
        _ digest: Digest, from source: RepositoryName?, into repository: RepositoryName, at now: Int64
    ) throws(ContentError) -> Bool {
        let found: Int64?
        if let source {
            found = try sql.first(
                """
                SELECT b.size FROM blobs b JOIN blob_links l ON l.blob_id = b.id
                JOIN repositories r ON r.id = l.repository_id WHERE b.digest = ?1 AND r.name = ?2 AND r.locks & 8
                """, [.digest(digest), .text(source.description)]
            ) { $0.integer(0) }
        } else {
            found = try sql.first(
                """
                SELECT b.size FROM blobs b JOIN blob_links l ON l.blob_id = b.id
                JOIN repositories r ON r.id = l.repository_id WHERE b.digest = ?1 AND r.locks & 8 LIMIT 1
                """, [.digest(digest)]
            ) { $0.integer(0) }
        }
        guard let size = found else { return false }
        _ = try linkBlob(digest, size: size, slot: nil, in: repository, at: now)
        return true
    }

    /// Unlinks a blob from a repository.
    ///
    /// True when no repository holds it any more: its row is gone, and its file may go once this is committed.
    ///
    /// - Throws: `.nameUnknown`, `.blobUnknown`, `.unsupported` when the repository is locked against deleting.
    public func unlinkBlob(_ digest: Digest, in repository: RepositoryName) throws(ContentError) -> Bool {
        let row = try knownRepository(repository)
        guard row.locks.contains(.delete) else {
            throw .unsupported("repository \(repository) is locked against deleting; unlock it with deleteEnabled=true")
        }
        let blobID = try sql.first("SELECT id FROM blobs WHERE digest = ?1", [.digest(digest)]) { $0.integer(0) }
        guard let blobID,
            try sql.run(
                "DELETE FROM blob_links WHERE repository_id = ?1 AND blob_id = ?2",
                [.integer(row.id), .integer(blobID)]) == 1
        else { throw .blobUnknown("blob \(digest) is not in repository \(repository)") }
        return try dropIfUnlinked(blobID, digest)
    }

    func dropIfUnlinked(_ blobID: Int64, _ digest: Digest) throws(ContentError) -> Bool {
        let dropped = try sql.run(
            "DELETE FROM blobs WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM blob_links WHERE blob_id = ?1)",
            [.integer(blobID)])
        if dropped == 1 {
            try sql.run("DELETE FROM promotions WHERE digest = ?1", [.digest(digest)])
            try sql.run("INSERT OR IGNORE INTO removals (digest) VALUES (?1)", [.digest(digest)])
        }
        return dropped == 1
    }

    // MARK: Promotions

    /// A move of a slot's bytes to a blob's name.
    public struct Promotion: Sendable, Equatable {
        /// Where the bytes are.
        public let slot: String
        /// The blob they become.
        public let digest: Digest
        /// Their number, as the blob's row has it.
        public let size: Int64
    }

    /// The moves whose names may not be on the disk yet.
    public func promotions() throws(ContentError) -> [Promotion] {
        try sql.all("SELECT p.slot, p.digest, b.size FROM promotions p JOIN blobs b ON b.digest = p.digest") { row in
            row.digest(1).map { Promotion(slot: row.text(0), digest: $0, size: row.integer(2)) }
        }.compactMap { $0 }
    }

    /// Remembers that a slot becomes a blob.
    public func addPromotion(slot: String, _ digest: Digest) throws(ContentError) {
        try sql.run("INSERT INTO promotions (slot, digest) VALUES (?1, ?2)", [.text(slot), .digest(digest)])
    }

    /// The slot that holds a blob's bytes while it has not got its name yet.
    public func slot(of digest: Digest) throws(ContentError) -> String? {
        try sql.first("SELECT slot FROM promotions WHERE digest = ?1", [.digest(digest)]) { $0.text(0) }
    }

    /// Forgets moves whose names are on the disk.
    public func forgetPromotions(_ slots: [String]) throws(ContentError) {
        for slot in slots { try sql.run("DELETE FROM promotions WHERE slot = ?1", [.text(slot)]) }
    }

    /// Blobs whose rows are gone and whose files may still be there.
    ///
    /// A blob that has come back since is not among them.
    public func removals() throws(ContentError) -> [Digest] {
        try sql.all("SELECT digest FROM removals WHERE digest NOT IN (SELECT digest FROM blobs)") { $0.digest(0) }
            .compactMap { $0 }
    }

    /// Forgets every removal: the files are gone and so are their names on the disk.
    public func forgetRemovals() throws(ContentError) {
        try sql.run("DELETE FROM removals")
    }

    /// Forgets a blob whose bytes are lost, with every link to it; for start-up only.
    public func forgetLostBlob(_ digest: Digest) throws(ContentError) {
        // The links by themselves: the trigger that counts them off needs the blob's size.
        try sql.run(
            "DELETE FROM blob_links WHERE blob_id IN (SELECT id FROM blobs WHERE digest = ?1)", [.digest(digest)])
        try sql.run("DELETE FROM blobs WHERE digest = ?1", [.digest(digest)])
        try sql.run("DELETE FROM promotions WHERE digest = ?1", [.digest(digest)])
    }

    // MARK: Upload sessions

    /// An upload session's row.
    public struct UploadRow: Sendable, Equatable {
        /// The session.
        public let id: UploadID
        /// The repository it was begun in.
        public let repository: RepositoryName
        /// Where its bytes are.
        public let slot: String
        /// The hash it was begun with.
        public let algorithm: DigestAlgorithm
        /// Who began it.
        public let client: String
        /// When, in microseconds since 1970.
        public let startedAt: Int64

        /// Builds a row.
        public init(
            id: UploadID, repository: RepositoryName, slot: String, algorithm: DigestAlgorithm, client: String,
            startedAt: Int64
        ) {
            self.id = id
            self.repository = repository
            self.slot = slot
            self.algorithm = algorithm
            self.client = client
            self.startedAt = startedAt
        }
    }

    /// Remembers a session.
    ///
    /// - Throws: `.denied` when the repository is locked.
    public func addUpload(_ row: UploadRow) throws(ContentError) {
        if let repository = try repositoryRow(row.repository), !repository.locks.contains(.write) {
            throw .denied("repository \(row.repository) is locked against writing; unlock it with writeEnabled=true")
        }
        try sql.run(
            """
            INSERT INTO upload_sessions (id, repository, slot, algorithm, client, started_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            """,
            [
                .text(row.id.description), .text(row.repository.description), .text(row.slot),
                .integer(Int64(row.algorithm.rawValue)), .text(row.client), .integer(row.startedAt),
            ])
    }

    /// Forgets a session; one that is not known is fine.
    public func removeUpload(_ id: UploadID) throws(ContentError) {
        try sql.run("DELETE FROM upload_sessions WHERE id = ?1", [.text(id.description)])
    }

    /// Every session; for start-up.
    public func uploads() throws(ContentError) -> [UploadRow] {
        try sql.all("SELECT id, repository, slot, algorithm, client, started_at FROM upload_sessions") { row in
            guard let id = UploadID(row.text(0)), let repository = try? RepositoryName(parsing: row.text(1)),
                let algorithm = UInt8(exactly: row.integer(3)).flatMap(DigestAlgorithm.init(rawValue:))
            else { return nil }
            return UploadRow(
                id: id, repository: repository, slot: row.text(2), algorithm: algorithm, client: row.text(4),
                startedAt: row.integer(5))
        }.compactMap { $0 }
    }
}
