import Content
import HelmModel
import Metadata
import OCIModel
import PullThrough
import Sync
import Synchronization
import TestSupport

/// Ends in memory, a ledger in a directory, a clock that stands still.
final class Fixture: Sendable {
    let scratch: ScratchDirectory
    let source = ScriptedEnd()
    let destination = ScriptedEnd()
    let ends = FakeEnds()
    let ledger: MirrorDatabase
    let clock = Mutex<Int64>(1_700_000_000_000_000)

    static let from = MirrorPlace.registry(authority: "from.test", isSecure: true, path: "team")
    static let to = MirrorPlace.registry(authority: "to.test", isSecure: true, path: "mirror")

    init() throws {
        scratch = try ScratchDirectory()
        ledger = try MirrorDatabase(in: scratch.path)
        ends.add(Fixture.from, source: .artifacts(source))
        ends.add(Fixture.to, destination: .artifacts(destination, intake: nil))
    }

    func rule() -> MirrorRule { MirrorRule(name: "m", from: Fixture.from, to: Fixture.to) }

    func rule(_ change: (inout MirrorRule) throws -> Void) rethrows -> MirrorRule {
        var rule = MirrorRule(name: "m", from: Fixture.from, to: Fixture.to)
        try change(&rule)
        return rule
    }

    func worker(_ rule: MirrorRule, lock: LockedMirror? = nil) -> MirrorWorker {
        var options = MirrorOptions(now: { [self] in clock.withLock { $0 } })
        options.spoolDirectory = scratch.path
        options.lock = lock
        return MirrorWorker(rule, ends: ends, ledger: ledger, options)
    }

    func pass(days: Int64) { clock.withLock { $0 += days * 86_400_000_000 } }

    /// Puts a chart at the source.
    @discardableResult
    func add(_ name: String, _ version: String, files: [(path: String, text: String)] = []) async throws -> PackedChart
    {
        let chart = PackedChart(name, version, files: files)
        try await chart.push(to: source.registry, try RepositoryName(parsing: "team/" + name))
        return chart
    }

    /// What a tag names at the destination; nil for nothing.
    func digest(_ repository: String, _ tag: String) throws -> Digest? {
        try destination.registry.holdings(of: try RepositoryName(parsing: repository)).tags[try Tag(parsing: tag)]
    }
}

/// A registry in memory that says what it was asked, and fails as a test tells it.
final class ScriptedEnd: TransferDestination {
    struct State {
        var log: [String] = []
        var hidesDigests = false
        var givesEntityTags = false
        /// Called before each request with its line.
        var before: (@Sendable (String) async throws(ContentError) -> Void)?
    }

    let registry = MemoryRegistry()
    let state = Mutex(State())

    var log: [String] { state.withLock { $0.log } }
    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

    /// What was asked since the last time.
    func takeLog() -> [String] {
        state.withLock { state in
            defer { state.log = [] }
            return state.log
        }
    }

    private func begin(_ line: String) async throws(ContentError) {
        let before = state.withLock { state in
            state.log.append(line)
            return state.before
        }
        if let before { try await before(line) }
    }

    func listTags(in repository: RepositoryName, unless entityTag: String?) async throws(ContentError) -> TagListing {
        try await begin("list \(repository)")
        let (hides, gives) = state.withLock { ($0.hidesDigests, $0.givesEntityTags) }
        switch try await registry.listTags(in: repository, unless: gives ? entityTag : nil) {
        case .same: return .same
        case .tags(let tags, let entityTag):
            return .tags(
                hides ? tags.map { ListedTag($0.tag) } : tags, entityTag: gives ? entityTag : nil)
        }
    }

    func digest(of tag: Tag, in repository: RepositoryName, unless known: Digest?) async throws(ContentError) -> Digest
    {
        try await begin("head \(repository):\(tag)")
        return try await registry.digest(of: tag, in: repository, unless: known)
    }

