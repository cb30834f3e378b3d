internal import Content
internal import OCIModel
internal import PullThrough

extension Survey {
    /// What the destinations have of what is selected.
    func lookAtDestinations(_ facts: inout MirrorFacts) async {
        var byPlace: [MirrorPlace: [Int]] = [:]
        for (position, reference) in facts.references.enumerated() {
            byPlace[reference.to.root, default: []].append(position)
        }
        for (place, positions) in byPlace.sorted(by: { $0.key.description < $1.key.description }) {
            do throws(ContentError) {
                switch try await ends.destination(place) {
                case .artifacts(let end, _): await look(at: end, place, positions, &facts)
                case .charts(_, let listing): try await look(at: listing, place, positions, &facts)
                }
            } catch {
                facts.problems.append(PlanProblem(.destination, place.description, error))
                facts.references.remove(atPositions: Set(positions))
                facts.isComplete = false
                // Positions behind what was removed have moved.
                return await lookAtDestinations(&facts)
            }
        }
        await askSources(&facts)
    }

    // MARK: Registries

    private struct Repository: Sendable {
        var name: RepositoryName
        var positions: [Int]
    }

    private func look(
        at end: any TransferDestination, _ place: MirrorPlace, _ positions: [Int], _ facts: inout MirrorFacts
    ) async {
        let groups = Dictionary(grouping: positions) { facts.references[$0].repository }
            .map { Repository(name: $0.key, positions: $0.value) }.sorted { $0.name < $1.name }
        let memory = TagMemory(desk: desk, place: place.description)
        let answers = await Crew.map(groups, limit: rule.concurrency) { group in
            await Survey.tags(of: group.name, end, memory)
        }
        var isUnreadable: Set<Int> = []
        for (group, answer) in zip(groups, answers) {
            switch answer {
            case .success(let tags): note(tags, group.positions, &facts)
            case .failure(let error):
                facts.problems.append(
                    PlanProblem(.destination, MirrorPlace.name(place, group.name.description), error))
                isUnreadable.formUnion(group.positions)
            }
        }
        await askDestination(end, place, positions.filter { !isUnreadable.contains($0) }, &facts)
        if !isUnreadable.isEmpty {
            for position in isUnreadable { facts.references[position].isUnreadable = true }
            facts.isComplete = false
        }
    }

    /// The tags of a repository; nil when it is not there.
    private static func tags(
        of repository: RepositoryName, _ end: any TransferDestination, _ memory: TagMemory
    ) async -> Result<[ListedTag]?, ContentError> {
        do throws(ContentError) {
            return .success(try await memory.tags(of: repository, end))
        } catch {
            if case .nameUnknown = error { return .success(nil) }
            return .failure(error)
        }
    }

    private func note(_ tags: [ListedTag]?, _ positions: [Int], _ facts: inout MirrorFacts) {
        guard let tags else {
            for position in positions { facts.references[position].destination = .noRepository }
            return
        }
        let byTag = Dictionary(tags.map { ($0.tag, $0.digest) }) { first, _ in first }
        let digests = Set(tags.compactMap(\.digest))
        for position in positions {
            let reference = facts.references[position]
            if let found = byTag[reference.version.tag] {
                facts.references[position].destination = .present(found, archive: nil)
            } else if reference.isDirect, let digest = reference.version.digest, digests.contains(digest) {
                facts.references[position].destination = .elsewhere
            }
        }
    }

