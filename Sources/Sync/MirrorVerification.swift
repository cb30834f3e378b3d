public import Content
internal import OCIModel
internal import PullThrough

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
        let answers = await Crew.map(wanted, limit: rule.concurrency) { [self] reference in
            await check(reference, reads: reads)
        }
        var result = MirrorVerification()
        for answer in answers {
            if let answer { result.failures.append(answer) } else { result.matching += 1 }
        }
        return result
    }

    private func check(_ reference: LockedReference, reads: Bool) async -> MirrorFailure? {
        let item = PlannedReference(
            .leave, from: reference.from, source: reference.source, version: reference.version, to: reference.to,
            repository: reference.repository, tag: reference.tag, reason: "")
        do throws(ContentError) {
            switch try await ends.destination(reference.to) {
            case .artifacts(let end, _): try await check(reference, end, reads: reads)
            case .charts(_, let listing): try await check(reference, listing)
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
        try await checkContent(of: stored, in: reference.repository, end, reads: reads, depth: 0)
    }

    private func checkContent(
        of stored: StoredManifest, in repository: RepositoryName, _ end: any TransferDestination, reads: Bool,
        depth: Int
    ) async throws(ContentError) {
        let manifest: Manifest
        do throws(OCIParseError) {
            manifest = try Manifest(parsing: stored.bytes, contentType: stored.mediaType)
        } catch {
            throw .manifestInvalid("manifest \(stored.digest): \(error.description)")
        }
        for blob in (manifest.config.map { [$0] } ?? []) + manifest.layers {
            if reads {
                try await end.readBlob(blob.digest, in: repository, from: 0) { _ in }
            } else {
                let size = try await end.blobSize(blob.digest, in: repository)
                guard size == blob.size else {
                    throw .sizeInvalid("blob \(blob.digest) has \(size) bytes, the manifest says \(blob.size)")
                }
            }
        }
        guard depth < 8 else { return }
        for child in manifest.manifests {
            let found: StoredManifest
            do throws(ContentError) {
                found = try await end.manifest(.digest(child.digest), in: repository)
            } catch {
                // Left out on purpose where only some platforms are wanted.
                if case .manifestUnknown = error, !rule.platforms.isEmpty { continue }
                throw error
            }
            try await checkContent(of: found, in: repository, end, reads: reads, depth: depth + 1)
        }
    }

    private func check(
        _ reference: LockedReference, _ listing: any UpstreamCharts
    ) async throws(ContentError) {
        let charts = try await IndexMemory(desk: desk, place: reference.to.description).charts(
            of: listing, now: options.now())
        let name = reference.repository.description.split(separator: "/").last.map(String.init) ?? ""
        guard let found = charts.first(where: { $0.name == name })?.versions.first(where: { $0.tag == reference.tag })
        else { throw .manifestUnknown("the index does not list it") }
        guard case .charts = reference.from else { return }
        guard found.digest == nil || found.digest == reference.digest else {
            throw .conflict("the index lists another archive: \(found.digestText)")
        }
    }
}

extension ListedVersion {
    fileprivate var digestText: String { digest?.description ?? "" }
}
