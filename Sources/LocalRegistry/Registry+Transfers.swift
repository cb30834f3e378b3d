internal import BlobStorage
public import Content
internal import Metadata
public import OCIModel

extension Registry: TransferDestination {
    /// All tags of a repository with their digests, as they were at one moment; hidden ones are left out.
    ///
    /// Has no entity tag: asking again costs no more than comparing would.
    public func listTags(in repository: RepositoryName, unless entityTag: String?) async throws(ContentError)
        -> TagListing
    {
        let tags = try reader().allTags(in: repository).map {
            ListedTag($0.name, digest: $0.digest, updatedAt: $0.updatedAt)
        }
        return .tags(tags, entityTag: nil)
    }

    /// The digest a tag names now; not a pull.
    public func digest(of tag: Tag, in repository: RepositoryName, unless known: Digest?) async throws(ContentError)
        -> Digest
    {
        let reader = try reader()
        guard let found = try reader.manifest(.tag(tag), in: repository) else {
            guard try reader.locks(of: repository) != nil else { throw Registry.unknownName(repository) }
            throw Registry.unknownManifest(.tag(tag), repository)
        }
        guard found.locks.contains(.read) else { throw Registry.unreadable(.tag(tag), repository) }
        return found.manifest.digest
    }

    /// Descriptors of the manifests that name `subject`, sorted by digest.
    public func listReferrers(of subject: Digest, in repository: RepositoryName) async throws(ContentError)
        -> [Descriptor]
    {
        var all: [Descriptor] = []
        var hasMore = true
        while hasMore {
            let page = PageRequest(limit: 1000, last: all.last?.digest)
            let found = try referrerPage(of: subject, in: repository, artifactType: nil, page)
            all += found.elements
            hasMore = found.hasMore && !found.elements.isEmpty
        }
        return all
    }

    /// Whether the repository has a manifest and all that it names.
    ///
    /// A cached one of which a part was never fetched does not count: somebody has to bring that part.
    public func hasManifest(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) -> Bool {
        try reader().holdsWhole(digest, in: repository)
    }

    /// Blobs above this go through a session, which outlives a killed process.
    private static let sessionBytes: Int64 = 16 << 20

    /// Puts a blob where it is not yet: links it when any repository holds it, else takes its bytes.
    ///
    /// One above 16 MiB goes through an upload session, which a later process takes up at its length.
    public func placeBlob(
        _ expected: Descriptor, in repository: RepositoryName, _ placement: BlobPlacement,
        _ open: (_ offset: Int64) async throws(ContentError) -> any BlobPieces
    ) async throws(ContentError) -> BlobOutcome {
        guard expected.size <= options.maximumBlobBytes else {
            throw .tooLarge(
                "blob \(expected.digest) has \(expected.size) bytes, \(options.maximumBlobBytes) is the most")
        }
        // A row whose file is lost does not count: these bytes bring it back.
        if (try? blobs.size(of: expected.digest)) == expected.size {
            if try reader().blob(expected.digest, in: repository) != nil { return .present }
            if try await mountBlob(expected.digest, from: nil, into: repository) { return .mounted }
        }
        if let text = placement.session, let held = try await takenUp(text, for: expected, in: repository) {
            do throws(ContentError) {
                return .sent(try await fill(held, expected, placement, open))
            } catch .digestInvalid {
                // What the session held was something else.
            }
        }
        return .sent(try await fill(try await begun(expected, in: repository, placement), expected, placement, open))
    }

    /// An upload, and the session it is of.
    private struct OpenUpload {
        let writer: any UploadWriter
        let repository: RepositoryName
        let session: UploadID?
    }

    /// A session of an earlier attempt; nil when it is over, somebody works on it, or it holds too much.
    private func takenUp(_ text: String, for expected: Descriptor, in repository: RepositoryName)
        async throws(ContentError) -> OpenUpload?
    {
        guard let id = UploadID(text) else { return nil }
        do throws(ContentError) {
            let writer = try await openUpload(id, in: repository, at: nil)
            let upload = OpenUpload(writer: writer, repository: repository, session: id)
            if writer.length <= expected.size { return upload }
            await forget(upload)
            return nil
        } catch .uploadUnknown, .uploadInvalid {
            return nil
        }
    }

    private func begun(_ expected: Descriptor, in repository: RepositoryName, _ placement: BlobPlacement)
        async throws(ContentError) -> OpenUpload
    {
        let algorithm = expected.digest.algorithm
        guard expected.size > Registry.sessionBytes else {
            let writer = try await openUpload(in: repository, algorithm: algorithm)
            return OpenUpload(writer: writer, repository: repository, session: nil)
        }
        let id = try await beginUpload(in: repository, client: "mirrors", algorithm: algorithm)
        placement.noteSession(id.description)
        let writer = try await openUpload(id, in: repository, at: 0)
        return OpenUpload(writer: writer, repository: repository, session: id)
    }

    /// Brings an upload from where it stands to its end; gives how many bytes that took.
    ///
    /// A session keeps what came when the source fails.
    private func fill(
        _ upload: OpenUpload, _ expected: Descriptor, _ placement: BlobPlacement,
        _ open: (_ offset: Int64) async throws(ContentError) -> any BlobPieces
    ) async throws(ContentError) -> Int64 {
        let writer = upload.writer
        let start = writer.length
        var isLonger = false
        do throws(ContentError) {
            if start < expected.size {
                let pieces = try await open(start)
                while let piece = try await pieces.next() {
                    isLonger = writer.length + Int64(piece.count) > expected.size
                    if isLonger { break }
                    try await writer.append(piece)
                }
            }
        } catch {
            await writer.abandon()
            throw error
        }
        let end = writer.length
        guard end == expected.size, !isLonger else {
            await forget(upload)
            placement.noteSession(nil)
            throw .sizeInvalid(
                "blob \(expected.digest) was announced with \(expected.size) bytes and has "
                    + (isLonger ? "more" : "\(end)"))
        }
        // Whatever comes of it, the session is over.
        defer { placement.noteSession(nil) }
        try await writer.finish(expected.digest)
        return end - start
    }

    /// Forgets an upload with all it holds.
    private func forget(_ upload: OpenUpload) async {
        await upload.writer.abandon()
        // One that is over is what is wanted.
        if let id = upload.session { try? await cancelUpload(id, in: upload.repository) }
    }
}
