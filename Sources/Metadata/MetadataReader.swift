public import Content
public import OCIModel
internal import SQLite

/// A thread's view of the metadata: prepared look-ups on a read-only connection.
///
/// Never waits for the writer.
public final class MetadataReader {
    let sql: SQL

    /// Opens a connection; 512 KiB of page cache.
    ///
    /// - Throws: `.storageFull` or `.corrupt` when the file cannot be opened.
    public init(path: String) throws(ContentError) {
        do {
            sql = SQL(connection: try Connection(path: path, .readOnly, cacheBytes: 512 << 10))
        } catch {
            throw SQL.error(error)
        }
    }

    /// A manifest as the read path wants it.
    public struct FoundManifest {
        /// The row's number, for noting the pull.
        public let row: Int64
        /// The manifest.
        public let manifest: StoredManifest
        /// What repository, manifest and tag together still allow.
        public let locks: AttributeLocks
    }

    /// The manifest a reference names, or nil.
    ///
    /// Two or three index look-ups, 2 to 3 µs.
    public func manifest(_ reference: ManifestReference, in repository: RepositoryName) throws(ContentError)
        -> FoundManifest?
    {
        switch reference {
        case .tag(let tag):
            return try sql.first(
                """
                SELECT m.id, m.digest, m.media_type, m.body, r.locks & t.locks & m.locks
                FROM repositories r JOIN tags t ON t.repository_id = r.id JOIN manifests m ON m.id = t.manifest_id
                WHERE r.name = ?1 AND t.name = ?2
                """, [.text(repository.description), .text(tag.description)], MetadataReader.found) ?? nil
        case .digest(let digest):
            return try sql.first(
                """
                SELECT m.id, m.digest, m.media_type, m.body, r.locks & m.locks
                FROM repositories r JOIN manifests m ON m.repository_id = r.id
                WHERE r.name = ?1 AND m.digest = ?2
                """, [.text(repository.description), .digest(digest)], MetadataReader.found) ?? nil
        }
    }

    private static func found(_ row: Row) -> FoundManifest? {
        guard let digest = row.digest(1) else { return nil }
        return FoundManifest(
            row: row.integer(0),
            manifest: StoredManifest(digest: digest, mediaType: row.mediaType(2), bytes: row.blob(3)),
            locks: row.locks(4))
    }

    /// A repository's locks, or nil when there is no such repository.
    public func locks(of repository: RepositoryName) throws(ContentError) -> AttributeLocks? {
        try sql.first("SELECT locks FROM repositories WHERE name = ?1", [.text(repository.description)]) { $0.locks(0) }
    }

    /// A blob of a repository: the repository's locks and the blob's size, or nil when it does not hold it.
    public func blob(_ digest: Digest, in repository: RepositoryName) throws(ContentError)
        -> (locks: AttributeLocks, size: Int64)?
    {
        try sql.first(
            """
            SELECT r.locks, b.size FROM blobs b JOIN repositories r ON r.name = ?1
            JOIN blob_links l ON l.repository_id = r.id AND l.blob_id = b.id WHERE b.digest = ?2
            """, [.text(repository.description), .digest(digest)]
        ) { ($0.locks(0), $0.integer(1)) }
    }

    /// The slot that holds a blob's bytes while it has not got its name yet.
    public func slot(of digest: Digest) throws(ContentError) -> String? {
        try sql.first("SELECT slot FROM promotions WHERE digest = ?1", [.digest(digest)]) { $0.text(0) }
    }

    /// What the store holds in all, from one row.
    public struct Totals: Sendable, Equatable {
        /// Distinct blobs.
        public var blobs: Int64
        /// Their bytes, each blob once.
        public var physicalBytes: Int64
        /// Their bytes, once for each repository that holds them.
        public var logicalBytes: Int64
        /// Repositories, those without manifests too.
        public var repositories: Int64
        /// Manifests.
        public var manifests: Int64
        /// Tags.
        public var tags: Int64
    }

    /// What the store holds in all.
    ///
    /// One row, whatever the store's size.
    public func totals() throws(ContentError) -> Totals {
        let totals = try sql.first(
            "SELECT blobs, physical_bytes, logical_bytes, repositories, manifests, tags FROM totals"
        ) { row in
            Totals(
                blobs: row.integer(0), physicalBytes: row.integer(1), logicalBytes: row.integer(2),
                repositories: row.integer(3), manifests: row.integer(4), tags: row.integer(5))
        }
        guard let totals else { throw .corrupt("the metadata has no totals row; restore it from a backup") }
        return totals
    }
}
