public import Content
public import OCIModel

extension LayoutDirectory: TransferDestination {
    /// Whether an entry of the layout names the manifest, itself or through an index, and all that it names is there.
    public func hasManifest(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) -> Bool {
        let index = try index.current()
        if !index.names(digest) {
            guard try isListed(digest, index) else { return false }
        }
        return try isWhole(digest)
    }

    /// Whether an index that the layout's index names lists the manifest.
    private func isListed(_ digest: Digest, _ index: LayoutIndex) throws(ContentError) -> Bool {
        for descriptor in index.manifests.values where descriptor.mediaType.isIndex {
            if try knowledge(of: descriptor)?.children.contains(digest) == true { return true }
        }
        return false
    }

    private func isWhole(_ digest: Digest) throws(ContentError) -> Bool {
        var (left, seen): ([Digest], Set<Digest>) = ([digest], [digest])
        while let next = left.popLast() {
            guard let bytes = try read(next), let type = LayoutDirectory.type(of: bytes),
                let manifest = try? Manifest(parsing: bytes, contentType: type), try missing(in: manifest).isEmpty
            else { return false }
            for child in manifest.manifests where seen.insert(child.digest).inserted { left.append(child.digest) }
        }
        return true
    }

    /// What a manifest names and the layout lacks.
    private func missing(in manifest: Manifest) throws(ContentError) -> [Digest] {
        var missing: [Digest] = []
        for descriptor in manifest.references where try files.size(of: descriptor.digest) != descriptor.size {
            let type = descriptor.mediaType.description
            // Layers that nobody need hold (image-spec v1.1.1 `layer.md`, non-distributable layers; Docker's foreign).
            if type.contains(".nondistributable.") || type.contains(".foreign.") { continue }
            if !missing.contains(descriptor.digest) { missing.append(descriptor.digest) }
        }
        return missing
    }

    /// Puts a blob where it is not yet; it goes to a file of its own and gets its name when it is verified and flushed.
    ///
    /// There are no sessions: what broke off begins anew.
    public func placeBlob(
        _ expected: Descriptor, in repository: RepositoryName, _ placement: BlobPlacement,
        _ open: (_ offset: Int64) async throws(ContentError) -> any BlobPieces
    ) async throws(ContentError) -> BlobOutcome {
        if try files.size(of: expected.digest) == expected.size { return .present }
        let ingest = try files.begin(expected.digest.algorithm)
        do throws(ContentError) {
            let pieces = try await open(0)
            while let piece = try await pieces.next() {
                guard ingest.length + Int64(piece.count) <= expected.size else {
                    throw .sizeInvalid("blob \(expected.digest) has more than the \(expected.size) bytes announced")
                }
                try ingest.append(piece)
            }
            guard ingest.length == expected.size else {
                throw .sizeInvalid(
                    "blob \(expected.digest) was announced with \(expected.size) bytes and has \(ingest.length)")
            }
            guard ingest.finish(expected.digest.algorithm) == expected.digest else {
                throw .digestInvalid("the \(expected.size) bytes sent do not hash to \(expected.digest)")
            }
            try files.keep(ingest, as: expected.digest)
        } catch {
            ingest.abandon()
            throw error
        }
        return .sent(expected.size)
    }

    /// Stores a manifest, then names it in the index: one flush of the index for all that wait.
    public func putManifest(_ manifest: StoredManifest, tags: [Tag], in repository: RepositoryName)
        async throws(ContentError)
    {
        guard manifest.bytes.count <= LayoutFiles.maximumManifestBytes else {
            throw .tooLarge("the manifest has \(manifest.bytes.count) bytes, 4 MiB is the most")
        }
        guard LayoutDirectory.digest(of: manifest.bytes, manifest.digest.algorithm) == manifest.digest else {
            throw .digestInvalid("the manifest's bytes do not hash to \(manifest.digest)")
        }
        let parsed: Manifest
        do {
            parsed = try Manifest(parsing: manifest.bytes, contentType: manifest.mediaType)
        } catch {
            throw .manifestInvalid("the manifest for \(repository) is invalid: \(error)")
        }
        let missing = try missing(in: parsed)
        guard missing.isEmpty else {
            throw .referencesMissing(
                "the manifest names \(missing.count) blobs that the image layout does not hold; put them first", missing
            )
        }
        let size = Int64(manifest.bytes.count)
        if try files.size(of: manifest.digest) != size {
            let ingest = try files.begin(manifest.digest.algorithm)
            do throws(ContentError) {
                try ingest.append(manifest.bytes)
                try files.keep(ingest, as: manifest.digest)
            } catch {
                ingest.abandon()
                throw error
            }
        }
        learn(parsed, manifest.digest, size)
        // What an artifact is stands in the index, where clients look first (image-spec v1.1.1 `descriptor.md`).
        let descriptor = Descriptor(
            mediaType: manifest.mediaType, digest: manifest.digest, size: size,
            artifactType: parsed.declaredArtifactType)
        try await index.commit(.put(descriptor, repository, tags))
    }

    /// Takes a tag, or a manifest with all its tags, out of the index; the files stay.
    ///
    /// A manifest that only this tag named is not listed any more either.
    public func deleteManifest(_ reference: ManifestReference, in repository: RepositoryName)
        async throws(ContentError)
    {
        guard try index.current().isKnown(repository) else { throw LayoutDirectory.unknown(repository) }
        switch reference {
        case .tag(let tag): try await index.commit(.removeTag(repository, tag))
        case .digest(let digest): try await index.commit(.removeManifest(repository, digest))
        }
    }

    /// Refuses: a blob is the whole layout's.
    ///
    /// - Throws: `.unsupported`.
    public func deleteBlob(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) {
        throw .unsupported("a blob of an image layout is not removed from one repository, since all of them share it")
    }
}
