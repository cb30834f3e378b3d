public import Content
public import OCIModel
internal import SQLite

extension MetadataReader {
    /// What is known of a cached tag; nil when it was pushed here, or was never heard of.
    public func tagOrigin(_ tag: Tag, in repository: RepositoryName) throws(ContentError) -> TagOrigin? {
        try sql.first(
            """
            SELECT o.upstream, o.digest, o.checked_at, o.first_seen_at, o.gone_since FROM repositories r
            JOIN tag_origins o ON o.repository_id = r.id WHERE r.name = ?1 AND o.name = ?2
            """, [.text(repository.description), .text(tag.description)]
        ) {
            TagOrigin(
                upstream: $0.text(0), digest: $0.digest(1), checkedAt: $0.integer(2), firstSeenAt: $0.integer(3),
                goneSince: $0.optionalInteger(4))
        }
    }

    /// The blob that a manifest of the repository names by this digest; nil when none does.
    ///
    /// The join is crossed: SQLite would begin with all manifests of the repository.
    public func namedBlob(_ digest: Digest, in repository: RepositoryName) throws(ContentError) -> Descriptor? {
        try sql.first(
            """
            SELECT d.media_type, d.size FROM repositories r CROSS JOIN descriptors d
            CROSS JOIN manifests m ON m.id = d.manifest_id AND m.repository_id = r.id
            WHERE r.name = ?1 AND d.digest = ?2 AND d.role <> 'manifest' LIMIT 1
            """, [.text(repository.description), .digest(digest)]
        ) { Descriptor(mediaType: $0.mediaType(0), digest: digest, size: $0.integer(1)) }
    }

    /// Manifests that claim to be charts and wait for this blob and no other; so many at the most.
    public func chartsWaiting(for digest: Digest, in repository: RepositoryName, limit: Int) throws(ContentError)
        -> [StoredManifest]
    {
        try sql.all(
            """
            SELECT m.digest, m.media_type, m.body FROM repositories r
            CROSS JOIN chart_waits w ON w.repository_id = r.id AND w.digest = ?2
            CROSS JOIN manifests m ON m.id = w.manifest_id
            WHERE r.name = ?1 AND NOT EXISTS
                (SELECT 1 FROM chart_waits o WHERE o.manifest_id = w.manifest_id AND o.digest <> ?2) LIMIT ?3
            """, [.text(repository.description), .digest(digest), .integer(Int64(limit))]
        ) { row in
            row.digest(0).map { StoredManifest(digest: $0, mediaType: row.mediaType(1), bytes: row.blob(2)) }
        }.compactMap { $0 }
    }

