public import Content
public import OCIModel
internal import SQLite

extension MetadataReader {
    /// All tags that are listed, with attributes, sorted by bytes: as they were at one moment.
    ///
    /// Costs as much as there are.
    /// - Throws: `.nameUnknown`.
    public func allTags(in repository: RepositoryName) throws(ContentError) -> [TagAttributes] {
        try snapshot { () throws(ContentError) in
            guard try repositoryRow(repository).locks.contains(.list) else { return [] }
            var all: [TagAttributes] = []
            var hasMore = true
            while hasMore {
                let last = all.last?.name.description
                let page = try tagList(in: repository, naming: nil, PageRequest(limit: 1000, last: last))
                all += page.elements
                hasMore = page.hasMore && !page.elements.isEmpty
            }
            return all
        }
    }

    /// Whether a manifest is here with all it names, down to the last blob; what comes from an upstream may lack some.
    ///
    /// False for an unknown repository. A few look-ups for each descriptor.
    public func holdsWhole(_ manifest: Digest, in repository: RepositoryName) throws(ContentError) -> Bool {
        try snapshot { () throws(ContentError) in
            let row = try sql.first("SELECT id FROM repositories WHERE name = ?1", [.text(repository.description)]) {
                $0.integer(0)
            }
            guard let row else { return false }
            var (left, seen): ([Digest], Set<Digest>) = ([manifest], [manifest])
            while let next = left.popLast() {
                guard let children = try childrenIfWhole(next, in: row) else { return false }
                left += children.filter { seen.insert($0).inserted }
            }
            return true
        }
    }

    /// The manifests that a manifest names; nil when it is not here, or a blob of it is not.
    private func childrenIfWhole(_ manifest: Digest, in repository: Int64) throws(ContentError) -> [Digest]? {
        let id = try sql.first(
            "SELECT id FROM manifests WHERE repository_id = ?1 AND digest = ?2",
            [.integer(repository), .digest(manifest)]
        ) { $0.integer(0) }
        guard let id else { return nil }
        var (children, isWhole): ([Digest], Bool) = ([], true)
        try sql.forEach(
            """
            SELECT d.role, d.digest, d.media_type,
                EXISTS (SELECT 1 FROM blobs b JOIN blob_links l ON l.blob_id = b.id AND l.repository_id = ?2
                    WHERE b.digest = d.digest),
                EXISTS (SELECT 1 FROM manifests m WHERE m.repository_id = ?2 AND m.digest = d.digest)
            FROM descriptors d WHERE d.manifest_id = ?1
            """, [.integer(id), .integer(repository)]
        ) { row in
            let (isBlob, isManifest) = (row.integer(3) == 1, row.integer(4) == 1)
            if row.text(0) == "manifest" {
                isWhole = isManifest || isBlob
                if isManifest, let digest = row.digest(1) { children.append(digest) }
            } else {
                isWhole = isBlob || isManifest || MetadataWriter.mayLiveElsewhere(row.mediaType(2))
            }
            return isWhole
        }
        return isWhole ? children : nil
    }

    /// Runs the body so that all it reads is of one moment.
    private func snapshot<Value>(_ body: () throws(ContentError) -> Value) throws(ContentError) -> Value {
        try sql.connection.read(body, mapping: SQL.error)
    }
}
