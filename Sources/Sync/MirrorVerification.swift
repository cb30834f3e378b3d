public import Content
internal import OCIModel
internal import PullThrough
internal import Transfer

/// What a check of a destination against a lock found.
public struct MirrorVerification: Sendable, Equatable {
    /// References that are as the lock says.
    public var matching = 0
    /// What is not.
    public var failures: [MirrorFailure] = []

    /// Nothing checked yet.
    public init() {}
}

extension MirrorWorker {
    /// Holds a destination against a lock: every tag, and that everything below its manifest is there.
    ///
    /// One or two requests a reference and one for each blob; with `reads` every blob is read and hashed as well.
    public func verify(_ lock: LockedMirror, reads: Bool) async -> MirrorVerification {
        let wanted = lock.references.filter { !$0.isExcluded }
        let listings = ListingsOnce(desk: desk, now: options.now())
        let answers = await Crew.map(wanted, limit: rule.concurrency) { [self] reference in
            await check(reference, listings, reads: reads)
        }
        var result = MirrorVerification()
        for answer in answers {
            if let answer { result.failures.append(answer) } else { result.matching += 1 }
        }
        return result
    }

    private func check(
        _ reference: LockedReference, _ listings: ListingsOnce, reads: Bool
    ) async -> MirrorFailure? {
        let item = PlannedReference(
            .leave, from: reference.from, source: reference.source, version: reference.version, to: reference.to,
            repository: reference.repository, tag: reference.tag, reason: "")
        do throws(ContentError) {
            switch try await ends.destination(reference.to) {
            case .artifacts(let end, _): try await check(reference, end, reads: reads)
            case .charts(_, let listing): try await check(reference, listing, listings)
            }
            return nil
        } catch {
            return MirrorFailure(
                source: item.sourceName, destination: item.destinationName, side: .destination,
                reason: error.message, hint: "chartroom mirror run --locked brings what the lock says")
        }
    }

    private func check(
        _ reference: LockedReference, _ end: any TransferDestination, reads: Bool
    ) async throws(ContentError) {
        let stored = try await end.manifest(.tag(reference.tag), in: reference.repository)
        var isSame = stored.digest == reference.digest
        if case .charts = reference.from { isSame = ChartContent(stored)?.archive.digest == reference.digest }
        // Of an index with one platform taken out only the index is in the lock.
        if rule.platforms.count == 1 { isSame = true }
        guard isSame else {
            throw .conflict("the tag names \(stored.digest), which is not what the lock says: \(reference.digest)")
        }
        try await checkContent(of: stored, in: reference.repository, end, reads: reads)
    }

    /// The most manifests below one tag that are looked at.
    private static let maximumChecked = 10_000

    /// Looks whether all that a manifest stands for is there: each manifest and each blob once.
    func checkContent(
        of root: StoredManifest, in repository: RepositoryName, _ end: any TransferDestination, reads: Bool
    ) async throws(ContentError) {
        var waiting: [Digest] = []
        var (seen, count): (Set<Digest>, Int) = ([root.digest], 1)
        var next: StoredManifest? = root
        while let stored = next {
            let manifest: Manifest
            do throws(OCIParseError) {
                manifest = try Manifest(parsing: stored.bytes, contentType: stored.mediaType)
            } catch {
                throw .manifestInvalid("manifest \(stored.digest): \(error.description)")
            }
            for blob in (manifest.config.map { [$0] } ?? []) + manifest.layers
            where !blob.mediaType.isForeign && seen.insert(blob.digest).inserted {
                try await check(blob, in: repository, end, reads: reads)
            }
            for child in manifest.manifests where seen.insert(child.digest).inserted {
                count += 1
                guard count <= MirrorWorker.maximumChecked else {
                    throw .tooLarge("more than \(MirrorWorker.maximumChecked) manifests lie below the tag")
                }
                waiting.append(child.digest)
            }
            next = nil
            while next == nil, let digest = waiting.popLast() {
                next = try await child(digest, in: repository, end)
            }
        }
    }

    /// A manifest that an index names; nil where it may be left out.
    private func child(
        _ digest: Digest, in repository: RepositoryName, _ end: any TransferDestination
    ) async throws(ContentError) -> StoredManifest? {
        do throws(ContentError) {
            return try await end.manifest(.digest(digest), in: repository)
        } catch {
            // Left out on purpose where only some platforms are wanted.
            if case .manifestUnknown = error, !rule.platforms.isEmpty { return nil }
            throw error
        }
    }

    private func check(
        _ blob: Descriptor, in repository: RepositoryName, _ end: any TransferDestination, reads: Bool
    ) async throws(ContentError) {
        if reads { return try await end.readBlob(blob.digest, in: repository, from: 0) { _ in } }
        let size = try await end.blobSize(blob.digest, in: repository)
        guard size == blob.size else {
            throw .sizeInvalid("blob \(blob.digest) has \(size) bytes, the manifest says \(blob.size)")
        }
    }

    private func check(
        _ reference: LockedReference, _ listing: any UpstreamCharts, _ listings: ListingsOnce
    ) async throws(ContentError) {
        let charts = try await listings.charts(of: listing, at: reference.to)
        let name = reference.repository.description.split(separator: "/").last.map(String.init) ?? ""
        guard let found = charts[name]?[reference.tag] else {
            throw .manifestUnknown("the index does not list it")
        }
        guard case .charts = reference.from else { return }
        guard found.digest == nil || found.digest == reference.digest else {
            throw .conflict("the index lists another archive: \(found.digestText)")
        }
    }
}

extension ListedVersion {
    fileprivate var digestText: String { digest?.description ?? "" }
}

/// Indexes of classic repositories, each read once.
private actor ListingsOnce {
    private let desk: LedgerDesk
    private let now: Int64
    private var known: [MirrorPlace: [String: [Tag: ListedVersion]]] = [:]

    init(desk: LedgerDesk, now: Int64) {
        self.desk = desk
        self.now = now
    }

    func charts(
        of listing: any UpstreamCharts, at place: MirrorPlace
    ) async throws(ContentError) -> [String: [Tag: ListedVersion]] {
        if let found = known[place] { return found }
        let listed = try await IndexMemory(desk: desk, place: place.description).charts(of: listing, now: now)
        let found = Dictionary(
            listed.map { chart in
                (chart.name, Dictionary(chart.versions.map { ($0.tag, $0) }) { first, _ in first })
            }
        ) { first, _ in first }
        known[place] = found
        return found
    }
}
