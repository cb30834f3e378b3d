public import Content
internal import HelmModel
public import OCIModel
internal import Posix
internal import Telemetry

extension PullThroughCache: UpstreamControl {
    /// Every configured upstream and its state.
    public func upstreams() async throws(ContentError) -> [UpstreamState] {
        var states: [UpstreamState] = []
        for upstream in table.all {
            let health = upstream.health()
            let counts = try store.cachedTagCounts(below: upstream.name)
            states.append(
                UpstreamState(
                    prefix: upstream.name, kind: upstream.knownKind.rawValue, urls: upstream.rule.urls,
                    health: health.text, lastError: health.error, lastContact: health.contact, cachedTags: counts.tags,
                    goneTags: counts.gone))
        }
        return states
    }

    /// Asks upstreams whether they can be reached and let us in.
    public func testUpstreams(_ prefix: String?) async throws(ContentError) -> [UpstreamTest] {
        let chosen = table.all.filter { prefix == nil || $0.name == prefix }
        guard !chosen.isEmpty else {
            throw .nameUnknown(
                prefix.map { "there is no upstream at \(OCIParseError.quote($0))" }
                    ?? "no upstream is configured: add upstreams to the configuration")
        }
        var results: [UpstreamTest] = []
        for upstream in chosen {
            for place in upstream.places { results.append(await test(place, of: upstream)) }
        }
        return results
    }

    private func test(_ place: Upstream.Place, of upstream: Upstream) async -> UpstreamTest {
        let start = options.now()
        var finding = ""
        var problem: String?
        do throws(ContentError) {
            finding = try await PullThroughCache.look(at: place.place, upstream)
            place.breaker.note(nil)
        } catch {
            place.breaker.note(error)
            problem = error.message
        }
        return UpstreamTest(
            prefix: upstream.name, url: place.place.url, problem: problem, finding: finding,
            milliseconds: max(0, options.now() - start) / 1000)
    }

    private static func look(at place: UpstreamPlace, _ upstream: Upstream) async throws(ContentError) -> String {
        if upstream.rule.isOffline { return "not asked: it is configured to be offline" }
        if let registry = place.registry {
            do throws(ContentError) {
                try await registry.ping()
                return "an OCI registry that lets us in"
            } catch {
                guard case .unsupported = error, place.charts != nil else { throw error }
            }
        }
        guard let charts = try await place.charts?("") else {
            throw .unsupported("\(place.url) is not an OCI registry")
        }
        do throws(ContentError) {
            guard case .other(let index, _, _, _) = try await charts.fetchIndex(unless: nil) else {
                return "a chart repository"
            }
            let dropped = index.droppedCount > 0 ? ", \(index.droppedCount) left out as invalid" : ""
            return "a chart repository of \(index.versionCount) versions of \(index.charts.count) charts" + dropped
        } catch {
            // Below a host the repositories have paths of their own.
            guard error.isAbsence, upstream.rule.kind == .either else { throw error }
            return "a web server that answers; it has no chart repository at its root"
        }
    }

    /// The references below a path that an upstream lists.
    public func upstreamReferences(in path: RepositoryName) async throws(ContentError) -> [Reference] {
        let namespace = ChartNamespace(path)
        if let match = table.match(namespace), try await match.upstream.kind() == .charts {
            try await readIndex(of: namespace, match, deadline: match.upstream.rule.deadline)
            return try listedReferences(in: namespace)
        }
        guard let match = table.match(path) else {
            throw .nameUnknown("no upstream stands behind \(path)")
        }
        let tags = try await match.upstream.askRegistry(match.rest) { registry, name throws(ContentError) in
            try await registry.listTags(in: name, unless: nil)?.elements ?? []
        }
        return tags.map { Reference(repository: path, tag: $0) }
    }

    private func listedReferences(in namespace: ChartNamespace) throws(ContentError) -> [Reference] {
        var references: [Reference] = []
        try store.forEachEntry(in: namespace, from: nil, before: nil) { entry in
            if let repository = try? namespace.repository(forChart: entry.key.name),
                let tag = try? Tag(chartVersion: entry.version)
            {
                references.append(Reference(repository: repository, tag: tag))
            }
            return true
        }
        return references
    }

    /// Removes what was cached from upstreams below a path.
    public func purge(_ path: RepositoryName, _ options: PurgeOptions) async throws(ContentError) -> PurgeSummary {
        let summary = try await store.purgeCached(below: path, options)
        if !options.isDryRun { negatives.forgetAll() }
        return summary
    }

    // MARK: Warming

    /// Fetches what a reference names and everything below it, unless it is here.
    public func warm(_ reference: Reference) async throws(ContentError) -> WarmedReference {
        guard let match = table.match(reference.repository) else {
            throw .nameUnknown("no upstream stands behind \(reference.repository)")
        }
        guard let named = reference.manifest else {
            throw .parameterInvalid(
                "\(reference) names a whole repository; name a tag or digest, or warm it as an index")
        }
        var warmed = WarmedReference(fetched: 0, bytes: 0)
        var waiting = [named]
        var seen: Set<Digest> = []
        while let next = waiting.popLast() {
            let before = warmed.fetched
            let manifest = try await warmManifest(next, in: reference.repository, &warmed)
            guard seen.insert(manifest.digest).inserted, seen.count <= PullThroughCache.mostManifests else { continue }
            guard let parsed = try? Manifest(parsing: manifest.bytes, contentType: manifest.mediaType) else { continue }
            waiting += parsed.manifests.map { .digest($0.digest) }
            // Of a classic upstream the archive has come with the manifest.
            let hasCome = warmed.fetched > before && match.upstream.knownKind == .charts
            for blob in parsed.layers + (parsed.config.map { [$0] } ?? []) {
                try await warmBlob(blob, in: reference.repository, hasCome: hasCome, &warmed)
            }
        }
        return warmed
    }

    /// The most manifests that one reference may lead to.
    private static let mostManifests = 1000

    private func warmManifest(
        _ reference: ManifestReference, in repository: RepositoryName, _ warmed: inout WarmedReference
    ) async throws(ContentError) -> StoredManifest {
        switch try cachedManifest(reference, in: repository) {
        case .here(let manifest, _)?: return manifest
        case .later(let read)?:
            let manifest = try await read().0
            warmed.fetched += 1
            warmed.bytes += Int64(manifest.bytes.count)
            return manifest
        case nil: throw .manifestUnknown("\(repository) has no upstream")
        }
    }

    private func warmBlob(
        _ blob: Descriptor, in repository: RepositoryName, hasCome: Bool, _ warmed: inout WarmedReference
    ) async throws(ContentError) {
        switch try cachedBlob(blob.digest, in: repository) {
        case .here(.whole, _)?, nil: guard hasCome else { return }
        case .here(.growing, _)?: break
        case .later(let read)?: _ = try await read()
        }
        warmed.fetched += 1
        warmed.bytes += blob.size
        try await fills.find(.blob(blob.digest, repository))?.whole()
    }
}
