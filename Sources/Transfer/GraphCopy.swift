internal import Content
public import OCIModel

/// One copy of a graph as it goes on; one task at a time.
final class GraphCopy {
    private let transfer: Transfer
    private let request: TransferRequest
    private let progress: @Sendable (TransferProgress) -> Void
    private let mover: BlobMover
    private var summary: TransferSummary
    private var done: Set<Digest> = []
    private var nodeCount = 0

    /// How far referrers of referrers are followed.
    private static let maximumReferrerDepth = 3
    /// Up to so many blobs are asked for one by one; with more, one question for the manifest may save them.
    private static let fewBlobs = 3

    init(
        _ transfer: Transfer, _ request: TransferRequest, root: Digest,
        _ progress: @escaping @Sendable (TransferProgress) -> Void
    ) {
        self.transfer = transfer
        self.request = request
        self.progress = progress
        let origin = transfer.options.isOneRegistry ? request.source : nil
        mover = BlobMover(transfer, request.destination, isNew: request.isNew, origin: origin, progress)
        summary = TransferSummary(digest: root)
    }

    func run(_ root: StoredManifest) async throws(TransferError) -> TransferSummary {
        let manifest = try transfer.read(root, in: request.source)
        try enter(depth: 0)
        let isLarge = root.mediaType.isIndex || manifest.references.count > GraphCopy.fewBlobs
        // Whether a sparse index is there says nothing of the images that are wanted now.
        let isSparse = root.mediaType.isIndex && !request.platforms.isEmpty
        if isLarge, !isSparse { summary.wasThere = try await isThere(root.digest) }
        if !summary.wasThere { try await copyContent(root, manifest, depth: 0) }
        let referrers = try await referrers(of: root.digest)
        if !referrers.isEmpty {
            if !summary.wasThere { try await put(root, tags: []) }
            try await copy(referrers, depth: 1)
        }
        if !request.tags.isEmpty || (!summary.wasThere && referrers.isEmpty) {
            try await put(root, tags: request.tags)
        }
        return summary
    }

    /// Everything below a manifest.
    private func copyContent(
        _ stored: StoredManifest, _ manifest: Manifest, depth: Int, referrerDepth: Int = 0
    ) async throws(TransferError) {
        var children = manifest.manifests
        if stored.mediaType.isIndex, !request.platforms.isEmpty {
            children = try PlatformChoice(stored, request.platforms, in: request.source).descriptors
            if children.isEmpty, depth == 0 { throw PlatformChoice.none(request) }
        }
        for child in children { try await copyNode(child, depth: depth + 1, referrerDepth: referrerDepth) }
        let content = (manifest.config.map { [$0] } ?? []) + manifest.layers
        let kept = content.filter { !$0.mediaType.isForeign }
        summary.foreign += Int64(content.count - kept.count)
        try await mover.move(kept.map(blob), &summary)
    }

    /// A manifest by digest with everything below it.
    private func copyNode(_ descriptor: Descriptor, depth: Int, referrerDepth: Int = 0) async throws(TransferError) {
        guard !done.contains(descriptor.digest) else { return }
        if Task.isCancelled { throw .cancelled(.source) }
        try enter(depth: depth)
        if transfer.knowledge.hasManifest(descriptor.digest, in: request.destination) {
            done.insert(descriptor.digest)
        } else if try await isThere(descriptor.digest) {
            transfer.knowledge.note(manifest: descriptor.digest, in: request.destination)
        } else {
            let stored = try await transfer.fetch(.digest(descriptor.digest), in: request.source)
            guard Int64(stored.bytes.count) == descriptor.size else {
                throw TransferError(
                    .source,
                    .corrupt(
                        "manifest \(descriptor.digest) of \(request.source) has \(stored.bytes.count) bytes; what names "
                            + "it says \(descriptor.size)"))
            }
            try await copyContent(
                stored, try transfer.read(stored, in: request.source), depth: depth, referrerDepth: referrerDepth)
            try await put(stored, tags: [])
        }
        done.insert(descriptor.digest)
        guard referrerDepth < GraphCopy.maximumReferrerDepth else { return }
        try await copy(try await referrers(of: descriptor.digest), depth: referrerDepth + 1)
    }

    private func copy(_ referrers: [Descriptor], depth: Int) async throws(TransferError) {
        for referrer in referrers {
            let before = summary.manifests
            try await copyNode(referrer, depth: 0, referrerDepth: depth)
            if summary.manifests > before { summary.referrers += 1 }
        }
    }

    private func referrers(of digest: Digest) async throws(TransferError) -> [Descriptor] {
        guard let filter = request.referrers else { return [] }
        do throws(ContentError) {
            let found = try await transfer.source.listReferrers(of: digest, in: request.source)
            return found.filter { filter.wants($0.artifactType) }
        } catch .unsupported {
            return []
        } catch {
            throw TransferError(.source, error)
        }
    }

    private func isThere(_ digest: Digest) async throws(TransferError) -> Bool {
        if request.isNew { return false }
        do throws(ContentError) {
            return try await transfer.destination.hasManifest(digest, in: request.destination)
        } catch {
            throw TransferError(.destination, error)
        }
    }

    private func put(_ stored: StoredManifest, tags: [Tag]) async throws(TransferError) {
        try await transfer.put(stored, tags: tags, in: request.destination, progress)
        summary.manifests += 1
    }

    private func enter(depth: Int) throws(TransferError) {
        nodeCount += 1
        guard depth <= Transfer.maximumDepth, nodeCount <= Transfer.maximumNodes else {
            throw TransferError(
                .source,
                .tooLarge(
                    "\(request.source), \(request.reference), holds more than \(Transfer.maximumNodes) manifests, or "
                        + "indexes more than \(Transfer.maximumDepth) deep"))
        }
    }

    /// A blob of the source: a small one is read at once, a large one as the destination takes it.
    private func blob(_ descriptor: Descriptor) -> MadeBlob {
        let source = transfer.source
        let repository = request.source
        return MadeBlob(descriptor) { offset async throws(ContentError) in
            let what = "blob \(descriptor.digest) of \(repository)"
            let left = descriptor.size - offset
            guard left > SourceBlobs.collectedBytes else {
                return BytePieces(try await SourceBlobs.collect(source, descriptor, repository, from: offset, what))
            }
            return BlobRelay(expected: left, what: what) { body in
                do throws(ContentError) {
                    try await source.feedBlob(descriptor.digest, in: repository, from: offset, body)
                    return .success(())
                } catch {
                    return .failure(error)
                }
            }
        }
    }
}

/// Small blobs, as a whole.
enum SourceBlobs {
    /// Up to this many bytes a blob is read at once.
    static let collectedBytes: Int64 = 1 << 20

    /// The bytes from an offset, as many as the descriptor says.
    static func collect(
        _ source: any TransferSource, _ descriptor: Descriptor, _ repository: RepositoryName, from offset: Int64,
        _ what: String
    ) async throws(ContentError) -> [UInt8] {
        let expected = max(0, descriptor.size - offset)
        var bytes: [UInt8] = []
        try await source.readBlob(descriptor.digest, in: repository, from: offset) { piece throws(ContentError) in
            bytes += piece
            guard bytes.count <= expected else { throw .corrupt("\(what) is longer than its descriptor says") }
        }
        guard bytes.count == expected else { throw .corrupt("\(what) is shorter than its descriptor says") }
        return bytes
    }
}

extension MediaType {
    /// Whether content of that type stays where its URLs say, because it may not be distributed.
    public var isForeign: Bool { description.contains("nondistributable") || description.contains(".foreign.") }
}
