public import Content
public import OCIModel
internal import SQLite

extension MetadataReader {
    /// A page of repositories that hold a manifest and are listed, by name.
    public func repositories(_ page: PageRequest<String>) throws(ContentError) -> Page<RepositoryName> {
        try sql.page(
            """
            SELECT name FROM repositories WHERE manifest_count > 0 AND locks & 4 AND name > ?1 ORDER BY name LIMIT ?2
            """, [.text(page.last ?? "")], limit: page.limit
        ) { try? RepositoryName(parsing: $0.text(0)) }
    }

    /// A repository's attributes, or nil.
    public func repository(_ name: RepositoryName) throws(ContentError) -> RepositoryAttributes? {
        try sql.first(
            """
            SELECT created_at, updated_at, manifest_count, tag_count, locks FROM repositories WHERE name = ?1
            """, [.text(name.description)]
        ) { row in
            RepositoryAttributes(
                name: name, createdAt: row.integer(0), updatedAt: row.integer(1), manifestCount: row.integer(2),
                tagCount: row.integer(3), locks: row.locks(4))
        }
    }

    func repositoryRow(_ name: RepositoryName) throws(ContentError) -> (id: Int64, locks: AttributeLocks) {
        let row = try sql.first("SELECT id, locks FROM repositories WHERE name = ?1", [.text(name.description)]) {
            (id: $0.integer(0), locks: $0.locks(1))
        }
        guard let row else { throw .nameUnknown("repository \(name) is not known here") }
        return row
    }

    /// A page of tags that are listed, by name.
    ///
    /// - Throws: `.nameUnknown`.
    public func tags(in repository: RepositoryName, _ page: PageRequest<String>) throws(ContentError) -> Page<Tag> {
        let row = try repositoryRow(repository)
        guard row.locks.contains(.list) else { return Page(elements: [], hasMore: false) }
        return try sql.page(
            "SELECT name FROM tags WHERE repository_id = ?1 AND name > ?2 AND locks & 4 ORDER BY name LIMIT ?3",
            [.integer(row.id), .text(page.last ?? "")], limit: page.limit
        ) { try? Tag(parsing: $0.text(0)) }
    }

    /// A page of tags with attributes, by name; with `digest` only those that name it.
    ///
    /// - Throws: `.nameUnknown`.
    public func tagList(in repository: RepositoryName, naming digest: Digest?, _ page: PageRequest<String>)
        throws(ContentError) -> Page<TagAttributes>
    {
        let row = try repositoryRow(repository)
        if let digest {
            return try sql.page(
                """
                SELECT t.name, m.digest, t.created_at, t.updated_at, t.locks, o.upstream, o.gone_since
                FROM manifests m JOIN tags t ON t.manifest_id = m.id
                LEFT JOIN tag_origins o ON o.repository_id = t.repository_id AND o.name = t.name
                WHERE m.repository_id = ?1 AND m.digest = ?2 AND t.name > ?3 AND t.locks & 4 ORDER BY t.name LIMIT ?4
                """, [.integer(row.id), .digest(digest), .text(page.last ?? "")], limit: page.limit,
                MetadataReader.tagAttributes)
        }
        return try sql.page(
            """
            SELECT t.name, m.digest, t.created_at, t.updated_at, t.locks, o.upstream, o.gone_since
            FROM tags t JOIN manifests m ON m.id = t.manifest_id
            LEFT JOIN tag_origins o ON o.repository_id = t.repository_id AND o.name = t.name
            WHERE t.repository_id = ?1 AND t.name > ?2 AND t.locks & 4 ORDER BY t.name LIMIT ?3
            """, [.integer(row.id), .text(page.last ?? "")], limit: page.limit, MetadataReader.tagAttributes)
    }

    /// One tag's attributes, or nil.
    public func tag(_ tag: Tag, in repository: RepositoryName) throws(ContentError) -> TagAttributes? {
        try sql.first(
            """
            SELECT t.name, m.digest, t.created_at, t.updated_at, t.locks, o.upstream, o.gone_since
            FROM repositories r JOIN tags t ON t.repository_id = r.id JOIN manifests m ON m.id = t.manifest_id
            LEFT JOIN tag_origins o ON o.repository_id = t.repository_id AND o.name = t.name
            WHERE r.name = ?1 AND t.name = ?2
            """, [.text(repository.description), .text(tag.description)], MetadataReader.tagAttributes) ?? nil
    }

