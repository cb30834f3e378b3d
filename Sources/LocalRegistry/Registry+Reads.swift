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
            throw Registry.unreadable(reference, repository)
        }
        notePull(found.row)
        return found.manifest
    }

    static func unreadable(_ reference: ManifestReference, _ repository: RepositoryName) -> ContentError {
        .denied("\(repository) \(reference) is locked against reading; unlock it with readEnabled=true")
    }

    /// A blob of the repository, open.
    ///
    /// One look-up and one open.
    public func findBlob(_ digest: Digest, in repository: RepositoryName) throws(ContentError) -> any OpenBlob {
        let cache = cache()
        let key = ReadCache.BlobKey(repository: repository, digest: digest)
        let known: ReadCache.Blob
        if let remembered = cache[key] {
            known = remembered
        } else {
            known = try lookUp(digest, in: repository)
            cache.remember(known, key)
        }
        guard known.locks.contains(.read) else {
            throw .denied("repository \(repository) is locked against reading; unlock it with readEnabled=true")
        }
        if let file = known.file { return file.shared() }
        let file = try openBlob(digest, in: repository, size: known.size, try reader())
        return cache.keepOpen(file, key) ? file.shared() : file
    }

    private func lookUp(_ digest: Digest, in repository: RepositoryName) throws(ContentError) -> ReadCache.Blob {
        let reader = try reader()
        if let found = try reader.blob(digest, in: repository) {
            return ReadCache.Blob(locks: found.locks, size: found.size)
        }
        guard try reader.locks(of: repository) != nil else { throw Registry.unknownName(repository) }
        throw Registry.unknownBlob(digest, repository)
    }

    /// A blob of the repository, open, for work of the store's own.
    func blobWhateverItsLocks(_ digest: Digest, in repository: RepositoryName) throws(ContentError) -> any OpenBlob {
        let known = try lookUp(digest, in: repository)
        return try openBlob(digest, in: repository, size: known.size, try reader())
    }

    private static let mostLooks = 4

    /// Opens a blob that has a row.
    ///
    /// Meanwhile it may move, go or come back, and the row or the slot changes first.
    ///
    /// A file that someone took away or cut is logged, and for the client the blob is not there: so the next push
    /// brings it back.
    private func openBlob(
        _ digest: Digest, in repository: RepositoryName, size: Int64, _ reader: MetadataReader
    ) throws(ContentError) -> BlobFile {
        for _ in 0..<Registry.mostLooks {
            if let file = try opened(digest, reader) {
                if file.size == size { return file }
                options.observer.didFail("blob \(digest) has \(file.size) bytes on disk, not \(size); push it again")
                throw Registry.damagedBlob(digest)
            }
            guard try reader.blob(digest, in: repository) != nil else { throw Registry.unknownBlob(digest, repository) }
        }
        options.observer.didFail("blob \(digest) has a row but no file; push it again, or restore the file")
        throw Registry.damagedBlob(digest)
    }

    /// A blob between its commit and its move is still in its slot.
    private func opened(_ digest: Digest, _ reader: MetadataReader) throws(ContentError) -> BlobFile? {
        do throws(SystemError) {
            return try blobs.open(digest)
        } catch {
            guard error.isNotFound else { throw Registry.unreadable(digest, error) }
        }
        guard let slot = try reader.slot(of: digest) else { return nil }
        do throws(SystemError) {
            return try blobs.open(slot: slot)
        } catch {
            guard error.isNotFound else { throw Registry.unreadable(digest, error) }
            return nil
        }
    }

    /// The process may be out of descriptors, which passes, or the disk may be failing.
    private static func unreadable(_ digest: Digest, _ error: SystemError) -> ContentError {
        .internal("blob \(digest) cannot be opened: \(error)")
    }

    private static func damagedBlob(_ digest: Digest) -> ContentError {
        .blobUnknown("blob \(digest) is damaged on the server; push it again")
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
        guard let tag = try? Tag(parsing: "\(subject.algorithm.name)-\(subject.hex.prefix(64))"),
            let found = try reader.manifest(.tag(tag), in: repository), found.locks.isSuperset(of: [.list, .read]),
            found.manifest.mediaType.isIndex,
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
