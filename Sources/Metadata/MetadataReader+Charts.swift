public import Content
public import OCIModel
internal import SQLite

extension MetadataReader {
    /// Runs the body with one unchanging view for every look-up through this reader.
    public func withSnapshot<Value>(_ body: () throws(ContentError) -> Value) throws(ContentError) -> Value {
        guard !sql.connection.isInTransaction else { return try body() }
        return try sql.connection.read(body, mapping: SQL.error)
    }

    /// A classic repository; nil when it never held a chart.
    public func chartRepository(_ namespace: ChartNamespace) throws(ContentError) -> ChartRepositoryState? {
        try sql.first(
            "SELECT revision, chart_count, version_count + upstream_count FROM chart_repositories WHERE name = ?1",
            [.text(namespace.description)]
        ) {
            ChartRepositoryState(
                namespace: namespace, revision: $0.integer(0), chartCount: $0.integer(1), versionCount: $0.integer(2))
        }
    }

    func classicRepository(_ namespace: ChartNamespace) throws(ContentError) -> Int64? {
        try sql.first("SELECT id FROM chart_repositories WHERE name = ?1", [.text(namespace.description)]) {
            $0.integer(0)
        }
    }

    /// Entries in the index's order, from `first` on and before `end`.
    public func forEachEntry(
        in namespace: ChartNamespace, from first: ChartVersionKey?, before end: ChartVersionKey?,
        _ body: (ChartEntry) -> Bool
    ) throws(ContentError) {
        let found = try sql.first(
            "SELECT id, upstream_count > 0 FROM chart_repositories WHERE name = ?1", [.text(namespace.description)]
        ) { (id: $0.integer(0), isMerged: $0.integer(1) == 1) }
        guard let found else { return }
        let start: [SQLValue] = [
            .integer(found.id), .text(first?.name ?? ""), .blob(ChartPosition.stored(first?.order ?? [])),
        ]
        let take = { (row: Row) -> Bool in
            body(
                ChartEntry(
                    key: ChartVersionKey(name: row.text(0), order: ChartPosition.order(row.blob(1))),
                    version: row.text(2), archive: row.digest(3), isDeprecated: row.integer(4) == 1, json: row.blob(5)))
        }
        guard !found.isMerged else { return try forEachMergedEntry(start, before: end, take) }
        guard let end else {
            return try sql.forEach(
                """
                SELECT v.name, v.position, c.version, c.archive, c.is_deprecated, c.entry
                FROM chart_versions v JOIN chart_manifests c ON c.manifest_id = v.manifest_id
                WHERE v.chart_repository_id = ?1 AND (v.name, v.position) >= (?2, ?3) ORDER BY v.name, v.position
                """, start, take)
        }
        try sql.forEach(
            """
            SELECT v.name, v.position, c.version, c.archive, c.is_deprecated, c.entry
            FROM chart_versions v JOIN chart_manifests c ON c.manifest_id = v.manifest_id
            WHERE v.chart_repository_id = ?1 AND (v.name, v.position) >= (?2, ?3)
                AND (v.name, v.position) < (?4, ?5) ORDER BY v.name, v.position
            """, start + [.text(end.name), .blob(ChartPosition.stored(end.order))], take)
    }

    /// Entries of what is here and of what the upstream lists beside it, which never share a file's name.
    private func forEachMergedEntry(_ start: [SQLValue], before end: ChartVersionKey?, _ take: (Row) -> Bool)
        throws(ContentError)
    {
        guard let end else {
            return try sql.forEach(
                """
                SELECT v.name, v.position, c.version, c.archive, c.is_deprecated, c.entry
                FROM chart_versions v JOIN chart_manifests c ON c.manifest_id = v.manifest_id
                WHERE v.chart_repository_id = ?1 AND (v.name, v.position) >= (?2, ?3)
                UNION ALL
                SELECT u.name, u.position, u.version, u.archive, u.is_deprecated, u.entry FROM upstream_versions u
                WHERE u.chart_repository_id = ?1 AND (u.name, u.position) >= (?2, ?3) AND u.is_listed = 1
                ORDER BY 1, 2
                """, start, take)
        }
        try sql.forEach(
            """
            SELECT v.name, v.position, c.version, c.archive, c.is_deprecated, c.entry
            FROM chart_versions v JOIN chart_manifests c ON c.manifest_id = v.manifest_id
            WHERE v.chart_repository_id = ?1 AND (v.name, v.position) >= (?2, ?3) AND (v.name, v.position) < (?4, ?5)
            UNION ALL
            SELECT u.name, u.position, u.version, u.archive, u.is_deprecated, u.entry FROM upstream_versions u
            WHERE u.chart_repository_id = ?1 AND (u.name, u.position) >= (?2, ?3) AND (u.name, u.position) < (?4, ?5)
                AND u.is_listed = 1
            ORDER BY 1, 2
            """, start + [.text(end.name), .blob(ChartPosition.stored(end.order))], take)
    }

