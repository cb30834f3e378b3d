public import Content
public import OCIModel
internal import SQLite

extension MirrorDatabase {
    private static let day: Int64 = 86_400_000_000

    // MARK: Listings

    /// A listing as it was last seen.
    public func listing(of place: String, _ key: String) throws(ContentError) -> RememberedListing? {
        try read { sql throws(ContentError) in
            try sql.first(
                "SELECT entity_tag, last_modified, content, body FROM listings WHERE place = ?1 AND key = ?2",
                [.text(place), .text(key)]
            ) {
                RememberedListing(
                    entityTag: $0.optionalText(0), lastModified: $0.optionalText(1), content: $0.digest(2),
                    body: $0.blob(3))
            }
        }
    }

    /// Remembers a listing in place of the one before, and forgets those that were kept 90 days ago.
    ///
    /// - Throws: `.tooLarge` for more than 64 MiB.
    public func keep(_ listing: RememberedListing, of place: String, _ key: String) throws(ContentError) {
        guard listing.body.count <= 64 << 20 else {
            throw .tooLarge("the listing \(key) of \(place) has more than 64 MiB and is not remembered")
        }
        let now = now()
        try write(isLight: true) { sql throws(ContentError) in
            try sql.run("DELETE FROM listings WHERE kept_at < ?1", [.integer(now - 90 * MirrorDatabase.day)])
            try sql.run(
                """
                INSERT INTO listings (place, key, entity_tag, last_modified, content, kept_at, body)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                ON CONFLICT (place, key) DO UPDATE SET entity_tag = ?3, last_modified = ?4, content = ?5, kept_at = ?6,
                    body = ?7
                """,
                [
                    .text(place), .text(key), .optional(listing.entityTag), .optional(listing.lastModified),
                    .digest(listing.content), .integer(now), .blob(listing.body),
                ])
        }
    }

    // MARK: Upload sessions

    /// An upload session at a destination that was not finished; nil when there is none, or it is older than a day.
    public func session(at place: String, _ repository: RepositoryName, _ digest: Digest) throws(ContentError)
        -> String?
    {
        let oldest = now() - MirrorDatabase.day
        return try read { sql throws(ContentError) in
            try sql.first(
                """
                SELECT session FROM sessions WHERE place = ?1 AND repository = ?2 AND digest = ?3 AND noted_at >= ?4
                """, [.text(place), .text(repository.description), .digest(digest), .integer(oldest)]
            ) { $0.text(0) }
        }
    }

    /// Remembers an upload session, or with nil that it is over.
    public func note(session: String?, at place: String, _ repository: RepositoryName, _ digest: Digest)
        throws(ContentError)
    {
        let now = now()
        try write(isLight: true) { sql throws(ContentError) in
            try sql.run("DELETE FROM sessions WHERE noted_at < ?1", [.integer(now - MirrorDatabase.day)])
            let key: [SQLValue] = [.text(place), .text(repository.description), .digest(digest)]
            guard let session else {
                try sql.run("DELETE FROM sessions WHERE place = ?1 AND repository = ?2 AND digest = ?3", key)
                return
            }
            try sql.run(
                """
                INSERT INTO sessions (place, repository, digest, session, noted_at) VALUES (?1, ?2, ?3, ?4, ?5)
                ON CONFLICT (place, repository, digest) DO UPDATE SET session = ?4, noted_at = ?5
                """, key + [.text(session), .integer(now)])
        }
    }

    // MARK: Schedules

    /// When a scheduled run of a mirror was last due and begun; nil for never.
    public func lastDue(of mirror: String) throws(ContentError) -> Int64? {
        try read { sql throws(ContentError) in
            try sql.first("SELECT due_at FROM schedules WHERE mirror = ?1", [.text(mirror)]) { $0.integer(0) }
        }
    }

    /// Writes that down.
    public func noteDue(of mirror: String, at time: Int64) throws(ContentError) {
        try write { sql throws(ContentError) in
            try sql.run(
                """
                INSERT INTO schedules (mirror, due_at) VALUES (?1, ?2)
                ON CONFLICT (mirror) DO UPDATE SET due_at = ?2
                """, [.text(mirror), .integer(time)])
        }
    }
}
