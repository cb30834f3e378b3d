public import Content
internal import HelmModel
internal import OCIModel
internal import Telemetry

extension PullThroughCache {
    /// Brings the list of a classic repository's versions up to date.
    public func cachedListing(of namespace: ChartNamespace) throws(ContentError) -> Cached<Bool>? {
        guard let match = table.match(namespace), match.upstream.knownKind != .registry else { return nil }
        let rule = match.upstream.rule
        guard let state = try store.upstreamIndex(of: namespace) else {
            try checkAsking(match, .index(namespace))
            return .later { [self] () throws(ContentError) in
                do throws(ContentError) {
                    guard try await match.upstream.kind() == .charts else { return (false, .none) }
                    try await readIndex(of: namespace, match, deadline: rule.deadline)
                    meter.count(.miss)
                    return (true, CacheNote(age: 0))
                } catch {
                    throw told(error, match, .index(namespace))
                }
            }
        }
        let age = seconds(since: state.checkedAt)
        let refused = state.refusal.map { CacheWarning.note("the upstream's newest index was refused: " + $0) }
        var note = CacheNote(age: age, warnings: refused.map { [$0] } ?? [])
        if options.now() - state.checkedAt < rule.freshness.lists.microseconds {
            meter.count(.hit)
        } else if !match.upstream.isAsked {
            note.warnings = staleNote(age, match.upstream).warnings + note.warnings
        } else if let failure = negatives.error(.index(namespace)) {
            meter.count(.stale)
            note.warnings = [.stale, .revalidationFailed(failure.message)] + note.warnings
        } else if rule.freshness.isStrict {
            return .later { [self, note] () throws(ContentError) in await strictListing(of: namespace, match, note) }
        } else {
            meter.count(.stale)
            note.warnings.insert(.stale, at: 0)
            indexes.begin(namespace) { [self] () throws(ContentError) in try await refreshIndex(of: namespace, match) }
        }
        return .here(true, note)
    }

    private func strictListing(
        of namespace: ChartNamespace, _ match: UpstreamTable.Match, _ note: CacheNote
    ) async -> (Bool, CacheNote) {
        var note = note
        do throws(ContentError) {
            try await readIndex(of: namespace, match, deadline: match.upstream.rule.freshness.strictDeadline)
            meter.count(.hit)
            note.age = 0
        } catch {
            meter.count(.stale)
            note.warnings = [.stale, .revalidationFailed(error.message)] + note.warnings
        }
        return (true, note)
    }

    /// Reads the index now, with everyone else who wants to.
    func readIndex(
        of namespace: ChartNamespace, _ match: UpstreamTable.Match, deadline: Duration
    ) async throws(ContentError) {
        _ = try await indexes.value(
            namespace, deadline: deadline,
            late:
                "the upstream \(match.upstream.name) did not send its index in time; try again, it is still being read"
        ) { [self] () throws(ContentError) in try await refreshIndex(of: namespace, match) }
    }

    /// Asks for the index and takes it over; gives whether it was another one.
    func refreshIndex(of namespace: ChartNamespace, _ match: UpstreamTable.Match) async throws(ContentError) -> Bool {
        do throws(ContentError) {
            meter.requests.increment()
            return try await match.upstream.inTurnForIndex { () throws(ContentError) in
                let known = try store.upstreamIndex(of: namespace)
                let answer = try await match.upstream.askCharts(match.rest) { charts throws(ContentError) in
                    try await charts.fetchIndex(unless: known)
                }
                match.upstream.foundCharts()
                return try await take(answer, of: namespace, known, match)
            }
        } catch {
            negatives.remember(
                .index(namespace), error, for: min(match.upstream.rule.negative.microseconds, 30_000_000))
            options.logger.warning(
                "an upstream's index could not be read",
                [("repository", .string("\(namespace)")), ("error", .string(error.message))])
            throw error
        }
    }

