public import Content
public import OCIModel
internal import SQLite

extension MetadataWriter {
    /// Removes a tag, or a manifest with all its tags.
    ///
    /// - Throws: `.nameUnknown`, `.manifestUnknown`, `.unsupported` when something that would go is locked.
    public func deleteManifest(_ reference: ManifestReference, in repository: RepositoryName, at now: Int64)
        throws(ContentError)
    {
        let row = try deletableRepository(repository)
        switch reference {
        case .tag(let tag): try deleteTag(tag, in: repository, row, at: now)
        case .digest(let digest): try deleteManifest(digest, in: repository, row, at: now)
        }
        try sql.run("UPDATE repositories SET updated_at = ?2 WHERE id = ?1", [.integer(row), .integer(now)])
    }

    private func deletableRepository(_ repository: RepositoryName) throws(ContentError) -> Int64 {
        let row = try knownRepository(repository)
        guard row.locks.contains(.delete) else {
            throw .unsupported("repository \(repository) is locked against deleting; unlock it with deleteEnabled=true")
        }
        return row.id
    }

    private func deleteTag(_ tag: Tag, in repository: RepositoryName, _ repositoryID: Int64, at now: Int64)
        throws(ContentError)
    {
        let known = try sql.first(
            "SELECT locks, manifest_id FROM tags WHERE repository_id = ?1 AND name = ?2",
            [.integer(repositoryID), .text(tag.description)]
        ) { (locks: $0.locks(0), manifest: $0.integer(1)) }
        guard let known else { throw .manifestUnknown("tag \(repository):\(tag) is not known here") }
        guard known.locks.contains(.delete) else {
            throw .unsupported("tag \(repository):\(tag) is locked against deleting; unlock it with deleteEnabled=true")
        }
        try sql.run(
            "DELETE FROM tags WHERE repository_id = ?1 AND name = ?2", [.integer(repositoryID), .text(tag.description)])
        try sql.run("UPDATE manifests SET updated_at = ?2 WHERE id = ?1", [.integer(known.manifest), .integer(now)])
        try recordMove(tag, nil, repositoryID, at: now)
    }

    private func deleteManifest(
        _ digest: Digest, in repository: RepositoryName, _ repositoryID: Int64, at now: Int64
    ) throws(ContentError) {
        let known = try sql.first(
            "SELECT id, locks FROM manifests WHERE repository_id = ?1 AND digest = ?2",
            [.integer(repositoryID), .digest(digest)]
        ) { (id: $0.integer(0), locks: $0.locks(1)) }
        guard let known else { throw .manifestUnknown("manifest \(repository)@\(digest) is not known here") }
        guard known.locks.contains(.delete) else {
            throw .unsupported("manifest \(repository)@\(digest) is locked against deleting")
        }
        let tags = try sql.all("SELECT name, locks FROM tags WHERE manifest_id = ?1", [.integer(known.id)]) {
            (name: $0.text(0), locks: $0.locks(1))
        }
        if let locked = tags.first(where: { !$0.locks.contains(.delete) }) {
            throw .unsupported(
                "manifest \(repository)@\(digest) has the tag \(locked.name), which is locked against deleting")
        }
        for tag in tags {
            if let name = try? Tag(parsing: tag.name) { try recordMove(name, nil, repositoryID, at: now) }
        }
        try sql.run("DELETE FROM manifests WHERE id = ?1", [.integer(known.id)])
    }

    /// What the removal of a repository took along.
    public struct RemovedRepository: Sendable {
        /// How many manifests.
        public var manifests: Int64
        /// How many tags.
        public var tags: Int64
        /// Blobs that no repository holds any more; their files may go once this is committed.
        public var blobs: [Digest]
    }

    /// Removes a repository with all it holds.
    ///
    /// Costs as much as the repository is large.
    ///
    /// - Throws: `.nameUnknown`, `.unsupported` when it or anything in it is locked against deleting.
    public func deleteRepository(_ name: RepositoryName) throws(ContentError) -> RemovedRepository {
        let id = try deletableRepository(name)
        let locked = try sql.first(
            """
            SELECT 1 FROM manifests WHERE repository_id = ?1 AND NOT locks & 1
            UNION ALL SELECT 1 FROM tags WHERE repository_id = ?1 AND NOT locks & 1 LIMIT 1
            """, [.integer(id)]
        ) { _ in true }
        guard locked == nil else {
            throw .unsupported("repository \(name) holds a manifest or tag that is locked against deleting")
        }
        let counts = try sql.first(
            "SELECT manifest_count, tag_count FROM repositories WHERE id = ?1", [.integer(id)]
        ) {
            (manifests: $0.integer(0), tags: $0.integer(1))
        }
        let blobs = try sql.all(
            "SELECT b.id, b.digest FROM blob_links l JOIN blobs b ON b.id = l.blob_id WHERE l.repository_id = ?1",
            [.integer(id)]
        ) { row in row.digest(1).map { (id: row.integer(0), digest: $0) } }.compactMap { $0 }
        try sql.run("DELETE FROM tags WHERE repository_id = ?1", [.integer(id)])
        try sql.run("DELETE FROM manifests WHERE repository_id = ?1", [.integer(id)])
        try sql.run("DELETE FROM blob_links WHERE repository_id = ?1", [.integer(id)])
        try sql.run("DELETE FROM repositories WHERE id = ?1", [.integer(id)])
        var orphans: [Digest] = []
        for blob in blobs where try dropIfUnlinked(blob.id, blob.digest) { orphans.append(blob.digest) }
        return RemovedRepository(manifests: counts?.manifests ?? 0, tags: counts?.tags ?? 0, blobs: orphans)
    }

    // MARK: Attributes

    /// Changes the locks of a repository, or of one manifest or tag in it.
    ///
    /// - Throws: `.nameUnknown`, `.manifestUnknown`.
    public func changeAttributes(
        _ change: AttributeChange, of reference: ManifestReference?, in repository: RepositoryName
    ) throws(ContentError) {
        let id = try knownRepository(repository).id
        let (on, off) = (SQLValue.integer(change.enable.rawValue), SQLValue.integer(change.disable.rawValue))
        let changed: Int
        switch reference {
        case nil:
            changed = try sql.run(
                "UPDATE repositories SET locks = (locks | ?2) & ~?3 WHERE id = ?1", [.integer(id), on, off])
        case .tag(let tag):
            changed = try sql.run(
                "UPDATE tags SET locks = (locks | ?3) & ~?4 WHERE repository_id = ?1 AND name = ?2",
                [.integer(id), .text(tag.description), on, off])
        case .digest(let digest):
            changed = try sql.run(
                "UPDATE manifests SET locks = (locks | ?3) & ~?4 WHERE repository_id = ?1 AND digest = ?2",
                [.integer(id), .digest(digest), on, off])
        }
        guard changed == 1 else {
            throw .manifestUnknown("\(repository) has no \(reference.map { "\($0)" } ?? "row")")
        }
        guard change.enable.union(change.disable).contains(.list) else { return }
        switch reference {
        case nil: try listTags(of: id, repository)
        case .tag(let tag): try listTag(tag.description, id, repository)
        case .digest(let digest):
            let tags = try sql.all(
                """
                SELECT t.name FROM manifests m JOIN tags t ON t.manifest_id = m.id
                WHERE m.repository_id = ?1 AND m.digest = ?2
                """, [.integer(id), .digest(digest)]
            ) { $0.text(0) }
            for tag in tags { try listTag(tag, id, repository) }
        }
    }
}
