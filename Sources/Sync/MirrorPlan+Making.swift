internal import Content
internal import OCIModel

extension MirrorPlan {
    /// The plan that follows from what is known.
    ///
    /// Costs one pass over the references. No I/O.
    public init(_ rule: MirrorRule, _ facts: MirrorFacts, now: Int64) {
        self.init(
            mirror: rule.name, from: rule.from, to: rule.to, items: [], problems: facts.problems, notes: facts.notes)
        isComplete = facts.isComplete
        var remembered: [MirrorPlace: [Slot: MirroredReference]] = [:]
        for (place, references) in facts.remembered {
            remembered[place] = Dictionary(references.map { (Slot($0.repository, $0.tag), $0) }) { first, _ in first }
        }
        var taken: [MirrorPlace: [Slot: Int]] = [:]
        items.reserveCapacity(facts.references.count)
        for reference in facts.references {
            let slot = Slot(reference.repository, reference.version.tag)
            let root = reference.to.root
            if let other = taken[root]?[slot] {
                guard let problem = MirrorPlan.clash(items[other], reference) else { continue }
                problems.append(problem)
                continue
            }
            taken[root, default: [:]][slot] = items.count
            items.append(MirrorPlan.item(reference, remembered[root]?[slot], rule, now))
        }
        if let prune = rule.prune {
            planRemovals(prune, facts, remembered.mapValues { Array($0.values) }, taken, rule, now: now)
        }
        // Positions are moved, not the items, which are large.
        let ordered = items.indices.sorted { MirrorPlan.isBefore(items[$0], items[$1]) }
        items = ordered.map { items[$0] }
        candidates = facts.candidates
        charts = facts.charts
    }

    private struct Slot: Hashable {
        let repository: RepositoryName
        let tag: Tag

        init(_ repository: RepositoryName, _ tag: Tag) {
            self.repository = repository
            self.tag = tag
        }
    }

    private static func isBefore(_ left: PlannedReference, _ right: PlannedReference) -> Bool {
        if left.to != right.to { return left.to.description.utf8.lexicographicallyPrecedes(right.to.description.utf8) }
        if left.repository != right.repository { return left.repository < right.repository }
        return left.tag < right.tag
    }

    /// Two sources for one tag at the destination; nothing when they are the same.
    private static func clash(_ first: PlannedReference, _ second: SelectedReference) -> PlanProblem? {
        guard first.from != second.from || first.source != second.source || first.version != second.version.text else {
            return nil
        }
        if let left = first.sourceDigest, left == second.version.digest { return nil }
        return PlanProblem(
            .destination, first.destinationName,
            "both \(first.sourceName) and \(MirrorPlace.name(second.from, second.source)):\(second.version.text) would go there",
            hint: "give them different names with 'name'")
    }

    // MARK: One reference

    private static func item(
        _ reference: SelectedReference, _ memory: MirroredReference?, _ rule: MirrorRule, _ now: Int64
    ) -> PlannedReference {
        let decision = Decision(reference, memory)
        let (action, reason) = (decision.action, decision.reason)
        var current: Digest?
        var isConfirmed = false
        if case .present(let digest, _) = reference.destination {
            current = digest ?? memory?.digest
            isConfirmed = digest != nil
        }
        var item = PlannedReference(
            action, from: reference.from, source: reference.source, version: reference.version.text,
            sourceDigest: reference.version.digest, expected: reference.expected, to: reference.to,
            repository: reference.repository, tag: reference.version.tag, digest: current,
            isNew: reference.destination == .noRepository, origin: reference.origin, reason: reason,
            urls: reference.version.urls)
        // What was looked at is trusted from now on; half of the time before that is up nothing need be written.
        let half = Int64(rule.destinationCheck.components.seconds) * 500_000
        if let memory {
            let isOld = isConfirmed && memory.seenAt < now - half
            // A process that died between a copy and its note leaves a memory of what was there before.
            let isOther = memory.digest != current || (item.sourceDigest ?? memory.sourceDigest) != memory.sourceDigest
            item.isNews = isOld || isOther || memory.markedAt != nil || memory.removedAt != nil
            if item.sourceDigest == nil, action == .leave { item.sourceDigest = memory.sourceDigest }
        } else {
            // What nobody has compared is not ours: who writes it down removes it one day.
            item.isNews = decision.isCompared
        }
        item.faultySide = decision.side
        return item
    }

    // MARK: Removal

    private mutating func planRemovals(
        _ prune: PruneRule, _ facts: MirrorFacts, _ remembered: [MirrorPlace: [MirroredReference]],
        _ taken: [MirrorPlace: [Slot: Int]], _ rule: MirrorRule, now: Int64
    ) {
        guard facts.isComplete else {
            notes.append("nothing is marked or removed, because not everything at the source could be listed")
            return
        }
        var due: [(PlannedReference, Int64)] = []
        var total = 0
        for (place, references) in remembered {
            for reference in references where reference.removedAt == nil {
                total += 1
                guard taken[place]?[Slot(reference.repository, reference.tag)] == nil else { continue }
                var item = PlannedReference(
                    .mark, from: rule.from, source: reference.repository.description,
                    version: reference.tag.description, sourceDigest: reference.sourceDigest, to: place,
                    repository: reference.repository, tag: reference.tag, digest: reference.digest, origin: .formerly,
                    reason: "not selected any more")
                guard let markedAt = reference.markedAt else {
                    items.append(item)
                    continue
                }
                let ripe = markedAt + Int64(prune.grace.components.seconds) * 1_000_000
                if ripe <= now {
                    item.action = .prune
                    item.reason = "marked \(RFC3339.text(microseconds: markedAt).prefix(10))"
                    due.append((item, markedAt))
                } else {
                    item.action = .wait
                    item.reason = "goes after \(RFC3339.text(microseconds: ripe).prefix(16))Z"
                    items.append(item)
                }
            }
        }
        due.sort { ($0.1, $0.0.destinationName) < ($1.1, $1.0.destinationName) }
        guard due.count * 100 <= total * prune.maximumPercent || due.isEmpty else {
            problems.append(
                PlanProblem(
                    .destination, mirror,
                    "\(due.count) of \(total) references would be removed, more than \(prune.maximumPercent) in 100",
                    hint: "look whether the selection is what you mean, then raise prune.maximumPercent"))
            items += due.map(MirrorPlan.waiting)
            return
        }
        items += due.prefix(prune.maximumCount).map(\.0)
        items += due.dropFirst(prune.maximumCount).map(MirrorPlan.waiting)
    }

    private static func waiting(_ due: (item: PlannedReference, Int64)) -> PlannedReference {
        var item = due.item
        item.action = .wait
        item.reason = "due, but one run removes only so many"
        return item
    }
}

extension SelectedReference {
    /// Whether the digest of the source is that of the manifest at the destination: both are of one kind.
    var isDirect: Bool {
        switch (from, to) {
        case (.charts, .charts): true
        case (.charts, _), (_, .charts): false
        default: keepsDigest
        }
    }
}
