public import Content
public import OCIModel
internal import SQLite

/// Who gave a manifest.
public enum ManifestSource: Sendable, Equatable {
    /// A client pushed it.
    case client
    /// An upstream gave it, that at this prefix.
    case upstream(String)
}

extension MetadataWriter {
    /// Whether a tag names something and no upstream stands behind it.
    func isPushed(_ tag: Tag, _ repositoryID: Int64) throws(ContentError) -> Bool {
        try sql.first(
            """
            SELECT NOT EXISTS (SELECT 1 FROM tag_origins o WHERE o.repository_id = ?1 AND o.name = ?2)
            FROM tags WHERE repository_id = ?1 AND name = ?2
            """, [.integer(repositoryID), .text(tag.description)]
        ) { $0.integer(0) == 1 } ?? false
    }

    /// Writes down where a tag that was just moved comes from; what a client pushed comes from nowhere else.
    func noteOrigin(
        of tag: Tag, _ digest: Digest, _ source: ManifestSource, _ repositoryID: Int64, at now: Int64
    ) throws(ContentError) {
        switch source {
        case .client:
            try sql.run(
                "DELETE FROM tag_origins WHERE repository_id = ?1 AND name = ?2",
                [.integer(repositoryID), .text(tag.description)])
        case .upstream(let upstream):
            try sql.run(
                """
                INSERT INTO tag_origins (repository_id, name, upstream, digest, checked_at, first_seen_at)
                VALUES (?1, ?2, ?3, ?4, ?5, ?5) ON CONFLICT (repository_id, name) DO UPDATE
                SET upstream = ?3, digest = ?4, checked_at = ?5, gone_since = NULL
                """,
                [
                    .integer(repositoryID), .text(tag.description), .text(upstream), .digest(digest), .integer(now),
                ])
        }
    }

    /// Fails the step when a tag was pushed here.
    ///
    /// - Throws: `.conflict`.
    public func checkCached(_ tag: Tag, in repository: RepositoryName) throws(ContentError) {
        guard let row = try repositoryRow(repository), try isPushed(tag, row.id) else { return }
        throw .conflict("\(repository):\(tag) was pushed here: what the upstream has by that name is not stored")
    }

    /// Writes down that upstreams were asked for tags: when, and which do not have theirs any more.
    ///
    /// Tags without an origin, and those that were asked for again since, stay as they are.
    public func noteTagChecks(_ checks: [TagCheck]) throws(ContentError) {
        for check in checks {
            try sql.run(
                """
                UPDATE tag_origins SET checked_at = ?3,
                    gone_since = CASE WHEN ?4 THEN coalesce(gone_since, ?3) ELSE NULL END
                WHERE repository_id = (SELECT id FROM repositories WHERE name = ?1) AND name = ?2 AND checked_at <= ?3
                """,
                [
                    .text(check.repository.description), .text(check.tag.description), .integer(check.time),
                    .integer(check.isGone ? 1 : 0),
                ])
        }
    }

    // MARK: Charts that wait for their layers

    /// Lets a manifest that claims to be a chart and was not examined wait for the layers that are not here.
    ///
    /// One that waits for none is examined by the housekeeping.
    /// - Returns: whether it waits.
    @discardableResult
    public func awaitLayers(of manifest: Digest, in repository: RepositoryName) throws(ContentError) -> Bool {
        let repositoryID = try knownRepository(repository).id
        let row = try sql.first(
            """
            SELECT id FROM manifests WHERE repository_id = ?1 AND digest = ?2
                AND NOT EXISTS (SELECT 1 FROM chart_manifests c WHERE c.manifest_id = manifests.id)
            """, [.integer(repositoryID), .digest(manifest)]
        ) { $0.integer(0) }
        guard let row else { return false }
        try sql.run("DELETE FROM chart_waits WHERE manifest_id = ?1", [.integer(row)])
        let missing = try sql.run(
            """
            INSERT OR IGNORE INTO chart_waits (repository_id, digest, manifest_id)
            SELECT ?1, d.digest, d.manifest_id FROM descriptors d WHERE d.manifest_id = ?2 AND d.role = 'layer'
                AND NOT EXISTS (SELECT 1 FROM blobs b JOIN blob_links l ON l.blob_id = b.id AND l.repository_id = ?1
                    WHERE b.digest = d.digest)
            """, [.integer(repositoryID), .integer(row)])
        try sql.run("DELETE FROM chart_backlog WHERE manifest_id = ?1", [.integer(row)])
        if missing == 0 {
            try sql.run("INSERT INTO chart_backlog (manifest_id) VALUES (?1)", [.integer(row)])
            hasLeftCharts = true
        }
        return missing > 0
    }

    /// Ends the waiting for a blob that was just linked; manifests that wait for nothing more are to be examined.
    func endWaits(for digest: Digest, _ repositoryID: Int64) throws(ContentError) {
        let key: [SQLValue] = [.integer(repositoryID), .digest(digest)]
        let waiting = try sql.all(
            "SELECT manifest_id FROM chart_waits WHERE repository_id = ?1 AND digest = ?2", key
        ) { $0.integer(0) }
        guard !waiting.isEmpty else { return }
        try sql.run("DELETE FROM chart_waits WHERE repository_id = ?1 AND digest = ?2", key)
        for manifest in waiting {
            let more = try sql.first(
                "SELECT 1 FROM chart_waits WHERE manifest_id = ?1 LIMIT 1", [.integer(manifest)]
            ) { _ in true }
            if more == nil {
                try sql.run("INSERT OR IGNORE INTO chart_backlog (manifest_id) VALUES (?1)", [.integer(manifest)])
                hasLeftCharts = true
            }
        }
    }

    /// Says that somebody looks at the charts that were left.
    public func takeLeftCharts() { hasLeftCharts = false }

    // MARK: Listings

    /// The largest listing that is kept, in bytes: 8 MiB.
    public static let maximumListingBytes = 8 << 20

    /// Keeps a listing in place of the one before.
    ///
    /// - Throws: `.tooLarge`.
    public func keepListing(_ listing: CachedListing, _ key: CachedListingKey) throws(ContentError) {
        let elements = Array(listing.elements.joined(separator: "\n").utf8)
        guard elements.count <= MetadataWriter.maximumListingBytes else {
            throw .tooLarge(
                "the listing has \(elements.count) bytes, \(MetadataWriter.maximumListingBytes) is the most that is kept"
            )
        }
        try sql.run(
            """
            INSERT OR REPLACE INTO upstream_listings (key, upstream, entity_tag, checked_at, elements)
            VALUES (?1, ?2, ?3, ?4, ?5)
            """,
            [
                .text(ListingKey.text(key)), .text(listing.upstream), .optional(listing.entityTag),
                .integer(listing.checkedAt), .blob(elements),
            ])
    }
}

/// That an upstream was asked for a tag.
public struct TagCheck: Sendable, Equatable {
    /// The repository.
    public var repository: RepositoryName
    /// The tag.
    public var tag: Tag
    /// When, in microseconds since 1970.
    public var time: Int64
    /// Whether the upstream does not have it any more.
    public var isGone: Bool

    /// Builds it.
    public init(repository: RepositoryName, tag: Tag, time: Int64, isGone: Bool) {
        self.repository = repository
        self.tag = tag
        self.time = time
        self.isGone = isGone
    }
}

/// How listings are named in the metadata: the kind, then the repository, so that those below a path stand together.
enum ListingKey {
    static func text(_ key: CachedListingKey) -> String {
        switch key {
        case .tags(let repository): "tags \(repository)"
        case .referrers(let digest, let repository): "referrers \(repository) \(digest)"
        }
    }
}
