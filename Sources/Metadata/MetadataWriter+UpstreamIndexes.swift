public import Content
public import OCIModel
internal import SQLite

extension MetadataWriter {
    /// Takes an index over: what `next` gives until nil, in place of what was listed before.
    ///
    /// Writes only what has changed; remembers a number for each version, and nothing else of them. Of several versions
    /// with one file name the first counts; those that no repository here can hold are left out.
    public func takeUpstreamIndex(
        _ state: UpstreamIndexState, of namespace: ChartNamespace, deletes: Bool, at now: Int64,
        _ next: () -> UpstreamChart?
    ) throws(ContentError) -> (change: UpstreamIndexChange, removed: [Digest]) {
        let classic = try classicRepository(namespace)
        var change = UpstreamIndexChange(added: 0, removed: 0, moved: [], gone: 0)
        var seen: Set<Int64> = []
        while let chart = next() {
            guard let repository = try? namespace.repository(forChart: chart.key.name) else { continue }
            var row = chart
            if row.visibleFrom <= now { row.visibleFrom = 0 }
            try take(row, repository, classic, &seen, &change)
        }
        let listed = try sql.all(
            "SELECT id FROM upstream_versions WHERE chart_repository_id = ?1", [.integer(classic)]
        ) { $0.integer(0) }
        for id in listed where !seen.contains(id) {
            try sql.run("DELETE FROM upstream_versions WHERE id = ?1", [.integer(id)])
            change.removed += 1
        }
        change.moved = try movedFiles(classic)
        try settleYoung(at: now)
        let gone = try settleGone(namespace, classic, from: state.upstream, deletes: deletes, at: now)
        change.gone = gone.count
        try noteUpstreamIndex(state, classic)
        return (change, gone.removed)
    }

    private func take(
        _ chart: UpstreamChart, _ repository: RepositoryName, _ classic: Int64, _ seen: inout Set<Int64>,
        _ change: inout UpstreamIndexChange
    ) throws(ContentError) {
        let columns: [SQLValue] = [
            .integer(classic), .text(chart.fileName), .text(chart.key.name),
            .blob(ChartPosition.stored(chart.key.order)), .text(chart.version), .text(chart.tag.description),
            .text(repository.description), .digest(chart.archive), .text(UpstreamURLs.text(chart.urls)),
            .integer(chart.isPrerelease ? 1 : 0), .integer(chart.isDeprecated ? 1 : 0), .integer(chart.visibleFrom),
            .blob(chart.json),
        ]
        let known = try sql.first(
            """
            SELECT id, name = ?3 AND position = ?4 AND version = ?5 AND tag = ?6 AND repository = ?7 AND archive IS ?8
                AND urls = ?9 AND is_prerelease = ?10 AND is_deprecated = ?11 AND visible_from = ?12 AND entry = ?13
            FROM upstream_versions WHERE chart_repository_id = ?1 AND file_name = ?2
            """, columns
        ) { (id: $0.integer(0), isSame: $0.integer(1) == 1) }
        if let known {
            guard !seen.contains(known.id) else { return }
            guard !known.isSame else {
                seen.insert(known.id)
                return
            }
            try sql.run("DELETE FROM upstream_versions WHERE id = ?1", [.integer(known.id)])
        }
        try sql.run(
            """
            INSERT INTO upstream_versions (chart_repository_id, file_name, name, position, version, tag, repository,
                archive, urls, is_prerelease, is_deprecated, visible_from, entry, is_listed)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?12 = 0 AND NOT EXISTS
                (SELECT 1 FROM chart_versions v WHERE v.chart_repository_id = ?1 AND v.file_name = ?2))
            """, columns)
        seen.insert(lastInsertedRow)
        change.added += 1
    }

    /// Files that are here from the upstream and whose archive has another digest there.
    private func movedFiles(_ classic: Int64) throws(ContentError) -> [String] {
        try sql.all(
            """
            SELECT v.file_name FROM chart_versions v
            CROSS JOIN tag_origins o ON o.repository_id = v.repository_id AND o.name = v.tag
            CROSS JOIN upstream_versions u ON u.chart_repository_id = v.chart_repository_id
                AND u.file_name = v.file_name
            CROSS JOIN chart_manifests c ON c.manifest_id = v.manifest_id
            WHERE v.chart_repository_id = ?1 AND u.archive IS NOT NULL AND u.archive IS NOT c.archive
            """, [.integer(classic)]
        ) { $0.text(0) }
    }

