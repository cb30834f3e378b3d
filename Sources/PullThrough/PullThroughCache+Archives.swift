internal import Content
internal import HelmModel
internal import OCIModel
internal import Telemetry

// How the files of a chart come here, from either kind of upstream.
extension PullThroughCache {
    // MARK: From a classic repository

    /// Fetches a version, and waits until it is stored.
    func wholeChart(
        _ chart: UpstreamChart, in namespace: ChartNamespace, _ match: UpstreamTable.Match
    ) async throws(ContentError) {
        let key = FillTable.Key.file(chart.fileName, namespace)
        let (fill, isNew) = fills.join(key)
        if isNew {
            start(fill, key) { fill throws(ContentError) in
                try await self.fillChart(fill, chart, in: namespace, match)
            }
        }
        try await ended(fill, key, match)
    }

    /// A blob that a manifest of ours names and that is not here any more, or is asked for before its manifest.
    func fillArchive(
        _ digest: Digest, in repository: RepositoryName, _ match: UpstreamTable.Match
    ) async throws(ContentError) {
        let namespace = ChartNamespace(of: repository)
        guard let spot = table.match(namespace),
            let chart = try store.upstreamChart(ofArchive: digest, of: repository)
        else { throw .blobUnknown("blob \(digest) is not in repository \(repository)") }
        try await wholeChart(chart, in: namespace, spot)
    }

    func fillChart(
        _ fill: Fill, _ chart: UpstreamChart, in namespace: ChartNamespace, _ match: UpstreamTable.Match,
        replaces: Bool = false
    ) async throws(ContentError) {
        if !replaces, try hereFile(chart.fileName, false, in: namespace) != nil { return }
        guard let entry = RepositoryIndexEntry(chart) else {
            throw .internal("the listed version \(chart.fileName) cannot be read back; read the index again")
        }
        try await match.upstream.inTurn { () throws(ContentError) in
            try await fetchChart(fill, chart, entry, in: namespace, match)
        }
    }

    private func fetchChart(
        _ fill: Fill, _ chart: UpstreamChart, _ entry: RepositoryIndexEntry, in namespace: ChartNamespace,
        _ match: UpstreamTable.Match
    ) async throws(ContentError) {
        let sink = try store.openChartFill(in: namespace)
        // Asked for at the same time: the manifest has it in it, and follows from the upstream's files alone.
        let provenance = Task(executorPreference: pool) { await self.provenance(of: entry, match) }
        do throws(ContentError) {
            meter.requests.increment()
            try await match.upstream.askCharts(match.rest, of: entry) { charts throws(ContentError) in
                guard sink.length == 0 else {
                    throw .internal("\(chart.fileName) broke off, and its other URLs cannot go on from there")
                }
                try await charts.fetchArchive(of: entry) { size throws(ContentError) in
                    fill.began(size: size) { () throws(ContentError) in try sink.openReader() }
                } _: { piece throws(ContentError) in
                    try sink.append(piece)
                    self.meter.fetchedBytes.increment(by: Int64(piece.count))
                    fill.advanced(to: sink.length)
                }
            }
        } catch {
            provenance.cancel()
            sink.abandon()
            throw error
        }
        _ = try await sink.finish(chart, from: match.upstream.name) {
            await provenance.value
        } _: {
            fill.verified()
        }
    }

    /// The provenance beside an archive; one that cannot be had is logged, and the chart goes without it.
    private func provenance(of entry: RepositoryIndexEntry, _ match: UpstreamTable.Match) async -> [UInt8]? {
        do throws(ContentError) {
            meter.requests.increment()
            return try await match.upstream.askCharts(match.rest, of: entry) { charts throws(ContentError) in
                try await charts.fetchProvenance(of: entry)
            }
        } catch {
            options.logger.warning(
                "the provenance of a chart could not be fetched",
                [("chart", .string("\(entry.name) \(entry.version)")), ("error", .string(error.message))])
            return nil
        }
    }

    // MARK: From a registry

    /// A chart of a registry under the name of its archive: the name is tried at every dash behind which a version may
    /// stand.
    func fetchFromRegistry(
        _ archive: String, _ isProvenance: Bool, in namespace: ChartNamespace, _ match: UpstreamTable.Match
    ) async throws(ContentError) -> FoundChartFile {
        var failure: ContentError?
        for (name, version) in FileNames.candidates(archive) {
            guard let tag = try? Tag(chartVersion: version), let repository = try? namespace.repository(forChart: name),
                let spot = table.match(repository), spot.upstream.rule.allows(spot.rest)
            else { continue }
            do throws(ContentError) {
                let manifest = try await manifests.value(
                    ManifestKey(repository: repository, reference: .tag(tag)), deadline: spot.upstream.rule.deadline,
                    late: "the upstream \(spot.upstream.name) did not answer in time"
                ) { [self] () throws(ContentError) in try await fetch(.tag(tag), in: repository, spot) }
                return try await layer(of: manifest, isProvenance, in: repository, spot)
            } catch {
                guard error.isAbsence || error.isRefusal else { throw error }
                failure = failure ?? error
            }
        }
        throw failure ?? .manifestUnknown("there is no chart \(OCIParseError.quote(archive)) in \(namespace)")
    }

    private func layer(
        of manifest: StoredManifest, _ isProvenance: Bool, in repository: RepositoryName, _ match: UpstreamTable.Match
    ) async throws(ContentError) -> FoundChartFile {
        let parsed = try? Manifest(parsing: manifest.bytes, contentType: manifest.mediaType)
        let isWanted = { (type: MediaType) in isProvenance ? type == .helmProvenance : ChartLayer.isArchive(type) }
        guard let layer = parsed?.layers.first(where: { isWanted($0.mediaType) }) else {
            throw .manifestUnknown("\(repository) has no such chart: the artifact has no layer of that kind")
        }
        // Config and layers are wanted together in the end: only then is it listed as a chart.
        for descriptor in (parsed?.layers ?? []) + (parsed?.config.map { [$0] } ?? []) where descriptor != layer {
            _ = try? cachedBlob(descriptor.digest, in: repository).map { prefetch($0) }
        }
        guard let cached = try cachedBlob(layer.digest, in: repository) else {
            throw .blobUnknown("blob \(layer.digest) is not in repository \(repository)")
        }
        switch cached {
        case .here(let blob, _): return FoundChartFile(digest: layer.digest, blob: blob)
        case .later(let read): return FoundChartFile(digest: layer.digest, blob: try await read().0)
        }
    }

    /// Waits for a blob on nobody's behalf.
    func prefetch(_ cached: Cached<FoundBlob>) {
        guard case .later(let read) = cached else { return }
        Task(executorPreference: pool) { _ = try? await read() }
    }
}
