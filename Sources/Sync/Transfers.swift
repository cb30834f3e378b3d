internal import ChartArchive
internal import Codecs
internal import Content
internal import HelmModel
internal import OCIModel
internal import PullThrough
internal import Synchronization
internal import Transfer

/// Moves single references between ends of every kind, in one run.
final class Transfers: Sendable {
    /// What came of a reference.
    struct Moved: Sendable {
        var transfer: TransferSummary
        /// What the source had: a manifest, or an archive.
        var sourceDigest: Digest?
        /// The manifest at the destination; nil at a classic one.
        var digest: Digest?
    }

    let worker: MirrorWorker
    let events: @Sendable (MirrorEvent) -> Void
    /// What is known of each destination; shared by all that goes there in this run.
    private let knowledge = Mutex<[MirrorPlace: DestinationKnowledge]>([:])

    init(worker: MirrorWorker, events: @escaping @Sendable (MirrorEvent) -> Void) {
        self.worker = worker
        self.events = events
    }

    /// Makes the destination hold what the source has, tag last.
    func copy(_ item: PlannedReference) async throws(TransferError) -> Moved {
        let source: MirrorSource
        do throws(ContentError) {
            source = try await worker.ends.source(item.from, isNamedByContent: worker.rule.isNamedByContent(item.from))
        } catch {
            throw TransferError(.source, error)
        }
        let destination: MirrorDestination
        do throws(ContentError) {
            destination = try await worker.ends.destination(item.to)
        } catch {
            throw TransferError(.destination, error)
        }
        switch (source, destination) {
        case (.artifacts(let source), .artifacts(let destination, _)):
            return try await graph(item, source, destination)
        case (.artifacts(let source), .charts(let intake, _)):
            return try await unpack(item, source, intake)
        case (.charts(let source), .artifacts(let destination, let intake)):
            if let intake, takes(item) { return try await hand(item, source, intake) }
            return try await pack(item, source, destination)
        case (.charts(let source), .charts(let intake, _)):
            return try await hand(item, source, intake)
        }
    }

    // MARK: Artifacts

    private func graph(
        _ item: PlannedReference, _ source: any TransferSource, _ destination: any TransferDestination
    ) async throws(TransferError) -> Moved {
        let repository = try Transfers.repository(item.source)
        let rule = worker.rule
        // A pin or a lock is fetched by what it says; else what the tag names now is what counts.
        let reference: ManifestReference =
            if let expected = item.expected { .digest(expected) } else { try Transfers.reference(item) }
        var request = TransferRequest(reference, from: repository, to: item.repository, tags: [item.tag])
        request.isNew = item.isNew
        request.platforms = rule.platforms
        request.referrers = rule.referrers
        let transfer = transfer(from: source, to: destination, item.to.root, isOne: item.from.root == item.to.root)
        let summary = try await transfer.copyGraph(request, progress: progress)
        // With one platform the manifest at the destination is another one than at the source.
        return Moved(transfer: summary, sourceDigest: summary.source, digest: summary.digest)
    }

    static func reference(_ item: PlannedReference) throws(TransferError) -> ManifestReference {
        do throws(OCIParseError) {
            if let digest = try? Digest(parsing: item.version) { return .digest(digest) }
            return .tag(try Tag(parsing: item.version))
        } catch {
            throw TransferError(.source, .parameterInvalid(error.description))
        }
    }

    private func transfer(
        from source: any TransferSource, to destination: any TransferDestination, _ place: MirrorPlace,
        isOne: Bool = false
    ) -> Transfer {
        var options = TransferOptions()
        options.isOneRegistry = isOne
        let (desk, name) = (worker.desk, place.description)
        options.sessions = TransferSessions(
            find: { repository, digest in
                let found = try? await desk.ask { ledger throws(ContentError) in
                    try ledger.session(at: name, repository, digest)
                }
                return found ?? nil
            },
            note: { repository, digest, session in
                Task {
                    try? await desk.ask { ledger throws(ContentError) in
                        try ledger.note(session: session, at: name, repository, digest)
                    }
                }
            })
        return Transfer(from: source, to: destination, knowledge: known(place), options: options)
    }

    private func known(_ place: MirrorPlace) -> DestinationKnowledge {
        knowledge.withLock { all in
            if let found = all[place] { return found }
            let made = DestinationKnowledge()
            all[place] = made
            return made
        }
    }

    private var progress: @Sendable (TransferProgress) -> Void {
        let (events, mirror) = (events, worker.rule.name)
        return { step in
            if case .bytes(_, let count) = step { events(.moved(mirror: mirror, bytes: count)) }
        }
    }

