internal import BlobStorage
internal import ChartArchive
internal import Content
internal import Metadata
internal import OCIModel
internal import Posix

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
                try blobOrUnknown(digest, in: repository)
            }
        } catch .blobUnknown {
            // Of a manifest that is pushed, the transaction says what else is missing; a cached one waits for it.
            return nil
        }
    }

    private func blobOrUnknown(_ digest: Digest, in repository: RepositoryName) throws(ContentError) -> any OpenBlob {
        do throws(ContentError) {
            return try blobWhateverItsLocks(digest, in: repository)
        } catch .nameUnknown(let text) {
            throw .blobUnknown(text)
        }
    }

    /// What cached manifests say as charts that wait for nothing but a blob that is about to be linked.
    ///
    /// Costs a look-up when there are none. Those that are left out are examined by the housekeeping.
    func recordsWaiting(
        for digest: Digest, in repository: RepositoryName, _ open: () throws(ContentError) -> any OpenBlob
    ) -> [(manifest: Digest, record: ChartRecord)] {
        let waiting = try? reader().chartsWaiting(for: digest, in: repository, limit: 4)
        var records: [(manifest: Digest, record: ChartRecord)] = []
        for stored in waiting ?? [] {
            guard let manifest = try? Registry.parsed(stored, for: repository) else { continue }
            let record = try? Registry.examine(manifest, repository) { wanted throws(ContentError) in
                wanted == digest ? try open() : try blobOrUnknown(wanted, in: repository)
            }
            if let record { records.append((stored.digest, record)) }
        }
        return records
    }

    /// The same for a blob that is staged.
    func recordsWaiting(for staged: StagedBlob, in repository: RepositoryName) -> [(
        manifest: Digest, record: ChartRecord
    )] {
        recordsWaiting(for: staged.digest, in: repository) { () throws(ContentError) in
            do throws(SystemError) { return try blobs.open(slot: staged.slot) } catch { throw Registry.noRoom(error) }
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
