internal import Codecs
public import Content
public import OCIModel

/// Copies from one end to another.
///
/// Safe to share; any number of copies may be under way. Make one for each pair of ends in a run, with one knowledge for
/// each destination.
public final class Transfer: Sendable {
    /// The deepest an index may lie within indexes.
    static let maximumDepth = 8
    /// The most manifests one copy takes.
    static let maximumNodes = 10_000

    let source: any TransferSource
    let destination: any TransferDestination
    let knowledge: DestinationKnowledge
    let options: TransferOptions

    /// Makes a transfer; nothing is asked yet.
    public init(
        from source: any TransferSource, to destination: any TransferDestination, knowledge: DestinationKnowledge,
        options: TransferOptions = TransferOptions()
    ) {
        self.source = source
        self.destination = destination
        self.knowledge = knowledge
        self.options = options
    }

    /// Copies a manifest with everything below it, then sets the tags.
    ///
    /// Children go before parents, and the tags move with the last request. A manifest that the destination has is
    /// taken for its whole graph. Cancelling ends it soon; what was copied until then is seen under no tag.
    /// - Throws: the side that failed and what it said: of the source `.conflict` when it does not give the expected
    ///   manifest, `.corrupt` for what is not what its digest says, `.manifestUnknown` when no image is for a platform.
    public func copyGraph(
        _ request: TransferRequest, progress: @escaping @Sendable (TransferProgress) -> Void = { _ in }
    ) async throws(TransferError) -> TransferSummary {
        let (root, named) = try await root(of: request)
        let copy = GraphCopy(self, request, root: root.digest, progress)
        var summary = try await copy.run(root)
        summary.source = named
        return summary
    }

    /// Puts a manifest that was made here, with its blobs: these first, the tags last.
    ///
    /// - Throws: what the destination says; of the source what the blobs' closures throw.
    public func put(
        _ manifest: StoredManifest, blobs: [MadeBlob], tags: [Tag], in repository: RepositoryName, isNew: Bool,
        progress: @escaping @Sendable (TransferProgress) -> Void = { _ in }
    ) async throws(TransferError) -> TransferSummary {
        var summary = TransferSummary(digest: manifest.digest)
        let mover = BlobMover(self, repository, isNew: isNew, progress)
        try await mover.move(blobs, &summary)
        try await put(manifest, tags: tags, in: repository, progress)
        summary.manifests += 1
        return summary
    }

    /// Puts a manifest at the destination.
    func put(
        _ manifest: StoredManifest, tags: [Tag], in repository: RepositoryName,
        _ progress: @Sendable (TransferProgress) -> Void
    ) async throws(TransferError) {
        // Whoever was cancelled meanwhile does not want to see a tag move.
        if Task.isCancelled { throw .cancelled(.destination) }
        do throws(ContentError) {
            try await destination.putManifest(manifest, tags: tags, in: repository)
        } catch {
            throw TransferError(.destination, error)
        }
        knowledge.note(manifest: manifest.digest, in: repository)
        progress(.manifestPut(manifest.digest))
    }

    /// A manifest of the source, held against the digest that was asked for.
    func fetch(
        _ reference: ManifestReference, in repository: RepositoryName
    ) async throws(TransferError) -> StoredManifest {
        let found: StoredManifest
        do throws(ContentError) {
            found = try await source.manifest(reference, in: repository)
        } catch {
            throw TransferError(.source, error)
        }
        let function: ContentHasher.Function = found.digest.algorithm == .sha256 ? .sha256 : .sha512
        let isTrue =
            Digest(found.digest.algorithm, hash: ContentHasher.hash(found.bytes.span, function)) == found.digest
        let isAsked =
            switch reference {
            case .digest(let digest): digest == found.digest
            case .tag: true
            }
        guard isTrue, isAsked else {
            throw TransferError(
                .source, .corrupt("the manifest that came for \(repository), \(reference), does not hash to its digest")
            )
        }
        return found
    }

    /// What a manifest says.
    func read(_ manifest: StoredManifest, in repository: RepositoryName) throws(TransferError) -> Manifest {
        do throws(OCIParseError) {
            return try Manifest(parsing: manifest.bytes, contentType: manifest.mediaType)
        } catch {
            throw TransferError(
                .source, .manifestInvalid("manifest \(manifest.digest) of \(repository): \(error.description)"))
        }
    }

    /// The manifest the tags are to name: the one asked for, or its image of the one platform wanted; and which one was
    /// asked for.
    private func root(of request: TransferRequest) async throws(TransferError) -> (StoredManifest, named: Digest) {
        var root = try await fetch(request.reference, in: request.source)
        let named = root.digest
        if let expected = request.expected, expected != root.digest {
            throw TransferError(
                .source,
                .conflict(
                    "\(request.source), \(request.reference), names \(root.digest) and not \(expected) as expected; "
                        + "if that is meant, plan again"))
        }
        guard request.platforms.count == 1, root.mediaType.isIndex else { return (root, named) }
        var depth = 0
        while root.mediaType.isIndex {
            depth += 1
            let chosen = try PlatformChoice(root, request.platforms, in: request.source).descriptors
            guard let first = chosen.first, depth <= Transfer.maximumDepth else {
                throw PlatformChoice.none(request)
            }
            root = try await fetch(.digest(first.digest), in: request.source)
        }
        return (root, named)
    }
}

extension TransferError {
    /// The copy was cancelled.
    static func cancelled(_ side: TransferSide) -> TransferError {
        TransferError(side, .unavailable("the copy was cancelled"))
    }
}
