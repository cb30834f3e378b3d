/// SQL that takes migrations of the metadata back, for tests of stores that an older Chartroom wrote.
public enum OldSchema {
    /// From schema 3 to 2.
    public static let two = """
        DROP TRIGGER tags_forgotten; DROP TRIGGER chart_versions_covers; DROP TRIGGER chart_versions_uncovers;
        DROP TABLE upstream_versions; DROP TABLE upstream_indexes; DROP TABLE upstream_listings;
        DROP TABLE chart_waits; DROP TABLE tag_origins; DROP INDEX manifests_cached;
        ALTER TABLE manifests DROP COLUMN is_cached; ALTER TABLE charts DROP COLUMN upstream_count;
        ALTER TABLE chart_repositories DROP COLUMN upstream_count; PRAGMA user_version = 2;

        """

    /// From schema 3 to 1.
    public static let one =
        two + """
            DROP TABLE chart_changes; DROP TABLE chart_versions; DROP TABLE charts; DROP TABLE chart_repositories;
            DROP TABLE chart_backlog; DROP TABLE chart_manifests; DROP TABLE chart_search; PRAGMA user_version = 1

            """
}
