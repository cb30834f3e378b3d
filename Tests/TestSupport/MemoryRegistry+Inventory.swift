public import Content
public import OCIModel

extension MemoryRegistry: Deleter {
    public func deleteManifest(_ reference: ManifestReference, in repository: RepositoryName)
        async throws(ContentError)
    {
        try locked { state throws(ContentError) in
            var known = try state.known(repository)
            guard known.locks.contains(.delete) else { throw .unsupported("repository \(repository) is locked") }
            let digest = try known.digest(of: reference, repository)
            guard let kept = known.manifests[digest] else {
                throw .manifestUnknown("manifest \(digest) is not in \(repository)")
            }
            switch reference {
            case .tag(let tag):
                guard known.tags[tag]?.locks.contains(.delete) ?? true else {
                    throw .unsupported("tag \(tag) is locked")
                }
                known.tags[tag] = nil
            case .digest:
                let tags = known.tags.filter { $0.value.digest == digest }
                guard kept.locks.contains(.delete), tags.allSatisfy({ $0.value.locks.contains(.delete) }) else {
                    throw .unsupported("manifest \(digest) is locked")
                }
                for tag in tags.keys { known.tags[tag] = nil }
                known.manifests[digest] = nil
            }
            known.updatedAt = state.tick()
            state.repositories[repository] = known
        }
    }

    public func deleteBlob(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) {
        try locked { state throws(ContentError) in
            var known = try state.known(repository)
            guard known.locks.contains(.delete) else { throw .unsupported("repository \(repository) is locked") }
            guard known.blobs.removeValue(forKey: digest) != nil else {
                throw .blobUnknown("blob \(digest) is not in \(repository)")
            }
            state.repositories[repository] = known
        }
    }
}

extension MemoryRegistry: Inventory {
    public func repositories(_ page: PageRequest<String>) async throws(ContentError) -> Page<RepositoryName> {
        let names = try locked { state throws(ContentError) in state.repositories.keys.sorted() }
        return self.page(names, limit: page.limit, after: page.last.map { ByteKey(bytes: Array($0.utf8)) }) {
            ByteKey(bytes: Array($0.description.utf8))
        }
    }

    public func repository(_ name: RepositoryName) async throws(ContentError) -> RepositoryAttributes {
        let known = try locked { state throws(ContentError) in try state.known(name) }
        return RepositoryAttributes(
            name: name, createdAt: known.createdAt, updatedAt: known.updatedAt,
            manifestCount: Int64(known.manifests.count), tagCount: Int64(known.tags.count), locks: known.locks)
    }

    public func tagList(in repository: RepositoryName, naming digest: Digest?, _ page: PageRequest<String>)
        async throws(ContentError) -> Page<TagAttributes>
    {
        let known = try locked { state throws(ContentError) in try state.known(repository) }
        let tags = known.tags.filter { digest == nil || $0.value.digest == digest }.sorted { $0.key < $1.key }
        let found = tags.map(MemoryRegistry.attributes)
        return self.page(found, limit: page.limit, after: page.last.map { ByteKey(bytes: Array($0.utf8)) }) {
            ByteKey(bytes: Array($0.name.description.utf8))
        }
    }

    public func manifestList(in repository: RepositoryName, _ page: PageRequest<Digest>)
        async throws(ContentError) -> Page<ManifestAttributes>
    {
        let known = try locked { state throws(ContentError) in try state.known(repository) }
        let found = known.manifests.keys.sorted().compactMap { known.attributes(of: $0) }
        return self.page(found, limit: page.limit, after: page.last) { $0.digest }
    }

    public func manifestAttributes(_ digest: Digest, in repository: RepositoryName) async throws(ContentError)
        -> ManifestAttributes
    {
        let known = try locked { state throws(ContentError) in try state.known(repository) }
        guard let found = known.attributes(of: digest) else {
            throw .manifestUnknown("manifest \(digest) is not in \(repository)")
        }
        return found
    }

    public func tagAttributes(_ tag: Tag, in repository: RepositoryName) async throws(ContentError) -> TagAttributes {
        let known = try locked { state throws(ContentError) in try state.known(repository) }
        guard let stored = known.tags[tag] else { throw .manifestUnknown("tag \(tag) is not in \(repository)") }
        return MemoryRegistry.attributes((tag, stored))
    }

    public func deleteRepository(_ name: RepositoryName) async throws(ContentError) -> (manifests: Int64, tags: Int64) {
        try locked { state throws(ContentError) in
            let known = try state.known(name)
            guard known.locks.contains(.delete) else { throw .unsupported("repository \(name) is locked") }
            state.repositories[name] = nil
            return (Int64(known.manifests.count), Int64(known.tags.count))
        }
    }

    public func changeAttributes(
        _ change: AttributeChange, of reference: ManifestReference?, in repository: RepositoryName
    ) async throws(ContentError) {
        try locked { state throws(ContentError) in
            var known = try state.known(repository)
            switch reference {
            case nil: known.locks = change.applied(to: known.locks)
            case .tag(let tag):
                guard var stored = known.tags[tag] else { throw .manifestUnknown("tag \(tag) is not in \(repository)") }
                stored.locks = change.applied(to: stored.locks)
                known.tags[tag] = stored
            case .digest(let digest):
                guard var kept = known.manifests[digest] else {
                    throw .manifestUnknown("manifest \(digest) is not in \(repository)")
                }
                kept.locks = change.applied(to: kept.locks)
                known.manifests[digest] = kept
            }
            state.repositories[repository] = known
        }
    }

    private static func attributes(_ tag: (key: Tag, value: StoredTag)) -> TagAttributes {
        TagAttributes(
            name: tag.key, digest: tag.value.digest, createdAt: tag.value.createdAt, updatedAt: tag.value.updatedAt,
            locks: tag.value.locks)
    }
}

extension MemoryRegistry.Repository {
    func attributes(of digest: Digest) -> ManifestAttributes? {
        guard let kept = manifests[digest] else { return nil }
        return ManifestAttributes(
            digest: digest, mediaType: kept.manifest.mediaType,
            configMediaType: kept.parsed.config?.mediaType.description,
            artifactType: kept.parsed.artifactType, imageSize: kept.parsed.contentSize, createdAt: kept.createdAt,
            updatedAt: kept.updatedAt, pulledAt: nil, tags: tags.filter { $0.value.digest == digest }.keys.sorted(),
            locks: kept.locks)
    }
}
