// Metadata: everything the store knows that is not a blob's bytes, in one SQLite file in WAL mode.
//
// Owns: the schema, its migrations and every SQL statement. Invariants: manifests live here whole, with one row for
// each descriptor they name; counts and totals are kept by triggers, so no listing and no metric scans; every listing
// follows an index from a cursor. Thread rule: one writer (`MetadataWriter`, on the committer's thread), any number of
// readers (`MetadataReader`, one a thread). Digests are stored as `Digest.bytes`, times as microseconds since 1970.
// Compatibility: migrations are only ever added; docs/formats.md describes each table.

internal import SQLite

enum Schema {
    /// "CHRT": how `file(1)` and a careful operator know the file.
    static let applicationID: Int32 = 0x4348_5254

    static let migrations = [
        Migration(version: 1, sql: tables + triggers), Migration(version: 2, sql: charts),
        Migration(version: 3, sql: upstreams),
    ]

    private static let tables = """
        CREATE TABLE repositories (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            manifest_count INTEGER NOT NULL DEFAULT 0,
            tag_count INTEGER NOT NULL DEFAULT 0,
            locks INTEGER NOT NULL DEFAULT 15
        ) STRICT;
        CREATE INDEX repositories_listed ON repositories(name) WHERE manifest_count > 0 AND locks & 4;

        CREATE TABLE blobs (
            id INTEGER PRIMARY KEY,
            digest BLOB NOT NULL UNIQUE,
            size INTEGER NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE blob_links (
            repository_id INTEGER NOT NULL REFERENCES repositories(id) ON DELETE CASCADE,
            blob_id INTEGER NOT NULL REFERENCES blobs(id) ON DELETE CASCADE,
            linked_at INTEGER NOT NULL,
            PRIMARY KEY (repository_id, blob_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX blob_links_by_blob ON blob_links(blob_id);
        CREATE TABLE promotions (
            slot TEXT PRIMARY KEY NOT NULL,
            digest BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX promotions_by_digest ON promotions(digest);
        CREATE TABLE removals (
            digest BLOB PRIMARY KEY NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE manifests (
            id INTEGER PRIMARY KEY,
            repository_id INTEGER NOT NULL REFERENCES repositories(id) ON DELETE CASCADE,
            digest BLOB NOT NULL,
            media_type TEXT NOT NULL,
            config_media_type TEXT,
            artifact_type TEXT,
            image_size INTEGER NOT NULL,
            subject BLOB,
            annotations TEXT,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            pulled_at INTEGER,
            locks INTEGER NOT NULL DEFAULT 15,
            size INTEGER NOT NULL,
            body BLOB NOT NULL,
            UNIQUE (repository_id, digest)
        ) STRICT;
        CREATE INDEX manifests_by_subject ON manifests(repository_id, subject, digest) WHERE subject IS NOT NULL;
        CREATE TABLE descriptors (
            manifest_id INTEGER NOT NULL REFERENCES manifests(id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            role TEXT NOT NULL CHECK (role IN ('config', 'layer', 'manifest')),
            digest BLOB NOT NULL,
            media_type TEXT NOT NULL,
            size INTEGER NOT NULL,
            PRIMARY KEY (manifest_id, position)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX descriptors_by_digest ON descriptors(digest, manifest_id);

        CREATE TABLE tags (
            repository_id INTEGER NOT NULL REFERENCES repositories(id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            manifest_id INTEGER NOT NULL REFERENCES manifests(id) ON DELETE CASCADE,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            locks INTEGER NOT NULL DEFAULT 15,
            PRIMARY KEY (repository_id, name)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX tags_by_manifest ON tags(manifest_id, name);
        CREATE TABLE tag_history (
            id INTEGER PRIMARY KEY,
            repository_id INTEGER NOT NULL REFERENCES repositories(id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            digest BLOB,
            changed_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX tag_history_by_tag ON tag_history(repository_id, name, id);

        CREATE TABLE upload_sessions (
            id TEXT PRIMARY KEY NOT NULL,
            repository TEXT NOT NULL,
            slot TEXT NOT NULL UNIQUE,
            algorithm INTEGER NOT NULL,
            client TEXT NOT NULL,
            started_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE totals (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            blobs INTEGER NOT NULL DEFAULT 0,
            physical_bytes INTEGER NOT NULL DEFAULT 0,
            logical_bytes INTEGER NOT NULL DEFAULT 0,
            repositories INTEGER NOT NULL DEFAULT 0,
            manifests INTEGER NOT NULL DEFAULT 0,
            tags INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        INSERT INTO totals (id) VALUES (1);

        """

    private static let triggers = """
        CREATE TRIGGER repositories_added AFTER INSERT ON repositories BEGIN
            UPDATE totals SET repositories = repositories + 1;
        END;
        CREATE TRIGGER repositories_removed AFTER DELETE ON repositories BEGIN
            UPDATE totals SET repositories = repositories - 1;
        END;
        CREATE TRIGGER blobs_added AFTER INSERT ON blobs BEGIN
            UPDATE totals SET blobs = blobs + 1, physical_bytes = physical_bytes + new.size;
        END;
        CREATE TRIGGER blobs_removed AFTER DELETE ON blobs BEGIN
            UPDATE totals SET blobs = blobs - 1, physical_bytes = physical_bytes - old.size;
        END;
        CREATE TRIGGER blob_links_added AFTER INSERT ON blob_links BEGIN
            UPDATE totals SET logical_bytes = logical_bytes + (SELECT size FROM blobs WHERE id = new.blob_id);
        END;
        CREATE TRIGGER blob_links_removed BEFORE DELETE ON blob_links BEGIN
            UPDATE totals SET logical_bytes = logical_bytes - (SELECT size FROM blobs WHERE id = old.blob_id);
        END;
        CREATE TRIGGER manifests_added AFTER INSERT ON manifests BEGIN
            UPDATE totals SET manifests = manifests + 1;
            UPDATE repositories SET manifest_count = manifest_count + 1 WHERE id = new.repository_id;
        END;
        CREATE TRIGGER manifests_removed AFTER DELETE ON manifests BEGIN
            UPDATE totals SET manifests = manifests - 1;
            UPDATE repositories SET manifest_count = manifest_count - 1 WHERE id = old.repository_id;
        END;
        CREATE TRIGGER tags_added AFTER INSERT ON tags BEGIN
            UPDATE totals SET tags = tags + 1;
            UPDATE repositories SET tag_count = tag_count + 1 WHERE id = new.repository_id;
        END;
        CREATE TRIGGER tags_removed AFTER DELETE ON tags BEGIN
            UPDATE totals SET tags = tags - 1;
            UPDATE repositories SET tag_count = tag_count - 1 WHERE id = old.repository_id;
        END;

        """
}
