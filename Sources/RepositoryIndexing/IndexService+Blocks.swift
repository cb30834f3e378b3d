internal import Content

// The index of a whole repository, kept in blocks.
extension IndexService {
    /// The bytes of an index that is up to date, or nil when its compressed form is not.
    func serve(_ found: WarmTable.Warm, _ request: IndexRequest) -> ServedIndex? {
        if request.isGzip {
            guard let packed = found.packed, packed.revision == found.index.revision else { return nil }
            return ServedIndex(
                entityTag: found.index.entityTag + "-gzip", length: packed.length,
                body: .file(IndexFile(packed.log, packed.slices)))
        }
        let index = found.index
        if index.slices.count > 1 { noteCopy(of: index, request.namespace) }
        return ServedIndex(
            entityTag: index.entityTag, length: index.length, body: .file(IndexFile(index.log, index.slices)))
    }

    /// Builds what is missing.
    ///
    /// The caller is alone with the repository's blocks.
    func blocks(_ request: IndexRequest, since arrival: UInt64) throws(ContentError) -> ServedIndex {
        var found = warm.find(request.namespace)
        if found.map({ $0.begun <= arrival }) ?? true {
            found = try refreshed(request.namespace, found)
        }
        guard var found else { throw .internal("a repository index was built and lost; try again") }
        if let served = serve(found, request) { return served }
        found.packed = try PackedIndex(found.index, found.packed) { () throws(ContentError) in try makeLog() }
        warm.keep(found, for: request.namespace)
        guard let served = serve(found, request) else {
            throw .internal("a repository index was compressed and lost; try again")
        }
        return served
    }

    /// The index as it is now, kept.
    private func refreshed(_ namespace: ChartNamespace, _ old: WarmTable.Warm?) throws(ContentError) -> WarmTable.Warm {
        let begun = ticket()
        let index = try reads.withSnapshot { () throws(ContentError) -> BlockIndex in
            let state = try state(of: namespace)
            guard let old = old?.index else { return try BlockIndex.made(of: state, from: reads, in: try makeLog()) }
            if old.revision == state.revision { return old }
            if let changes = try reads.changedEntries(in: namespace, since: old.revision),
                !old.isTooMuch(changes.count)
            {
                return try old.updated(to: state, changes: changes, reads)
            }
            return try BlockIndex.made(of: state, from: reads, in: try makeLog())
        }
        var found = WarmTable.Warm(index: index, packed: old?.packed, begun: begun)
        if index.length <= IndexService.smallLog || index.isWasteful && executor == nil {
            found.index = tidied(index) { true }
        }
        found.copiedBytes = found.index.slices.count > 1 ? old?.copiedBytes ?? 0 : 0
        warm.keep(found, for: namespace)
        if found.index.isWasteful { tidyLater(namespace) }
        return found
    }

    /// Counts an answer that is sent in pieces, which costs more than a whole file; often enough, the log is worth
    /// writing anew.
    private func noteCopy(of index: BlockIndex, _ namespace: ChartNamespace) {
        let sum = warm.noteCopy(index.length, of: namespace)
        let limit = IndexService.patience * index.length
        // Only the answer that goes over the limit asks.
        if sum >= limit, sum - index.length < limit { tidyLater(namespace) }
    }

    /// Writes the log anew in one piece as soon as nobody builds.
    private func tidyLater(_ namespace: ChartNamespace) {
        guard let executor else { return }
        Task(executorPreference: executor) {
            await self.gate.enter(.blocks(namespace))
            if var found = self.warm.find(namespace) {
                // Who waits for a build comes first, unless the log takes too much room.
                let isUrgent = found.index.isWasteful
                found.index = self.tidied(found.index) { isUrgent || !self.gate.hasWaiting(.blocks(namespace)) }
                found.copiedBytes = 0
                self.warm.keep(found, for: namespace)
            }
            self.gate.leave(.blocks(namespace))
        }
    }

    /// The index in one piece in a new log.
    ///
    /// A failure changes nothing, nor does `goesOn` when it ends the work: the old log serves on, and it is tried again
    /// later.
    private func tidied(_ index: BlockIndex, while goesOn: () -> Bool) -> BlockIndex {
        guard index.slices.count > 1 || index.isWasteful else { return index }
        do {
            return try index.rewritten(to: try makeLog(), while: goesOn) ?? index
        } catch {
            return index
        }
    }
}
