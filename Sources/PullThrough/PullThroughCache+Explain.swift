public import Content
internal import HelmModel
public import OCIModel
internal import Telemetry

extension PullThroughCache {
    /// Where a reference comes from, when it was checked, and what would happen now and by which rule.
    ///
    /// Asks nobody and counts no pull.
    public func explain(_ reference: Reference) async throws(ContentError) -> Explanation {
        let repository = reference.repository
        guard let named = reference.manifest else {
            throw .parameterInvalid("\(reference) names a whole repository; name a tag or a digest")
        }
        var found = Explanation(reference: reference.description, origin: "absent", outcome: "", rule: "")
        let held = try store.peekManifest(named, in: repository)
        var origin: TagOrigin?
        if case .tag(let tag) = named { origin = try store.tagOrigin(tag, in: repository) }
        if let held {
            found.digest = held.digest
            found.missingBlobs = try missingBlobs(of: held, in: repository)
            found.pulledAt = try await store.manifestAttributes(held.digest, in: repository).pulledAt
            found.origin = "pushed"
        }
        guard let match = table.match(repository) else {
            found.outcome = held == nil ? "404: it is not here, and no upstream stands behind it" : "served from disk"
            found.rule = "no upstream has a prefix of \(repository)"
            return found
        }
        found.upstream = match.upstream.name
        found.url = url(of: match)
        if held != nil, origin != nil { found.origin = "cached" }
        if case .digest = named, held != nil, try store.upstreamKnows(repository) { found.origin = "cached" }
        if let origin {
            found.checkedAt = origin.checkedAt
            found.goneSince = origin.goneSince
            if case .tag(let tag) = named {
                found.freshUntil = origin.checkedAt + match.upstream.rule.freshness(of: tag)
            }
        }
        (found.outcome, found.rule) = decision(named, held, origin, match, repository)
        return found
    }

    private func missingBlobs(of manifest: StoredManifest, in repository: RepositoryName) throws(ContentError) -> Int64
    {
        guard let parsed = try? Manifest(parsing: manifest.bytes, contentType: manifest.mediaType) else { return 0 }
        var missing: Int64 = 0
        for blob in parsed.layers + (parsed.config.map { [$0] } ?? [])
        where try hereBlob(blob.digest, in: repository) == nil { missing += 1 }
        return missing
    }

    private func url(of match: UpstreamTable.Match) -> String {
        let base = match.upstream.rule.urls.first ?? match.upstream.name
        return "\(base)/\(match.upstream.rule.rewritten(match.rest))"
    }

    /// What would be done, and by which rule: in the order in which a request is decided.
    private func decision(
        _ named: ManifestReference, _ held: StoredManifest?, _ origin: TagOrigin?, _ match: UpstreamTable.Match,
        _ repository: RepositoryName
    ) -> (outcome: String, rule: String) {
        let upstream = match.upstream
        guard held != nil else { return absent(named, match, repository) }
        guard case .tag(let tag) = named else {
            return ("served from disk; nobody is asked", "a digest is true for ever")
        }
        guard let origin else {
            return ("served from disk; nobody is asked", "it was pushed here, and no upstream overwrites that")
        }
        let period = UpstreamRule.isVersion(tag) ? "freshness.versions" : "freshness.tags"
        if options.now() - origin.checkedAt < upstream.rule.freshness(of: tag) {
            return ("served from disk; nobody is asked", "\(period): it was checked recently enough")
        }
        if upstream.rule.isOffline { return ("served from disk with a warning", "offline: the upstream is not asked") }
        if !upstream.isAsked { return ("served from disk with a warning", upstream.reason) }
        if let failure = negatives.error(.check(tag, repository)) {
            return ("served from disk with a warning", "the last check failed: " + failure.message)
        }
        if upstream.rule.freshness.isStrict {
            return ("the upstream is asked first, then served", "freshness.mode strict, and older than \(period)")
        }
        return ("served from disk at once, and checked behind the request", "older than \(period)")
    }

    private func absent(
        _ named: ManifestReference, _ match: UpstreamTable.Match, _ repository: RepositoryName
    ) -> (outcome: String, rule: String) {
        let upstream = match.upstream
        if !upstream.rule.allows(match.rest) {
            return ("403: it may not be cached", "allow and deny of \(upstream.name)")
        }
        if let known = negatives.error(.manifest(named, repository)) {
            return ("\(known.httpStatus): \(known.message)", "negative: it was asked for a moment ago")
        }
        if !upstream.isAsked { return ("502: it is not here, and the upstream is not asked", upstream.reason) }
        return ("fetched from the upstream, stored and served", "it is not here")
    }
}

extension CacheStore {
    /// Whether a repository's manifests came from an upstream: some tag of it has an origin there.
    func upstreamKnows(_ repository: RepositoryName) throws(ContentError) -> Bool {
        try cachedTagCounts(below: repository.description).tags > 0
    }
}
