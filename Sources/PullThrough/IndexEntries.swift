internal import Content
internal import HelmModel
internal import OCIModel
internal import Synchronization

/// The versions of an upstream's index, one after the other, as the store keeps them.
final class IndexEntries: Sendable {
    private struct Place {
        var chart = 0
        var version = 0
        var dropped = 0
    }

    private let index: RepositoryIndex
    private let namespace: ChartNamespace
    private let now: Int64
    private let place = Mutex(Place())

    init(_ index: RepositoryIndex, namespace: ChartNamespace, now: Int64) {
        self.index = index
        self.namespace = namespace
        self.now = now
    }

    /// Versions that cannot be served: their name is no repository's, or their version no tag.
    var droppedCount: Int { place.withLock { $0.dropped } }

    /// The next version; `minimumAge` gives how old one of a chart must be, in microseconds.
    func next(_ minimumAge: (String) -> Int64) -> UpstreamChart? {
        place.withLock { place in
            while place.chart < index.charts.count {
                let chart = index.charts[place.chart]
                guard place.version < chart.versions.count else {
                    place.chart += 1
                    place.version = 0
                    continue
                }
                place.version += 1
                if let entry = entry(chart.versions[place.version - 1], minimumAge) { return entry }
                place.dropped += 1
            }
            return nil
        }
    }

    private func entry(_ entry: RepositoryIndexEntry, _ minimumAge: (String) -> Int64) -> UpstreamChart? {
        guard let tag = try? Tag(chartVersion: entry.version), !entry.urls.isEmpty,
            (try? namespace.repository(forChart: entry.name)) != nil, !entry.name.utf8.contains(UInt8(ascii: "/")),
            !entry.version.utf8.contains(UInt8(ascii: "/"))
        else { return nil }
        // Without a time nobody can tell its age: it is taken for old enough.
        let age = minimumAge(entry.name)
        let visibleFrom = age > 0 ? entry.createdAt.map { $0 * 1_000_000 + age } ?? 0 : 0
        return UpstreamChart(
            key: ChartVersionKey(name: entry.name, order: entry.listingOrder), version: entry.version, tag: tag,
            urls: entry.urls, archive: entry.archive,
            isPrerelease: (try? SemanticVersion(lenient: entry.version))?.prerelease.isEmpty == false,
            isDeprecated: entry.isDeprecated, json: entry.indexText,
            visibleFrom: visibleFrom > now ? visibleFrom : 0)
    }
}

extension RepositoryIndexEntry {
    /// The entry as the upstream's index had it, as far as an archive is fetched by it; nil when it was not kept whole.
    init?(_ chart: UpstreamChart) {
        guard let tree = try? JSONValue(parsing: chart.json), var members = tree.members else { return nil }
        members.removeAll { $0.0 == "urls" }
        members.append(("urls", .array(chart.urls.map { .string($0) })))
        guard let entry = try? RepositoryIndexEntry(tree: .object(members)) else { return nil }
        self = entry
    }
}
