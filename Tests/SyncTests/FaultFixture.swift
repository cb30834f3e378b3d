import Content
import HelmModel
import OCIModel
import PullThrough
import Sync
import Synchronization
import TestSupport
import Testing

/// A classic repository in memory: what it lists and what it sends need not be the same.
final class FakeCharts: UpstreamCharts {
    struct State {
        var listing: [ChartListing.Chart] = []
        var archives: [String: [UInt8]] = [:]
        var fetched = 0
    }

    let state = Mutex(State())

    /// Lists a version and has an archive for it; `archive` says another than the chart's own.
    func add(
        _ chart: PackedChart, as version: String? = nil, digest: Digest?? = nil, archive: [UInt8]? = nil,
        named name: String? = nil
    ) {
        let (name, version) = (name ?? chart.name, version ?? chart.version)
        let bytes = archive ?? chart.archive
        let listed = ChartListing.Version(
            version: version, urls: ["\(name)-\(version).tgz"], created: "", archive: digest ?? Digest(of: bytes))
        state.withLock { state in
            if let position = state.listing.firstIndex(where: { $0.name == name }) {
                state.listing[position].versions.removeAll { $0.version == version }
                state.listing[position].versions.append(listed)
            } else {
                state.listing.append(ChartListing.Chart(name: name, versions: [listed]))
            }
            state.archives["\(name) \(version)"] = bytes
        }
    }

    func fetchIndex(unless known: UpstreamIndexState?) async throws(ContentError) -> UpstreamIndex {
        throw .unsupported("nobody needs what charts say of themselves")
    }

    func fetchListing(unless known: UpstreamIndexState?) async throws(ContentError) -> UpstreamChartListing {
        let listing = state.withLock { ChartListing(charts: $0.listing) }
        return .other(listing, entityTag: nil, lastModified: nil, content: nil)
    }

    func fetchArchive(
        of entry: RepositoryIndexEntry, head: (Int64?) async throws(ContentError) -> Void,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError) {
        let bytes = state.withLock { state in
            state.fetched += 1
            return state.archives["\(entry.name) \(entry.version)"]
        }
        guard let bytes else { throw .manifestUnknown("\(entry.name) \(entry.version) is not there") }
        try await body(bytes)
    }

    func fetchProvenance(of entry: RepositoryIndexEntry) async throws(ContentError) -> [UInt8]? { nil }
}

/// An end that makes of an archive whatever the archive says it is, as a store and ChartMuseum do.
final class FakeIntake: ChartIntake {
    let charts = Mutex<[String: [UInt8]]>([:])

    private final class Upload: ChartUpload {
        let intake: FakeIntake
        let bytes = Mutex<[UInt8]>([])
        init(_ intake: FakeIntake) { self.intake = intake }
        func append(_ piece: [UInt8]) async throws(ContentError) { bytes.withLock { $0 += piece } }
        func abandon() async { bytes.withLock { $0 = [] } }
        func finish(provenance: [UInt8]?, replacing: Bool) async throws(ContentError) -> StoredChart {
            let all = bytes.withLock { $0 }
            let digest = Digest(of: all)
            intake.charts.withLock { $0["\(digest)"] = all }
            do {
                return StoredChart(
                    repository: try RepositoryName(parsing: "x"), tag: try Tag(parsing: "x"), manifest: digest,
                    name: "x", version: "x", warnings: [])
            } catch {
                throw .internal("\(error)")
            }
        }
    }

    func openChart(in namespace: ChartNamespace) async throws(ContentError) -> any ChartUpload { Upload(self) }
    func addProvenance(_ bytes: [UInt8], in namespace: ChartNamespace, replacing: Bool) async throws(ContentError)
        -> StoredChart
    {
        throw .unsupported("not here")
    }
    func removeChart(_ name: String, version: String, in namespace: ChartNamespace) async throws(ContentError) {}
}

extension Fixture {
    static let charts = MirrorPlace.charts(url: "https://charts.test")

    /// A mirror from a classic repository to the destination's path `mirror`.
    func chartRule() -> MirrorRule { MirrorRule(name: "m", from: Fixture.charts, to: Fixture.to) }

    func chartRule(_ change: (inout MirrorRule) throws -> Void) rethrows -> MirrorRule {
        var rule = MirrorRule(name: "m", from: Fixture.charts, to: Fixture.to)
        try change(&rule)
        return rule
    }

    /// Every tag at the destination names a manifest whose whole graph is there and hashes to what it is called.
    func checkDestination(_ location: SourceLocation = #_sourceLocation) async throws {
        var page = PageRequest<String>(limit: 1000, last: nil)
        while true {
            let found = try await destination.registry.repositories(page)
            for repository in found.elements {
                let held = try destination.registry.holdings(of: repository)
                for (tag, digest) in held.tags {
                    try await check(digest, in: repository, "\(repository):\(tag)", location)
                }
            }
            guard found.hasMore, let last = found.elements.last else { break }
            page = PageRequest(limit: 1000, last: last.description)
        }
    }

    private func check(
        _ digest: Digest, in repository: RepositoryName, _ what: String, _ location: SourceLocation
    ) async throws {
        let stored = try await destination.registry.manifest(.digest(digest), in: repository)
        #expect(Digest(of: stored.bytes) == digest, "\(what)", sourceLocation: location)
        let manifest = try Manifest(parsing: stored.bytes, contentType: stored.mediaType)
        for blob in (manifest.config.map { [$0] } ?? []) + manifest.layers {
            let bytes = try await destination.registry.blob(blob.digest, in: repository)
            #expect(Digest(of: bytes) == blob.digest, "\(what)", sourceLocation: location)
        }
        for child in Set(manifest.manifests.map(\.digest)) { try await check(child, in: repository, what, location) }
    }
}
