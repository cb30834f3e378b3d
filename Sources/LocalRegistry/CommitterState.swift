internal import BlobStorage
internal import Content
internal import Metadata
internal import OCIModel
internal import Posix

/// What the committer's thread owns: the writer, and the moves whose names are not on the disk yet.
final class CommitterState {
    /// Names are flushed when so many moves wait for it; bounds the work of a start after a power cut.
    private static let mostUnflushedNames = 512

    private let writer: MetadataWriter
    private let blobs: BlobStore
    private let observer: StoreObserver
    private let isRelaxed: Bool
    private let pulls: PullLog
    private let generation: Generation
    private let uploads: UploadTable
    private let now: @Sendable () -> Int64
    private var lastHousekeeping = ContinuousClock.now
    /// Moves made and not yet on the disk.
    private var moved: [(slot: String, digest: Digest)] = []
    /// Moves that failed and are tried again.
    private var unmoved: [(slot: String, digest: Digest)] = []
    private var removed: Set<DigestAlgorithm> = []

    init(
        writer: MetadataWriter, blobs: BlobStore, uploads: UploadTable, pulls: PullLog, generation: Generation,
        options: RegistryOptions
    ) {
        self.writer = writer
        self.blobs = blobs
        self.uploads = uploads
        self.pulls = pulls
        self.generation = generation
        observer = options.observer
        isRelaxed = options.isRelaxed
        now = options.now
    }

    /// Makes a group of jobs durable and answers each.
    func commit(_ jobs: [Committer.Job]) {
        var refused: [Int: ContentError] = [:]
        if !isRelaxed { flush(jobs, &refused) }
        var effects: [Int: Committer.Effects] = [:]
        do throws(ContentError) {
            try transact(isDurable: !isRelaxed && jobs.contains { $0.isDurable }) { () throws(ContentError) in
                for (position, job) in jobs.enumerated() where refused[position] == nil {
                    do throws(ContentError) {
                        effects[position] = try writer.step { () throws(ContentError) in try job.step(writer) }
                    } catch {
                        refused[position] = error
                    }
                }
            }
        } catch {
            effects = [:]
            for position in jobs.indices where refused[position] == nil { refused[position] = error }
        }
        if jobs.contains(where: \.isDurable) { generation.advance() }
        for (position, job) in jobs.enumerated() {
            var failure = refused[position]
            if let effects = effects[position] {
                do throws(ContentError) { try apply(effects) } catch { failure = error }
            } else if let staged = job.staged {
                blobs.discard(slot: staged.slot)
            }
            job.done(failure.map { .failure($0) } ?? .success(()))
        }
        if moved.count >= CommitterState.mostUnflushedNames { settleNames() }
        // Under load the queue is never empty, and housekeeping must not wait for that.
        if lastHousekeeping.duration(to: .now) > .seconds(5) { keepHouse() }
    }

    /// Flushes the bytes of the group's blobs; when that fails, one by one, so that a bad file fails its own job only.
    private func flush(_ jobs: [Committer.Job], _ refused: inout [Int: ContentError]) {
        let staged = jobs.compactMap(\.staged)
        guard !staged.isEmpty else { return }
        let clock = ContinuousClock()
        let start = clock.now
        do throws(SystemError) {
            try blobs.flush(staged)
        } catch {
            for (position, job) in jobs.enumerated() {
                guard let blob = job.staged else { continue }
                do throws(SystemError) { try blobs.flush([blob]) } catch {
                    refused[position] = .storageFull("blob \(blob.digest) cannot be made durable: \(error)")
                }
            }
        }
        observer.didFlush(start.duration(to: clock.now), staged.count)
    }

    private func transact(isDurable: Bool, _ body: () throws(ContentError) -> Void) throws(ContentError) {
        let clock = ContinuousClock()
        let start = clock.now
        try writer.setDurable(isDurable)
        try writer.begin()
        do {
            try body()
        } catch {
            writer.rollBack()
            throw error
        }
        try writer.commit()
        observer.didCommit(start.duration(to: clock.now))
    }

    /// Moves, empties and removes files for a job whose rows stand.
    ///
    /// - Throws: `.storageFull` when a blob could not get its name. Its bytes and rows are durable and readable all the
    ///   same, and the move is tried again; but the disk is failing, and the client should know.
    private func apply(_ effects: Committer.Effects) throws(ContentError) {
        for slot in effects.discarded { blobs.discard(slot: slot) }
        for digest in effects.removed {
            // A file that stays behind is removed at the next start: its removal is on record.
            if (try? blobs.remove(digest)) != nil { removed.insert(digest.algorithm) }
        }
        guard let promotion = effects.promotion else { return }
        do throws(SystemError) {
            try blobs.promote(slot: promotion.slot, to: promotion.digest)
            moved.append(promotion)
        } catch {
            unmoved.append(promotion)
            throw .storageFull("blob \(promotion.digest) cannot be given its name: \(error)")
        }
    }

    // MARK: Housekeeping

    /// What can wait until nothing else does.
    func keepHouse() {
        lastHousekeeping = .now
        retryMoves()
        expireSessions()
        if !moved.isEmpty || !removed.isEmpty { settleNames() }
        let pulls = pulls.take()
        guard !pulls.isEmpty else { return }
        // Pull times are advice for people and for later clean-up; losing some is no error.
        try? transact(isDurable: false) { () throws(ContentError) in try writer.notePulls(pulls) }
    }

    private func expireSessions() {
        let expired = uploads.takeExpired(at: now())
        guard !expired.isEmpty else { return }
        do throws(ContentError) {
            try transact(isDurable: false) { () throws(ContentError) in
                for session in expired { try writer.removeUpload(session.id) }
            }
            for session in expired { blobs.discard(slot: session.slot) }
        } catch {
            // Their rows stay, so the next start finds them expired again.
            observer.didFail("cannot forget \(expired.count) expired upload sessions: \(error)")
        }
    }

    private func retryMoves() {
        let waiting = unmoved
        unmoved = []
        for move in waiting {
            do throws(SystemError) {
                try blobs.promote(slot: move.slot, to: move.digest)
                moved.append(move)
            } catch {
                unmoved.append(move)
            }
        }
    }

    /// Flushes the directories and forgets the moves and removals they hold.
    ///
    /// A failure leaves everything on record.
    private func settleNames() {
        do {
            try blobs.flushNames(Set(moved.map(\.digest.algorithm)).union(removed))
            let slots = moved.map(\.slot)
            try transact(isDurable: false) { () throws(ContentError) in
                try writer.forgetPromotions(slots)
                try writer.forgetRemovals()
            }
            moved = []
            removed = []
        } catch {
            observer.didFail("cannot settle names in the store: \(error)")
        }
    }

    func close() {
        keepHouse()
        do { try writer.checkpoint() } catch { observer.didFail("cannot checkpoint the metadata: \(error)") }
    }
}
