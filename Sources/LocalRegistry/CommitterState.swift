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
    private let checks: CheckLog
    private let generation: Generation
    private let uploads: UploadTable
    private let now: @Sendable () -> Int64
    private var lastHousekeeping = ContinuousClock.now
    /// Moves made and not yet on the disk.
    private var moved: [(slot: String, digest: Digest)] = []
    /// Moves that failed and are tried again.
    private var unmoved: [(slot: String, digest: Digest)] = []
    /// Where files were removed and the names are not yet off the disk.
    private var removed: Set<DigestAlgorithm> = []
    /// Whether files of removed blobs may still be there.
    private var hasRemovalsToDo = false
    /// Slots of jobs whose commit failed.
    ///
    /// The commit may be in the log all the same, and a start would then find it and take their bytes, so nobody gets
    /// them before a later commit stands in its place.
    private var doubtful: [String] = []

    init(
        writer: MetadataWriter, blobs: BlobStore, uploads: UploadTable, pulls: PullLog, checks: CheckLog,
        generation: Generation, options: RegistryOptions
    ) {
        self.writer = writer
        self.blobs = blobs
        self.uploads = uploads
        self.pulls = pulls
        self.checks = checks
        self.generation = generation
        observer = options.observer
        isRelaxed = options.isRelaxed
        now = options.now
    }

    /// Charts examined on this thread at a time; a chart takes a millisecond or so.
    private static let leftChartsAtOnce = 8

    /// Makes a group of jobs durable and answers each.
    func commit(_ jobs: [Committer.Job]) {
        var refused: [Int: ContentError] = [:]
        if !isRelaxed { flush(jobs, &refused) }
        var effects: [Int: Committer.Effects] = [:]
        var failure: ContentError?
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
            failure = error
        }
        if jobs.contains(where: \.isDurable) { generation.advance() }
        for (position, job) in jobs.enumerated() {
            var result = refused[position] ?? failure
            if result == nil, let effects = effects[position] {
                do throws(ContentError) { try apply(effects) } catch { result = error }
            } else {
                takeBack(job, isDoubtful: failure != nil)
            }
            job.done(result.map { .failure($0) } ?? .success(()))
        }
        if moved.count >= CommitterState.mostUnflushedNames { settleNames() }
        // A chart whose layers came at the same time is listed now, not when there is nothing else to do.
        if writer.hasLeftCharts { lookAtCharts() }
        // Under load the queue is never empty, and housekeeping must not wait for that.
        if lastHousekeeping.duration(to: .now) > .seconds(5) { keepHouse() }
    }

    /// Flushes the bytes of the group's blobs; a bad file fails its own job only.
    private func flush(_ jobs: [Committer.Job], _ refused: inout [Int: ContentError]) {
        let staged = jobs.flatMap(\.staged)
        guard !staged.isEmpty else { return }
        let clock = ContinuousClock()
        let start = clock.now
        let failures = blobs.flush(staged)
        for (position, job) in jobs.enumerated() {
            for blob in job.staged {
                guard let error = failures[blob.slot] else { continue }
                refused[position] = .storageFull("blob \(blob.digest) cannot be made durable: \(error)")
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

    /// Takes back the room of a job that failed.
    ///
    /// A session's slot goes with its row, which is still there.
    private func takeBack(_ job: Committer.Job, isDoubtful: Bool) {
        if let session = job.session {
            uploads.bury([session])
        } else {
            for slot in job.staged.map(\.slot) {
                if isDoubtful { doubtful.append(slot) } else { blobs.discard(slot: slot) }
            }
        }
    }

    /// Moves, empties and removes files for a job whose rows stand.
    ///
    /// - Throws: `.storageFull` when a blob could not get its name. Its bytes and rows are durable and readable all the
    ///   same, and the move is tried again; but the disk is failing, and the client should know.
    private func apply(_ effects: Committer.Effects) throws(ContentError) {
        for slot in effects.discarded { blobs.discard(slot: slot) }
        for digest in effects.removed { remove(digest) }
        var failure: ContentError?
        for promotion in effects.promotions {
            do throws(SystemError) {
                try blobs.promote(slot: promotion.slot, to: promotion.digest)
                moved.append(promotion)
            } catch {
                unmoved.append(promotion)
                failure = .storageFull("blob \(promotion.digest) cannot be given its name: \(error)")
            }
        }
        if let failure { throw failure }
    }

    /// Removes a blob's file; one that stays behind is removed later, since its removal is on record.
    private func remove(_ digest: Digest) {
        // A move that waits to be tried again must not bring the blob back.
        for move in unmoved where move.digest == digest { blobs.discard(slot: move.slot) }
        unmoved.removeAll { $0.digest == digest }
        // While the row's removal is not on the disk, a power cut may bring the row back, and it needs its file.
        guard !isRelaxed else {
            hasRemovalsToDo = true
            return
        }
        do throws(SystemError) {
            try blobs.remove(digest)
            removed.insert(digest.algorithm)
        } catch {
            hasRemovalsToDo = true
        }
    }
}

// MARK: Housekeeping

extension CommitterState {
    /// What can wait until nothing else does.
    func keepHouse() {
        lastHousekeeping = .now
        forgetUploads()
        retryMoves()
        if !moved.isEmpty || !removed.isEmpty || hasRemovalsToDo { settleNames() }
        writeNotes()
        lookAtCharts()
    }

    /// Writes down pulls, and when upstreams were asked for tags.
    private func writeNotes() {
        let (pulls, checks) = (pulls.take(), checks.take())
        guard !pulls.isEmpty || !checks.isEmpty else { return }
        do throws(ContentError) {
            try transact(isDurable: false) { () throws(ContentError) in
                try writer.notePulls(pulls)
                try writer.noteTagChecks(checks)
            }
            // Before the memory of the checks goes: who looks then must not find what the rows said before.
            if !checks.isEmpty { generation.advance() }
            self.checks.didWrite(true)
        } catch {
            // Pull times are advice for people and for later clean-up; losing some is no error.
            self.checks.didWrite(false)
        }
    }

    /// Shows upstream versions that have become old enough, and examines charts that were left over.
    private func lookAtCharts() {
        do throws(ContentError) {
            if try writer.hasYoung(oldEnoughAt: now()) {
                try transact(isDurable: false) { () throws(ContentError) in
                    try writer.step { () throws(ContentError) in try writer.settleYoung(at: now()) }
                }
                generation.advance()
            }
            writer.takeLeftCharts()
            let backlog = ChartBacklog(writer: writer, blobs: blobs, observer: observer)
            if try backlog.readSome(CommitterState.leftChartsAtOnce) > 0 { generation.advance() }
        } catch {
            observer.didFail("cannot bring the lists of charts up to date: \(error)")
        }
    }

    /// Forgets sessions that expired or failed, and gives their room and that of failed commits to others.
    private func forgetUploads() {
        let sessions = uploads.takeExpired(at: now())
        guard !sessions.isEmpty || !doubtful.isEmpty else { return }
        do throws(ContentError) {
            try transact(isDurable: false) { () throws(ContentError) in
                try writer.overwriteLog()
                for session in sessions { try writer.removeUpload(session.id) }
            }
            for slot in sessions.map(\.slot) + doubtful { blobs.discard(slot: slot) }
            doubtful = []
        } catch {
            uploads.bury(sessions)
            observer.didFail("cannot forget \(sessions.count) ended upload sessions: \(error)")
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
            // Nothing has been flushed yet: first the bytes and rows, then the names.
            if isRelaxed { try blobs.flushFileSystem() }
            if hasRemovalsToDo { try removeFiles() }
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

    /// Removes the files of all blobs whose rows are gone; one that came back since is not among them.
    private func removeFiles() throws {
        for digest in try writer.removals() {
            try blobs.remove(digest)
            removed.insert(digest.algorithm)
        }
        hasRemovalsToDo = false
    }

    func close() {
        keepHouse()
        do { try writer.checkpoint() } catch { observer.didFail("cannot checkpoint the metadata: \(error)") }
    }
}
