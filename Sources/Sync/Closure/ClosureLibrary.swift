internal import ChartInspection
internal import Content
internal import HelmModel
internal import OCIModel
internal import PullThrough

/// Finds the charts that other charts need; each listing is asked for once.
///
/// One task uses it.
final class ClosureLibrary {
    /// A chart that is known.
    struct Known {
        var reference: SelectedReference
        var needs: ChartNeeds
    }

    private let survey: Survey
    private let reader: ChartNeedsReader
    private var indexes: [MirrorPlace: Result<[String: [ListedVersion]], ContentError>] = [:]
    private var tags: [String: Result<[ListedVersion], ContentError>] = [:]
    private var known: [ClosureChart.Identity: Known] = [:]

    init(survey: Survey, reader: ChartNeedsReader) {
        self.survey = survey
        self.reader = reader
    }

    private var rule: MirrorRule { survey.rule }

    /// Notes a chart that is selected; gives it as the walk knows it.
    func add(_ reference: SelectedReference, _ needs: ChartNeeds) -> ClosureChart {
        let chart = ClosureChart(
            place: reference.from.root, repository: reference.source, version: reference.version.text,
            requirements: needs.requirements)
        known[chart.identity] = Known(reference: reference, needs: needs)
        return chart
    }

    /// What is known of a chart that was added or found.
    func find(_ chart: ClosureChart) -> Known? { known[chart.identity] }

    /// The chart that a requirement means.
    func resolve(_ requirement: ChartRequirement, for chart: ClosureChart) async -> Result<ClosureChart, ContentError> {
        do throws(ContentError) {
            var reference = try await choose(requirement, for: chart)
            let identity = ClosureChart.Identity(
                place: reference.from.root, repository: reference.source, version: reference.version.text)
            if let known = known[identity] { return .success(add(known.reference, known.needs)) }
            let answer = try await reader.read(reference).get()
            if reference.version.digest == nil { reference.version.digest = answer.digest }
            switch answer.finding {
            case .chart(let needs): return .success(add(reference, needs))
            case .other:
                throw .unsupported("\(ClosureLibrary.name(requirement, chart)) is no chart: \(reference.sourceName)")
            case .unreadable(let reason): throw .chartInvalid("\(reference.sourceName) cannot be read: \(reason)")
            }
        } catch {
            return .failure(error)
        }
    }

    private static func name(_ requirement: ChartRequirement, _ chart: ClosureChart) -> String {
        "chart \"\(requirement.name)\" that \(chart.title) needs"
    }

    // MARK: Choosing

    private func choose(
        _ requirement: ChartRequirement, for chart: ClosureChart
    ) async throws(ContentError) -> SelectedReference {
        let name = ClosureLibrary.name(requirement, chart)
        let place: MirrorPlace
        let source: String
        let versions: [ListedVersion]
        switch requirement.place {
        case .charts(let url):
            guard let read = MirrorPlace(url), case .charts = read else {
                // Not quoted: what is wrong with it may be the password in it.
                throw .unsupported("\(name) is at an address that cannot be asked")
            }
            (place, source) = (read, requirement.name)
            try allow(place, name)
            guard let listed = try await index(of: place)[requirement.name] else {
                throw .nameUnknown("\(name) is not listed by \(place)")
            }
            versions = listed
        case .registry(let path):
            let authority = String(path.prefix { $0 != "/" })
            source = path.dropFirst(authority.count).split(separator: "/").map { $0 + "/" }.joined() + requirement.name
            guard case .registry? = MirrorPlace("oci://" + authority) else {
                throw .unsupported("\(name) is at an address that cannot be asked")
            }
            place = rule.place(ofRegistry: authority, source)
            try allow(place, name)
            versions = try await listing(of: source, place)
        case .alias(let alias):
            throw .unsupported(
                "\(name) is in a repository that its makers call \(OCIParseError.quote(alias)), and nobody here knows which that is"
            )
        case .none, .directory, .unknown:
            throw .unsupported("\(name) is in no repository")
        }
        let version = try ClosureLibrary.choose(requirement, among: versions, name, place)
        return try reference(requirement, place, source, version)
    }

