internal import SQLite

/// The tables of `mirrors.sqlite`; docs/formats.md describes each.
enum MirrorSchema {
    /// "CHMR": how `file(1)` and a careful operator know the file.
    static let applicationID: Int32 = 0x4348_4D52

    static let migrations = [Migration(version: 1, sql: tables)]

    private static let tables = """
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            mirror TEXT NOT NULL,
            cause TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            ended_at INTEGER,
            outcome TEXT NOT NULL,
            message TEXT NOT NULL,
            selected INTEGER NOT NULL,
            copied INTEGER NOT NULL,
            retagged INTEGER NOT NULL,
            left_alone INTEGER NOT NULL,
            marked INTEGER NOT NULL,
            pruned INTEGER NOT NULL,
            failed INTEGER NOT NULL,
            blobs INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            mounted INTEGER NOT NULL,
            source_requests INTEGER NOT NULL,
            destination_requests INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX runs_by_mirror ON runs(mirror, id);
        CREATE INDEX runs_under_way ON runs(mirror) WHERE outcome = 'running';
        CREATE TABLE failures (
            run_id INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            source TEXT NOT NULL,
            destination TEXT NOT NULL,
            side TEXT NOT NULL,
            reason TEXT NOT NULL,
            hint TEXT NOT NULL,
            PRIMARY KEY (run_id, position)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE mirrored (
            id INTEGER PRIMARY KEY,
            mirror TEXT NOT NULL,
            place TEXT NOT NULL,
            repository TEXT NOT NULL,
            tag TEXT NOT NULL,
            source_digest BLOB,
            digest BLOB,
            seen_at INTEGER NOT NULL,
            marked_at INTEGER,
            removed_at INTEGER,
            media_type TEXT,
            body BLOB,
            UNIQUE (mirror, place, repository, tag)
        ) STRICT;
        CREATE INDEX mirrored_by_tag ON mirrored(place, repository, tag, mirror) WHERE removed_at IS NULL;

        CREATE TABLE listings (
            id INTEGER PRIMARY KEY,
            place TEXT NOT NULL,
            key TEXT NOT NULL,
            entity_tag TEXT,
            last_modified TEXT,
            content BLOB,
            kept_at INTEGER NOT NULL,
            body BLOB NOT NULL,
            UNIQUE (place, key)
        ) STRICT;
        CREATE INDEX listings_by_age ON listings(kept_at);

        CREATE TABLE sessions (
            place TEXT NOT NULL,
            repository TEXT NOT NULL,
            digest BLOB NOT NULL,
            session TEXT NOT NULL,
            noted_at INTEGER NOT NULL,
            PRIMARY KEY (place, repository, digest)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX sessions_by_age ON sessions(noted_at);

        CREATE TABLE schedules (
            mirror TEXT PRIMARY KEY NOT NULL,
            due_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        """
}
