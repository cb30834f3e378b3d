public import Content
public import OCIModel
internal import SQLite

extension MetadataWriter {
    /// Stores a manifest with its descriptors and moves tags to it.
    ///
    /// Idempotent.
    ///
    /// `allowsMissingManifests` lets an index name manifests that are not here (a sparse index). What comes from an
    /// upstream may name what is not here, and moves no tag that was pushed; a push makes a tag the store's own.
    /// - Throws: `.referencesMissing` with every digest that is not in the repository; `.denied` when the repository,
    ///   the manifest or a tag that would move is locked against writing.
    public func putManifest(
        _ stored: StoredManifest, _ manifest: Manifest, tags: [Tag], in repository: RepositoryName,
        allowsMissingManifests: Bool, from source: ManifestSource = .client, at now: Int64
    ) throws(ContentError) {
        let repositoryID = try writableRepository(repository, at: now)
        let known = try sql.first(
            "SELECT id, locks FROM manifests WHERE repository_id = ?1 AND digest = ?2",
            [.integer(repositoryID), .digest(stored.digest)]
        ) { (id: $0.integer(0), locks: $0.locks(1)) }
        var manifestID = known?.id ?? 0
        // Of a manifest that is here, blobs may have been deleted since: its push says what to bring back.
        if case .client = source { try checkReferences(of: manifest, in: repositoryID, allowsMissingManifests) }
        if known == nil {
            manifestID = try insertManifest(stored, manifest, in: repositoryID, from: source, at: now)
        } else if case .client = source, let known {
            try touchManifest(known, stored, in: repository, at: now)
        }
        for tag in tags {
            if case .upstream = source, try isPushed(tag, repositoryID) { continue }
            try moveTag(tag, to: manifestID, stored.digest, in: repository, repositoryID, at: now)
            try noteOrigin(of: tag, stored.digest, source, repositoryID, at: now)
        }
        try sql.run("UPDATE repositories SET updated_at = ?2 WHERE id = ?1", [.integer(repositoryID), .integer(now)])
    }

    /// The same bytes again under another type replace the type; a locked manifest keeps its own.
    private func touchManifest(
        _ known: (id: Int64, locks: AttributeLocks), _ stored: StoredManifest, in repository: RepositoryName,
        at now: Int64
    ) throws(ContentError) {
        let sameType =
            try sql.first(
                "SELECT 1 FROM manifests WHERE id = ?1 AND media_type = ?2",
                [.integer(known.id), .text(stored.mediaType.description)]
            ) { _ in true } ?? false
        guard sameType || known.locks.contains(.write) else {
            throw .denied("manifest \(repository)@\(stored.digest) is locked against writing")
        }
        try sql.run(
            "UPDATE manifests SET updated_at = ?2, media_type = ?3, is_cached = 0 WHERE id = ?1",
            [.integer(known.id), .integer(now), .text(stored.mediaType.description)])
    }

    private func checkReferences(
        of manifest: Manifest, in repositoryID: Int64, _ allowsMissingManifests: Bool
    ) throws(ContentError) {
        var missing: [Digest] = []
        var seen: Set<Digest> = []
        let isIndex = manifest.mediaType.isIndex
        for descriptor in manifest.references {
            if isIndex ? allowsMissingManifests : MetadataWriter.mayLiveElsewhere(descriptor.mediaType) { continue }
            guard seen.insert(descriptor.digest).inserted else { continue }
            if try !holds(descriptor.digest, repositoryID) { missing.append(descriptor.digest) }
        }
        guard missing.isEmpty else {
            throw .referencesMissing(
                "the manifest names \(missing.count) blob\(missing.count == 1 ? "" : "s") that the repository does not "
                    + "hold: " + missing.prefix(20).map(\.description).joined(separator: ", ")
                    + "; push them first", missing)
        }
    }

    /// Layers that registries need not hold (image-spec v1.1.1 `layer.md`, non-distributable layers; Docker's foreign).
    static func mayLiveElsewhere(_ type: MediaType) -> Bool {
        type.description.contains(".nondistributable.") || type.description.contains(".foreign.")
    }

