internal import Content
internal import HelmModel
internal import OCIModel
internal import PullThrough

extension Survey {
    /// What the rule selects at its source.
    func select(_ facts: inout MirrorFacts) async {
        do throws(ContentError) {
            switch try await ends.source(rule.from, isNamedByContent: false) {
            case .artifacts(let source): try await selectArtifacts(source, &facts)
            case .charts(let charts): try await selectCharts(charts, &facts)
            }
        } catch {
            facts.problems.append(PlanProblem(.source, rule.from.description, error))
            facts.isComplete = false
        }
    }

    // MARK: Registries

    private func selectArtifacts(_ source: any TransferSource, _ facts: inout MirrorFacts) async throws(ContentError) {
        let names = try await names(of: source, &facts)
        let found = await Crew.map(names, limit: rule.concurrency) { name in
            (name, await versions(of: name, source))
        }
        var isEmpty = true
        for (name, answer) in found {
            switch answer {
            case .success(let versions):
                let count = add(versions, of: name, &facts)
                isEmpty = isEmpty && count == 0
                if count == 0, isNamed(name) { noteEmpty(name, &facts) }
            case .failure(.nameUnknown) where !isNamed(name) && !rule.pins.contains { $0.repository == name }:
                // Registries go on listing repositories that hold nothing any more.
                facts.notes.append("\(MirrorPlace.name(rule.from, rule.from.full(name))) is listed and not there")
            case .failure(let error):
                facts.problems.append(PlanProblem(.source, MirrorPlace.name(rule.from, rule.from.full(name)), error))
                facts.isComplete = false
            }
        }
        if isEmpty, facts.problems.isEmpty { noteNothing(&facts) }
    }

    /// The repositories below the place that are meant, without its path.
    private func names(
        of source: any TransferSource, _ facts: inout MirrorFacts
    ) async throws(ContentError) -> [String] {
        var names = Set(rule.pins.map(\.repository))
        let patterns = rule.repositories.filter { !$0.isPlain }
        for plain in rule.repositories where plain.isPlain && !isExcluded(plain.description) {
            names.insert(plain.description)
        }
        guard !patterns.isEmpty || rule.repositories.isEmpty else { return names.sorted() }
        // A place may be one repository: then it is there under its own name alone.
        var last: String?
        var (listed, former, isSorted) = (0, "", true)
        let prefix = rule.from.path.isEmpty ? "" : rule.from.path + "/"
        while true {
            let page: Page<RepositoryName>
            do throws(ContentError) {
                page = try await source.repositories(PageRequest(limit: 1000, last: last))
            } catch {
                guard case .unavailable = error else {
                    throw .unsupported(
                        "\(rule.from) lists no repositories (\(error.message)); name them without patterns")
                }
                throw error
            }
            listed += page.elements.count
            guard listed <= Survey.maximumRepositories else {
                throw .tooLarge("\(rule.from) lists more than \(Survey.maximumRepositories) repositories")
            }
            for repository in page.elements {
                let full = repository.description
                isSorted = isSorted && former.utf8.lexicographicallyPrecedes(full.utf8)
                former = full
                guard full.hasPrefix(prefix) else { continue }
                let name = String(full.dropFirst(prefix.count))
                if isMeant(name) { names.insert(name) }
            }
            guard page.hasMore, let end = page.elements.last, end.description != last else { break }
            last = end.description
            if !isSorted, facts.isComplete {
                facts.isComplete = false
                facts.notes.append("\(rule.from) lists its repositories in no order, so some may be missing")
            }
            // Listings are sorted: behind the last name that can be below the path there is none.
            if !prefix.isEmpty, !end.description.hasPrefix(prefix),
                prefix.utf8.lexicographicallyPrecedes(end.description.utf8)
            {
                break
            }
        }
        return names.sorted()
    }

    /// The most repositories that are looked at.
    private static let maximumRepositories = 200_000

    private func versions(
        of name: String, _ source: any TransferSource
    ) async -> Result<[ListedVersion], ContentError> {
        do throws(ContentError) {
            let repository = try Survey.repository(rule.from.full(name))
            let tags = try await listing(of: source, repository)
            return .success(
                tags.map {
                    ListedVersion(
                        text: $0.tag.description, tag: $0.tag, digest: $0.digest, createdAt: $0.updatedAt)
                })
        } catch {
            return .failure(error)
        }
    }

    /// The tags of a repository: asked for conditionally when the last listing is remembered.
    private func listing(
        of source: any TransferSource, _ repository: RepositoryName
    ) async throws(ContentError) -> [ListedTag] {
        try await TagMemory(desk: desk, place: rule.from.root.description).tags(of: repository, source)
    }

    // MARK: Classic repositories