    private static func tagAttributes(_ row: Row) -> TagAttributes? {
        guard let name = try? Tag(parsing: row.text(0)), let digest = row.digest(1) else { return nil }
        return TagAttributes(
            name: name, digest: digest, createdAt: row.integer(2), updatedAt: row.integer(3), locks: row.locks(4),
            upstream: row.optionalText(5), goneSince: row.optionalInteger(6))
    }

    /// A page of manifests with attributes and tags, by digest.
    ///
    /// - Throws: `.nameUnknown`.
    public func manifests(in repository: RepositoryName, _ page: PageRequest<Digest>) throws(ContentError) -> Page<
        ManifestAttributes
    > {
        let row = try repositoryRow(repository)
        let found = try sql.page(
            """
            SELECT id, digest, media_type, config_media_type, artifact_type, image_size, created_at, updated_at,
                pulled_at, locks
            FROM manifests WHERE repository_id = ?1 AND digest > ?2 AND locks & 4 ORDER BY digest LIMIT ?3
            """, [.integer(row.id), .blob(page.last?.bytes ?? [])], limit: page.limit, MetadataReader.numbered)
        var attributes: [ManifestAttributes] = []
        for entry in found.elements { attributes.append(try withTags(entry)) }
        return Page(elements: attributes, hasMore: found.hasMore)
    }

    /// One manifest's attributes, or nil.
    public func manifestAttributes(_ digest: Digest, in repository: RepositoryName) throws(ContentError)
        -> ManifestAttributes?
    {
        let row = try repositoryRow(repository)
        let found = try sql.first(
            """
            SELECT id, digest, media_type, config_media_type, artifact_type, image_size, created_at, updated_at,
                pulled_at, locks
            FROM manifests WHERE repository_id = ?1 AND digest = ?2
            """, [.integer(row.id), .digest(digest)], MetadataReader.numbered)
        guard let entry = found ?? nil else { return nil }
        return try withTags(entry)
    }

    private struct NumberedManifest: Sendable {
        var id: Int64
        var attributes: ManifestAttributes
    }

    private static func numbered(_ row: Row) -> NumberedManifest? {
        guard let digest = row.digest(1) else { return nil }
        return NumberedManifest(
            id: row.integer(0),
            attributes: ManifestAttributes(
                digest: digest, mediaType: row.mediaType(2), configMediaType: row.optionalText(3),
                artifactType: row.optionalText(4), imageSize: row.integer(5), createdAt: row.integer(6),
                updatedAt: row.integer(7), pulledAt: row.optionalInteger(8), tags: [], locks: row.locks(9)))
    }

    private func withTags(_ entry: NumberedManifest) throws(ContentError) -> ManifestAttributes {
        var attributes = entry.attributes
        attributes.tags = try sql.all(
            "SELECT name FROM tags WHERE manifest_id = ?1 AND locks & 4 ORDER BY name LIMIT 1000", [.integer(entry.id)]
        ) { try? Tag(parsing: $0.text(0)) }.compactMap { $0 }
        return attributes
    }

    /// How a tag moved, newest first: the manifest it was given (nil: it was removed) and when.
    ///
    /// - Throws: `.nameUnknown`.
    public func history(of tag: Tag, in repository: RepositoryName, limit: Int) throws(ContentError)
        -> [(digest: Digest?, changedAt: Int64)]
    {
        let row = try repositoryRow(repository)
        return try sql.all(
            """
            SELECT digest, changed_at FROM tag_history WHERE repository_id = ?1 AND name = ?2 ORDER BY id DESC LIMIT ?3
            """, [.integer(row.id), .text(tag.description), .integer(Int64(max(0, limit)))]
        ) { (digest: $0.digest(0), changedAt: $0.integer(1)) }
    }
}
