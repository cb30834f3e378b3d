internal import Content
internal import OCIModel
internal import Synchronization

/// Moves blobs to one repository of the destination, a few at a time.
struct BlobMover: Sendable {
    private let transfer: Transfer
    private let repository: RepositoryName
    private let isNew: Bool
    /// Where at the destination every blob is already, if anywhere.
    private let origin: RepositoryName?
    private let progress: @Sendable (TransferProgress) -> Void

    init(
        _ transfer: Transfer, _ repository: RepositoryName, isNew: Bool, origin: RepositoryName? = nil,
        _ progress: @escaping @Sendable (TransferProgress) -> Void
    ) {
        self.transfer = transfer
        self.repository = repository
        self.isNew = isNew
        self.origin = origin == repository ? nil : origin
        self.progress = progress
    }

    /// Moves each blob once; the first failure ends the others.
    func move(_ blobs: [MadeBlob], _ summary: inout TransferSummary) async throws(TransferError) {
        var seen: Set<Digest> = []
        let wanted = blobs.filter { seen.insert($0.descriptor.digest).inserted }
        let width = max(1, transfer.options.blobsAtATime)
        let (outcomes, failure) = await withTaskGroup(of: Result<BlobOutcome, TransferError>.self) { group in
            var rest = wanted[...]
            var outcomes: [BlobOutcome] = []
            var failure: TransferError?
            func startNext() {
                guard let blob = rest.popFirst() else { return }
                group.addTask {
                    do throws(TransferError) {
                        return .success(try await move(blob))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            for _ in 0..<width { startNext() }
            for await result in group {
                switch result {
                case .success(let outcome):
                    outcomes.append(outcome)
                    if failure == nil { startNext() }
                case .failure(let error):
                    // The first is the cause; what is cancelled because of it fails as well.
                    if failure == nil { failure = error }
                    group.cancelAll()
                }
            }
            return (outcomes, failure)
        }
        if let failure { throw failure }
        for outcome in outcomes { summary.count(outcome) }
    }

    private func move(_ blob: MadeBlob) async throws(TransferError) -> BlobOutcome {
        let digest = blob.descriptor.digest
        let claim: DestinationKnowledge.Claim
        do {
            claim = try await transfer.knowledge.claim(digest, in: repository)
        } catch {
            throw .cancelled(.source)
        }
        guard case .lead(let other) = claim else { return .present }
        var isThere = false
        defer { transfer.knowledge.finish(digest, in: repository, isThere: isThere) }
        progress(.blobBegan(digest, size: blob.descriptor.size))
        let outcome = try await placeInTurn(blob, mountFrom: other)
        isThere = true
        progress(.blobEnded(digest, outcome))
        return outcome
    }

    /// Large blobs are streamed, each with a reading and an upload at once: only so many, or these would wait for each
    /// other's connections.
    private func placeInTurn(
        _ blob: MadeBlob, mountFrom other: RepositoryName?
    ) async throws(TransferError) -> BlobOutcome {
        guard blob.descriptor.size > SourceBlobs.collectedBytes else { return try await place(blob, mountFrom: other) }
        let streams = transfer.knowledge.streams
        do {
            try await streams.enter()
        } catch {
            throw .cancelled(.source)
        }
        defer { streams.leave() }
        return try await place(blob, mountFrom: other)
    }

    private func place(_ blob: MadeBlob, mountFrom other: RepositoryName?) async throws(TransferError) -> BlobOutcome {
        let (digest, sessions) = (blob.descriptor.digest, transfer.options.sessions)
        let repository = repository
        let session = await sessions?.find(repository, digest)
        // What a session was begun for may be there since.
        let placement = BlobPlacement(
            mayBeThere: !isNew || session != nil, mountFrom: other ?? origin, session: session
        ) {
            sessions?.note(repository, digest, $0)
        }
        let fault = SourceFault()
        do throws(ContentError) {
            return try await transfer.destination.placeBlob(blob.descriptor, in: repository, placement) {
                offset async throws(ContentError) in
                do throws(ContentError) {
                    let pieces = try await blob.open(offset)
                    // What failed before is got over: from now on it is not the cause of anything.
                    fault.clear()
                    return WatchedPieces(pieces, fault) { progress(.bytes(digest, $0)) }
                } catch {
                    fault.note(error)
                    throw error
                }
            }
        } catch {
            if Task.isCancelled { throw .cancelled(.source) }
            if let known = fault.error { throw TransferError(.source, known) }
            throw TransferError(.destination, error)
        }
    }
}

/// What the source failed with, if it did: the destination may word it differently.
private final class SourceFault: Sendable {
    private let state = Mutex<ContentError?>(nil)

    var error: ContentError? { state.withLock { $0 } }

    func note(_ error: ContentError) {
        state.withLock { $0 = $0 ?? error }
    }

    func clear() {
        state.withLock { $0 = nil }
    }
}

/// Pieces on their way to the destination.
private final class WatchedPieces: BlobPieces {
    private let pieces: any BlobPieces
    private let fault: SourceFault
    private let moved: @Sendable (Int64) -> Void

    init(_ pieces: any BlobPieces, _ fault: SourceFault, _ moved: @escaping @Sendable (Int64) -> Void) {
        self.pieces = pieces
        self.fault = fault
        self.moved = moved
    }

    func next() async throws(ContentError) -> [UInt8]? {
        do throws(ContentError) {
            let piece = try await pieces.next()
            if let piece { moved(Int64(piece.count)) }
            return piece
        } catch {
            fault.note(error)
            throw error
        }
    }
}

extension TransferSummary {
    /// Adds how a blob came to be there.
    mutating func count(_ outcome: BlobOutcome) {
        switch outcome {
        case .present: break
        case .mounted: mounted += 1
        case .sent(let count):
            blobs += 1
            bytes += count
        }
    }
}
