internal import Content
internal import OCIModel

extension Survey {
    /// What is to be known for a plan: of what the rule selects, or of what a lock lists.
    func gather(_ lock: LockedMirror?) async -> MirrorFacts {
        guard let lock else { return await facts() }
        var survey = self
        survey.wantsDigests = true
        // A lock is a promise of what is there: what is remembered does not do.
        survey.distrusts = true
        return await survey.locked(lock)
    }

    /// The references of a lock, with what both ends say of them now.
    private func locked(_ lock: LockedMirror) async -> MirrorFacts {
        var facts = MirrorFacts()
        // What was put there and is not in the lock may be wanted by the next lock.
        facts.isComplete = false
        guard lock.from == rule.from, lock.to == rule.to else {
            facts.problems.append(
                PlanProblem(
                    .source, rule.name, "the lock is of another source or destination than the rule",
                    hint: "write the lock anew: chartroom mirror plan --write-lock"))
            return facts
        }
        let places = Set([rule.to, rule.closure.images?.to].compactMap { $0?.root })
        for reference in lock.references where !reference.isExcluded {
            guard places.contains(reference.to.root) else {
                facts.problems.append(
                    PlanProblem(
                        .destination, MirrorPlace.name(reference.to, reference.repository.description),
                        "the lock puts it where mirror \(rule.name) writes nothing",
                        hint: "write the lock anew: chartroom mirror plan --write-lock"))
                continue
            }
            var selected = SelectedReference(
                from: reference.from, source: reference.source,
                version: ListedVersion(text: reference.version, tag: reference.tag), to: reference.to,
                repository: reference.repository)
            selected.expected = reference.digest
            selected.origin = reference.origin
            selected.keepsDigest = rule.platforms.count != 1
            facts.references.append(selected)
        }
        await findArchives(&facts)
        await lookAtDestinations(&facts)
        await describeImages(&facts)
        return facts
    }

    /// Where the archives of locked charts of classic repositories are, and what they hash to now.
    private func findArchives(_ facts: inout MirrorFacts) async {
        var places: Set<MirrorPlace> = []
        for reference in facts.references { if case .charts = reference.from { places.insert(reference.from) } }
        var gone: Set<Int> = []
        for place in places.sorted(by: { $0.description < $1.description }) {
            let positions = facts.references.indices.filter { facts.references[$0].from == place }
            do throws(ContentError) {
                let isNamed = rule.isNamedByContent(place)
                guard case .charts(let charts) = try await ends.source(place, isNamedByContent: isNamed) else {
                    continue
                }
                let listed = try await IndexMemory(desk: desk, place: place.description).charts(of: charts, now: now)
                let byName = Dictionary(
                    listed.map { chart in
                        (chart.name, Dictionary(chart.versions.map { ($0.tag, $0) }) { first, _ in first })
                    }
                ) { first, _ in first }
                for position in positions {
                    let reference = facts.references[position]
                    let found = byName[reference.source]?[reference.version.tag]
                    if let found {
                        facts.references[position].version = found
                    } else {
                        gone.insert(position)
                        facts.problems.append(
                            PlanProblem(
                                .source, "\(MirrorPlace.name(place, reference.source)):\(reference.version.text)",
                                "it is in the lock, and the index lists it no more"))
                    }
                }
            } catch {
                gone.formUnion(positions)
                facts.problems.append(PlanProblem(.source, place.description, error))
            }
        }
        facts.references.remove(atPositions: gone)
    }
}