    static func repository(_ text: String) throws(TransferError) -> RepositoryName {
        do throws(ContentError) {
            return try Survey.repository(text)
        } catch {
            throw TransferError(.source, error)
        }
    }

    // MARK: Archives to artifacts

    func spool() -> Spool {
        Spool(directory: worker.options.spoolDirectory, maximumBytes: worker.options.maximumArchiveBytes)
    }

    /// Whether an end that makes artifacts of archives itself would put this one where it is to go.
    private func takes(_ item: PlannedReference) -> Bool {
        let namespace = ChartNamespace(of: item.repository)
        return (try? namespace.repository(forChart: item.source)) == item.repository
    }

    /// Makes the artifact that follows from an archive, and puts it there.
    private func pack(
        _ item: PlannedReference, _ source: any UpstreamCharts, _ destination: any TransferDestination
    ) async throws(TransferError) -> Moved {
        let spool = spool()
        let entry = try Transfers.entry(item)
        let made: (artifact: ChartArtifact, archive: Descriptor, provenance: (Descriptor, [UInt8])?)
        do throws(ContentError) {
            try await source.fetchArchive(of: entry, head: { _ in }) { piece throws(ContentError) in
                try spool.append(piece)
            }
            made = try await Transfers.artifact(
                item, named: item.source, spool, provenance: source.fetchProvenance(of: entry))
        } catch {
            throw TransferError(.source, error)
        }
        let (artifact, archive) = (made.artifact, made.archive)
        var blobs = [
            MadeBlob(archive) { offset async throws(ContentError) in SpoolPieces(spool, from: offset) },
            MadeBlob(artifact.config, bytes: artifact.configBytes),
        ]
        if let (descriptor, bytes) = made.provenance { blobs.append(MadeBlob(descriptor, bytes: bytes)) }
        let manifest = StoredManifest(
            digest: artifact.manifest, mediaType: .ociManifest, bytes: artifact.manifestBytes)
        // Nothing is read from the source here; the transfer wants one all the same.
        let transfer = transfer(from: destination, to: destination, item.to.root)
        let summary = try await transfer.put(
            manifest, blobs: blobs, tags: [item.tag], in: item.repository, isNew: item.isNew, progress: progress)
        return Moved(transfer: summary, sourceDigest: archive.digest, digest: artifact.manifest)
    }

    static func artifact(
        _ item: PlannedReference, named name: String, _ spool: Spool, provenance: [UInt8]?
    ) throws(ContentError) -> (artifact: ChartArtifact, archive: Descriptor, provenance: (Descriptor, [UInt8])?) {
        guard let digest = spool.digest() else { throw .internal("a hash has the wrong length") }
        if case .charts = item.from, let wanted = item.expected ?? item.sourceDigest, wanted != digest {
            throw .corrupt("the archive of \(item.sourceName) hashes to \(digest), not to \(wanted)")
        }
        let archive = Descriptor(mediaType: .helmChart, digest: digest, size: spool.length)
        let chart: PackagedChart
        var offset: Int64 = 0
        do {
            chart = try ChartArchiveReader.read { () throws in
                let piece = try spool.read(at: offset, maximumBytes: 64 << 10)
                offset += Int64(piece.count)
                return piece.isEmpty ? nil : piece
            }
        } catch {
            throw .chartInvalid("\(item.sourceName): \(error)")
        }
        // Who lists one chart and sends another must not have it put in that one's place.
        guard chart.metadata.name == name, (try? Tag(chartVersion: chart.metadata.version)) == item.tag else {
            throw .chartInvalid(
                "\(item.sourceName) holds \(chart.metadata.name) \(chart.metadata.version), which is another chart")
        }
        var layer: (Descriptor, [UInt8])?
        if let provenance, vouches(provenance, for: digest),
            let hash = Digest(
                .sha256, hash: ContentHasher.hash(provenance.span, .sha256))
        {
            layer = (
                Descriptor(mediaType: .helmProvenance, digest: hash, size: Int64(provenance.count)), provenance
            )
        }
        return (ChartArtifact(chart: chart, archive: archive, provenance: layer?.0), archive, layer)
    }

    /// Provenance that vouches for another archive is worse than none.
    private static func vouches(_ provenance: [UInt8], for archive: Digest) -> Bool {
        (try? ChartProvenance(parsing: provenance))?.names(archive) == true
    }

    static func entry(_ item: PlannedReference) throws(TransferError) -> RepositoryIndexEntry {
        let version = ListedVersion(text: item.version, tag: item.tag, digest: item.sourceDigest, urls: item.urls)
        guard let entry = RepositoryIndexEntry(version, of: item.source) else {
            throw TransferError(.source, .chartInvalid("the index lists \(item.sourceName) as no chart can be"))
        }
        return entry
    }
}
