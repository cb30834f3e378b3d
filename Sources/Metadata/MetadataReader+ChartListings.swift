public import Content
internal import OCIModel
internal import SQLite

extension MetadataReader {
    /// The newest version of each chart behind a cursor, by namespace and name; with `namespace` only those of one.
    public func charts(in namespace: ChartNamespace?, _ page: PageRequest<ChartCursor>) throws(ContentError) -> Page<
        ChartSummary
    > {
        if let namespace {
            let last = page.last.map { $0.namespace == namespace ? $0.name : "" } ?? ""
            return try sql.page(
                """
                SELECT k.name, r.name, c.name, c.version, c.app_version, c.description, c.is_deprecated, c.type,
                    c.created, c.archive, c.size, m.digest, h.version_count
                FROM chart_repositories k JOIN charts h ON h.chart_repository_id = k.id
                JOIN chart_versions v ON v.id = h.newest JOIN repositories r ON r.id = v.repository_id
                JOIN manifests m ON m.id = v.manifest_id JOIN chart_manifests c ON c.manifest_id = v.manifest_id
                WHERE k.name = ?1 AND h.name > ?2 ORDER BY h.name LIMIT ?3
                """, [.text(namespace.description), .text(last)], limit: page.limit, MetadataReader.summary)
        }
        return try sql.page(
            """
            SELECT k.name, r.name, c.name, c.version, c.app_version, c.description, c.is_deprecated, c.type,
                c.created, c.archive, c.size, m.digest, h.version_count
            FROM chart_repositories k JOIN charts h ON h.chart_repository_id = k.id
            JOIN chart_versions v ON v.id = h.newest JOIN repositories r ON r.id = v.repository_id
            JOIN manifests m ON m.id = v.manifest_id JOIN chart_manifests c ON c.manifest_id = v.manifest_id
            WHERE k.name >= ?1 AND (k.name, h.name) > (?1, ?2) ORDER BY k.name, h.name LIMIT ?3
            """, [.text(page.last?.namespace.description ?? ""), .text(page.last?.name ?? "")], limit: page.limit,
            MetadataReader.summary)
    }

    /// The versions of one chart, newest first.
    public func versions(of chart: String, in namespace: ChartNamespace) throws(ContentError) -> [ChartSummary] {
        try sql.all(
            """
            SELECT k.name, r.name, c.name, c.version, c.app_version, c.description, c.is_deprecated, c.type,
                c.created, c.archive, c.size, m.digest, h.version_count
            FROM chart_repositories k JOIN charts h ON h.chart_repository_id = k.id AND h.name = ?2
            JOIN chart_versions v ON v.chart_repository_id = k.id AND v.name = h.name
            JOIN repositories r ON r.id = v.repository_id
            JOIN manifests m ON m.id = v.manifest_id JOIN chart_manifests c ON c.manifest_id = v.manifest_id
            WHERE k.name = ?1 ORDER BY v.position
            """, [.text(namespace.description), .text(chart)], MetadataReader.summary
        ).compactMap { $0 }
    }

    /// The newest versions of the charts that hold every word, each by its beginning; best first.
    ///
    /// - Throws: `.parameterInvalid` when there is no word.
    public func searchCharts(_ text: String, in namespace: ChartNamespace?, limit: Int) throws(ContentError)
        -> [ChartSummary]
    {
        let query = try MetadataReader.searchExpression(text)
        let found = try sql.all(
            """
            SELECT k.name, r.name, c.name, c.version, c.app_version, c.description, c.is_deprecated, c.type,
                c.created, c.archive, c.size, m.digest, h.version_count
            FROM chart_search JOIN charts h ON h.id = chart_search.rowid
            JOIN chart_repositories k ON k.id = h.chart_repository_id
            JOIN chart_versions v ON v.id = h.newest JOIN repositories r ON r.id = v.repository_id
            JOIN manifests m ON m.id = v.manifest_id JOIN chart_manifests c ON c.manifest_id = v.manifest_id
            WHERE chart_search MATCH ?1 AND (?2 IS NULL OR k.name = ?2)
            ORDER BY bm25(chart_search, 10.0, 5.0, 2.0, 1.0), h.name, k.name LIMIT ?3
            """, [.text(query), .optional(namespace?.description), .integer(Int64(limit))], MetadataReader.summary)
        return found.compactMap { $0 }
    }

    /// FTS5's expression for all words of a text: each quoted, so that nothing in it is an operator.
    ///
    /// Source: sqlite.org/fts5.html section 3.
    private static func searchExpression(_ text: String) throws(ContentError) -> String {
        let words = text.split(maxSplits: 32, whereSeparator: \.isWhitespace).prefix(32).filter { word in
            word.unicodeScalars.contains { $0.properties.isAlphabetic || $0.properties.numericType != nil }
        }
        guard text.utf8.count <= 1024, !words.isEmpty else {
            throw .parameterInvalid("a search needs one word at least, and 1024 bytes at the most")
        }
        return words.map { "\"" + $0.split(separator: "\"").joined(separator: " ") + "\"*" }.joined(separator: " ")
    }

    /// Artifacts that claim to be charts and are listed nowhere, by the order they came in.
    public func unlistedCharts(limit: Int) throws(ContentError) -> [UnlistedChart] {
        let found = try sql.all(
            """
            SELECT r.name, m.digest, coalesce(c.problem, c.collision), m.id
            FROM chart_manifests c JOIN manifests m ON m.id = c.manifest_id JOIN repositories r ON r.id = m.repository_id
            WHERE (c.problem IS NOT NULL OR c.collision IS NOT NULL) AND r.locks & 4 ORDER BY c.manifest_id LIMIT ?1
            """, [.integer(Int64(limit))]
        ) { (repository: $0.text(0), digest: $0.digest(1), problem: $0.text(2), row: $0.integer(3)) }
        var charts: [UnlistedChart] = []
        for row in found {
            guard let repository = try? RepositoryName(parsing: row.repository), let digest = row.digest else {
                continue
            }
            let tags = try sql.all("SELECT name FROM tags WHERE manifest_id = ?1 ORDER BY name", [.integer(row.row)]) {
                try? Tag(parsing: $0.text(0))
            }
            charts.append(
                UnlistedChart(
                    repository: repository, manifest: digest, tags: tags.compactMap { $0 }, problem: row.problem))
        }
        return charts
    }

    private static func summary(_ row: Row) -> ChartSummary? {
        guard let namespace = try? ChartNamespace(parsing: row.text(0)),
            let repository = try? RepositoryName(parsing: row.text(1)), let archive = row.digest(9),
            let manifest = row.digest(11)
        else { return nil }
        return ChartSummary(
            namespace: namespace, repository: repository, name: row.text(2), version: row.text(3),
            appVersion: row.text(4), description: row.text(5), isDeprecated: row.integer(6) == 1, type: row.text(7),
            created: row.text(8), archive: archive, size: row.integer(10), manifest: manifest,
            versionCount: row.integer(12))
    }
}