    private func allow(_ place: MirrorPlace, _ name: String) throws(ContentError) {
        guard rule.mayLead(to: place) else {
            throw .unsupported("\(name) is at \(place), whose host is not among those that charts may lead to")
        }
    }

    private static func choose(
        _ requirement: ChartRequirement, among versions: [ListedVersion], _ name: String, _ place: MirrorPlace
    ) throws(ContentError) -> ListedVersion {
        // A tag cannot hold the + of a version.
        let texts = versions.map(\.tag.chartVersion)
        let text: String?
        do throws(HelmParseError) {
            text = try requirement.choose(among: texts)
        } catch {
            throw .unsupported("\(name) is wanted in versions that cannot be read: \(error)")
        }
        guard let position = text.flatMap({ texts.firstIndex(of: $0) }) else {
            throw .manifestUnknown(
                "\(name) is not at \(place) in any version that fits \(OCIParseError.quote(requirement.version))")
        }
        return versions[position]
    }

    /// Named at the destination as the rule names what it selects: by the chart's own name, and the host it is from.
    private func reference(
        _ requirement: ChartRequirement, _ place: MirrorPlace, _ source: String, _ version: ListedVersion
    ) throws(ContentError) -> SelectedReference {
        var below = requirement.name
        if place == rule.from, !place.path.isEmpty, source.hasPrefix(place.path + "/") {
            below = String(source.dropFirst(place.path.count + 1))
        } else if place == rule.from {
            below = source
        }
        let own = rule.naming.name(of: below, host: place.host)
        var reference = SelectedReference(
            from: place, source: source, version: version, to: rule.to,
            repository: try Survey.repository(rule.to.full(own)))
        reference.isImmutable = rule.immutable.covers(version.tag)
        reference.keepsDigest = rule.platforms.count != 1
        return reference
    }

    // MARK: Listings

    private func index(of place: MirrorPlace) async throws(ContentError) -> [String: [ListedVersion]] {
        if let known = indexes[place] { return try known.get() }
        let answer = await fetchIndex(of: place)
        indexes[place] = answer
        return try answer.get()
    }

    private func fetchIndex(of place: MirrorPlace) async -> Result<[String: [ListedVersion]], ContentError> {
        do throws(ContentError) {
            let isNamed = rule.isNamedByContent(place)
            guard case .charts(let charts) = try await survey.ends.source(place, isNamedByContent: isNamed) else {
                return .failure(.unsupported("\(place) is no classic repository"))
            }
            let memory = IndexMemory(desk: survey.desk, place: place.description)
            let listed = try await memory.charts(of: charts, now: survey.now)
            return .success(Dictionary(listed.map { ($0.name, $0.versions) }) { first, _ in first })
        } catch {
            return .failure(error)
        }
    }

    private func listing(of source: String, _ place: MirrorPlace) async throws(ContentError) -> [ListedVersion] {
        let name = MirrorPlace.name(place, source)
        if let known = tags[name] { return try known.get() }
        let answer = await fetchTags(of: source, place)
        tags[name] = answer
        return try answer.get()
    }

    private func fetchTags(of source: String, _ place: MirrorPlace) async -> Result<[ListedVersion], ContentError> {
        do throws(ContentError) {
            let isNamed = rule.isNamedByContent(place)
            guard case .artifacts(let end) = try await survey.ends.source(place, isNamedByContent: isNamed) else {
                return .failure(.unsupported("\(place) is no registry"))
            }
            let memory = TagMemory(desk: survey.desk, place: place.root.description)
            let listed = try await memory.tags(of: try Survey.repository(source), end)
            return .success(
                listed.map {
                    ListedVersion(text: $0.tag.description, tag: $0.tag, digest: $0.digest, createdAt: $0.updatedAt)
                })
        } catch {
            return .failure(error)
        }
    }
}
