public import Content
public import OCIModel
internal import SQLite

extension MetadataWriter {
    /// Fails the step when a version is not new.
    ///
    /// - Throws: `.conflict` when its tag names something, a listed version or anything else.
    public func checkVacancy(for facts: ChartRow, in repository: RepositoryName) throws(ContentError) {
        guard let row = try repositoryRow(repository) else { return }
        let taken = try sql.first(
            """
            SELECT v.id IS NOT NULL FROM tags t LEFT JOIN chart_versions v ON v.repository_id = t.repository_id
                AND v.tag = t.name WHERE t.repository_id = ?1 AND t.name = ?2
            """, [.integer(row.id), .text(facts.tag.description)]
        ) { $0.integer(0) == 1 }
        guard let isListed = taken else { return }
        throw .conflict(
            isListed
                ? "\(facts.fileName) already exists; push another version, or replace it with ?force"
                : "the tag \(repository):\(facts.tag) exists and is no listed chart; remove it, or replace it with ?force"
        )
    }

    /// Fails the step when a tag does not name a manifest any more.
    ///
    /// - Throws: `.conflict`.
    public func checkTag(_ tag: Tag, names manifest: Digest, in repository: RepositoryName) throws(ContentError) {
        let named =
            try sql.first(
                """
                SELECT m.digest FROM repositories r JOIN tags t ON t.repository_id = r.id
                JOIN manifests m ON m.id = t.manifest_id WHERE r.name = ?1 AND t.name = ?2
                """, [.text(repository.description), .text(tag.description)]
            ) { $0.digest(0) } ?? nil
        guard named == manifest else {
            throw .conflict("\(repository):\(tag) has changed meanwhile; look at it, and try again")
        }
    }

    /// Fails the step when a chart it stored is not listed because of another one.
    ///
    /// - Throws: `.conflict` with the reason.
    public func checkListed(_ manifest: Digest, in repository: RepositoryName) throws(ContentError) {
        let collision =
            try sql.first(
                """
                SELECT c.collision FROM repositories r JOIN manifests m ON m.repository_id = r.id
                JOIN chart_manifests c ON c.manifest_id = m.id WHERE r.name = ?1 AND m.digest = ?2
                """, [.text(repository.description), .digest(manifest)]
            ) { $0.optionalText(0) } ?? nil
        if let collision { throw .conflict(collision) }
    }

    /// Removes a listed version: its tag, and its manifest when no other tag names it.
    ///
    /// - Throws: `.manifestUnknown` when it is not listed, `.unsupported` when something that would go is locked.
    public func removeChart(_ name: String, version: String, in namespace: ChartNamespace, at now: Int64)
        throws(ContentError)
    {
        let found = try sql.first(
            """
            SELECT r.name, v.tag, m.digest, (SELECT count(*) FROM tags t WHERE t.manifest_id = m.id)
            FROM chart_repositories k JOIN chart_versions v ON v.chart_repository_id = k.id
            JOIN repositories r ON r.id = v.repository_id JOIN manifests m ON m.id = v.manifest_id
            WHERE k.name = ?1 AND v.file_name = ?2 AND v.name = ?3
            """, [.text(namespace.description), .text("\(name)-\(version).tgz"), .text(name)]
        ) { (repository: $0.text(0), tag: $0.text(1), digest: $0.digest(2), tags: $0.integer(3)) }
        guard let found, let digest = found.digest, let repository = try? RepositoryName(parsing: found.repository),
            let tag = try? Tag(parsing: found.tag)
        else {
            throw .manifestUnknown("chart \(OCIParseError.quote(name)) has no version \(OCIParseError.quote(version))")
        }
        try deleteManifest(found.tags == 1 ? .digest(digest) : .tag(tag), in: repository, at: now)
    }
}
