internal import Codecs
public import Content
public import OCIModel

extension LayoutDirectory: TransferSource {
    /// The size of a blob in bytes, whatever the repository.
    public func blobSize(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) -> Int64 {
        guard let size = try files.size(of: digest) else { throw LayoutDirectory.unknownBlob(digest) }
        return size
    }

    /// Reads a blob in pieces of 256 KiB; a whole read is verified.
    public func readBlob(
        _ digest: Digest, in repository: RepositoryName, from start: Int64,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError) {
        guard let blob = try files.open(digest) else { throw LayoutDirectory.unknownBlob(digest) }
        guard start >= 0, start <= blob.size else {
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
            throw .corrupt("the bytes of blob \(digest) in \(files.path) do not hash to it; remove the file")
        }
    }

    static func unknownBlob(_ digest: Digest) -> ContentError {
        .blobUnknown("blob \(digest) is not in the image layout")
    }

    /// The manifest a tag of the repository names, or any manifest of the layout by its digest.
    public func manifest(_ reference: ManifestReference, in repository: RepositoryName) async throws(ContentError)
        -> StoredManifest
    {
        let index = try index.current()
        guard index.isKnown(repository) else { throw LayoutDirectory.unknown(repository) }
        let (digest, type): (Digest, MediaType?)
        switch reference {
        case .tag(let tag):
            guard let entry = index.tags[repository]?[tag] else {
                throw .manifestUnknown("tag \(repository):\(tag) is not in the image layout")
            }
            (digest, type) = (entry.descriptor.digest, entry.descriptor.mediaType)
        case .digest(let wanted):
            (digest, type) = (wanted, nil)
        }
        guard let bytes = try read(digest), let type = type ?? LayoutDirectory.type(of: bytes) else {
            throw .manifestUnknown("manifest \(repository)@\(digest) is not in the image layout")
        }
        return StoredManifest(digest: digest, mediaType: type, bytes: bytes)
    }

    /// The type a manifest gives itself, or has by its shape; nil when it is none.
    static func type(of bytes: [UInt8]) -> MediaType? {
        guard let tree = try? JSONValue(parsing: bytes), tree.members != nil else { return nil }
        if let text = tree["mediaType"]?.string { return try? MediaType(parsing: text) }
        if tree["manifests"] != nil { return .ociIndex }
        return tree["layers"] != nil ? .ociManifest : nil
    }

    /// A page of the repository's tags.
    public func tags(in repository: RepositoryName, _ page: PageRequest<String>) async throws(ContentError) -> Page<Tag>
    {
        let all = try sortedTags(of: repository).map(\.key)
        return LayoutDirectory.page(all, page)
    }

    /// All tags of a repository with their digests; no times, no entity tag.
    public func listTags(in repository: RepositoryName, unless entityTag: String?) async throws(ContentError)
        -> TagListing
    {
        .tags(
            try sortedTags(of: repository).map { ListedTag($0.key, digest: $0.value.descriptor.digest) },
            entityTag: nil)
    }

    private func sortedTags(of repository: RepositoryName) throws(ContentError) -> [(
        key: Tag, value: LayoutIndex.Entry
    )] {
        let index = try index.current()
        guard index.isKnown(repository) else { throw LayoutDirectory.unknown(repository) }
        return (index.tags[repository] ?? [:]).sorted { $0.key.description < $1.key.description }
    }

    /// The digest a tag names now.
    public func digest(of tag: Tag, in repository: RepositoryName, unless known: Digest?) async throws(ContentError)
        -> Digest
    {
        let index = try index.current()
        guard index.isKnown(repository) else { throw LayoutDirectory.unknown(repository) }
        guard let entry = index.tags[repository]?[tag] else {
            throw .manifestUnknown("tag \(repository):\(tag) is not in the image layout")
        }
        return entry.descriptor.digest
    }

    /// Descriptors of the layout's manifests that name `subject`, those of the fallback tag folded in.
    ///
    /// The first call reads every manifest that the index names.
    public func listReferrers(of subject: Digest, in repository: RepositoryName) async throws(ContentError)
        -> [Descriptor]
    {
        let index = try index.current()
        var found: [Digest: Descriptor] = [:]
        for (digest, descriptor) in index.manifests {
            guard let facts = try knowledge(of: descriptor), facts.subject == subject else { continue }
            found[digest] = facts.asReferrer
        }
        if let tag = try? Tag(parsing: "\(subject.algorithm.name)-\(subject.hex.prefix(64))"),
            let entry = index.tags[repository]?[tag], entry.descriptor.mediaType.isIndex,
            let bytes = try read(entry.descriptor.digest),
            let list = try? Manifest(parsing: bytes, contentType: entry.descriptor.mediaType)
        {
            for descriptor in list.manifests where found[descriptor.digest] == nil {
                found[descriptor.digest] = descriptor
            }
        }
        return found.values.sorted { $0.digest < $1.digest }
    }

    /// A page of repository names.
    public func repositories(_ page: PageRequest<String>) async throws(ContentError) -> Page<RepositoryName> {
        LayoutDirectory.page(try index.current().repositories, page)
    }

    private static func page<Name: CustomStringConvertible & Sendable>(_ all: [Name], _ page: PageRequest<String>)
        -> Page<Name>
    {
        let rest = all.drop { name in page.last.map { name.description <= $0 } ?? false }
        return Page(elements: Array(rest.prefix(max(0, page.limit))), hasMore: rest.count > page.limit)
    }
}
