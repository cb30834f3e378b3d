public import Content
public import OCIModel
internal import Telemetry

extension PullThroughCache {
    /// A blob, whole or on its way.
    public func cachedBlob(_ digest: Digest, in repository: RepositoryName) throws(ContentError) -> Cached<FoundBlob>? {
        guard let match = table.match(repository) else { return nil }
        if let blob = try hereBlob(digest, in: repository) {
            meter.count(.hit)
            return .here(.whole(blob), .none)
        }
        let key = FillTable.Key.blob(digest, repository)
        if let fill = fills.find(key), case .growing(let size)? = try? fill.head {
            meter.count(.miss)
            return .here(.growing(try fill.reader(size: size)), .none)
        }
        let negative = NegativeCache.Key.blob(digest, repository)
        try checkAsking(match, negative)
        return .later { [self] () throws(ContentError) in
            do throws(ContentError) {
                let found = try await awaited(key, match) { fill throws(ContentError) in
                    try await self.fillBlob(fill, digest, in: repository, match)
                } stored: { () throws(ContentError) in
                    try self.store.findBlob(digest, in: repository)
                }
                meter.count(.miss)
                return (found, .none)
            } catch {
                throw told(error, match, negative)
            }
        }
    }

    func hereBlob(_ digest: Digest, in repository: RepositoryName) throws(ContentError) -> (any OpenBlob)? {
        do throws(ContentError) {
            return try store.findBlob(digest, in: repository)
        } catch {
            guard error.isAbsence else { throw error }
            return nil
        }
    }

    /// Waits until a fill has begun to come in, or is complete where nobody knows how large it will be.
    ///
    /// Starts it unless it is under way.
    func awaited(
        _ key: FillTable.Key, _ match: UpstreamTable.Match,
        _ run: @escaping @Sendable (Fill) async throws(ContentError) -> Void,
        stored: () throws(ContentError) -> any OpenBlob
    ) async throws(ContentError) -> FoundBlob {
        let (fill, isNew) = fills.join(key)
        if isNew { start(fill, key, run) }
        let head = try await heads.value(
            key, deadline: match.upstream.rule.deadline,
            late:
                "the upstream \(match.upstream.name) did not begin to answer in time; try again, it is still being asked"
        ) { () throws(ContentError) in try await fill.begun() }
        switch head {
        case .growing(let size): return .growing(try fill.reader(size: size))
        case .unknown:
            try await ended(fill, key, match)
            return .whole(try stored())
        case .stored: return .whole(try stored())
        }
    }

    /// Waits until a fill is in the store, but no longer than a request may wait.
    func ended(_ fill: Fill, _ key: FillTable.Key, _ match: UpstreamTable.Match) async throws(ContentError) {
        _ = try await ends.value(
            key, deadline: match.upstream.rule.deadline,
            late: "the upstream \(match.upstream.name) did not send it all in time; try again, it is still coming in"
        ) { () throws(ContentError) in
            try await fill.whole()
            return true
        }
    }

    /// Runs a fill to its end, whatever becomes of those who read from it.
    func start(
        _ fill: Fill, _ key: FillTable.Key, _ run: @escaping @Sendable (Fill) async throws(ContentError) -> Void
    ) {
        Task(executorPreference: pool) {
            var failure: ContentError?
            do throws(ContentError) {
                try await run(fill)
            } catch {
                failure = error
                if case .corrupt = error { self.meter.corrupt.increment() }
                if !error.isAbsence {
                    self.options.logger.warning("a fetch from an upstream failed", [("error", .string(error.message))])
                }
            }
            // Out of the table first: who comes now finds it in the store, or begins anew.
            self.fills.remove(key)
            fill.ended(failure)
        }
    }

    // MARK: One fill

    private func fillBlob(
        _ fill: Fill, _ digest: Digest, in repository: RepositoryName, _ match: UpstreamTable.Match
    ) async throws(ContentError) {
        if try hereBlob(digest, in: repository) != nil { return }
        let named = try store.namedBlob(digest, in: repository)
        if try await match.upstream.kind() == .charts {
            return try await fillArchive(digest, in: repository, match)
        }
        // The manifest vouches for it: bytes of this digest from anywhere will do.
        if named != nil, try await store.mountBlob(digest, from: nil, into: repository) { return }
        try await match.upstream.inTurn { () throws(ContentError) in
            try await fetchBlob(fill, digest, named, in: repository, match)
        }
    }

    private func fetchBlob(
        _ fill: Fill, _ digest: Digest, _ named: Descriptor?, in repository: RepositoryName,
        _ match: UpstreamTable.Match
    ) async throws(ContentError) {
        let sink = try store.openFill(of: digest, in: repository)
        do throws(ContentError) {
            meter.requests.increment()
            try await match.upstream.askRegistry(match.rest) { registry, name throws(ContentError) in
                try await pour(digest, named, registry, name, into: sink, fill)
            }
        } catch {
            sink.abandon()
            throw error
        }
        try await sink.finish { fill.verified() }
    }

    private func pour(
        _ digest: Digest, _ named: Descriptor?, _ registry: any UpstreamRegistry, _ name: RepositoryName,
        into sink: any BlobFill, _ fill: Fill
    ) async throws(ContentError) {
        do throws(ContentError) {
            try await registry.fetchBlob(digest, in: name, from: sink.length) { size throws(ContentError) in
                if let size, let named, size != named.size {
                    throw .sizeInvalid("blob \(digest) has \(size) bytes upstream, \(named.size) by its manifest")
                }
                fill.began(size: named?.size ?? size) { () throws(ContentError) in try sink.openReader() }
            } _: { piece throws(ContentError) in
                // Else an upstream that never ends fills the disk.
                if let named, sink.length + Int64(piece.count) > named.size {
                    throw .sizeInvalid("blob \(digest) has more bytes upstream than the \(named.size) of its manifest")
                }
                try sink.append(piece)
                self.meter.fetchedBytes.increment(by: Int64(piece.count))
                fill.advanced(to: sink.length)
            }
        } catch .corrupt(let text) {
            // Wrong bytes are no beginning that another URL could go on from; `finish` sets them aside.
            guard sink.length > 0 else { throw .corrupt(text) }
        }
    }
}
