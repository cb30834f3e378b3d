internal import ChartInspection
internal import Content
internal import OCIModel

extension Survey {
    /// How many archives are fetched at a time.
    private static let archives = 8
    /// How many things of one kind are told; the rest is counted.
    private static let maximumNotes = 20

    /// Adds what the selected charts need: charts they depend on, and images.
    func bringAlong(_ facts: inout MirrorFacts) async {
        guard rule.closure.dependencies || rule.closure.images != nil else { return }
        let library = ClosureLibrary(survey: self, reader: reader)
        let roots = await readSelected(&facts, library)
        var charts = roots
        if rule.closure.dependencies { charts += await followDependencies(of: roots, library, &facts) }
        let needs = charts.compactMap { library.find($0)?.needs }
        tellProblems(of: needs, &facts)
        if rule.closure.images != nil { addImages(of: needs, &facts) }
    }

    var reader: ChartNeedsReader {
        ChartNeedsReader(
            rule: rule, ends: ends, desk: desk, spoolDirectory: spoolDirectory,
            maximumArchiveBytes: maximumArchiveBytes)
    }

    /// Looks into what is selected; gives the charts among it.
    private func readSelected(_ facts: inout MirrorFacts, _ library: ClosureLibrary) async -> [ClosureChart] {
        let (selected, reader) = (facts.references, reader)
        let answers = await Crew.map(selected, limit: min(rule.concurrency, Survey.archives)) { reference in
            await reader.read(reference)
        }
        var charts: [ClosureChart] = []
        for (position, answer) in answers.enumerated() {
            let reference = selected[position]
            switch answer {
            case .success(let answer):
                if facts.references[position].version.digest == nil {
                    facts.references[position].version.digest = answer.digest
                }
                switch answer.finding {
                case .chart(let needs): charts.append(library.add(facts.references[position], needs))
                case .other: break
                case .unreadable(let reason):
                    facts.problems.append(
                        PlanProblem(
                            .source, reference.sourceName, "nobody can see what it needs: \(reason)",
                            hint: "ask its makers to package it anew, or leave it out"))
                }
            case .failure(let error):
                // What it needs is there perhaps, and must not be taken for what nobody needs.
                facts.isComplete = false
                facts.problems.append(PlanProblem(.source, reference.sourceName, error))
            }
        }
        return charts
    }

    // MARK: Dependencies

    private func followDependencies(
        of roots: [ClosureChart], _ library: ClosureLibrary, _ facts: inout MirrorFacts
    ) async -> [ClosureChart] {
        let findings = await DependencyWalk().findings(from: roots) { requirement, chart in
            await library.resolve(requirement, for: chart)
        }
        var titles: [String: String] = [:]
        for chart in roots + findings.charts.map(\.chart) { titles[chart.title] = library.find(chart)?.needs.title }
        for found in findings.charts {
            guard var reference = library.find(found.chart)?.reference else { continue }
            let parent = found.requiredBy.first ?? ""
            reference.origin = .dependency(of: titles[parent] ?? parent)
            facts.references.append(reference)
        }
        for unresolved in findings.unresolved {
            if Survey.mayPass(unresolved) { facts.isComplete = false }
            facts.problems.append(
                PlanProblem(
                    .source, unresolved.requiredBy, unresolved.reason.message, hint: Survey.hint(unresolved)))
        }
        for cycle in findings.cycles {
            facts.notes.append(
                "charts need each other in a circle, and are brought all the same: "
                    + cycle.joined(separator: " → "))
        }
        let directories = findings.satisfied.filter { $0.means == .directory }
        facts.note(
            directories.map {
                "chart \"\($0.requirement.name)\" that \($0.requiredBy) needs is in a directory of its makers, \(OCIParseError.quote($0.requirement.repository)), and not in its charts/"
            }, atMost: Survey.maximumNotes, "charts are in directories of their makers")
        return findings.charts.map(\.chart)
    }

    /// Whether it may be found another time: then what was brought for it before must stay.
    private static func mayPass(_ unresolved: ClosureFindings.Unresolved) -> Bool {
        switch unresolved.requirement.place {
        case .none, .alias, .unknown, .directory: return false
        case .charts, .registry: break
        }
        if case .unsupported = unresolved.reason { return false }
        return true
    }

    private static func hint(_ unresolved: ClosureFindings.Unresolved) -> String {
        switch unresolved.requirement.place {
        case .none: "ask its makers to run helm dependency update before they package it"
        case .alias: "mirror that chart by itself, from where it is"
        case .directory, .unknown: "mirror that chart by itself"
        case .charts, .registry:
            switch unresolved.reason {
            case .unsupported: "mirror that chart by itself, or add its host to closureHosts where there are any"
            case .nameUnknown, .manifestUnknown: "look whether it has moved; mirror that chart by itself"
            default: ErrorHint.text(unresolved.reason, .source)
            }
        }
    }

    private func tellProblems(of charts: [ChartNeeds], _ facts: inout MirrorFacts) {
        facts.note(
            charts.flatMap { chart in chart.problems.map { "\(chart.title): \($0)" } },
            atMost: Survey.maximumNotes, "things in charts cannot be read")
    }
}

extension MirrorFacts {
    /// Adds notes; of too many the first ones, and how many there are.
    mutating func note(_ all: [String], atMost limit: Int, _ kind: String) {
        notes += all.prefix(limit)
        if all.count > limit { notes.append("\(all.count - limit) more \(kind)") }
    }
}