    func listReferrers(of subject: Digest, in repository: RepositoryName) async throws(ContentError) -> [Descriptor] {
        try await begin("referrers \(repository)")
        return try await registry.listReferrers(of: subject, in: repository)
    }

    func repositories(_ page: PageRequest<String>) async throws(ContentError) -> Page<RepositoryName> {
        try await begin("catalog")
        return try await registry.repositories(page)
    }

    func hasManifest(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) -> Bool {
        try await begin("has \(repository)")
        return try await registry.hasManifest(digest, in: repository)
    }

    func placeBlob(
        _ expected: Descriptor, in repository: RepositoryName, _ placement: BlobPlacement,
        _ open: (_ offset: Int64) async throws(ContentError) -> any BlobPieces
    ) async throws(ContentError) -> BlobOutcome {
        try await begin("blob \(repository)" + (placement.mayBeThere ? "" : " unasked"))
        return try await registry.placeBlob(expected, in: repository, placement, open)
    }

    func manifest(_ reference: ManifestReference, in repository: RepositoryName) async throws(ContentError)
        -> StoredManifest
    {
        try await begin("get \(repository):\(reference)")
        return try await registry.manifest(reference, in: repository)
    }

    func tags(in repository: RepositoryName, _ page: PageRequest<String>) async throws(ContentError) -> Page<Tag> {
        try await registry.tags(in: repository, page)
    }

    func putManifest(_ manifest: StoredManifest, tags: [Tag], in repository: RepositoryName) async throws(ContentError)
    {
        try await begin("put \(repository):\(tags.map(\.description).joined(separator: ","))")
        try await registry.putManifest(manifest, tags: tags, in: repository)
    }

    func deleteManifest(_ reference: ManifestReference, in repository: RepositoryName) async throws(ContentError) {
        try await begin("delete \(repository):\(reference)")
        try await registry.deleteManifest(reference, in: repository)
    }

    func deleteBlob(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) {
        try await registry.deleteBlob(digest, in: repository)
    }

    func blobSize(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) -> Int64 {
        try await begin("size \(repository)")
        return try await registry.blobSize(digest, in: repository)
    }

    func readBlob(
        _ digest: Digest, in repository: RepositoryName, from offset: Int64,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError) {
        try await begin("read \(repository)")
        try await registry.readBlob(digest, in: repository, from: offset, body)
    }

    func putBlob(
        _ expected: Descriptor, in repository: RepositoryName, _ next: () async throws(ContentError) -> [UInt8]?
    ) async throws(ContentError) {
        try await begin("blob \(repository)")
        try await registry.putBlob(expected, in: repository, next)
    }
}

/// Opens what it was given.
final class FakeEnds: MirrorEnds {
    private struct State {
        var sources: [String: MirrorSource] = [:]
        var destinations: [String: MirrorDestination] = [:]
    }

    private let state = Mutex(State())

    private static func key(_ place: MirrorPlace) -> String {
        switch place {
        case .registry(let authority, _, _): authority
        default: place.description
        }
    }

    func add(_ place: MirrorPlace, source: MirrorSource) {
        state.withLock { $0.sources[FakeEnds.key(place)] = source }
    }

    func add(_ place: MirrorPlace, destination: MirrorDestination) {
        state.withLock { $0.destinations[FakeEnds.key(place)] = destination }
    }

    func source(_ place: MirrorPlace, isNamedByContent: Bool) async throws(ContentError) -> MirrorSource {
        guard let found = state.withLock({ $0.sources[FakeEnds.key(place)] }) else {
            throw .unavailable("\(place) cannot be reached")
        }
        return found
    }

    func destination(_ place: MirrorPlace) async throws(ContentError) -> MirrorDestination {
        guard let found = state.withLock({ $0.destinations[FakeEnds.key(place)] }) else {
            throw .unavailable("\(place) cannot be reached")
        }
        return found
    }

    func requestCount(of place: MirrorPlace) -> Int64 { 0 }
    func requestRate(of place: MirrorPlace) -> Double? { nil }
}
