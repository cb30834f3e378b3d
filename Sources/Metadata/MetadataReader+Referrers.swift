public import Content
public import OCIModel
internal import SQLite

extension MetadataReader {
    /// A page ends early once the annotations in it reach this: a manifest may carry megabytes of them.
    static let mostAnnotationBytes = 4 << 20

    /// A page of the manifests that name `subject`, as descriptors, by digest.
    ///
    /// Follows one index; the filter by type reads on until the page is full. Empty for an unknown repository. May hold
    /// fewer than asked for though more follow.
    public func referrers(
        of subject: Digest, in repository: RepositoryName, artifactType: String?, _ page: PageRequest<Digest>
    ) throws(ContentError) -> Page<Descriptor> {
        guard page.limit > 0 else { return Page(elements: [], hasMore: false) }
        var found: [Descriptor] = []
        var (bytes, hasMore) = (0, false)
        try sql.forEach(
            """
            SELECT m.media_type, m.digest, m.size, m.artifact_type, m.annotations
            FROM repositories r JOIN manifests m ON m.repository_id = r.id
            WHERE r.name = ?1 AND m.subject = ?2 AND m.digest > ?3 AND m.locks & 4
                AND (?4 IS NULL OR m.artifact_type = ?4) ORDER BY m.digest
            """,
            [
                .text(repository.description), .digest(subject), .blob(page.last?.bytes ?? []),
                .optional(artifactType),
            ]
        ) { row in
            guard found.count < page.limit, bytes < MetadataReader.mostAnnotationBytes else {
                hasMore = true
                return false
            }
            bytes += row.text(4).utf8.count
            if let descriptor = MetadataReader.descriptor(row) { found.append(descriptor) }
            return true
        }
        return Page(elements: found, hasMore: hasMore)
    }

    private static func descriptor(_ row: Row) -> Descriptor? {
        guard let digest = row.digest(1) else { return nil }
        let annotations = row.optionalText(4).flatMap { text in
            (try? JSONValue(parsing: Array(text.utf8)))?.stringMap
        }
        return Descriptor(
            mediaType: row.mediaType(0), digest: digest, size: row.integer(2), artifactType: row.optionalText(3),
            annotations: annotations ?? [:])
    }
}
