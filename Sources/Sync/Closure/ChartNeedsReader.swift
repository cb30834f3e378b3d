internal import ChartArchive
internal import Content
internal import HelmModel
internal import OCIModel
internal import Posix
internal import PullThrough

/// Finds out what charts need; an archive is read once, and what was found is kept in the ledger.
struct ChartNeedsReader: Sendable {
    /// What is known of a reference.
    struct Answer: Sendable {
        var finding: ChartFinding
        /// The manifest that its tag names, where somebody was asked.
        var digest: Digest?
    }

    let rule: MirrorRule
    let ends: any MirrorEnds
    let desk: LedgerDesk
    let spoolDirectory: String
    let maximumArchiveBytes: Int64
    /// Archives are unpacked here: they may be large, and unpacking does not wait.
    private static let pool = ThreadPool(name: "closure", threads: 2)

    /// What a reference needs.
    ///
    /// No request when its digest is known and was met before; else one for the digest, and for what was not met before
    /// the manifest and the archive.
    func read(_ reference: SelectedReference) async -> Result<Answer, ContentError> {
        do throws(ContentError) {
            guard !Task.isCancelled else { throw .unavailable("interrupted before it was looked into") }
            let isNamed = rule.isNamedByContent(reference.from)
            switch try await ends.source(reference.from, isNamedByContent: isNamed) {
            case .charts(let charts): return .success(try await read(reference, charts))
            case .artifacts(let source): return .success(try await read(reference, source))
            }
        } catch {
            return .failure(error)
        }
    }

    // MARK: Classic repositories

    private func read(
        _ reference: SelectedReference, _ charts: any UpstreamCharts
    ) async throws(ContentError) -> Answer {
        let digest = reference.expected ?? reference.version.digest
        let version = reference.version
        // An index that gives no digests is trusted to give the same archive under the same address.
        let key =
            digest?.description ?? "\(reference.source) \(version.text) \(version.urls.first ?? "")"
        if let known = try await remembered(reference, key) { return Answer(finding: known) }
        guard let entry = RepositoryIndexEntry(version, of: reference.source) else {
            throw .chartInvalid("the index lists \(reference.source) as no chart can be")
        }
        let spool = Spool(directory: spoolDirectory, maximumBytes: maximumArchiveBytes)
        try await charts.fetchArchive(of: entry, head: { _ in }) { piece throws(ContentError) in
            try spool.append(piece)
        }
        let finding = try await look(into: spool, digest, reference)
        try await keep(finding, reference, key)
        return Answer(finding: finding)
    }

    // MARK: Registries

    private func read(
        _ reference: SelectedReference, _ source: any TransferSource
    ) async throws(ContentError) -> Answer {
        let name = try Survey.repository(reference.source)
        var digest = reference.expected ?? reference.version.digest
        // What never moves need not be asked about.
        let isAsked = digest == nil && !reference.isImmutable
        if isAsked { digest = try await source.digest(of: reference.version.tag, in: name, unless: nil) }
        let key = digest?.description ?? "\(reference.source):\(reference.version.tag)"
        let asked = isAsked ? digest : nil
        if let known = try await remembered(reference, key) { return Answer(finding: known, digest: asked) }
        let stored = try await source.manifest(digest.map { .digest($0) } ?? .tag(reference.version.tag), in: name)
        var finding = ChartFinding.other
        if let content = ChartContent(stored) {
            let spool = Spool(directory: spoolDirectory, maximumBytes: maximumArchiveBytes)
            try await source.readBlob(content.archive.digest, in: name, from: 0) { piece throws(ContentError) in
                try spool.append(piece)
            }
            finding = try await look(into: spool, content.archive.digest, reference)
        }
        try await keep(finding, reference, key)
        return Answer(finding: finding, digest: asked)
    }

    // MARK: Archives

    private func look(
        into spool: Spool, _ wanted: Digest?, _ reference: SelectedReference
    ) async throws(ContentError) -> ChartFinding {
        if let wanted, wanted.algorithm == .sha256, let digest = spool.digest(), digest != wanted {
            throw .corrupt("the archive of \(reference.source) hashes to \(digest), not to \(wanted)")
        }
        let answer = await withTaskExecutorPreference(ChartNeedsReader.pool) { ChartNeedsReader.unpack(spool) }
        return try answer.get()
    }

    private static func unpack(_ spool: Spool) -> Result<ChartFinding, ContentError> {
        var offset: Int64 = 0
        var failure: ContentError?
        do throws(ChartArchiveError) {
            let tree = try ChartTree {
                do throws(ContentError) {
                    let piece = try spool.read(at: offset, maximumBytes: 64 << 10)
                    offset += Int64(piece.count)
                    return piece.isEmpty ? nil : piece
                } catch {
                    failure = error
                    throw error
                }
            }
            return .success(.chart(ChartNeeds(of: tree)))
        } catch {
            // A disk that fails says nothing of the chart.
            if let failure { return .failure(failure) }
            return .success(.unreadable(error.description))
        }
    }

    // MARK: Memory

    private func remembered(
        _ reference: SelectedReference, _ key: String
    ) async throws(ContentError) -> ChartFinding? {
        let (place, key) = (reference.from.root.description, "closure " + key)
        let known = try await desk.ask { ledger throws(ContentError) in try ledger.listing(of: place, key) }
        return known.flatMap { ChartFinding($0.body) }
    }

    private func keep(
        _ finding: ChartFinding, _ reference: SelectedReference, _ key: String
    ) async throws(ContentError) {
        guard let body = finding.body else { return }
        let (place, key) = (reference.from.root.description, "closure " + key)
        let listing = RememberedListing(entityTag: nil, body: body)
        try await desk.ask { ledger throws(ContentError) in try ledger.keep(listing, of: place, key) }
    }
}
