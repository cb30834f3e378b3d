internal import BlobStorage
public import Content
internal import Metadata
public import OCIModel
internal import Posix

extension Registry: LocalReads {
    /// The manifest a reference names; notes that it was pulled.
    ///
    /// 3 µs, no flush, no wait.
    public func findManifest(_ reference: ManifestReference, in repository: RepositoryName) throws(ContentError)
        -> StoredManifest
    {
        let cache = cache()
        let key = ReadCache.ManifestKey(repository: repository, reference: reference)
        if let known = cache[key] { return try readable(known, reference, repository) }
        let reader = try reader()
        guard let found = try reader.manifest(reference, in: repository) else {
            guard try reader.locks(of: repository) != nil else { throw Registry.unknownName(repository) }
            throw Registry.unknownManifest(reference, repository)
        }
        cache.remember(found, key)
        return try readable(found, reference, repository)
    }

    private func readable(
        _ found: MetadataReader.FoundManifest, _ reference: ManifestReference, _ repository: RepositoryName
    ) throws(ContentError) -> StoredManifest {
        guard found.locks.contains(.read) else {
            throw .denied("\(repository) \(reference) is locked against reading; unlock it with readEnabled=true")
        }
        notePull(found.row)
        return found.manifest
    }

    /// A blob of the repository, open.
    ///
    /// One look-up and one open.
    public func findBlob(_ digest: Digest, in repository: RepositoryName) throws(ContentError) -> any OpenBlob {
        let cache = cache()
        let key = ReadCache.BlobKey(repository: repository, digest: digest)
        if let known = cache[key], known.locks.contains(.read) { return known.file.shared() }
        let reader = try reader()
        guard let found = try reader.blob(digest, in: repository) else {
            guard try reader.locks(of: repository) != nil else { throw Registry.unknownName(repository) }
            throw Registry.unknownBlob(digest, repository)
        }
        guard found.locks.contains(.read) else {
            throw .denied("repository \(repository) is locked against reading; unlock it with readEnabled=true")
        }
        let file = try openBlob(digest, size: found.size)
        guard found.size <= ReadCache.largestBlob else { return file }
        cache.remember(ReadCache.Blob(locks: found.locks, file: file), key)
        return file.shared()
    }

    /// A blob between its commit and its move is still in its slot; and it may move while we look.
    private func openBlob(_ digest: Digest, size: Int64) throws(ContentError) -> BlobFile {
        do {
            return try checked(try blobs.open(digest), digest, size)
        } catch let error as SystemError {
            guard error.isNotFound else { throw Registry.unreadable(digest, error) }
        } catch let error as ContentError {
            throw error
        } catch {
            throw .internal("\(error)")
        }
        do {
            if let slot = try reader().slot(of: digest), let file = try? blobs.open(slot: slot) {
                return try checked(file, digest, size)
            }
            return try checked(try blobs.open(digest), digest, size)
        } catch let error as ContentError {
            throw error
        } catch {
            throw .corrupt("blob \(digest) has a row but no file (\(error)); push it again")
        }
    }

    private func checked(_ file: BlobFile, _ digest: Digest, _ size: Int64) throws(ContentError) -> BlobFile {
        guard file.size == size else {
            throw .corrupt("blob \(digest) has \(file.size) bytes on disk, not \(size); push it again")
        }
        return file
    }

    private static func unreadable(_ digest: Digest, _ error: SystemError) -> ContentError {
        .corrupt("blob \(digest) cannot be read: \(error)")
    }

    /// Tags sorted by bytes, hidden ones left out.
    public func tagPage(in repository: RepositoryName, _ page: PageRequest<String>) throws(ContentError) -> Page<Tag> {
        try reader().tags(in: repository, page)
    }

    /// Repository names sorted by bytes, hidden ones left out.
    public func repositoryPage(_ page: PageRequest<String>) throws(ContentError) -> Page<RepositoryName> {
        try reader().repositories(page)
    }

    /// Descriptors of the manifests that name `subject`, those of the fallback tag folded in, sorted by digest.
    public func referrerPage(
        of subject: Digest, in repository: RepositoryName, artifactType: String?, _ page: PageRequest<Digest>
    ) throws(ContentError) -> Page<Descriptor> {
        let reader = try reader()
        if let locks = try reader.locks(of: repository), !locks.contains(.list) {
            return Page(elements: [], hasMore: false)
        }
        let found = try reader.referrers(of: subject, in: repository, artifactType: artifactType, page)
        let fallback = try fallbackReferrers(of: subject, in: repository, reader).filter { descriptor in
            (artifactType == nil || descriptor.artifactType == artifactType)
                && page.last.map { descriptor.digest > $0 } ?? true
        }
        guard !fallback.isEmpty else { return found }
        var merged: [Digest: Descriptor] = [:]
        for descriptor in fallback { merged[descriptor.digest] = descriptor }
        for descriptor in found.elements { merged[descriptor.digest] = descriptor }
        var all = merged.values.sorted { $0.digest < $1.digest }
        // What lies behind the last row of a full page belongs to the next one.
        if found.hasMore, let end = found.elements.last?.digest { all.removeAll { $0.digest > end } }
        let hasMore = found.hasMore || all.count > page.limit
        return Page(elements: Array(all.prefix(page.limit)), hasMore: hasMore)
    }

    /// What clients of the referrers tag schema wrote (distribution-spec v1.1.1, section Referrers Tag Schema).
    private func fallbackReferrers(of subject: Digest, in repository: RepositoryName, _ reader: MetadataReader)
        throws(ContentError) -> [Descriptor]
    {
        guard let tag = try? Tag(parsing: "\(subject.algorithm.name)-\(subject.hex)".prefix(128)),
            let found = try reader.manifest(.tag(tag), in: repository), found.manifest.mediaType.isIndex,
            let index = try? Manifest(parsing: found.manifest.bytes, contentType: found.manifest.mediaType)
        else { return [] }
        return index.manifests
    }

    static func unknownName(_ repository: RepositoryName) -> ContentError {
        .nameUnknown("repository \(repository) is not known here")
    }

    static func unknownManifest(_ reference: ManifestReference, _ repository: RepositoryName) -> ContentError {
        switch reference {
        case .tag(let tag): .manifestUnknown("tag \(repository):\(tag) is not known here")
        case .digest(let digest): .manifestUnknown("manifest \(repository)@\(digest) is not known here")
        }
    }

    static func unknownBlob(_ digest: Digest, _ repository: RepositoryName) -> ContentError {
        .blobUnknown("blob \(digest) is not in repository \(repository)")
    }
}
