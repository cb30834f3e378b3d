public import ChartInspection
public import Content

/// Follows what charts need, level by level, each chart once.
///
/// Asks nobody itself: `resolve` finds the version. One question at a time, each requirement of one chart's place once.
public struct DependencyWalk: Sendable {
    /// How many levels below the first charts are followed.
    public var maximumDepth = 20
    /// The most charts that are brought.
    public var maximumCharts = 5000

    /// The usual limits.
    public init() {}

    /// Finds all that some charts need.
    ///
    /// `resolve` is given a requirement and the chart that has it, whose place gives `@name` a meaning. A task that is
    /// cancelled ends with the rest unresolved.
    public func findings(
        from roots: [ClosureChart],
        resolve: (ChartRequirement, ClosureChart) async -> Result<ClosureChart, ContentError>
    ) async -> ClosureFindings {
        var state = State(roots)
        var next = 0
        while next < state.nodes.count {
            let node = state.nodes[next]
            for requirement in node.chart.requirements {
                if let means = DependencyWalk.means(requirement) {
                    state.findings.satisfied.append(
                        .init(requirement: requirement, requiredBy: node.chart.title, means: means))
                    continue
                }
                switch await answer(requirement, of: node, &state, resolve) {
                case .success(let chart): state.link(next, to: chart)
                case .failure(let reason):
                    state.findings.unresolved.append(
                        .init(requirement: requirement, requiredBy: node.chart.title, reason: reason))
                }
            }
            next += 1
        }
        return state.finish()
    }

    private static func means(_ requirement: ChartRequirement) -> ClosureFindings.Satisfied.Means? {
        if requirement.isVendored { return .vendored }
        if case .directory = requirement.place { return .directory }
        return nil
    }

    private func answer(
        _ requirement: ChartRequirement, of node: State.Node, _ state: inout State,
        _ resolve: (ChartRequirement, ClosureChart) async -> Result<ClosureChart, ContentError>
    ) async -> Result<ClosureChart, ContentError> {
        let name = "\"\(requirement.name)\" that \(node.chart.title) needs"
        if Task.isCancelled { return .failure(.unavailable("interrupted before chart \(name) was looked for")) }
        switch requirement.place {
        case .none:
            return .failure(
                .nameUnknown("chart \(name) is not in its charts/, and no repository is named; package it anew"))
        case .unknown:
            return .failure(
                .unsupported("chart \(name) is in a repository that is neither https://, http:// nor oci://"))
        case .directory, .alias, .registry, .charts: break
        }
        let question = State.Question(place: node.chart.place, requirement: requirement)
        if let known = state.answers[question] { return known }
        guard node.depth < maximumDepth else {
            return .failure(
                .tooLarge("chart \(name) lies more than \(maximumDepth) levels deep; is there no end to it?"))
        }
        guard state.foundCount < maximumCharts else {
            return .failure(
                .tooLarge("chart \(name) is left out: there are more than \(maximumCharts) charts to bring"))
        }
        let answer = await resolve(requirement, node.chart)
        state.answers[question] = answer
        return answer
    }
}

extension DependencyWalk {
    /// What is known so far.
    private struct State {
        struct Node {
            var chart: ClosureChart
            var depth: Int
            var requiredBy: [String] = []
        }

        struct Question: Hashable {
            var place: MirrorPlace
            var name: String
            var version: String
            var repository: String
            var locked: String?

            init(place: MirrorPlace, requirement: ChartRequirement) {
                self.place = place
                name = requirement.name
                version = requirement.version
                repository = requirement.repository
                locked = requirement.locked
            }
        }

        var nodes: [Node] = []
        var places: [ClosureChart.Identity: Int] = [:]
        var edges: [[Int]] = []
        let rootCount: Int
        var answers: [Question: Result<ClosureChart, ContentError>] = [:]
        var findings = ClosureFindings()

        init(_ roots: [ClosureChart]) {
            for root in roots where places[root.identity] == nil {
                places[root.identity] = nodes.count
                nodes.append(Node(chart: root, depth: 0))
                edges.append([])
            }
            rootCount = nodes.count
        }

        var foundCount: Int { nodes.count - rootCount }

        mutating func link(_ from: Int, to chart: ClosureChart) {
            let target = places[chart.identity] ?? nodes.count
            if target == nodes.count {
                places[chart.identity] = target
                nodes.append(Node(chart: chart, depth: nodes[from].depth + 1))
                edges.append([])
            }
            guard !edges[from].contains(target) else { return }
            edges[from].append(target)
            nodes[target].requiredBy.append(nodes[from].chart.title)
        }

        func finish() -> ClosureFindings {
            var findings = findings
            findings.charts = nodes.dropFirst(rootCount).map { .init(chart: $0.chart, requiredBy: $0.requiredBy) }
            findings.cycles = ClosureCycles.find(in: edges).map { $0.map { nodes[$0].chart.title } }
            return findings
        }
    }
}
