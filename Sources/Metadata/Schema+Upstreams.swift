extension Schema {
    /// What came from upstreams: which tags, what upstreams list, and what waits for blobs that were not asked for yet.
    ///
    /// `tag_origins` has a row for each tag that an upstream stands behind: a tag without one was pushed here.
    /// `upstream_versions` are the versions a classic upstream lists, whether they are here or not. One is listed in our
    /// index while it is old enough and no version of our own has its file's name; triggers see to that, and keep
    /// revision, counts and the log of changes as they do for `chart_versions`. `chart_waits` has a row for each layer
    /// that a cached manifest needs to be examined as a chart and that is not here yet.
    static let upstreams = """
        ALTER TABLE manifests ADD COLUMN is_cached INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX manifests_cached ON manifests(repository_id, id) WHERE is_cached = 1;
        ALTER TABLE chart_repositories ADD COLUMN upstream_count INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE charts ADD COLUMN upstream_count INTEGER NOT NULL DEFAULT 0;

        CREATE TABLE tag_origins (
            repository_id INTEGER NOT NULL REFERENCES repositories(id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            upstream TEXT NOT NULL,
            digest BLOB,
            checked_at INTEGER NOT NULL,
            first_seen_at INTEGER NOT NULL,
            gone_since INTEGER,
            PRIMARY KEY (repository_id, name)
        ) STRICT, WITHOUT ROWID;
        CREATE TRIGGER tags_forgotten AFTER DELETE ON tags BEGIN
            DELETE FROM tag_origins WHERE repository_id = old.repository_id AND name = old.name;
        END;

        CREATE TABLE upstream_listings (
            key TEXT PRIMARY KEY NOT NULL,
            upstream TEXT NOT NULL,
            entity_tag TEXT,
            checked_at INTEGER NOT NULL,
            elements BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE chart_waits (
            repository_id INTEGER NOT NULL,
            digest BLOB NOT NULL,
            manifest_id INTEGER NOT NULL REFERENCES manifests(id) ON DELETE CASCADE,
            PRIMARY KEY (repository_id, digest, manifest_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX chart_waits_by_manifest ON chart_waits(manifest_id, digest);

        CREATE TABLE upstream_indexes (
            chart_repository_id INTEGER PRIMARY KEY REFERENCES chart_repositories(id),
            upstream TEXT NOT NULL,
            entity_tag TEXT,
            last_modified TEXT,
            content BLOB,
            checked_at INTEGER NOT NULL,
            version_count INTEGER NOT NULL,
            refusal TEXT
        ) STRICT;
        CREATE TABLE upstream_versions (
            id INTEGER PRIMARY KEY,
            chart_repository_id INTEGER NOT NULL REFERENCES chart_repositories(id),
            name TEXT NOT NULL,
            position BLOB NOT NULL,
            version TEXT NOT NULL,
            tag TEXT NOT NULL,
            file_name TEXT NOT NULL,
            repository TEXT NOT NULL,
            archive BLOB,
            urls TEXT NOT NULL,
            is_prerelease INTEGER NOT NULL,
            is_deprecated INTEGER NOT NULL,
            visible_from INTEGER NOT NULL,
            is_listed INTEGER NOT NULL,
            entry BLOB NOT NULL,
            UNIQUE (chart_repository_id, file_name)
        ) STRICT;
        CREATE INDEX upstream_versions_in_order ON upstream_versions(chart_repository_id, name, position)
            WHERE is_listed = 1;
        CREATE INDEX upstream_versions_by_tag ON upstream_versions(repository, tag);
        CREATE INDEX upstream_versions_by_archive ON upstream_versions(repository, archive) WHERE archive IS NOT NULL;
        CREATE INDEX upstream_versions_young ON upstream_versions(visible_from) WHERE visible_from > 0;

        """ + upstreamTriggers

    private static let upstreamTriggers = """
        CREATE TRIGGER upstream_versions_added AFTER INSERT ON upstream_versions WHEN new.is_listed = 1 BEGIN
            INSERT OR IGNORE INTO charts (chart_repository_id, name) VALUES (new.chart_repository_id, new.name);
            UPDATE charts SET upstream_count = upstream_count + 1, is_settled = 0
                WHERE chart_repository_id = new.chart_repository_id AND name = new.name;
            UPDATE chart_repositories SET revision = revision + 1, upstream_count = upstream_count + 1
                WHERE id = new.chart_repository_id;
            INSERT INTO chart_changes SELECT id, revision, new.name, new.position FROM chart_repositories
                WHERE id = new.chart_repository_id;
        END;
        CREATE TRIGGER upstream_versions_removed AFTER DELETE ON upstream_versions WHEN old.is_listed = 1 BEGIN
            UPDATE charts SET upstream_count = upstream_count - 1, is_settled = 0
                WHERE chart_repository_id = old.chart_repository_id AND name = old.name;
            UPDATE chart_repositories SET revision = revision + 1, upstream_count = upstream_count - 1
                WHERE id = old.chart_repository_id;
            INSERT INTO chart_changes SELECT id, revision, old.name, old.position FROM chart_repositories
                WHERE id = old.chart_repository_id;
        END;
        CREATE TRIGGER upstream_versions_shown AFTER UPDATE OF is_listed ON upstream_versions
            WHEN new.is_listed = 1 AND old.is_listed = 0 BEGIN
            INSERT OR IGNORE INTO charts (chart_repository_id, name) VALUES (new.chart_repository_id, new.name);
            UPDATE charts SET upstream_count = upstream_count + 1, is_settled = 0
                WHERE chart_repository_id = new.chart_repository_id AND name = new.name;
            UPDATE chart_repositories SET revision = revision + 1, upstream_count = upstream_count + 1
                WHERE id = new.chart_repository_id;
            INSERT INTO chart_changes SELECT id, revision, new.name, new.position FROM chart_repositories
                WHERE id = new.chart_repository_id;
        END;
        CREATE TRIGGER upstream_versions_hidden AFTER UPDATE OF is_listed ON upstream_versions
            WHEN new.is_listed = 0 AND old.is_listed = 1 BEGIN
            UPDATE charts SET upstream_count = upstream_count - 1, is_settled = 0
                WHERE chart_repository_id = old.chart_repository_id AND name = old.name;
            UPDATE chart_repositories SET revision = revision + 1, upstream_count = upstream_count - 1
                WHERE id = old.chart_repository_id;
            INSERT INTO chart_changes SELECT id, revision, old.name, old.position FROM chart_repositories
                WHERE id = old.chart_repository_id;
        END;
        CREATE TRIGGER chart_versions_covers AFTER INSERT ON chart_versions BEGIN
            UPDATE upstream_versions SET is_listed = 0
                WHERE chart_repository_id = new.chart_repository_id AND file_name = new.file_name AND is_listed = 1;
        END;
        CREATE TRIGGER chart_versions_uncovers AFTER DELETE ON chart_versions BEGIN
            UPDATE upstream_versions SET is_listed = 1
                WHERE chart_repository_id = old.chart_repository_id AND file_name = old.file_name AND visible_from = 0;
        END;

        """
}