    private func take(
        _ answer: UpstreamIndex, of namespace: ChartNamespace, _ known: UpstreamIndexState?,
        _ match: UpstreamTable.Match
    ) async throws(ContentError) -> Bool {
        guard case .other(let index, let entityTag, let lastModified, let content) = answer else {
            guard var known else {
                throw .unavailable("\(match.upstream.name) says that an index is unchanged that we do not have")
            }
            known.checkedAt = options.now()
            // What was refused meanwhile has been taken back.
            known.refusal = nil
            try await store.noteUpstreamIndex(known, of: namespace)
            return false
        }
        if let refusal = refusal(of: index, known, match.upstream.rule), var known {
            known.checkedAt = options.now()
            known.refusal = refusal
            try await store.noteUpstreamIndex(known, of: namespace)
            options.logger.error(
                "an upstream's index was refused; the last good one stays",
                [("repository", .string("\(namespace)")), ("reason", .string(refusal))])
            return false
        }
        let state = UpstreamIndexState(
            upstream: match.upstream.name, entityTag: entityTag, lastModified: lastModified, content: content,
            checkedAt: options.now(), versionCount: Int64(index.versionCount))
        let entries = IndexEntries(index, namespace: namespace, now: options.now())
        let change = try await store.takeUpstreamIndex(
            state, of: namespace, deletes: match.upstream.rule.deletes
        ) { [rule = match.upstream.rule, rest = match.rest] in
            entries.next { rule.minimumAge(of: rest.isEmpty ? $0 : "\(rest)/\($0)") }
        }
        report(change, of: namespace, index, dropped: entries.droppedCount)
        await replace(change.moved, in: namespace, match)
        return true
    }

    /// Why an index is not taken: one that was cut, or lost too much at once.
    private func refusal(of index: RepositoryIndex, _ known: UpstreamIndexState?, _ rule: UpstreamRule) -> String? {
        guard let known, known.versionCount > 0 else { return nil }
        let least = known.versionCount * Int64(100 - min(max(rule.shrinkPercent, 0), 100)) / 100
        // What Helm and ChartMuseum write last is `generated`: without it and with fewer versions, it is half an index.
        if index.generated.isEmpty, index.versionCount < known.versionCount {
            return "it lists \(index.versionCount) versions, the one before \(known.versionCount), and lacks its end"
        }
        guard index.versionCount < least else { return nil }
        return "it lists \(index.versionCount) versions, the one before \(known.versionCount), and may lose "
            + "\(rule.shrinkPercent) %; if that is right, set shrink: 100% for the upstream"
    }

    private func report(
        _ change: UpstreamIndexChange, of namespace: ChartNamespace, _ index: RepositoryIndex, dropped: Int
    ) {
        options.logger.info(
            "an upstream's index was read",
            [
                ("repository", .string("\(namespace)")), ("versions", .count(index.versionCount)),
                ("added", .integer(change.added)), ("removed", .integer(change.removed)),
                ("dropped", .count(index.droppedCount + dropped)), ("gone", .integer(change.gone)),
                ("moved", .count(change.moved.count)),
            ])
    }

    /// Fetches archives again whose upstream has others under their names now; the copies serve meanwhile.
    private func replace(_ files: [String], in namespace: ChartNamespace, _ match: UpstreamTable.Match) async {
        var started = 0
        for file in files {
            guard let chart = try? store.upstreamChart(named: file, in: namespace) else { continue }
            let key = FillTable.Key.file(file, namespace)
            let (fill, isNew) = fills.join(key)
            guard isNew else { continue }
            start(fill, key) { fill throws(ContentError) in
                try await self.fillChart(fill, chart, in: namespace, match, replaces: true)
            }
            // Many at once would be turned away, and nobody would ask for them again.
            started += 1
            if started % 32 == 0 { try? await fill.whole() }
        }
    }

    // MARK: As OCI

