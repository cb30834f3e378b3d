public import Content
public import OCIModel
internal import SQLite

extension MetadataReader {
    /// A page of the manifests that name `subject`, as descriptors, by digest.
    ///
    /// Follows one index; the filter by type reads on until the page is full. Empty for an unknown repository.
    public func referrers(
        of subject: Digest, in repository: RepositoryName, artifactType: String?, _ page: PageRequest<Digest>
    ) throws(ContentError) -> Page<Descriptor> {
        try sql.page(
            """
            SELECT m.media_type, m.digest, m.size, m.artifact_type, m.annotations
            FROM repositories r JOIN manifests m ON m.repository_id = r.id
            WHERE r.name = ?1 AND m.subject = ?2 AND m.digest > ?3 AND m.locks & 4
                AND (?4 IS NULL OR m.artifact_type = ?4) ORDER BY m.digest LIMIT ?5
            """,
            [
                .text(repository.description), .digest(subject), .blob(page.last?.bytes ?? []),
                .optional(artifactType),
            ], limit: page.limit, MetadataReader.descriptor)
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
