internal import BlobStorage
internal import Codecs
public import Content
internal import Metadata
public import OCIModel

extension Registry: BlobSource, BlobSink {
    /// The size of a blob of the repository, in bytes.
    public func blobSize(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) -> Int64 {
        try findBlob(digest, in: repository).size
    }

    /// Reads a blob in pieces of 256 KiB; a whole read is verified.
    public func readBlob(
        _ digest: Digest, in repository: RepositoryName, from start: Int64,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError) {
        let blob = try findBlob(digest, in: repository)
        guard start <= blob.size, start >= 0 else {
            throw .rangeInvalid("blob \(digest) has \(blob.size) bytes, none from \(start)", length: blob.size)
        }
        let hasher = ContentHasher(digest.algorithm == .sha256 ? .sha256 : .sha512)
        var offset = start
        while offset < blob.size {
            let piece = try blob.read(at: offset, maximumBytes: 256 << 10)
            guard !piece.isEmpty else { break }
            if start == 0 { hasher.update(piece.span) }
            offset += Int64(piece.count)
            try await body(piece)
        }
        guard start > 0 || Digest(digest.algorithm, hash: hasher.finish()) == digest else {
            throw .corrupt("the stored bytes of blob \(digest) do not hash to it; delete it and push it again")
        }
    }

    /// Stores a blob, unless the repository holds it already.
    public func putBlob(
        _ expected: Descriptor, in repository: RepositoryName, _ next: () async throws(ContentError) -> [UInt8]?
    ) async throws(ContentError) {
        // A row whose file is lost does not count: these bytes bring it back.
        if (try? blobs.size(of: expected.digest)) == expected.size {
            if try reader().blob(expected.digest, in: repository) != nil { return }
            if try await mountBlob(expected.digest, from: nil, into: repository) { return }
        }
        let upload = try await openUpload(in: repository, algorithm: expected.digest.algorithm)
        do throws(ContentError) {
            while let piece = try await next() {
                guard upload.length + Int64(piece.count) <= expected.size else { break }
                try await upload.append(piece)
            }
            guard upload.length == expected.size else {
                throw ContentError.sizeInvalid("blob \(expected.digest) was announced with \(expected.size) bytes")
            }
        } catch {
            await upload.abandon()
            throw error
        }
        try await upload.finish(expected.digest)
    }
}

extension Registry: TagResolver, Tagger, Deleter {
    /// The manifest a reference names.
    public func manifest(_ reference: ManifestReference, in repository: RepositoryName) async throws(ContentError)
        -> StoredManifest
    {
        try findManifest(reference, in: repository)
    }

    /// A page of the repository's tags.
    public func tags(in repository: RepositoryName, _ page: PageRequest<String>) async throws(ContentError) -> Page<Tag>
    {
        try tagPage(in: repository, page)
    }

    /// Stores a manifest and moves tags to it: one transaction, one flush.
    public func putManifest(_ manifest: StoredManifest, tags: [Tag], in repository: RepositoryName)
        async throws(ContentError)
    {
        let parsed = try checked(manifest, for: repository)
        let chart = try chartRecord(manifest, parsed, in: repository)
        let (now, allowsSparse) = (options.now(), options.allowsSparseIndexes)
        try await committer.commit { writer throws(ContentError) in
            try writer.putManifest(
                manifest, parsed, tags: tags, in: repository, allowsMissingManifests: allowsSparse, at: now)
            if let chart { try writer.noteChart(chart, of: manifest.digest, in: repository) }
            return Committer.Effects()
        }
    }

    /// Reads a manifest whose bytes are what its digest says, and not too many.
    func checked(_ manifest: StoredManifest, for repository: RepositoryName) throws(ContentError) -> Manifest {
        guard manifest.bytes.count <= options.maximumManifestBytes else {
            throw .tooLarge(
                "the manifest has \(manifest.bytes.count) bytes, \(options.maximumManifestBytes) is the most")
        }
        let algorithm = manifest.digest.algorithm
        let hash = ContentHasher.hash(manifest.bytes.span, algorithm == .sha256 ? .sha256 : .sha512)
        guard Digest(algorithm, hash: hash) == manifest.digest else {
            throw .digestInvalid("the manifest's bytes do not hash to \(manifest.digest)")
        }
        return try Registry.parsed(manifest, for: repository)
    }

