public import Content
import OCIModel

/// Charts as their configs have them: a version is listed when a tag names it, its config says so, and the chart is
/// called as its repository.
///
/// Enough for tests of who asks; what a store lists is tested there.
extension MemoryRegistry: ChartCatalog {
    private enum Found {
        case listed(ChartSummary, order: [Int])
        case unlisted(UnlistedChart)
    }

    private func allCharts() throws(ContentError) -> [Found] {
        let repositories = try locked { state throws(ContentError) in state.repositories }
        return repositories.sorted { $0.key < $1.key }.flatMap { name, repository in
            repository.manifests.values.filter { $0.parsed.isHelmChart }
                .sorted { $0.manifest.digest < $1.manifest.digest }
                .map { MemoryRegistry.chart($0, name, repository) }
        }
    }

    private static func chart(_ kept: Kept, _ name: RepositoryName, _ repository: Repository) -> Found {
        let config = kept.parsed.config.flatMap { repository.blobs[$0.digest] }.flatMap { try? JSONValue(parsing: $0) }
        let tags = repository.tags.filter { $0.value.digest == kept.manifest.digest }.map(\.key).sorted()
        func text(_ field: String) -> String { config?[field]?.string ?? "" }
        let version = text("version")
        let namespace = ChartNamespace(of: name)
        guard let archive = kept.parsed.layers.first(where: { $0.mediaType == .helmChart }),
            tags.contains(where: { $0.description == version.replacing("+", with: "_") }),
            (try? namespace.repository(forChart: text("name"))) == name
        else {
            return .unlisted(
                UnlistedChart(
                    repository: name, manifest: kept.manifest.digest, tags: tags,
                    problem: "its config does not fit its repository"))
        }
        let summary = ChartSummary(
            namespace: namespace, repository: name, name: text("name"), version: version,
            appVersion: text("appVersion"), description: text("description"),
            isDeprecated: config?["deprecated"]?.bool ?? false, type: "application", created: "2026-01-02T03:04:05Z",
            archive: archive.digest, size: archive.size, manifest: kept.manifest.digest, versionCount: 1)
        return .listed(summary, order: version.split { !$0.isNumber }.map { Int($0) ?? 0 })
    }

    private func listed(in namespace: ChartNamespace?) throws(ContentError) -> [[ChartSummary]] {
        var byChart: [ChartCursor: [(ChartSummary, [Int])]] = [:]
        for case .listed(let summary, let order) in try allCharts()
        where namespace == nil || summary.namespace == namespace {
            byChart[ChartCursor(namespace: summary.namespace, name: summary.name), default: []].append((summary, order))
        }
        return byChart.values.map { versions in
            versions.sorted { $1.1.lexicographicallyPrecedes($0.1) }.map { summary, _ in
                var summary = summary
                summary.versionCount = Int64(versions.count)
                return summary
            }
        }.sorted { $0[0].repository < $1[0].repository }
    }

    public func listCharts(
        in namespace: ChartNamespace?, _ page: PageRequest<ChartCursor>
    ) async throws(ContentError) -> Page<ChartSummary> {
        func key(_ cursor: ChartCursor) -> String { cursor.namespace.description + "/" + cursor.name }
        return self.page(
            try listed(in: namespace).map { $0[0] }, limit: page.limit, after: page.last.map(key),
            by: { key(ChartCursor(namespace: $0.namespace, name: $0.name)) })
    }

    public func listVersions(
        of chart: String, in namespace: ChartNamespace
    ) async throws(ContentError) -> [ChartSummary] {
        try listed(in: namespace).first { $0[0].name == chart } ?? []
    }

    public func searchCharts(
        _ text: String, in namespace: ChartNamespace?, limit: Int
    ) async throws(ContentError) -> [ChartSummary] {
        let words = text.lowercased().split(separator: " ")
        guard !words.isEmpty else { throw .parameterInvalid("there is no word to look for") }
        let found = try listed(in: namespace).map { $0[0] }.filter { chart in
            let held = (chart.name + " " + chart.description).lowercased().split { !$0.isLetter && !$0.isNumber }
            return words.allSatisfy { word in held.contains { $0.hasPrefix(word) } }
        }
        return Array(found.prefix(limit))
    }

    public func listUnlisted(limit: Int) async throws(ContentError) -> [UnlistedChart] {
        let found = try allCharts().compactMap { chart -> UnlistedChart? in
            if case .unlisted(let chart) = chart { chart } else { nil }
        }
        return Array(found.prefix(limit))
    }
}
