internal import ChartInspection
internal import Content
internal import OCIModel

extension Survey {
    /// An image, by the surest place that names it.
    private struct Named {
        var image: ChartImage
        var chart: String
        var target: RepositoryName?
    }

    /// Selects the images that charts name; those that are too unsure become candidates.
    func addImages(of charts: [ChartNeeds], _ facts: inout MirrorFacts) {
        guard let closure = rule.closure.images else { return }
        let place = closure.to ?? rule.to
        if case .charts = place {
            facts.problems.append(
                PlanProblem(
                    .destination, place.description, "a classic repository takes no images",
                    hint: "say with images.to where they go"))
            return
        }
        var named = collect(charts, closure)
        var refused: [String: Int] = [:]
        for (key, found) in named {
            let host = found.image.reference.host ?? ""
            let source = rule.place(ofRegistry: host, found.image.reference.repository.description)
            guard rule.mayLead(to: source) else {
                if ImageConfidence(found.image.confidence) >= closure.confidence { refused[host, default: 0] += 1 }
                named[key] = nil
                continue
            }
            named[key]?.target = target(of: found.image.reference, place, closure, &facts)
        }
        for (host, count) in refused.sorted(by: { $0.key < $1.key }) {
            facts.problems.append(
                PlanProblem(
                    .source, host, "\(count) images that charts name are there, where charts may not lead",
                    hint: "add the host to closureHosts, or leave its images out with images.exclude"))
        }
        let sorted = named.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(\.value)
        let sure = sorted.filter { ImageConfidence($0.image.confidence) >= closure.confidence }
        let unsure = sorted.filter { ImageConfidence($0.image.confidence) < closure.confidence }
        var tags = ImageTags()
        facts.references += references(of: sure, place, &tags)
        facts.candidates += references(of: unsure, place, &tags)
        facts.charts += brought(charts, sure, place)
        tell(charts, unsure.count, closure, &facts)
    }

    private func collect(_ charts: [ChartNeeds], _ closure: ImageClosure) -> [String: Named] {
        var named: [String: Named] = [:]
        for chart in charts {
            for image in chart.images {
                let reference = image.reference
                let name = "\(reference.host ?? "")/\(reference.repository)"
                guard !closure.exclude.contains(where: { $0.matches(name) }) else { continue }
                let key = reference.description
                if let known = named[key], known.image.confidence >= image.confidence { continue }
                named[key] = Named(image: image, chart: chart.title)
            }
        }
        return named
    }

    private func target(
        of reference: Reference, _ place: MirrorPlace, _ closure: ImageClosure, _ facts: inout MirrorFacts
    ) -> RepositoryName? {
        let name = closure.naming.name(of: reference.repository.description, host: reference.host)
        do throws(ContentError) {
            return try Survey.repository(place.full(name))
        } catch {
            facts.problems.append(
                PlanProblem(
                    .destination, MirrorPlace.name(place, place.full(name)), error.message,
                    hint: "give \(reference) another name with images.naming"))
            return nil
        }
    }

    // MARK: References

    private func references(
        of images: [Named], _ place: MirrorPlace, _ tags: inout ImageTags
    ) -> [SelectedReference] {
        // What follows a tag needs it; what has a digest is found without.
        let ordered =
            images.filter { $0.image.reference.digest == nil }
            + images.filter { $0.image.reference.digest != nil }
        var references: [SelectedReference] = []
        for found in ordered {
            let reference = found.image.reference
            guard let target = found.target, let version = tags.version(of: reference, in: target) else { continue }
            let source = reference.repository.description
            var selected = SelectedReference(
                from: rule.place(ofRegistry: reference.host ?? "", source), source: source, version: version, to: place,
                repository: target)
            selected.expected = reference.digest
            selected.isImmutable = reference.digest == nil && rule.immutable.covers(version.tag)
            selected.keepsDigest = rule.platforms.count != 1
            let surest = found.image.sources.first { $0.confidence == found.image.confidence }
            selected.origin = .image(
                of: found.chart, place: surest?.place ?? "", confidence: ImageConfidence(found.image.confidence))
            references.append(selected)
        }
        return references
    }

