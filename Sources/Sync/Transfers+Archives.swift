internal import Content
internal import OCIModel
internal import PullThrough
internal import Transfer

// Archives that are handed on as archives. Each is read whole and looked into first: who lists one chart and sends
// another must not have it put in that one's place.
extension Transfers {
    /// An archive that is what it was announced as.
    private struct Archive {
        let spool: Spool
        let provenance: [UInt8]?
        /// What it is known by at the source: a manifest, or itself.
        let sourceDigest: Digest
    }

    /// The most provenance that is taken, in bytes.
    private static let maximumProvenanceBytes: Int64 = 1 << 20

    /// Hands an archive on as it is.
    func hand(
        _ item: PlannedReference, _ source: any UpstreamCharts, _ intake: any ChartIntake
    ) async throws(TransferError) -> Moved {
        let entry = try Transfers.entry(item)
        let spool = spool()
        let archive: Archive
        do throws(ContentError) {
            try await source.fetchArchive(of: entry, head: { _ in }) { piece throws(ContentError) in
                try spool.append(piece)
            }
            let provenance = try await source.fetchProvenance(of: entry)
            let made = try Transfers.artifact(item, named: item.source, spool, provenance: provenance)
            archive = Archive(spool: spool, provenance: made.provenance?.1, sourceDigest: made.archive.digest)
        } catch {
            throw TransferError(.source, error)
        }
        return try await upload(item, intake, archive)
    }

    /// Takes the archive out of an artifact and hands it on.
    func unpack(
        _ item: PlannedReference, _ source: any TransferSource, _ intake: any ChartIntake
    ) async throws(TransferError) -> Moved {
        let repository = try Transfers.repository(item.source)
        let reference: ManifestReference =
            if let expected = item.expected { .digest(expected) } else { try Transfers.reference(item) }
        let archive: Archive
        do throws(ContentError) {
            archive = try await Transfers.archive(in: reference, of: repository, source, item, spool())
        } catch {
            throw TransferError(.source, error)
        }
        return try await upload(item, intake, archive)
    }

    private static func archive(
        in reference: ManifestReference, of repository: RepositoryName, _ source: any TransferSource,
        _ item: PlannedReference, _ spool: Spool
    ) async throws(ContentError) -> Archive {
        let stored = try await source.manifest(reference, in: repository)
        guard let content = ChartContent(stored) else {
            throw .unsupported("\(item.sourceName) is no chart, and \(item.to) takes nothing else")
        }
        try await source.readBlob(content.archive.digest, in: repository, from: 0) { piece throws(ContentError) in
            try spool.append(piece)
        }
        var provenance: [UInt8]?
        if let descriptor = content.provenance, descriptor.size <= maximumProvenanceBytes {
            var bytes: [UInt8] = []
            try await source.readBlob(descriptor.digest, in: repository, from: 0) { piece throws(ContentError) in
                bytes += piece
                guard Int64(bytes.count) <= descriptor.size else {
                    throw .corrupt("the provenance of \(item.sourceName) is longer than its descriptor says")
                }
            }
            provenance = bytes
        }
        // A classic repository names a chart as the chart does.
        let name = item.repository.description.split(separator: "/").last.map(String.init) ?? ""
        let made = try artifact(item, named: name, spool, provenance: provenance)
        guard made.archive.digest == content.archive.digest else {
            throw .corrupt("the archive of \(item.sourceName) does not hash to its digest")
        }
        return Archive(spool: spool, provenance: made.provenance?.1, sourceDigest: stored.digest)
    }

    private func upload(
        _ item: PlannedReference, _ intake: any ChartIntake, _ archive: Archive
    ) async throws(TransferError) -> Moved {
        let stored: StoredChart
        do throws(ContentError) {
            let upload = try await intake.openChart(in: ChartNamespace(of: item.repository))
            do throws(ContentError) {
                let pieces = SpoolPieces(archive.spool, from: 0)
                while let piece = try await pieces.next() { try await upload.append(piece) }
            } catch {
                await upload.abandon()
                throw error
            }
            if Task.isCancelled {
                await upload.abandon()
                throw ContentError.unavailable("the copy was cancelled")
            }
            stored = try await upload.finish(provenance: archive.provenance, replacing: true)
        } catch {
            throw TransferError(.destination, error)
        }
        var summary = TransferSummary(digest: stored.manifest)
        summary.blobs = 1
        summary.bytes = archive.spool.length
        events(.moved(mirror: worker.rule.name, bytes: archive.spool.length))
        let isClassic = if case .charts = item.to { true } else { false }
        return Moved(
            transfer: summary, sourceDigest: archive.sourceDigest, digest: isClassic ? nil : stored.manifest)
    }
}
