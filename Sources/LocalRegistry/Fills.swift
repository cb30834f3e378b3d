internal import BlobStorage
internal import ChartArchive
internal import Content
internal import HelmModel
internal import Metadata
internal import OCIModel
internal import Posix
internal import Synchronization

/// A blob on its way in from an upstream.
///
/// Its slot is its own for good: readers may have it open after the fill is over.
final class LocalBlobFill: BlobFill {
    private let registry: Registry
    private let repository: RepositoryName
    private let digest: Digest
    private let ingest: IngestFile
    private let isOver = Atomic(false)

    init(registry: Registry, repository: RepositoryName, digest: Digest, ingest: IngestFile) {
        self.registry = registry
        self.repository = repository
        self.digest = digest
        self.ingest = ingest
    }

    deinit { abandon() }

    var length: Int64 { ingest.length }

    func append(_ bytes: [UInt8]) throws(ContentError) {
        guard ingest.length + Int64(bytes.count) <= registry.options.maximumBlobBytes else {
            throw .tooLarge("a blob may have \(registry.options.maximumBlobBytes) bytes at the most")
        }
        do { try ingest.append(bytes) } catch { throw Registry.noRoom(error) }
    }

    func openReader() throws(ContentError) -> Int32 { try registry.openReader(ingest.slot, digest) }

    func finish(_ verified: @Sendable () -> Void) async throws(ContentError) {
        guard !isOver.exchange(true, ordering: .acquiringAndReleasing) else {
            throw .internal("the fill of blob \(digest) is over")
        }
        let sealed = try registry.sealed(ingest, as: digest)
        verified()
        let staged = try registry.flushed(ingest, sealed)
        let records = registry.recordsWaiting(for: staged, in: repository)
        let (repository, now) = (repository, registry.options.now())
        try await registry.committer.commit([staged]) { [registry] writer throws(ContentError) in
            var effects = Committer.Effects()
            try registry.link(staged, in: repository, at: now, writer, &effects)
            for (manifest, record) in records { try writer.noteChart(record, of: manifest, in: repository) }
            return effects
        }
    }

    func abandon() {
        guard !isOver.exchange(true, ordering: .acquiringAndReleasing) else { return }
        registry.blobs.discard(slot: ingest.slot)
    }
}

/// A chart's archive on its way in from a classic upstream; its slot as for `LocalBlobFill`.
final class LocalChartFill: ChartFill {
    private let registry: Registry
    private let namespace: ChartNamespace
    private let ingest: IngestFile
    private let isOver = Atomic(false)
    /// What the bytes hash to, once that is known.
    private let digest = Mutex<Digest?>(nil)

    init(registry: Registry, namespace: ChartNamespace, ingest: IngestFile) {
        self.registry = registry
        self.namespace = namespace
        self.ingest = ingest
    }

    deinit { abandon() }

    var length: Int64 { ingest.length }

    func append(_ bytes: [UInt8]) throws(ContentError) {
        guard ingest.length + Int64(bytes.count) <= ChartArchiveReader.maximumArchiveBytes else {
            throw .tooLarge("a chart's archive may have \(ChartArchiveReader.maximumArchiveBytes) bytes at the most")
        }
        do { try ingest.append(bytes) } catch { throw Registry.noRoom(error) }
    }

    func openReader() throws(ContentError) -> Int32 { try registry.openReader(ingest.slot, digest.withLock { $0 }) }

    func finish(
        _ expected: UpstreamChart, from upstream: String, provenance: () async -> [UInt8]?,
        _ verified: @Sendable () -> Void
    ) async throws(ContentError) -> StoredChart {
        guard !isOver.exchange(true, ordering: .acquiringAndReleasing) else {
            throw .internal("the fill of \(expected.fileName) is over")
        }
        let sealed = try registry.sealed(ingest, as: expected.archive)
        digest.withLock { $0 = sealed.digest }
        let chart = try read(sealed, expected)
        verified()
        let staged = try registry.flushed(ingest, sealed)
        let provenance = await provenance()
        let vouching = provenance.flatMap { bytes in
            (try? Registry.provenance(bytes))?.names(sealed.digest) == true ? bytes : nil
        }
        var stored = try await registry.store(
            chart, archive: Descriptor(mediaType: .helmChart, digest: staged.digest, size: staged.size), [staged],
            provenance: vouching, in: namespace, replacing: .cached(from: upstream))
        if provenance != nil, vouching == nil {
            stored.warnings.append("its provenance does not vouch for this archive and was left out")
        }
        return stored
    }

    /// Reads the chart; one that is not the chart it should be is thrown away.
    private func read(_ sealed: StagedBlob, _ expected: UpstreamChart) throws(ContentError) -> PackagedChart {
        do throws(ContentError) {
            let chart = try registry.readChart(inSlot: sealed.slot)
            guard chart.metadata.name == expected.key.name, chart.metadata.version == expected.version else {
                throw .chartInvalid(
                    "\(expected.fileName) of the upstream holds chart \(OCIParseError.quote(chart.metadata.name)) "
                        + "version \(OCIParseError.quote(chart.metadata.version))")
            }
            return chart
        } catch {
            registry.blobs.discard(slot: ingest.slot)
            throw error
        }
    }

    func abandon() {
        guard !isOver.exchange(true, ordering: .acquiringAndReleasing) else { return }
        registry.blobs.discard(slot: ingest.slot)
    }
}

extension Registry {
    /// A descriptor to read a fill by: of its slot, or when it has become a blob meanwhile, of that.
    func openReader(_ slot: String, _ digest: Digest?) throws(ContentError) -> Int32 {
        do throws(SystemError) {
            do throws(SystemError) {
                return try blobs.openReader(slot: slot)
            } catch {
                guard error.isNotFound, let digest else { throw error }
                return try blobs.openReader(digest)
            }
        } catch {
            throw Registry.unreadableFill(error)
        }
    }

    private static func unreadableFill(_ error: SystemError) -> ContentError {
        .internal("what comes from the upstream cannot be read: \(error)")
    }

    /// Closes a fill's bytes off; those that do not hash to what they should be are set aside.
    func sealed(_ ingest: IngestFile, as digest: Digest?) throws(ContentError) -> StagedBlob {
        let sealed: StagedBlob
        do {
            sealed = try ingest.seal(digest?.algorithm ?? .sha256)
        } catch {
            blobs.discard(slot: ingest.slot)
            throw Registry.noRoom(error)
        }
        guard let digest, sealed.digest != digest else { return sealed }
        let place = blobs.setAside(slot: ingest.slot, notBeing: digest)
        let problem = "the \(sealed.size) bytes that the upstream sent for \(digest) hash to \(sealed.digest)"
        options.observer.didFail(problem + (place.map { "; they are kept as \($0)" } ?? "; they were thrown away"))
        throw .corrupt(problem + ": they are not stored; look at the upstream")
    }

    func flushed(_ ingest: IngestFile, _ sealed: StagedBlob) throws(ContentError) -> StagedBlob {
        do {
            return try ingest.flush(sealed)
        } catch {
            blobs.discard(slot: ingest.slot)
            throw Registry.noRoom(error)
        }
    }

    func readChart(inSlot slot: String) throws(ContentError) -> PackagedChart {
        let file: BlobFile
        do { file = try blobs.open(slot: slot) } catch { throw Registry.noRoom(error) }
        do {
            return try ChartArchiveReader.read(nextPiece: Registry.pieces(of: file))
        } catch {
            throw .chartInvalid("\(error)")
        }
    }
}
