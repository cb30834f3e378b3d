public import Content
public import OCIModel
internal import SQLite

extension MetadataWriter {
    /// What a removal from the cache took along.
    public struct DroppedContent: Sendable, Equatable {
        /// Tags.
        public var tags: Int64 = 0
        /// Manifests.
        public var manifests: Int64 = 0
        /// Bytes of blobs that no repository holds any more.
        public var bytes: Int64 = 0
        /// Those blobs; their files may go once this is committed.
        public var blobs: [Digest] = []

        /// Nothing.
        public init() {}
    }

    /// Removes a cached tag, and what only it named: manifests that came from an upstream, and their blobs.
    ///
    /// Nothing when it was pushed here.
    /// - Throws: `.unsupported` when something that would go is locked.
    public func dropCachedTag(_ tag: Tag, in repository: RepositoryName, at now: Int64) throws(ContentError)
        -> DroppedContent
    {
        var dropped = DroppedContent()
        guard let row = try repositoryRow(repository) else { return dropped }
        let found = try sql.first(
            """
            SELECT t.manifest_id FROM tag_origins o LEFT JOIN tags t ON t.repository_id = o.repository_id
                AND t.name = o.name WHERE o.repository_id = ?1 AND o.name = ?2
            """, [.integer(row.id), .text(tag.description)]
        ) { $0.optionalInteger(0) }
        guard let found else { return dropped }
        guard let manifest = found else {
            try sql.run(
                "DELETE FROM tag_origins WHERE repository_id = ?1 AND name = ?2",
                [.integer(row.id), .text(tag.description)])
            return dropped
        }
        try deleteManifest(.tag(tag), in: repository, at: now)
        dropped.tags = 1
        try dropUnnamed([manifest], row.id, &dropped)
        return dropped
    }

    /// Removes manifests that came from an upstream and that nothing names any more, then those that only they named.
    func dropUnnamed(_ candidates: [Int64], _ repositoryID: Int64, _ dropped: inout DroppedContent)
        throws(ContentError)
    {
        var left = candidates
        while let manifest = left.popLast() {
            let digest =
                try sql.first(
                    """
                    SELECT m.digest FROM manifests m WHERE m.id = ?1 AND m.is_cached = 1 AND m.locks & 1
                        AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.manifest_id = m.id)
                    """, [.integer(manifest)]
                ) { $0.digest(0) } ?? nil
            guard let digest, try !isNamed(digest, repositoryID) else { continue }
            let named = try sql.all(
                "SELECT digest, role FROM descriptors WHERE manifest_id = ?1", [.integer(manifest)]
            ) { (digest: $0.digest(0), isManifest: $0.text(1) == "manifest") }
            try sql.run("DELETE FROM manifests WHERE id = ?1", [.integer(manifest)])
            dropped.manifests += 1
            for descriptor in named {
                guard let digest = descriptor.digest else { continue }
                if descriptor.isManifest, let child = try manifestRow(digest, repositoryID) { left.append(child) }
                try unlinkUnnamed(digest, repositoryID, &dropped)
            }
        }
    }

    private func manifestRow(_ digest: Digest, _ repositoryID: Int64) throws(ContentError) -> Int64? {
        try sql.first(
            "SELECT id FROM manifests WHERE repository_id = ?1 AND digest = ?2",
            [.integer(repositoryID), .digest(digest)]
        ) { $0.integer(0) }
    }

    /// Whether a manifest of the repository names this.
    private func isNamed(_ digest: Digest, _ repositoryID: Int64) throws(ContentError) -> Bool {
        try sql.first(
            """
            SELECT 1 FROM descriptors d CROSS JOIN manifests m ON m.id = d.manifest_id
            WHERE d.digest = ?1 AND m.repository_id = ?2 LIMIT 1
            """, [.digest(digest), .integer(repositoryID)]
        ) { _ in true } ?? false
    }

    private func unlinkUnnamed(_ digest: Digest, _ repositoryID: Int64, _ dropped: inout DroppedContent)
        throws(ContentError)
    {
        let blob = try sql.first("SELECT id, size FROM blobs WHERE digest = ?1", [.digest(digest)]) {
            (id: $0.integer(0), size: $0.integer(1))
        }
        guard let blob, try !isNamed(digest, repositoryID) else { return }
        let unlinked = try sql.run(
            "DELETE FROM blob_links WHERE repository_id = ?1 AND blob_id = ?2",
            [.integer(repositoryID), .integer(blob.id)])
        if unlinked == 1, try dropIfUnlinked(blob.id, digest) {
            dropped.bytes += blob.size
            dropped.blobs.append(digest)
        }
    }

    // MARK: Purging

