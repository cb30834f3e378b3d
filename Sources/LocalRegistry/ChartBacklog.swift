internal import BlobStorage
internal import Content
internal import Metadata
internal import OCIModel

/// Reads charts that nobody has examined: those of a store that an older Chartroom wrote, which kept no listing, and
/// cached ones whose last layer came just when they did.
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
            let read = try readSome(ChartBacklog.group)
            guard read > 0 else { break }
            count += read
        }
        if count > 0 { observer.didRecover("read \(count) charts that were stored and not examined") }
    }

    /// Reads so many at the most; gives how many are off the list.
    ///
    /// What waits for blobs that are not here is no broken chart: it is looked at again when they come.
    func readSome(_ limit: Int) throws(ContentError) -> Int {
        let unread = try writer.unreadCharts(limit: limit)
        guard !unread.isEmpty else { return 0 }
        var records: [ChartRecord] = []
        for chart in unread { records.append(record(chart)) }
        try writer.begin()
        do throws(ContentError) {
            for (chart, record) in zip(unread, records) {
                try writer.step { () throws(ContentError) in
                    let digest = chart.manifest.digest
                    if case .problem = record, try writer.awaitLayers(of: digest, in: chart.repository) { return }
                    try writer.noteChart(record, of: digest, in: chart.repository)
                }
            }
        } catch {
            writer.rollBack()
            throw error
        }
        try writer.commit()
        return unread.count
    }

    private func record(_ chart: (repository: RepositoryName, manifest: StoredManifest)) -> ChartRecord {
        do {
            let manifest = try Manifest(parsing: chart.manifest.bytes, contentType: chart.manifest.mediaType)
            return try Registry.examine(manifest, chart.repository) { digest throws(ContentError) in
                do { return try open(digest) } catch { throw .corrupt("blob \(digest): \(error)") }
            }
        } catch {
            return .problem("its bytes cannot be read: \(error)")
        }
    }

    /// A blob between its commit and its move is still in its slot.
    private func open(_ digest: Digest) throws -> BlobFile {
        if let slot = try writer.slot(of: digest), let file = try? blobs.open(slot: slot) { return file }
        return try blobs.open(digest)
    }
}
