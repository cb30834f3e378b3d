internal import BlobStorage
internal import ChartArchive
public import Content
internal import HelmModel
internal import Metadata
internal import OCIModel
internal import Posix

extension Registry: ChartIntake {
    /// Opens an upload of an archive.
    public func openChart(in namespace: ChartNamespace) async throws(ContentError) -> any ChartUpload {
        do {
            return LocalChartUpload(registry: self, namespace: namespace, ingest: try blobs.beginIngest(.sha256))
        } catch {
            throw Registry.noRoom(error)
        }
    }

    /// Adds provenance to a version that is there, found by the digest the provenance names.
    public func addProvenance(_ bytes: [UInt8], in namespace: ChartNamespace, replacing: Bool)
        async throws(ContentError) -> StoredChart
    {
        let provenance = try Registry.provenance(bytes)
        var found: ChartFile?
        for file in provenance.files where found == nil {
            found = try reader().chartFile(ofArchive: file.digest, in: namespace)?.file
        }
        guard let found else {
            throw .manifestUnknown("the provenance vouches for no chart that is listed here; upload the chart first")
        }
        guard found.provenance == nil || replacing else {
            throw .conflict(
                "\(found.repository):\(found.tag) has a provenance already; replace it with ?force")
        }
        let archive = try blobWhateverItsLocks(found.archive, in: found.repository)
        let chart: PackagedChart
        do {
            chart = try ChartArchiveReader.read(nextPiece: Registry.pieces(of: archive))
        } catch {
            throw .chartInvalid("\(found.repository):\(found.tag): \(error)")
        }
        let layer = Descriptor(mediaType: .helmChart, digest: found.archive, size: archive.size)
        return try await store(
            chart, archive: layer, [], provenance: bytes, in: namespace, replacing: .manifest(found.manifest))
    }

    /// Removes a version: its tag, and its manifest when no other tag names it.
    public func removeChart(_ name: String, version: String, in namespace: ChartNamespace) async throws(ContentError) {
        let now = options.now()
        try await committer.commit { writer throws(ContentError) in
            try writer.removeChart(name, version: version, in: namespace, at: now)
            return Committer.Effects()
        }
    }

    static func provenance(_ bytes: [UInt8]) throws(ContentError) -> ChartProvenance {
        do { return try ChartProvenance(parsing: bytes) } catch { throw .chartInvalid("\(error)") }
    }

    /// Stores a chart whose archive is staged, or in the repository already: blobs, manifest, tag and listing are one
    /// transaction.
    ///
    /// The staged archive is given back when this throws.
    func store(
        _ chart: PackagedChart, archive: Descriptor, _ stagedArchive: [StagedBlob], provenance: [UInt8]?,
        in namespace: ChartNamespace, replacing: Replacement
    ) async throws(ContentError) -> StoredChart {
        var staged = stagedArchive
        let stored: StoredChart
        let (row, manifest, parsed): (ChartRow, StoredManifest, Manifest)
        do throws(ContentError) {
            let repository = try namespace.repository(forChart: chart.metadata.name)
            try checkUnlocked(repository)
            let tag = try Registry.tag(of: chart.metadata)
            var layer: Descriptor?
            if let provenance {
                let blob = try stage(provenance)
                staged.append(blob)
                layer = Descriptor(mediaType: .helmProvenance, digest: blob.digest, size: blob.size)
            }
            let artifact = ChartArtifact(chart: chart, archive: archive, provenance: layer)
            staged.append(try stage(artifact.configBytes))
            manifest = StoredManifest(
                digest: artifact.manifest, mediaType: .ociManifest, bytes: artifact.manifestBytes)
            parsed = try Registry.parsed(manifest, for: repository)
            row = ChartRow(
                metadata: chart.metadata, created: chart.created, tag: tag, archive: archive.digest,
                layer: archive.digest, size: archive.size, provenance: layer?.digest)
            stored = StoredChart(
                repository: repository, tag: tag, manifest: manifest.digest, name: chart.metadata.name,
                version: chart.metadata.version, warnings: chart.metadata.warnings)
        } catch {
            for blob in staged { blobs.discard(slot: blob.slot) }
            throw error
        }
        try await commit(staged, manifest, parsed, row, stored, replacing: replacing)
        return stored
    }