    private func holds(_ digest: Digest, _ repositoryID: Int64) throws(ContentError) -> Bool {
        let blob = try sql.first(
            """
            SELECT 1 FROM blobs b JOIN blob_links l ON l.blob_id = b.id AND l.repository_id = ?1 WHERE b.digest = ?2
            """, [.integer(repositoryID), .digest(digest)]
        ) { _ in true }
        if blob != nil { return true }
        return try sql.first(
            "SELECT 1 FROM manifests WHERE repository_id = ?1 AND digest = ?2",
            [.integer(repositoryID), .digest(digest)]
        ) { _ in true } ?? false
    }

    private func insertManifest(
        _ stored: StoredManifest, _ manifest: Manifest, in repositoryID: Int64, from source: ManifestSource,
        at now: Int64
    ) throws(ContentError) -> Int64 {
        let annotations: String? =
            manifest.subject == nil || manifest.annotations.isEmpty
            ? nil : JSONValue(sorted: manifest.annotations).description()
        try sql.run(
            """
            INSERT INTO manifests (repository_id, digest, media_type, config_media_type, artifact_type, image_size,
                subject, annotations, created_at, updated_at, size, body, is_cached)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?11, ?12)
            """,
            [
                .integer(repositoryID), .digest(stored.digest), .text(stored.mediaType.description),
                .optional(manifest.config?.mediaType.description), .optional(manifest.artifactType),
                .integer(manifest.contentSize), .digest(manifest.subject?.digest), .optional(annotations),
                .integer(now), .integer(Int64(stored.bytes.count)), .blob(stored.bytes),
                .integer(source == .client ? 0 : 1),
            ])
        let manifestID = lastInsertedRow
        var position: Int64 = 0
        for (role, descriptors) in [
            ("config", manifest.config.map { [$0] } ?? []), ("layer", manifest.layers),
            ("manifest", manifest.manifests),
        ] {
            for descriptor in descriptors {
                try sql.run(
                    """
                    INSERT INTO descriptors (manifest_id, position, role, digest, media_type, size)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                    """,
                    [
                        .integer(manifestID), .integer(position), .text(role), .digest(descriptor.digest),
                        .text(descriptor.mediaType.description), .integer(descriptor.size),
                    ])
                position += 1
            }
        }
        return manifestID
    }

    /// Points a tag at a manifest and writes down that it moved; a tag that stays where it is costs no history.
    private func moveTag(
        _ tag: Tag, to manifestID: Int64, _ digest: Digest, in repository: RepositoryName, _ repositoryID: Int64,
        at now: Int64
    ) throws(ContentError) {
        let known = try sql.first(
            "SELECT manifest_id, locks FROM tags WHERE repository_id = ?1 AND name = ?2",
            [.integer(repositoryID), .text(tag.description)]
        ) { (manifest: $0.integer(0), locks: $0.locks(1)) }
        if let known {
            guard known.manifest != manifestID else { return }
            guard known.locks.contains(.write) else {
                throw .denied("tag \(repository):\(tag) is locked against writing; unlock it with writeEnabled=true")
            }
            // A manifest that loses a tag has changed as well.
            try sql.run(
                "UPDATE manifests SET updated_at = ?2 WHERE id = ?1", [.integer(known.manifest), .integer(now)])
            try sql.run(
                "UPDATE tags SET manifest_id = ?3, updated_at = ?4 WHERE repository_id = ?1 AND name = ?2",
                [.integer(repositoryID), .text(tag.description), .integer(manifestID), .integer(now)])
        } else {
            try sql.run(
                """
                INSERT INTO tags (repository_id, name, manifest_id, created_at, updated_at)
                VALUES (?1, ?2, ?3, ?4, ?4)
                """, [.integer(repositoryID), .text(tag.description), .integer(manifestID), .integer(now)])
        }
        try recordMove(tag, digest, repositoryID, at: now)
        try listTag(tag.description, repositoryID, repository)
    }

    func recordMove(_ tag: Tag, _ digest: Digest?, _ repositoryID: Int64, at now: Int64) throws(ContentError) {
        try sql.run(
            "INSERT INTO tag_history (repository_id, name, digest, changed_at) VALUES (?1, ?2, ?3, ?4)",
            [.integer(repositoryID), .text(tag.description), .digest(digest), .integer(now)])
    }
}