    /// What changed since a revision; nil when that is too long ago to tell.
    public func changedEntries(in namespace: ChartNamespace, since revision: Int64) throws(ContentError)
        -> [ChartVersionKey]?
    {
        guard let classic = try classicRepository(namespace) else { return [] }
        let changes = try sql.all(
            """
            SELECT revision, name, position FROM chart_changes WHERE chart_repository_id = ?1 AND revision > ?2
            ORDER BY revision
            """, [.integer(classic), .integer(revision)]
        ) { (revision: $0.integer(0), key: ChartVersionKey(name: $0.text(1), order: ChartPosition.order($0.blob(2)))) }
        if let first = changes.first { return first.revision == revision + 1 ? changes.map(\.key) : nil }
        let current = try chartRepository(namespace)?.revision
        return current == revision ? [] : nil
    }

    /// The names of a classic repository's charts behind `last`, sorted by bytes.
    public func chartNames(in namespace: ChartNamespace, _ page: PageRequest<String>) throws(ContentError)
        -> Page<String>
    {
        guard let classic = try classicRepository(namespace) else { return Page(elements: [], hasMore: false) }
        return try sql.page(
            "SELECT name FROM charts WHERE chart_repository_id = ?1 AND name > ?2 ORDER BY name LIMIT ?3",
            [.integer(classic), .text(page.last ?? "")], limit: page.limit
        ) { $0.text(0) }
    }

    /// The files of `<name>-<version>.tgz`, with what repository, tag and manifest together still allow.
    public func chartFile(named fileName: String, in namespace: ChartNamespace) throws(ContentError)
        -> (file: ChartFile, locks: AttributeLocks)?
    {
        try sql.first(
            """
            SELECT r.name, v.tag, m.digest, c.layer, c.provenance, r.locks & t.locks & m.locks
            FROM chart_repositories k JOIN chart_versions v ON v.chart_repository_id = k.id
            JOIN repositories r ON r.id = v.repository_id
            JOIN tags t ON t.repository_id = v.repository_id AND t.name = v.tag
            JOIN manifests m ON m.id = v.manifest_id JOIN chart_manifests c ON c.manifest_id = v.manifest_id
            WHERE k.name = ?1 AND v.file_name = ?2
            """, [.text(namespace.description), .text(fileName)], MetadataReader.chartFile) ?? nil
    }

    /// The files of the listed version whose archive has this SHA-256; any of them when several have.
    ///
    /// The join is crossed: SQLite would begin with the versions of the whole classic repository.
    public func chartFile(ofArchive archive: Digest, in namespace: ChartNamespace) throws(ContentError)
        -> (file: ChartFile, locks: AttributeLocks)?
    {
        try sql.first(
            """
            SELECT r.name, v.tag, m.digest, c.layer, c.provenance, r.locks & t.locks & m.locks
            FROM chart_manifests c CROSS JOIN chart_versions v ON v.manifest_id = c.manifest_id
            JOIN chart_repositories k ON k.id = v.chart_repository_id
            JOIN repositories r ON r.id = v.repository_id
            JOIN tags t ON t.repository_id = v.repository_id AND t.name = v.tag
            JOIN manifests m ON m.id = v.manifest_id
            WHERE c.archive = ?1 AND k.name = ?2 LIMIT 1
            """, [.digest(archive), .text(namespace.description)], MetadataReader.chartFile) ?? nil
    }

    private static func chartFile(_ row: Row) -> (file: ChartFile, locks: AttributeLocks)? {
        guard let repository = try? RepositoryName(parsing: row.text(0)), let tag = try? Tag(parsing: row.text(1)),
            let manifest = row.digest(2), let layer = row.digest(3)
        else { return nil }
        return (
            ChartFile(
                repository: repository, tag: tag, manifest: manifest, archive: layer, provenance: row.digest(4)),
            row.locks(5)
        )
    }

    /// Whether a manifest's archive was read and all was well: then it need not be read again.
    public func isKnownChart(_ manifest: Digest, in repository: RepositoryName) throws(ContentError) -> Bool {
        try sql.first(
            """
            SELECT c.problem IS NULL AND c.collision IS NULL FROM repositories r
            JOIN manifests m ON m.repository_id = r.id JOIN chart_manifests c ON c.manifest_id = m.id
            WHERE r.name = ?1 AND m.digest = ?2
            """, [.text(repository.description), .digest(manifest)]
        ) { $0.integer(0) == 1 } ?? false
    }

    /// Why a manifest that claims to be a chart is listed nowhere; nil when it is listed, or makes no such claim.
    public func chartProblem(of manifest: Digest, in repository: RepositoryName) throws(ContentError) -> String? {
        try sql.first(
            """
            SELECT coalesce(c.problem, c.collision,
                CASE WHEN EXISTS (SELECT 1 FROM chart_versions v WHERE v.manifest_id = m.id) THEN NULL
                WHEN EXISTS (SELECT 1 FROM tags t WHERE t.manifest_id = m.id AND t.name = c.tag)
                    THEN 'it is hidden by a lock; unlock it with listEnabled=true'
                ELSE 'no tag names its version; tag it ' || c.tag END)
            FROM repositories r JOIN manifests m ON m.repository_id = r.id
            JOIN chart_manifests c ON c.manifest_id = m.id WHERE r.name = ?1 AND m.digest = ?2
            """, [.text(repository.description), .digest(manifest)]
        ) { $0.optionalText(0) } ?? nil
    }
}