    /// A kept listing.
    public func cachedListing(_ key: CachedListingKey) throws(ContentError) -> CachedListing? {
        try sql.first(
            "SELECT upstream, entity_tag, checked_at, elements FROM upstream_listings WHERE key = ?1",
            [.text(ListingKey.text(key))]
        ) {
            CachedListing(
                upstream: $0.text(0), entityTag: $0.optionalText(1), checkedAt: $0.integer(2),
                elements: $0.blob(3).split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) })
        }
    }

    /// Cached tags and those among them that are gone, in the repository of this name and those below it.
    ///
    /// Costs as much as there are.
    public func cachedTagCounts(below path: String) throws(ContentError) -> (tags: Int64, gone: Int64) {
        let counts = try sql.all(
            """
            SELECT count(*), count(o.gone_since) FROM repositories r CROSS JOIN tag_origins o ON o.repository_id = r.id
            WHERE r.name = ?1
            UNION ALL
            SELECT count(*), count(o.gone_since) FROM repositories r CROSS JOIN tag_origins o ON o.repository_id = r.id
            WHERE r.name >= ?2 AND r.name < ?3
            """, [.text(path)] + PathRange(below: path).bounds
        ) { (tags: $0.integer(0), gone: $0.integer(1)) }
        return counts.reduce(into: (tags: 0, gone: 0)) { sum, part in
            sum.tags += part.tags
            sum.gone += part.gone
        }
    }

    /// The repository behind a name in the order of names, among that of the path and those below it; nil at the end.
    public func repository(below path: RepositoryName, after last: RepositoryName?) throws(ContentError)
        -> RepositoryName?
    {
        let bounds = PathRange(below: path.description).bounds
        if last == nil, try locks(of: path) != nil { return path }
        let behind = last.map { $0 == path ? "" : $0.description } ?? ""
        return try sql.first(
            """
            SELECT name FROM repositories WHERE name >= ?1 AND name < ?2 AND name > ?3 ORDER BY name LIMIT 1
            """, bounds + [.text(behind)]
        ) { try? RepositoryName(parsing: $0.text(0)) } ?? nil
    }

    // MARK: Classic upstreams

    /// What is known of the index behind a classic repository; nil when it was never read.
    public func upstreamIndex(of namespace: ChartNamespace) throws(ContentError) -> UpstreamIndexState? {
        try sql.first(
            """
            SELECT u.upstream, u.entity_tag, u.last_modified, u.content, u.checked_at, u.version_count, u.refusal
            FROM chart_repositories k JOIN upstream_indexes u ON u.chart_repository_id = k.id WHERE k.name = ?1
            """, [.text(namespace.description)]
        ) {
            UpstreamIndexState(
                upstream: $0.text(0), entityTag: $0.optionalText(1), lastModified: $0.optionalText(2),
                content: $0.digest(3), checkedAt: $0.integer(4), versionCount: $0.integer(5),
                refusal: $0.optionalText(6))
        }
    }

    /// A listed version by its file name.
    public func upstreamChart(named fileName: String, in namespace: ChartNamespace) throws(ContentError)
        -> UpstreamChart?
    {
        try sql.first(
            """
            SELECT u.name, u.position, u.version, u.tag, u.urls, u.archive, u.is_prerelease, u.is_deprecated, u.entry
            FROM chart_repositories k JOIN upstream_versions u ON u.chart_repository_id = k.id
            WHERE k.name = ?1 AND u.file_name = ?2 AND u.visible_from = 0
            """, [.text(namespace.description), .text(fileName)], MetadataReader.upstreamChart) ?? nil
    }

    /// A listed version by its tag.
    public func upstreamChart(tagged tag: Tag, of repository: RepositoryName) throws(ContentError) -> UpstreamChart? {
        try sql.first(
            """
            SELECT u.name, u.position, u.version, u.tag, u.urls, u.archive, u.is_prerelease, u.is_deprecated, u.entry
            FROM upstream_versions u WHERE u.repository = ?1 AND u.tag = ?2 AND u.visible_from = 0 LIMIT 1
            """, [.text(repository.description), .text(tag.description)], MetadataReader.upstreamChart) ?? nil
    }

    /// A listed version by the digest of its archive.
    public func upstreamChart(ofArchive digest: Digest, of repository: RepositoryName) throws(ContentError)
        -> UpstreamChart?
    {
        try sql.first(
            """
            SELECT u.name, u.position, u.version, u.tag, u.urls, u.archive, u.is_prerelease, u.is_deprecated, u.entry
            FROM upstream_versions u WHERE u.repository = ?1 AND u.archive = ?2 AND u.visible_from = 0 LIMIT 1
            """, [.text(repository.description), .digest(digest)], MetadataReader.upstreamChart) ?? nil
    }

    private static func upstreamChart(_ row: Row) -> UpstreamChart? {
        guard let tag = try? Tag(parsing: row.text(3)) else { return nil }
        return UpstreamChart(
            key: ChartVersionKey(name: row.text(0), order: ChartPosition.order(row.blob(1))), version: row.text(2),
            tag: tag, urls: UpstreamURLs.list(row.text(4)), archive: row.digest(5), isPrerelease: row.integer(6) == 1,
            isDeprecated: row.integer(7) == 1, json: row.blob(8))
    }

    /// The tags of the versions that an upstream lists of one chart, sorted by bytes.
    public func upstreamTags(of repository: RepositoryName, _ page: PageRequest<String>) throws(ContentError) -> Page<
        Tag
    > {
        try sql.page(
            """
            SELECT DISTINCT tag FROM upstream_versions WHERE repository = ?1 AND tag > ?2 AND visible_from = 0
            ORDER BY tag LIMIT ?3
            """, [.text(repository.description), .text(page.last ?? "")], limit: page.limit
        ) { try? Tag(parsing: $0.text(0)) }
    }
}

/// The URLs of an archive as one text.
enum UpstreamURLs {
    static func text(_ urls: [String]) -> String {
        String(decoding: JSONValue.array(urls.map { .string($0) }).text(.compact), as: UTF8.self)
    }

    static func list(_ text: String) -> [String] {
        (try? JSONValue(parsing: Array(text.utf8)))?.array?.compactMap(\.string) ?? []
    }
}

/// The names that stand below a path: those that begin with it and a slash.
struct PathRange {
    let bounds: [SQLValue]

    /// Names below a path; below the empty one is every name.
    init(below path: String) {
        // The character behind the slash ends the range; no name holds the one that ends all.
        bounds = path.isEmpty ? [.text(""), .text("~")] : [.text(path + "/"), .text(path + "0")]
    }
}
