public import Content
public import OCIModel
internal import SQLite

extension MetadataWriter {
    /// So many changes of a classic repository are remembered; whoever asks for older ones reads all of it.
    private static let rememberedChanges: Int64 = 4096

    /// Writes down what reading a manifest's archive told, and lists or unlists the tags that name it.
    ///
    /// A step of the transaction that stored the manifest, or a later one.
    public func noteChart(_ record: ChartRecord, of manifest: Digest, in repository: RepositoryName)
        throws(ContentError)
    {
        let repositoryID = try knownRepository(repository).id
        let row = try sql.first(
            "SELECT id FROM manifests WHERE repository_id = ?1 AND digest = ?2",
            [.integer(repositoryID), .digest(manifest)]
        ) { $0.integer(0) }
        guard let row else { return }
        switch record {
        case .problem(let problem):
            try sql.run(
                "INSERT OR REPLACE INTO chart_manifests (manifest_id, problem) VALUES (?1, ?2)",
                [.integer(row), .text(problem)])
        case .chart(let facts): try insert(facts, manifest: row)
        }
        try sql.run("DELETE FROM chart_backlog WHERE manifest_id = ?1", [.integer(row)])
        try sql.run("DELETE FROM chart_waits WHERE manifest_id = ?1", [.integer(row)])
        let tags = try sql.all("SELECT name FROM tags WHERE manifest_id = ?1", [.integer(row)]) { $0.text(0) }
        for tag in tags { try listTag(tag, repositoryID, repository) }
    }

    private func insert(_ facts: ChartRow, manifest: Int64) throws(ContentError) {
        try sql.run(
            """
            INSERT OR REPLACE INTO chart_manifests (manifest_id, name, version, tag, position, is_prerelease, file_name,
                archive, layer, size, provenance, app_version, description, type, is_deprecated, created, keywords,
                maintainers, entry)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
            """,
            [
                .integer(manifest), .text(facts.key.name), .text(facts.version), .text(facts.tag.description),
                .blob(ChartPosition.stored(facts.key.order)), .integer(facts.isPrerelease ? 1 : 0),
                .text(facts.fileName), .digest(facts.archive), .digest(facts.layer), .integer(facts.size),
                .digest(facts.provenance), .text(facts.appVersion), .text(facts.description), .text(facts.type),
                .integer(facts.isDeprecated ? 1 : 0), .text(facts.created), .text(facts.keywords),
                .text(facts.maintainers), .blob(facts.entry),
            ])
    }

    /// A tag as it stands, with the chart behind it.
    private struct Candidate {
        let manifest: Int64
        let locks: AttributeLocks
        let problem: String?
        let name: String
        let tag: String
        let position: [UInt8]
        let isPrerelease: Int64
        let fileName: String
    }

    /// Brings the listing of one tag up to date: call after anything that the listing depends on has changed.
    func listTag(_ tag: String, _ repositoryID: Int64, _ repository: RepositoryName) throws(ContentError) {
        let candidate = try candidate(tag, repositoryID)
        let listed = try sql.first(
            "SELECT id, manifest_id FROM chart_versions WHERE repository_id = ?1 AND tag = ?2",
            [.integer(repositoryID), .text(tag)]
        ) { (id: $0.integer(0), manifest: $0.integer(1)) }
        let wanted = candidate.flatMap {
            $0.problem == nil && $0.tag == tag && $0.locks.contains(.list) ? $0 : nil
        }
        // The same manifest always makes the same entry: then nothing changes, and no index is made anew.
        guard wanted == nil || listed?.manifest != wanted?.manifest else { return }
        if let listed { try sql.run("DELETE FROM chart_versions WHERE id = ?1", [.integer(listed.id)]) }
        guard let candidate = wanted else { return }
        let classic = try classicRepository(ChartNamespace(of: repository))
        let collision = try collision(of: candidate, repositoryID, repository, classic)
        try sql.run(
            "UPDATE chart_manifests SET collision = ?2 WHERE manifest_id = ?1 AND collision IS NOT ?2",
            [.integer(candidate.manifest), .optional(collision)])
        guard collision == nil else { return }
        try sql.run(
            """
            INSERT INTO chart_versions (chart_repository_id, repository_id, tag, manifest_id, name, position,
                is_prerelease, file_name)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """,
            [
                .integer(classic), .integer(repositoryID), .text(tag), .integer(candidate.manifest),
                .text(candidate.name), .blob(candidate.position), .integer(candidate.isPrerelease),
                .text(candidate.fileName),
            ])
    }

    private func candidate(_ tag: String, _ repositoryID: Int64) throws(ContentError) -> Candidate? {
        try sql.first(
            """
            SELECT m.id, r.locks & t.locks & m.locks, c.problem, c.name, c.tag, c.position, c.is_prerelease, c.file_name
            FROM tags t JOIN repositories r ON r.id = t.repository_id JOIN manifests m ON m.id = t.manifest_id
            JOIN chart_manifests c ON c.manifest_id = m.id
            WHERE t.repository_id = ?1 AND t.name = ?2
            """, [.integer(repositoryID), .text(tag)]
        ) { row in
            Candidate(
                manifest: row.integer(0), locks: row.locks(1), problem: row.optionalText(2), name: row.text(3),
                tag: row.text(4), position: row.blob(5), isPrerelease: row.integer(6), fileName: row.text(7))
        }
    }

    func classicRepository(_ namespace: ChartNamespace) throws(ContentError) -> Int64 {
        let name = SQLValue.text(namespace.description)
        if let known = try sql.first("SELECT id FROM chart_repositories WHERE name = ?1", [name], { $0.integer(0) }) {
            return known
        }
        try sql.run("INSERT INTO chart_repositories (name) VALUES (?1)", [name])
        return lastInsertedRow
    }