    /// What tags name where the listing did not say and nobody has looked lately; of charts that came out of an archive
    /// and that nobody remembers, which archive.
    private func askDestination(
        _ end: any TransferDestination, _ place: MirrorPlace, _ positions: [Int], _ facts: inout MirrorFacts
    ) async {
        var remembered: [RepositoryName: [Tag: MirroredReference]] = [:]
        for reference in facts.remembered[place] ?? [] where reference.removedAt == nil {
            remembered[reference.repository, default: [:]][reference.tag] = reference
        }
        let trustedSince = now - Int64(rule.destinationCheck.components.seconds) * 1_000_000
        var heads: [Int] = []
        for position in positions {
            let reference = facts.references[position]
            guard case .present(let digest, _) = reference.destination else { continue }
            let memory = remembered[reference.repository]?[reference.version.tag]
            if memory == nil, case .charts = reference.from { continue }
            if digest == nil, isDoubtful(reference, memory, since: trustedSince) { heads.append(position) }
        }
        let asked = facts.references
        let digests = await Crew.map(heads, limit: rule.concurrency) { position in
            await Survey.digest(of: asked[position].version.tag, in: asked[position].repository, end)
        }
        for (position, answer) in zip(heads, digests) {
            switch answer {
            case .success(let digest?): facts.references[position].destination = .present(digest, archive: nil)
            case .success(nil): facts.references[position].destination = .absent
            case .failure(let error): refuse(position, error, &facts)
            }
        }
        // Of what this mirror did not put there, or somebody has moved since, the archive tells whether it is the same.
        let manifests = positions.filter { position in
            let reference = facts.references[position]
            guard case .charts = reference.from, case .present(let digest, _) = reference.destination else {
                return false
            }
            guard let put = remembered[reference.repository]?[reference.version.tag]?.digest else { return true }
            return digest.map { $0 != put } ?? false
        }
        let archives = await Crew.map(manifests, limit: rule.concurrency) { position in
            await Survey.archive(of: asked[position].version.tag, in: asked[position].repository, end)
        }
        for (position, answer) in zip(manifests, archives) {
            switch answer {
            case .success(let found): facts.references[position].destination = found
            case .failure(let error): refuse(position, error, &facts)
            }
        }
    }

    /// Whether somebody has to look what the tag names.
    private func isDoubtful(
        _ reference: SelectedReference, _ memory: MirroredReference?, since trusted: Int64
    ) -> Bool {
        if distrusts { return true }
        guard let memory else { return !reference.isImmutable }
        return memory.seenAt < trusted && !reference.isImmutable && reference.expected == nil
    }

    private func refuse(_ position: Int, _ error: ContentError, _ facts: inout MirrorFacts) {
        let reference = facts.references[position]
        facts.problems.append(
            PlanProblem(
                .destination,
                MirrorPlace.name(reference.to, reference.repository.description) + ":\(reference.version.tag)", error))
        facts.references[position].isUnreadable = true
        facts.isComplete = false
    }

    /// The digest of a tag; nil when it went meanwhile.
    static func digest(
        of tag: Tag, in repository: RepositoryName, _ end: any TransferSource
    ) async -> Result<Digest?, ContentError> {
        do throws(ContentError) {
            return .success(try await end.digest(of: tag, in: repository, unless: nil))
        } catch {
            switch error {
            case .manifestUnknown, .nameUnknown: return .success(nil)
            default: return .failure(error)
            }
        }
    }

    /// What a tag names, and which archive is in it.
    private static func archive(
        of tag: Tag, in repository: RepositoryName, _ end: any TransferDestination
    ) async -> Result<DestinationFact, ContentError> {
        do throws(ContentError) {
            let stored = try await end.manifest(.tag(tag), in: repository)
            return .success(.present(stored.digest, archive: ChartContent(stored)?.archive.digest))
        } catch {
            switch error {
            case .manifestUnknown, .nameUnknown: return .success(.absent)
            default: return .failure(error)
            }
        }
    }

    // MARK: Classic repositories

    private func look(
        at listing: any UpstreamCharts, _ place: MirrorPlace, _ positions: [Int], _ facts: inout MirrorFacts
    ) async throws(ContentError) {
        let charts: [IndexMemory.Chart]
        do throws(ContentError) {
            charts = try await IndexMemory(desk: desk, place: place.description).charts(of: listing, now: now)
        } catch {
            // A repository that has no index yet has no charts.
            guard case .nameUnknown = error else { throw error }
            return
        }
        var archives: [String: [Tag: Digest?]] = [:]
        for chart in charts {
            for version in chart.versions { archives[chart.name, default: [:]][version.tag] = .some(version.digest) }
        }
        let known = Set(
            (facts.remembered[place.root] ?? []).filter { $0.removedAt == nil }.map {
                PlacedTag(repository: $0.repository, tag: $0.tag)
            })
        for position in positions {
            let reference = facts.references[position]
            let name = reference.repository.description.split(separator: "/").last.map(String.init) ?? ""
            guard let archive = archives[name]?[reference.version.tag] else { continue }
            facts.references[position].destination = .present(archive, archive: nil)
            if case .charts = reference.from { continue }
            // An archive tells nothing of the manifest it was taken out of: what is remembered has to.
            facts.references[position].destination = .present(nil, archive: nil)
            let isKnown = known.contains(PlacedTag(repository: reference.repository, tag: reference.version.tag))
            if let archive, !isKnown { await compare(position, archive, &facts) }
        }
    }

