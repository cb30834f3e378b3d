public import Content
public import OCIModel

extension MemoryRegistry: TransferDestination {
    public func listTags(
        in repository: RepositoryName, unless entityTag: String?
    ) async throws(ContentError) -> TagListing {
        let known = try locked { state throws(ContentError) in try state.known(repository) }
        let current = "\(known.updatedAt)"
        if entityTag == current { return .same }
        let tags = known.tags.sorted { $0.key < $1.key }
        return .tags(
            tags.map { ListedTag($0.key, digest: $0.value.digest, updatedAt: $0.value.updatedAt) }, entityTag: current)
    }

    public func digest(
        of tag: Tag, in repository: RepositoryName, unless known: Digest?
    ) async throws(ContentError) -> Digest {
        try locked { state throws(ContentError) in try state.known(repository).digest(of: .tag(tag), repository) }
    }

    public func listReferrers(
        of subject: Digest, in repository: RepositoryName
    ) async throws(ContentError) -> [Descriptor] {
        let manifests = try locked { state throws(ContentError) in state.repositories[repository]?.manifests ?? [:] }
        return manifests.values.filter { $0.parsed.subject?.digest == subject }.map {
            Descriptor(
                mediaType: $0.manifest.mediaType, digest: $0.manifest.digest, size: Int64($0.manifest.bytes.count),
                artifactType: $0.parsed.artifactType, annotations: $0.parsed.annotations)
        }.sorted { $0.digest < $1.digest }
    }

    public func hasManifest(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) -> Bool {
        try locked { state throws(ContentError) in state.repositories[repository]?.manifests[digest] != nil }
    }

    public func placeBlob(
        _ expected: Descriptor, in repository: RepositoryName, _ placement: BlobPlacement,
        _ open: (_ offset: Int64) async throws(ContentError) -> any BlobPieces
    ) async throws(ContentError) -> BlobOutcome {
        let found = try locked { state throws(ContentError) -> BlobOutcome? in
            if state.repositories[repository]?.blobs[expected.digest] != nil { return .present }
            guard let other = placement.mountFrom, let bytes = state.repositories[other]?.blobs[expected.digest]
            else { return nil }
            let now = state.tick()
            state.repositories[repository, default: Repository(createdAt: now, updatedAt: now)]
                .blobs[expected.digest] = bytes
            return .mounted
        }
        if let found { return found }
        let pieces = try await open(0)
        try await putBlob(expected, in: repository) { () async throws(ContentError) in try await pieces.next() }
        return .sent(expected.size)
    }

    /// Everything a repository holds: digests of blobs and manifests, and tags.
    public func holdings(
        of repository: RepositoryName
    ) throws(ContentError) -> (blobs: Set<Digest>, manifests: Set<Digest>, tags: [Tag: Digest]) {
        let known = try locked { state throws(ContentError) in state.repositories[repository] }
        return (
            Set(known?.blobs.keys.map { $0 } ?? []), Set(known?.manifests.keys.map { $0 } ?? []),
            known?.tags.mapValues(\.digest) ?? [:]
        )
    }
}