    private func commit(
        _ staged: [StagedBlob], _ manifest: StoredManifest, _ parsed: Manifest, _ row: ChartRow, _ stored: StoredChart,
        replacing: Replacement
    ) async throws(ContentError) {
        let (repository, now) = (stored.repository, options.now())
        try await committer.commit(staged) { [self] writer throws(ContentError) in
            switch replacing {
            case .nothing: try writer.checkVacancy(for: row, in: repository)
            case .anything: break
            case .manifest(let old): try writer.checkTag(stored.tag, names: old, in: repository)
            case .cached: try writer.checkCached(stored.tag, in: repository)
            }
            var effects = Committer.Effects()
            for blob in staged { try link(blob, in: repository, at: now, writer, &effects) }
            try writer.putManifest(
                manifest, parsed, tags: [stored.tag], in: repository, allowsMissingManifests: false,
                from: replacing.source, at: now)
            try writer.noteChart(.chart(row), of: manifest.digest, in: repository)
            try writer.checkListed(manifest.digest, in: repository)
            return effects
        }
    }

    private func stage(_ bytes: [UInt8]) throws(ContentError) -> StagedBlob {
        do throws(SystemError) {
            let ingest = try blobs.beginIngest(.sha256)
            do throws(SystemError) {
                try ingest.append(bytes)
                return try ingest.stage(.sha256)
            } catch {
                blobs.discard(slot: ingest.slot)
                throw error
            }
        } catch {
            throw Registry.noRoom(error)
        }
    }

    private static func tag(of metadata: ChartMetadata) throws(ContentError) -> Tag {
        do {
            return try Tag(chartVersion: metadata.version)
        } catch {
            throw .chartInvalid("the chart's version cannot be a tag: \(error)")
        }
    }
}

/// What the tag of a version may name when the version is stored.
enum Replacement: Sendable {
    /// Nothing: the version is new.
    case nothing
    /// This manifest and no other, whatever came in between.
    case manifest(Digest)
    /// Anything.
    case anything
    /// Nothing, or what was cached: the version comes from this upstream.
    case cached(from: String)

    /// Who gives the version.
    var source: ManifestSource {
        switch self {
        case .nothing, .manifest, .anything: .client
        case .cached(let upstream): .upstream(upstream)
        }
    }
}

/// An archive on its way in by the classic door.
final class LocalChartUpload: ChartUpload {
    private let registry: Registry
    private let namespace: ChartNamespace
    private let ingest: IngestFile

    init(registry: Registry, namespace: ChartNamespace, ingest: IngestFile) {
        self.registry = registry
        self.namespace = namespace
        self.ingest = ingest
    }

    func append(_ bytes: [UInt8]) async throws(ContentError) {
        guard ingest.length + Int64(bytes.count) <= ChartArchiveReader.maximumArchiveBytes else {
            throw .tooLarge("a chart's archive may have \(ChartArchiveReader.maximumArchiveBytes) bytes at the most")
        }
        do { try ingest.append(bytes) } catch { throw Registry.noRoom(error) }
    }

    func finish(provenance: [UInt8]?, replacing: Bool) async throws(ContentError) -> StoredChart {
        let (staged, chart): (StagedBlob, PackagedChart)
        do throws(ContentError) {
            (staged, chart) = try read()
            if let provenance, try !Registry.provenance(provenance).names(staged.digest) {
                throw .chartInvalid("the provenance does not vouch for this archive: sign it again")
            }
        } catch {
            registry.blobs.discard(slot: ingest.slot)
            throw error
        }
        let archive = Descriptor(mediaType: .helmChart, digest: staged.digest, size: staged.size)
        return try await registry.store(
            chart, archive: archive, [staged], provenance: provenance, in: namespace,
            replacing: replacing ? .anything : .nothing)
    }

    private func read() throws(ContentError) -> (StagedBlob, PackagedChart) {
        let staged: StagedBlob
        do { staged = try ingest.stage(.sha256) } catch { throw Registry.noRoom(error) }
        return (staged, try registry.readChart(inSlot: staged.slot))
    }

    func abandon() async {
        registry.blobs.discard(slot: ingest.slot)
    }
}