    /// Looks whether the artifact at the source holds the archive at the destination, where nobody remembers.
    private func compare(_ position: Int, _ archive: Digest, _ facts: inout MirrorFacts) async {
        let reference = facts.references[position]
        guard let name = try? Survey.repository(reference.source),
            case .artifacts(let source)? = try? await ends.source(
                reference.from, isNamedByContent: rule.isNamedByContent(reference.from)),
            let stored = try? await source.manifest(.tag(reference.version.tag), in: name)
        else { return }
        facts.references[position].version.digest = stored.digest
        let isSame = ChartContent(stored)?.archive.digest == archive
        facts.references[position].destination = .present(nil, archive: isSame ? stored.digest : archive)
    }

    // MARK: Sources

    /// What tags name at the source, where the listing did not say and the plan depends on it.
    private func askSources(_ facts: inout MirrorFacts) async {
        facts.references.removeAll(where: \.isUnreadable)
        let asked = facts.references
        let positions = asked.indices.filter { position in
            let reference = asked[position]
            guard reference.version.digest == nil else { return false }
            if case .charts = reference.from { return false }
            if wantsDigests { return true }
            guard case .present = reference.destination else { return false }
            return !reference.isImmutable
        }
        let (rule, ends) = (rule, ends)
        let digests = await Crew.map(positions, limit: rule.concurrency) { position in
            let reference = asked[position]
            return await Survey.sourceDigest(reference, rule.isNamedByContent(reference.from), ends)
        }
        var gone: Set<Int> = []
        for (position, answer) in zip(positions, digests) {
            switch answer {
            case .success(let digest?): facts.references[position].version.digest = digest
            case .success(nil):
                gone.insert(position)
                facts.notes.append(
                    "\(MirrorPlace.name(asked[position].from, asked[position].source)):\(asked[position].version.text) went while it was looked at"
                )
            case .failure(let error):
                gone.insert(position)
                facts.isComplete = false
                facts.problems.append(
                    PlanProblem(
                        .source,
                        MirrorPlace.name(asked[position].from, asked[position].source) + ":"
                            + asked[position].version.text,
                        error))
            }
        }
        facts.references.remove(atPositions: gone)
        await askOthers(&facts)
    }

    /// What a reference's tag names at its source; nil when it went meanwhile.
    static func sourceDigest(
        _ reference: SelectedReference, _ isNamedByContent: Bool, _ ends: any MirrorEnds
    ) async -> Result<Digest?, ContentError> {
        do throws(ContentError) {
            guard
                case .artifacts(let source) = try await ends.source(reference.from, isNamedByContent: isNamedByContent)
            else { return .success(nil) }
            let repository = try repository(reference.source)
            return await digest(of: reference.version.tag, in: repository, source)
        } catch {
            return .failure(error)
        }
    }

    /// Which other mirrors have put the same tags there, where the content is not the same.
    private func askOthers(_ facts: inout MirrorFacts) async {
        let mirror = rule.name
        var put: [MirrorPlace: [PlacedTag: Digest]] = [:]
        for (place, references) in facts.remembered {
            for reference in references where reference.removedAt == nil {
                put[place, default: [:]][PlacedTag(repository: reference.repository, tag: reference.tag)] =
                    reference.digest
            }
        }
        for (position, reference) in facts.references.enumerated() {
            guard case .present(let digest, let archive) = reference.destination else { continue }
            let slot = PlacedTag(repository: reference.repository, tag: reference.version.tag)
            let isOther: Bool
            if reference.isDirect, let digest, let source = reference.version.digest {
                isOther = digest != source
            } else if let archive, let source = reference.version.digest {
                isOther = archive != source
            } else if let digest, let own = put[reference.to.root]?[slot] {
                isOther = digest != own
            } else {
                isOther = false
            }
            guard isOther else { continue }
            let (place, repository, tag) = (reference.to.root.description, reference.repository, reference.version.tag)
            let others = try? await desk.ask { ledger throws(ContentError) in
                try ledger.otherMirrors(than: mirror, at: place, repository, tag)
            }
            facts.references[position].otherMirrors = others ?? []
        }
    }
}

/// A tag of a repository.
struct PlacedTag: Hashable {
    let repository: RepositoryName
    let tag: Tag
}

extension Array {
    /// Removes elements by their positions; linear.
    mutating func remove(atPositions positions: Set<Int>) {
        guard !positions.isEmpty else { return }
        self = enumerated().filter { !positions.contains($0.offset) }.map(\.element)
    }
}