    static func parsed(_ manifest: StoredManifest, for repository: RepositoryName) throws(ContentError) -> Manifest {
        do {
            return try Manifest(parsing: manifest.bytes, contentType: manifest.mediaType)
        } catch {
            throw .manifestInvalid("the manifest for \(repository) is invalid: \(error)")
        }
    }

    /// Removes a tag, or a manifest with all its tags.
    ///
    /// Blobs stay until they are deleted.
    public func deleteManifest(_ reference: ManifestReference, in repository: RepositoryName)
        async throws(ContentError)
    {
        let now = options.now()
        try await committer.commit { writer throws(ContentError) in
            try writer.deleteManifest(reference, in: repository, at: now)
            return Committer.Effects()
        }
    }

    /// Removes a blob from a repository; its file goes with the last repository that holds it.
    public func deleteBlob(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) {
        try await committer.commit { writer throws(ContentError) in
            Committer.Effects(removed: try writer.unlinkBlob(digest, in: repository) ? [digest] : [])
        }
    }
}

extension Registry: Inventory {
    /// A page of repository names.
    public func repositories(_ page: PageRequest<String>) async throws(ContentError) -> Page<RepositoryName> {
        try repositoryPage(page)
    }

    /// One repository's attributes.
    public func repository(_ name: RepositoryName) async throws(ContentError) -> RepositoryAttributes {
        guard let found = try reader().repository(name) else { throw Registry.unknownName(name) }
        return found
    }

    /// A page of tags with attributes.
    public func tagList(in repository: RepositoryName, naming digest: Digest?, _ page: PageRequest<String>)
        async throws(ContentError) -> Page<TagAttributes>
    {
        try reader().tagList(in: repository, naming: digest, page)
    }

    /// A page of manifests with attributes.
    public func manifestList(in repository: RepositoryName, _ page: PageRequest<Digest>)
        async throws(ContentError) -> Page<ManifestAttributes>
    {
        try reader().manifests(in: repository, page)
    }

    /// One manifest's attributes.
    public func manifestAttributes(_ digest: Digest, in repository: RepositoryName) async throws(ContentError)
        -> ManifestAttributes
    {
        guard let found = try reader().manifestAttributes(digest, in: repository) else {
            throw Registry.unknownManifest(.digest(digest), repository)
        }
        return found
    }

    /// One tag's attributes.
    public func tagAttributes(_ tag: Tag, in repository: RepositoryName) async throws(ContentError) -> TagAttributes {
        let reader = try reader()
        guard let found = try reader.tag(tag, in: repository) else {
            guard try reader.locks(of: repository) != nil else { throw Registry.unknownName(repository) }
            throw Registry.unknownManifest(.tag(tag), repository)
        }
        return found
    }

    /// Removes a repository with its manifests, tags and blob links.
    public func deleteRepository(_ name: RepositoryName) async throws(ContentError) -> (manifests: Int64, tags: Int64) {
        let counts = Counts()
        try await committer.commit { writer throws(ContentError) in
            let removed = try writer.deleteRepository(name)
            counts.set(removed.manifests, removed.tags)
            return Committer.Effects(removed: removed.blobs)
        }
        return counts.get()
    }

    /// Changes the locks of a repository, or of one manifest or tag in it.
    public func changeAttributes(
        _ change: AttributeChange, of reference: ManifestReference?, in repository: RepositoryName
    ) async throws(ContentError) {
        try await committer.commit { writer throws(ContentError) in
            try writer.changeAttributes(change, of: reference, in: repository)
            return Committer.Effects()
        }
    }

    /// How a tag moved, newest first.
    public func history(of tag: Tag, in repository: RepositoryName, limit: Int = 100) throws(ContentError)
        -> [(digest: Digest?, changedAt: Int64)]
    {
        try reader().history(of: tag, in: repository, limit: limit)
    }
}