    /// Which images are brought for which chart.
    private func brought(_ charts: [ChartNeeds], _ images: [Named], _ place: MirrorPlace) -> [BroughtChart] {
        var targets: [String: RepositoryName] = [:]
        for found in images { targets[found.image.reference.description] = found.target }
        return charts.compactMap { chart in
            let images = chart.images.compactMap { image in
                targets[image.reference.description].map { BroughtImage(image, to: place, repository: $0) }
            }
            return images.isEmpty ? nil : BroughtChart(name: chart.name, version: chart.version, images: images)
        }
    }

    private func tell(
        _ charts: [ChartNeeds], _ unsure: Int, _ closure: ImageClosure, _ facts: inout MirrorFacts
    ) {
        if unsure > 0 {
            facts.notes.append(
                "\(unsure) images are named with less than \(closure.confidence.name) confidence and are not brought; a lock lists them, excluded, for somebody to decide"
            )
        }
        let leftOut = charts.reduce(0) { $0 + $1.leftOut }
        if leftOut > 0 {
            facts.notes.append("\(leftOut) places in charts look like images and do not say which")
        }
    }

    // MARK: Locks

    /// What the tags of unsure images name, for a lock; what cannot be asked is left out of it.
    func askCandidates(_ facts: inout MirrorFacts) async {
        guard wantsDigests else { return }
        let (asked, rule, ends) = (facts.candidates, rule, ends)
        let answers = await Crew.map(asked, limit: rule.concurrency) { candidate in
            if candidate.expected != nil { return Result<Digest?, ContentError>.success(candidate.expected) }
            return await Survey.sourceDigest(candidate, rule.isNamedByContent(candidate.from), ends)
        }
        facts.candidates = []
        for (candidate, answer) in zip(asked, answers) {
            switch answer {
            case .success(let digest?):
                var candidate = candidate
                candidate.version.digest = digest
                facts.candidates.append(candidate)
            case .success(nil): facts.notes.append("\(candidate.sourceName) is perhaps an image, and not there")
            case .failure(let error):
                facts.notes.append(
                    "\(candidate.sourceName) is perhaps an image, and cannot be asked for: \(error.message)")
            }
        }
    }

    /// Which images of a lock belong to which of its charts.
    func describeImages(_ facts: inout MirrorFacts) async {
        guard let closure = rule.closure.images else { return }
        let place = closure.to ?? rule.to
        var repositories: [String: RepositoryName] = [:]
        var charts: [SelectedReference] = []
        for reference in facts.references {
            if case .image = reference.origin {
                repositories["\(reference.from.host ?? "")/\(reference.source) \(reference.version.text)"] =
                    reference.repository
            } else {
                charts.append(reference)
            }
        }
        guard !repositories.isEmpty else { return }
        let reader = reader
        for answer in await Crew.map(charts, limit: min(rule.concurrency, 8), { await reader.read($0) }) {
            guard case .success(let answer) = answer, case .chart(let needs) = answer.finding else { continue }
            let images = needs.images.compactMap { image in
                Survey.names(of: image.reference).lazy.compactMap { repositories[$0] }.first
                    .map { BroughtImage(image, to: place, repository: $0) }
            }
            guard !images.isEmpty else { continue }
            facts.charts.append(BroughtChart(name: needs.name, version: needs.version, images: images))
        }
    }
}

extension Survey {
    /// How a lock may name an image.
    private static func names(of reference: Reference) -> [String] {
        let versions = [reference.digest?.description, reference.tag?.description]
        return versions.compactMap { $0 }.map { "\(reference.host ?? "")/\(reference.repository) \($0)" }
    }
}

/// Which tags images get.
private struct ImageTags {
    private struct Slot: Hashable {
        var repository: RepositoryName
        var tag: Tag
    }

    /// The digest of the image that has it; empty for whatever the tag names at the source.
    private var taken: [Slot: String] = [:]

    /// The tag the chart names; one made of the digest where there is none, or where another image has it.
    mutating func version(of reference: Reference, in repository: RepositoryName) -> ListedVersion? {
        if let tag = reference.tag {
            let slot = Slot(repository: repository, tag: tag)
            let content = reference.digest?.description ?? ""
            if content.isEmpty || taken[slot, default: content] == content {
                taken[slot] = content
                return ListedVersion(text: tag.description, tag: tag, digest: reference.digest)
            }
        }
        guard let digest = reference.digest, let tag = Survey.tag(of: digest) else { return nil }
        return ListedVersion(text: digest.description, tag: tag, digest: digest)
    }
}
