extension Schema {
    /// Charts: what reading a manifest's archive told, what is listed where, and the words to find it by.
    ///
    /// `chart_manifests` has one row for each manifest that claims to be a chart; `chart_versions` one for each tag that
    /// is listed in a classic repository; both go with what they describe. Triggers keep the revision of each classic
    /// repository, its counts, and the log of what changed, whoever caused it; `charts` rows whose newest version may
    /// have changed are marked and settled by the writer at the end of the step.
    static let charts = """
        CREATE TABLE chart_manifests (
            manifest_id INTEGER PRIMARY KEY REFERENCES manifests(id) ON DELETE CASCADE,
            problem TEXT,
            collision TEXT,
            name TEXT NOT NULL DEFAULT '',
            version TEXT NOT NULL DEFAULT '',
            tag TEXT NOT NULL DEFAULT '',
            position BLOB NOT NULL DEFAULT x'',
            is_prerelease INTEGER NOT NULL DEFAULT 0,
            file_name TEXT NOT NULL DEFAULT '',
            archive BLOB,
            layer BLOB,
            size INTEGER NOT NULL DEFAULT 0,
            provenance BLOB,
            app_version TEXT NOT NULL DEFAULT '',
            description TEXT NOT NULL DEFAULT '',
            type TEXT NOT NULL DEFAULT '',
            is_deprecated INTEGER NOT NULL DEFAULT 0,
            created TEXT NOT NULL DEFAULT '',
            keywords TEXT NOT NULL DEFAULT '',
            maintainers TEXT NOT NULL DEFAULT '',
            entry BLOB NOT NULL DEFAULT x''
        ) STRICT;
        CREATE INDEX chart_manifests_by_archive ON chart_manifests(archive) WHERE archive IS NOT NULL;
        CREATE INDEX chart_manifests_unlisted ON chart_manifests(manifest_id)
            WHERE problem IS NOT NULL OR collision IS NOT NULL;
        CREATE TABLE chart_backlog (
            manifest_id INTEGER PRIMARY KEY REFERENCES manifests(id) ON DELETE CASCADE
        ) STRICT;
        INSERT INTO chart_backlog SELECT id FROM manifests
            WHERE config_media_type = 'application/vnd.cncf.helm.config.v1+json';

        CREATE TABLE chart_repositories (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            revision INTEGER NOT NULL DEFAULT 0,
            chart_count INTEGER NOT NULL DEFAULT 0,
            version_count INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE TABLE charts (
            id INTEGER PRIMARY KEY,
            chart_repository_id INTEGER NOT NULL REFERENCES chart_repositories(id),
            name TEXT NOT NULL,
            version_count INTEGER NOT NULL DEFAULT 0,
            newest INTEGER,
            is_settled INTEGER NOT NULL DEFAULT 0,
            UNIQUE (chart_repository_id, name)
        ) STRICT;
        CREATE INDEX charts_unsettled ON charts(id) WHERE is_settled = 0;
        CREATE TABLE chart_versions (
            id INTEGER PRIMARY KEY,
            chart_repository_id INTEGER NOT NULL REFERENCES chart_repositories(id),
            repository_id INTEGER NOT NULL,
            tag TEXT NOT NULL,
            manifest_id INTEGER NOT NULL,
            name TEXT NOT NULL,
            position BLOB NOT NULL,
            is_prerelease INTEGER NOT NULL,
            file_name TEXT NOT NULL,
            UNIQUE (repository_id, tag),
            UNIQUE (chart_repository_id, file_name),
            FOREIGN KEY (repository_id, tag) REFERENCES tags(repository_id, name) ON DELETE CASCADE
        ) STRICT;
        CREATE INDEX chart_versions_in_order ON chart_versions(chart_repository_id, name, position, manifest_id);
        CREATE INDEX chart_versions_newest ON chart_versions(chart_repository_id, name, is_prerelease, position);
        CREATE INDEX chart_versions_by_manifest ON chart_versions(manifest_id);
        CREATE TABLE chart_changes (
            chart_repository_id INTEGER NOT NULL REFERENCES chart_repositories(id),
            revision INTEGER NOT NULL,
            name TEXT NOT NULL,
            position BLOB NOT NULL,
            PRIMARY KEY (chart_repository_id, revision)
        ) STRICT, WITHOUT ROWID;
        CREATE VIRTUAL TABLE chart_search USING fts5(
            name, keywords, description, maintainers, tokenize = "unicode61 remove_diacritics 2", prefix = '2 3');

        CREATE TRIGGER chart_versions_added AFTER INSERT ON chart_versions BEGIN
            INSERT OR IGNORE INTO charts (chart_repository_id, name) VALUES (new.chart_repository_id, new.name);
            UPDATE charts SET version_count = version_count + 1, is_settled = 0
                WHERE chart_repository_id = new.chart_repository_id AND name = new.name;
            UPDATE chart_repositories SET revision = revision + 1, version_count = version_count + 1
                WHERE id = new.chart_repository_id;
            INSERT INTO chart_changes SELECT id, revision, new.name, new.position FROM chart_repositories
                WHERE id = new.chart_repository_id;
        END;
        CREATE TRIGGER chart_versions_removed AFTER DELETE ON chart_versions BEGIN
            UPDATE charts SET version_count = version_count - 1, is_settled = 0
                WHERE chart_repository_id = old.chart_repository_id AND name = old.name;
            UPDATE chart_repositories SET revision = revision + 1, version_count = version_count - 1
                WHERE id = old.chart_repository_id;
            INSERT INTO chart_changes SELECT id, revision, old.name, old.position FROM chart_repositories
                WHERE id = old.chart_repository_id;
        END;
        CREATE TRIGGER charts_added AFTER INSERT ON charts BEGIN
            UPDATE chart_repositories SET chart_count = chart_count + 1 WHERE id = new.chart_repository_id;
        END;
        CREATE TRIGGER charts_removed AFTER DELETE ON charts BEGIN
            UPDATE chart_repositories SET chart_count = chart_count - 1 WHERE id = old.chart_repository_id;
        END;

        """
}
