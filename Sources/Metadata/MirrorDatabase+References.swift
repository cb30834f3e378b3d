public import Content
public import OCIModel
internal import SQLite

extension MirrorDatabase {
    /// What a mirror has put at a destination, sorted by repository and tag.
    public func references(of mirror: String, at place: String) throws(ContentError) -> [MirroredReference] {
        try read { sql throws(ContentError) in
            try sql.all(
                """
                SELECT repository, tag, source_digest, digest, seen_at, marked_at, removed_at, media_type, body
                FROM mirrored WHERE mirror = ?1 AND place = ?2 ORDER BY repository, tag
                """, [.text(mirror), .text(place)], MirrorDatabase.reference)
        }.compactMap { $0 }
    }

    private static func reference(_ row: Row) -> MirroredReference? {
        guard let repository = try? RepositoryName(parsing: row.text(0)), let tag = try? Tag(parsing: row.text(1))
        else { return nil }
        let digest = row.digest(3)
        var manifest: StoredManifest?
        if let digest, !row.isNull(8) {
            manifest = StoredManifest(digest: digest, mediaType: row.mediaType(7), bytes: row.blob(8))
        }
        return MirroredReference(
            repository: repository, tag: tag, sourceDigest: row.digest(2), digest: digest, seenAt: row.integer(4),
            markedAt: row.optionalInteger(5), removedAt: row.optionalInteger(6), manifest: manifest)
    }

    /// Writes references down, in place of those of the same repository and tag: one transaction.
    ///
    /// - Throws: `.parameterInvalid` for a manifest that is not the one of `digest`.
    public func note(_ references: [MirroredReference], of mirror: String, at place: String) throws(ContentError) {
        for reference in references where reference.manifest != nil && reference.manifest?.digest != reference.digest {
            throw .parameterInvalid("what is kept of \(reference.repository):\(reference.tag) is another manifest")
        }
        guard !references.isEmpty else { return }
        try write { sql throws(ContentError) in
            for reference in references {
                try sql.run(
                    """
                    INSERT INTO mirrored (mirror, place, repository, tag, source_digest, digest, seen_at, marked_at,
                        removed_at, media_type, body)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                    ON CONFLICT (mirror, place, repository, tag) DO UPDATE SET source_digest = ?5, digest = ?6,
                        seen_at = ?7, marked_at = ?8, removed_at = ?9, media_type = ?10, body = ?11
                    """,
                    [
                        .text(mirror), .text(place), .text(reference.repository.description),
                        .text(reference.tag.description), .digest(reference.sourceDigest), .digest(reference.digest),
                        .integer(reference.seenAt), .optional(reference.markedAt), .optional(reference.removedAt),
                        .optional(reference.manifest?.mediaType.description), .optional(reference.manifest?.bytes),
                    ])
            }
        }
    }

    /// Forgets references; those that are not known are fine.
    public func forget(_ references: [(RepositoryName, Tag)], of mirror: String, at place: String) throws(ContentError)
    {
        guard !references.isEmpty else { return }
        try write { sql throws(ContentError) in
            for (repository, tag) in references {
                try sql.run(
                    "DELETE FROM mirrored WHERE mirror = ?1 AND place = ?2 AND repository = ?3 AND tag = ?4",
                    [.text(mirror), .text(place), .text(repository.description), .text(tag.description)])
            }
        }
    }

    /// The mirrors, other than this one, that have put this tag at this place and not removed it; sorted.
    public func otherMirrors(than mirror: String, at place: String, _ repository: RepositoryName, _ tag: Tag)
        throws(ContentError) -> [String]
    {
        try read { sql throws(ContentError) in
            try sql.all(
                """
                SELECT mirror FROM mirrored
                WHERE place = ?1 AND repository = ?2 AND tag = ?3 AND removed_at IS NULL AND mirror <> ?4
                ORDER BY mirror
                """, [.text(place), .text(repository.description), .text(tag.description), .text(mirror)]
            ) { $0.text(0) }
        }
    }
}
