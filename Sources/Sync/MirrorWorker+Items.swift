internal import Content
internal import OCIModel
internal import Transfer

extension MirrorWorker {
    /// Does what a plan says, a few references at a time.
    func work(on plan: MirrorPlan, _ tally: RunTally, _ events: @escaping @Sendable (MirrorEvent) -> Void) async {
        let desks = Transfers(worker: self, events: events)
        let notes = ReferenceNotes(desk: desk, mirror: rule.name, now: options.now)
        for item in plan.items where item.action == .leave || item.action == .wait {
            if item.action == .leave, item.isNews { await notes.seen(item) }
            tally.note(.left)
            events(.ended(item, .left))
        }
        let open = plan.items.filter { $0.action != .leave && $0.action != .wait }
        _ = await Crew.map(open, limit: rule.concurrency) { [self] item in
            guard !Task.isCancelled else { return }
            events(.began(item))
            let outcome = await outcome(of: item, desks, notes, tally)
            // What was given up because the run was stopped is neither done nor failed.
            if Task.isCancelled, case .failed = outcome { return }
            tally.note(outcome)
            events(.ended(item, outcome))
            if let run = tally.due(at: options.now()) {
                _ = try? await desk.ask { ledger throws(ContentError) in try ledger.noteProgress(run) }
            }
        }
        if let failure = await notes.finish() { tally.note(.failed(failure)) }
    }

    private func outcome(
        of item: PlannedReference, _ transfers: Transfers, _ notes: ReferenceNotes, _ tally: RunTally
    ) async -> ItemOutcome {
        do throws(TransferError) {
            switch item.action {
            case .leave, .wait: return .left
            case .conflict: return .failed(MirrorWorker.failure(item, item.faultySide, .conflict(item.reason)))
            case .mark:
                await notes.mark(item)
                return .marked
            case .prune:
                try await remove(item, notes)
                return .pruned
            case .copy, .retag:
                let summary = try await transfers.copy(item)
                tally.add(summary.transfer)
                await notes.put(item, source: summary.sourceDigest, digest: summary.digest)
                let isOnlyTag = summary.transfer.wasThere || item.action == .retag && summary.transfer.bytes == 0
                return isOnlyTag ? .retagged : .copied(bytes: summary.transfer.bytes)
            }
        } catch {
            return .failed(MirrorWorker.failure(item, error.side, error.error))
        }
    }

    static func failure(_ item: PlannedReference, _ side: TransferSide, _ error: ContentError) -> MirrorFailure {
        MirrorFailure(
            source: item.sourceName, destination: item.destinationName, side: side, reason: error.message,
            hint: hint(error, side, item))
    }

    private static func hint(_ error: ContentError, _ side: TransferSide, _ item: PlannedReference) -> String {
        guard case .conflict = error else { return ErrorHint.text(error, side) }
        if item.expected != nil { return "look why it moved, then change the pin, or write the lock anew" }
        if side == .destination {
            return "look who puts it there: give one of them another name with 'name', or leave it out of one"
        }
        return "look why it moved; to take what is there now, leave the tag out of 'immutable' for a run"
    }
}
