internal import BlobStorage
internal import ChartArchive
internal import Content
internal import Metadata
internal import OCIModel

extension Registry {
    /// What a manifest that is about to be stored says as a chart; nil when it makes no such claim, or is known.
    ///
    /// Reads the archive: about a millisecond, for the largest some hundred. Blocks.
    func chartRecord(_ stored: StoredManifest, _ manifest: Manifest, in repository: RepositoryName)
        throws(ContentError) -> ChartRecord?
    {
        guard manifest.config?.mediaType == .helmConfig else { return nil }
        guard try !reader().isKnownChart(stored.digest, in: repository) else { return nil }
        do throws(ContentError) {
            return try Registry.examine(manifest, repository) { digest throws(ContentError) in
                try blobWhateverItsLocks(digest, in: repository)
            }
        } catch .blobUnknown {
            // The transaction says what else is missing.
            return nil
        }
    }

    /// Examines a chart; one whose bytes cannot be read is listed nowhere, and the reason is kept.
    ///
    /// - Throws: `.blobUnknown` only.
    static func examine(
        _ manifest: Manifest, _ repository: RepositoryName, _ open: (Digest) throws(ContentError) -> any OpenBlob
    ) throws(ContentError) -> ChartRecord {
        do throws(ContentError) {
            let examination = try ChartExamination.examine(manifest: manifest, repository: repository) {
                digest throws(ContentError) in pieces(of: try open(digest))
            }
            switch examination {
            case .chart(let facts): return .chart(ChartRow(facts))
            case .refused(let problem): return .problem(problem)
            }
        } catch .blobUnknown(let text) {
            throw .blobUnknown(text)
        } catch {
            return .problem("its bytes cannot be read: \(error.message)")
        }
    }

    /// A blob's bytes, piece by piece.
    static func pieces(of blob: any OpenBlob) -> () throws -> [UInt8]? {
        var offset: Int64 = 0
        return {
            guard offset < blob.size else { return nil }
            let piece = try blob.read(at: offset, maximumBytes: 128 << 10)
            offset += Int64(piece.count)
            return piece.isEmpty ? nil : piece
        }
    }
}

/// Reads the charts of a store that an older Chartroom wrote, which kept no listing.
struct ChartBacklog {
    /// Charts read between two commits.
    private static let group = 64

    let writer: MetadataWriter
    let blobs: BlobStore
    let observer: StoreObserver

    /// Reads all that are left; a start that is cut short goes on from there the next time.
    func run() throws(ContentError) {
        var count = 0
        while true {
            let unread = try writer.unreadCharts(limit: ChartBacklog.group)
            guard !unread.isEmpty else { break }
            var records: [(Digest, RepositoryName, ChartRecord)] = []
            for chart in unread { records.append((chart.manifest.digest, chart.repository, record(chart))) }
            try writer.begin()
            do throws(ContentError) {
                for (digest, repository, record) in records {
                    try writer.step { () throws(ContentError) in
                        try writer.noteChart(record, of: digest, in: repository)
                    }
                }
            } catch {
                writer.rollBack()
                throw error
            }
            try writer.commit()
            count += unread.count
        }
        if count > 0 { observer.didRecover("read \(count) charts that an older version of Chartroom stored") }
    }

    private func record(_ chart: (repository: RepositoryName, manifest: StoredManifest)) -> ChartRecord {
        do {
            let manifest = try Manifest(parsing: chart.manifest.bytes, contentType: chart.manifest.mediaType)
            return try Registry.examine(manifest, chart.repository) { digest throws(ContentError) in
                do { return try blobs.open(digest) } catch { throw .corrupt("blob \(digest): \(error)") }
            }
        } catch {
            return .problem("its bytes cannot be read: \(error)")
        }
    }
}