    /// The tags of a chart that a classic upstream lists, with those that were pushed here.
    func chartTags(
        in repository: RepositoryName, _ page: PageRequest<String>, _ match: UpstreamTable.Match
    ) throws(ContentError) -> Cached<Page<Tag>> {
        let namespace = ChartNamespace(of: repository)
        let merged: @Sendable () throws(ContentError) -> Page<Tag> = { [self] () throws(ContentError) in
            let own = try ownTags(in: repository, page)
            let listed = try store.upstreamTags(of: repository, page)
            if own == nil, listed.elements.isEmpty, page.last == nil {
                throw .nameUnknown(
                    "repository \(repository) is not known here, and \(match.upstream.name) lists no such chart")
            }
            var tags = Page(
                merging: listed.elements, with: own ?? Page(elements: [], hasMore: false), limit: page.limit
            ) { $0.description.utf8.lexicographicallyPrecedes($1.description.utf8) }
            tags.hasMore = tags.hasMore || listed.hasMore
            return tags
        }
        guard let listing = try cachedListing(of: namespace) else { return .here(try merged(), .none) }
        switch listing {
        case .here(_, let note): return .here(try merged(), note)
        case .later(let read):
            return .later { () throws(ContentError) in
                let (_, note) = try await read()
                return (try merged(), note)
            }
        }
    }

    /// Fetches a version of a classic upstream by its tag, and gives the manifest that was made of it.
    func fetchChart(
        _ reference: ManifestReference, in repository: RepositoryName, _ match: UpstreamTable.Match
    ) async throws(ContentError) -> StoredManifest {
        guard case .tag(let tag) = reference else {
            throw .manifestUnknown(
                "manifest \(repository)@\(reference) is not known here: pull the version by its tag first")
        }
        let namespace = ChartNamespace(of: repository)
        guard let spot = table.match(namespace) else {
            throw .nameUnknown("\(repository) names no chart: it has no name behind the upstream's prefix")
        }
        let chart = try await listed(in: namespace, spot) { () throws(ContentError) in
            try self.store.upstreamChart(tagged: tag, of: repository)
        }
        guard let chart else { throw .manifestUnknown("\(match.upstream.name) lists no \(repository):\(tag)") }
        try await wholeChart(chart, in: namespace, spot)
        guard let made = try store.peekManifest(reference, in: repository) else {
            throw .unavailable("\(repository):\(tag) was fetched, but it is another chart than the index says")
        }
        return made
    }

    /// Looks into the list, which is read first when it never was.
    func listed<Value>(
        in namespace: ChartNamespace, _ match: UpstreamTable.Match, _ look: () throws(ContentError) -> Value?
    ) async throws(ContentError) -> Value? {
        if let found = try look() { return found }
        let state = try store.upstreamIndex(of: namespace)
        // A version may be new: the list is read again, but not by every request for what does not exist.
        if let state, seconds(since: state.checkedAt) < 5 { return nil }
        if state != nil, !match.upstream.isAsked || negatives.error(.index(namespace)) != nil { return nil }
        try await readIndex(of: namespace, match, deadline: match.upstream.rule.deadline)
        return try look()
    }

    /// A cached version of a classic upstream is checked by reading the list again.
    func checkChart(_ key: TagKey, _ match: UpstreamTable.Match) async throws(ContentError) -> Bool {
        let namespace = ChartNamespace(of: key.repository)
        guard let spot = table.match(namespace) else { return false }
        let state = try store.upstreamIndex(of: namespace)
        if state == nil || options.now() - (state?.checkedAt ?? 0) > match.upstream.rule.freshness.lists.microseconds {
            try await readIndex(of: namespace, spot, deadline: match.upstream.rule.deadline)
        }
        let isListed = try store.upstreamChart(tagged: key.tag, of: key.repository) != nil
        if !isListed { throw .manifestUnknown("\(match.upstream.name) lists it no more") }
        store.noteTagChecked(key.tag, in: key.repository, isGone: false)
        return false
    }
}