    /// Removes cached tags of one repository, at most `limit` of them behind `last`, and what only they named.
    ///
    /// When everything goes, so do manifests that were cached without a tag. What is locked stays.
    /// - Returns: the last tag that was looked at, nil when there are no more.
    public func purgeCached(
        in repository: RepositoryName, _ options: PurgeOptions, after last: String, limit: Int, at now: Int64,
        _ dropped: inout DroppedContent
    ) throws(ContentError) -> String? {
        guard let row = try repositoryRow(repository), row.locks.contains(.delete) else { return nil }
        let found = try sql.all(
            """
            SELECT o.name, (o.gone_since IS NOT NULL OR NOT ?3) AND (m.id IS NULL OR ?4 IS NULL
                OR coalesce(m.pulled_at, m.created_at) < ?4) AND coalesce(t.locks, 1) & 1
            FROM tag_origins o LEFT JOIN tags t ON t.repository_id = o.repository_id AND t.name = o.name
            LEFT JOIN manifests m ON m.id = t.manifest_id
            WHERE o.repository_id = ?1 AND o.name > ?2 ORDER BY o.name LIMIT ?5
            """,
            [
                .integer(row.id), .text(last), .integer(options.onlyGone ? 1 : 0), .optional(options.notPulledSince),
                .integer(Int64(limit)),
            ]
        ) { (tag: $0.text(0), isWanted: $0.integer(1) == 1) }
        for entry in found where entry.isWanted {
            guard let tag = try? Tag(parsing: entry.tag) else { continue }
            let part = try dropCachedTag(tag, in: repository, at: now)
            dropped.add(part)
        }
        return found.count == limit ? found.last?.tag : nil
    }

    /// Removes manifests of one repository that were cached and that nothing names, at most `limit` of them.
    ///
    /// - Returns: whether there may be more.
    public func purgeUnnamed(
        in repository: RepositoryName, _ options: PurgeOptions, after last: Int64, limit: Int,
        _ dropped: inout DroppedContent
    ) throws(ContentError) -> Int64? {
        guard let row = try repositoryRow(repository), row.locks.contains(.delete) else { return nil }
        let found = try sql.all(
            """
            SELECT m.id FROM manifests m INDEXED BY manifests_cached WHERE m.repository_id = ?1 AND m.is_cached = 1
                AND m.id > ?2 AND (?3 IS NULL OR coalesce(m.pulled_at, m.created_at) < ?3) ORDER BY m.id LIMIT ?4
            """, [.integer(row.id), .integer(last), .optional(options.notPulledSince), .integer(Int64(limit))]
        ) { $0.integer(0) }
        for manifest in found { try dropUnnamed([manifest], row.id, &dropped) }
        return found.count == limit ? found.last : nil
    }

    /// Removes what upstreams listed below a path: kept listings, indexes, and versions, at most `limit` of these.
    ///
    /// - Returns: whether there may be more.
    public func purgeListings(below path: RepositoryName, limit: Int) throws(ContentError) -> Bool {
        for kind in ["tags", "referrers"] {
            let (exact, below) = ("\(kind) \(path)", PathRange(below: "\(kind) \(path)").bounds)
            try sql.run("DELETE FROM upstream_listings WHERE key = ?1", [.text(exact)])
            // A referrers' key goes on with a blank and a digest.
            try sql.run(
                "DELETE FROM upstream_listings WHERE key >= ?1 AND key < ?2", [.text(exact + " "), .text(exact + "!")])
            try sql.run("DELETE FROM upstream_listings WHERE key >= ?1 AND key < ?2", below)
        }
        let classics = try sql.all(
            """
            SELECT id FROM chart_repositories WHERE name = ?1
            UNION ALL SELECT id FROM chart_repositories WHERE name >= ?2 AND name < ?3
            """, [.text(path.description)] + PathRange(below: path.description).bounds
        ) { $0.integer(0) }
        var left = limit
        for classic in classics {
            try sql.run("DELETE FROM upstream_indexes WHERE chart_repository_id = ?1", [.integer(classic)])
            let versions = try sql.all(
                "SELECT id FROM upstream_versions WHERE chart_repository_id = ?1 LIMIT ?2",
                [.integer(classic), .integer(Int64(left))]
            ) { $0.integer(0) }
            for version in versions {
                try sql.run("DELETE FROM upstream_versions WHERE id = ?1", [.integer(version)])
            }
            left -= versions.count
            if left <= 0 { return true }
        }
        return false
    }
}

extension MetadataWriter.DroppedContent {
    mutating func add(_ other: MetadataWriter.DroppedContent) {
        tags += other.tags
        manifests += other.manifests
        bytes += other.bytes
        blobs += other.blobs
    }
}