    /// Marks cached tags of a classic repository's charts that its upstream lists no more, and clears those it lists.
    ///
    /// When `deletes`, they are removed; one that is locked against that is marked all the same.
    private func settleGone(
        _ namespace: ChartNamespace, _ classic: Int64, from upstream: String, deletes: Bool, at now: Int64
    ) throws(ContentError) -> (count: Int64, removed: [Digest]) {
        let prefix = namespace.description
        let changed = try sql.all(
            """
            SELECT r.id, r.name, o.name, o.gone_since IS NULL FROM repositories r
            CROSS JOIN tag_origins o ON o.repository_id = r.id
            WHERE r.name >= ?1 AND r.name < ?2 AND instr(substr(r.name, ?3), '/') = 0 AND o.upstream = ?4
                AND (o.gone_since IS NULL) <> EXISTS (SELECT 1 FROM upstream_versions u
                    WHERE u.repository = r.name AND u.tag = o.name AND u.chart_repository_id = ?5)
            """,
            PathRange(below: prefix).bounds + [
                .integer(prefix.isEmpty ? 1 : Int64(prefix.utf8.count) + 2), .text(upstream), .integer(classic),
            ]
        ) { (id: $0.integer(0), repository: $0.text(1), tag: $0.text(2), isNew: $0.integer(3) == 1) }
        var (count, removed): (Int64, [Digest]) = (0, [])
        for row in changed {
            if row.isNew { count += 1 }
            if row.isNew, deletes, let tag = try? Tag(parsing: row.tag),
                let repository = try? RepositoryName(parsing: row.repository),
                let blobs = try dropIfUnlocked(tag, in: repository, at: now)
            {
                removed += blobs
                continue
            }
            try sql.run(
                """
                UPDATE tag_origins SET gone_since = ?3, checked_at = max(checked_at, ?4)
                WHERE repository_id = ?1 AND name = ?2
                """, [.integer(row.id), .text(row.tag), row.isNew ? .integer(now) : .null, .integer(now)])
        }
        return (count, removed)
    }

    /// Removes a cached tag; nil when a lock forbids it.
    private func dropIfUnlocked(_ tag: Tag, in repository: RepositoryName, at now: Int64) throws(ContentError)
        -> [Digest]?
    {
        do throws(ContentError) {
            return try dropCachedTag(tag, in: repository, at: now).blobs
        } catch .unsupported {
            return nil
        }
    }

    /// Writes down what is known of the index behind a classic repository, and shows what has become old enough.
    public func noteUpstreamIndex(_ state: UpstreamIndexState, of namespace: ChartNamespace, at now: Int64)
        throws(ContentError)
    {
        try settleYoung(at: now)
        try noteUpstreamIndex(state, try classicRepository(namespace))
    }

    private func noteUpstreamIndex(_ state: UpstreamIndexState, _ classic: Int64) throws(ContentError) {
        try sql.run(
            """
            INSERT OR REPLACE INTO upstream_indexes (chart_repository_id, upstream, entity_tag, last_modified, content,
                checked_at, version_count, refusal)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """,
            [
                .integer(classic), .text(state.upstream), .optional(state.entityTag), .optional(state.lastModified),
                .digest(state.content), .integer(state.checkedAt), .integer(state.versionCount),
                .optional(state.refusal),
            ])
    }

    /// Whether versions that were too young are old enough now.
    public func hasYoung(oldEnoughAt now: Int64) throws(ContentError) -> Bool {
        try sql.first(
            "SELECT 1 FROM upstream_versions WHERE visible_from > 0 AND visible_from <= ?1 LIMIT 1", [.integer(now)]
        ) { _ in true } ?? false
    }

    /// Shows versions that have become old enough, unless one of our own has their file's name.
    public func settleYoung(at now: Int64) throws(ContentError) {
        guard try hasYoung(oldEnoughAt: now) else { return }
        try sql.run(
            """
            UPDATE upstream_versions SET visible_from = 0, is_listed = NOT EXISTS
                (SELECT 1 FROM chart_versions v WHERE v.chart_repository_id = upstream_versions.chart_repository_id
                    AND v.file_name = upstream_versions.file_name)
            WHERE visible_from > 0 AND visible_from <= ?1
            """, [.integer(now)])
    }
}