    private func selectCharts(_ charts: any UpstreamCharts, _ facts: inout MirrorFacts) async throws(ContentError) {
        let listed = try await IndexMemory(desk: desk, place: rule.from.description).charts(of: charts, now: now)
        var isEmpty = true
        var seen: Set<String> = []
        for chart in listed where isMeant(chart.name) || rule.pins.contains(where: { $0.repository == chart.name }) {
            seen.insert(chart.name)
            let count = add(chart.versions, of: chart.name, &facts)
            isEmpty = isEmpty && count == 0
            if count == 0, isNamed(chart.name) { noteEmpty(chart.name, &facts) }
        }
        for plain in rule.repositories where plain.isPlain && !seen.contains(plain.description) {
            facts.problems.append(
                PlanProblem(
                    .source, MirrorPlace.name(rule.from, plain.description), "the index lists no such chart",
                    hint: "look at its name: chartroom chart list --server, or helm search repo"))
            // It may be a slip of the pen: nothing goes because of it.
            facts.isComplete = false
        }
        if isEmpty, facts.problems.isEmpty { noteNothing(&facts) }
    }

    // MARK: Selection

    private func isMeant(_ name: String) -> Bool {
        !isExcluded(name) && (rule.repositories.isEmpty || rule.repositories.contains { $0.matches(name) })
    }

    private func isExcluded(_ name: String) -> Bool { rule.exclude.contains { $0.matches(name) } }

    private func isNamed(_ name: String) -> Bool {
        rule.repositories.contains { $0.isPlain && $0.description == name }
    }

    private func noteEmpty(_ name: String, _ facts: inout MirrorFacts) {
        facts.problems.append(
            PlanProblem(
                .source, MirrorPlace.name(rule.from, rule.from.full(name)), "no version of it is selected",
                hint: "look at 'versions' of mirror \(rule.name)"))
    }

    private func noteNothing(_ facts: inout MirrorFacts) {
        facts.problems.append(
            PlanProblem(
                .source, rule.from.description, "mirror \(rule.name) selects nothing at all",
                hint: "look at 'repositories' and 'versions'"))
        facts.isComplete = false
    }

    /// Adds what is selected of a repository; gives how much that is.
    private func add(_ versions: [ListedVersion], of name: String, _ facts: inout MirrorFacts) -> Int {
        let target: RepositoryName
        do throws(ContentError) {
            let own = rule.naming.name(of: name.isEmpty ? rule.from.path : name, host: rule.from.host)
            target = try Survey.repository(rule.to.full(own))
        } catch {
            facts.problems.append(
                PlanProblem(
                    .destination, MirrorPlace.name(rule.to, name), error.message,
                    hint: "give it another name with 'name'"))
            return 1
        }
        let pins = rule.pins.filter { $0.repository == name }
        let source = rule.from.full(name)
        var chosen = isMeant(name) ? Set(rule.versions.choose(from: versions, now: now)) : []
        var expected: [Int: Digest] = [:]
        for pin in pins {
            guard let text = pin.version else {
                if case .charts = rule.from, let position = versions.firstIndex(where: { $0.digest == pin.digest }) {
                    chosen.insert(position)
                    expected[position] = pin.digest
                } else {
                    addDigest(pin, source, target, &facts)
                }
                continue
            }
            guard let position = versions.firstIndex(where: { $0.text == text || $0.tag.description == text }) else {
                facts.problems.append(
                    PlanProblem(.source, MirrorPlace.name(rule.from, source) + ":" + text, "it is pinned and not there")
                )
                continue
            }
            chosen.insert(position)
            expected[position] = pin.digest
        }
        for position in chosen.sorted() {
            var reference = SelectedReference(
                from: rule.from, source: source, version: versions[position], to: rule.to, repository: target)
            reference.expected = expected[position]
            // What a pin names is fetched by its digest, so nobody need be asked what the tag names.
            if reference.version.digest == nil { reference.version.digest = expected[position] }
            reference.isImmutable = expected[position] == nil && rule.immutable.covers(versions[position].tag)
            reference.keepsDigest = rule.platforms.count != 1
            facts.references.append(reference)
        }
        return chosen.count + pins.count
    }

    /// A pin without a version gets a tag made of its digest.
    private func addDigest(_ pin: MirrorPin, _ source: String, _ target: RepositoryName, _ facts: inout MirrorFacts) {
        guard let tag = Survey.tag(of: pin.digest) else { return }
        var reference = SelectedReference(
            from: rule.from, source: source,
            version: ListedVersion(text: pin.digest.description, tag: tag, digest: pin.digest), to: rule.to,
            repository: target)
        reference.expected = pin.digest
        facts.references.append(reference)
    }

    /// A tag made of a digest.
    static func tag(of digest: Digest) -> Tag? {
        // Not `sha256-…`: that is where clients look for referrers (distribution-spec v1.1.1, Referrers Tag Schema).
        try? Tag(parsing: "digest-\(digest.algorithm.name)-\(digest.hex.prefix(64))")
    }

    static func repository(_ text: String) throws(ContentError) -> RepositoryName {
        do throws(OCIParseError) {
            return try RepositoryName(parsing: text)
        } catch {
            throw .nameInvalid(error.description)
        }
    }
}