    /// Why a chart cannot stand beside what is listed already, in one sentence.
    private func collision(
        of candidate: Candidate, _ repositoryID: Int64, _ repository: RepositoryName, _ classic: Int64
    ) throws(ContentError) -> String? {
        let other = try sql.first(
            "SELECT name FROM chart_versions WHERE repository_id = ?1 LIMIT 1", [.integer(repositoryID)]
        ) { $0.text(0) }
        if let other, other != candidate.name {
            return "repository \(repository) holds chart \(OCIParseError.quote(other)) already, and chart "
                + "\(OCIParseError.quote(candidate.name)) has the same name there; rename one of them"
        }
        let file = try sql.first(
            "SELECT name FROM chart_versions WHERE chart_repository_id = ?1 AND file_name = ?2",
            [.integer(classic), .text(candidate.fileName)]
        ) { $0.text(0) }
        guard let file else { return nil }
        return "its file \(OCIParseError.quote(candidate.fileName)) is that of a version of chart "
            + "\(OCIParseError.quote(file)); change its name or version"
    }

    /// Brings the listing of a repository's tags up to date after its locks changed.
    ///
    /// Costs as much as the repository has tags.
    func listTags(of repositoryID: Int64, _ repository: RepositoryName) throws(ContentError) {
        let tags = try sql.all("SELECT name FROM tags WHERE repository_id = ?1", [.integer(repositoryID)]) {
            $0.text(0)
        }
        for tag in tags { try listTag(tag, repositoryID, repository) }
    }

    // MARK: Newest versions

    /// Finds the newest version of each chart whose versions changed, and its words for the search; drops charts that
    /// have none left, here or upstream.
    func settleCharts() throws(ContentError) {
        let unsettled = try sql.all(
            "SELECT id, chart_repository_id, name, upstream_count, newest FROM charts WHERE is_settled = 0"
        ) {
            (
                id: $0.integer(0), classic: $0.integer(1), name: $0.text(2), upstreamCount: $0.integer(3),
                newest: $0.optionalInteger(4)
            )
        }
        guard !unsettled.isEmpty else { return }
        for chart in unsettled {
            let newest = try sql.first(
                """
                SELECT id FROM chart_versions WHERE chart_repository_id = ?1 AND name = ?2
                ORDER BY is_prerelease, position LIMIT 1
                """, [.integer(chart.classic), .text(chart.name)]
            ) { $0.integer(0) }
            guard let newest else {
                try sql.run("DELETE FROM chart_search WHERE rowid = ?1", [.integer(chart.id)])
                if chart.upstreamCount == 0 {
                    try sql.run("DELETE FROM charts WHERE id = ?1", [.integer(chart.id)])
                } else {
                    try sql.run("UPDATE charts SET newest = NULL, is_settled = 1 WHERE id = ?1", [.integer(chart.id)])
                }
                continue
            }
            try sql.run(
                "UPDATE charts SET newest = ?2, is_settled = 1 WHERE id = ?1", [.integer(chart.id), .integer(newest)])
            if newest != chart.newest { try describe(chart.id, by: newest) }
        }
        for classic in Set(unsettled.map(\.classic)) {
            try sql.run(
                """
                DELETE FROM chart_changes WHERE chart_repository_id = ?1 AND revision <=
                    (SELECT revision FROM chart_repositories WHERE id = ?1) - ?2
                """, [.integer(classic), .integer(MetadataWriter.rememberedChanges)])
        }
    }

    /// Makes a chart found by the words of a version.
    ///
    /// A new version most often has the words of the one before: then the search index, whose pages a change costs
    /// dearly, stays as it is.
    private func describe(_ chart: Int64, by version: Int64) throws(ContentError) {
        let isSame = try sql.first(
            """
            SELECT 1 FROM chart_search s, chart_versions v JOIN chart_manifests c ON c.manifest_id = v.manifest_id
            WHERE s.rowid = ?1 AND v.id = ?2 AND s.name = c.name AND s.keywords = c.keywords
                AND s.description = c.description AND s.maintainers = c.maintainers
            """, [.integer(chart), .integer(version)]
        ) { _ in true }
        guard isSame == nil else { return }
        try sql.run("DELETE FROM chart_search WHERE rowid = ?1", [.integer(chart)])
        try sql.run(
            """
            INSERT INTO chart_search (rowid, name, keywords, description, maintainers)
            SELECT ?1, c.name, c.keywords, c.description, c.maintainers
            FROM chart_versions v JOIN chart_manifests c ON c.manifest_id = v.manifest_id WHERE v.id = ?2
            """, [.integer(chart), .integer(version)])
    }

    // MARK: Manifests of an older store

    /// Manifests that claim to be charts and whose archives nobody has read yet: those of an older store.
    public func unreadCharts(limit: Int) throws(ContentError) -> [(
        repository: RepositoryName, manifest: StoredManifest
    )] {
        try sql.all(
            """
            SELECT r.name, m.digest, m.media_type, m.body FROM chart_backlog b
            JOIN manifests m ON m.id = b.manifest_id JOIN repositories r ON r.id = m.repository_id LIMIT ?1
            """, [.integer(Int64(limit))]
        ) { row -> (RepositoryName, StoredManifest)? in
            guard let name = try? RepositoryName(parsing: row.text(0)), let digest = row.digest(1) else { return nil }
            return (name, StoredManifest(digest: digest, mediaType: row.mediaType(2), bytes: row.blob(3)))
        }.compactMap { $0 }
    }
}
