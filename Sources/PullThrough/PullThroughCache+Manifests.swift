public import Content
internal import HelmModel
public import OCIModel
internal import Telemetry

extension PullThroughCache {
    /// The manifest a reference names.
    public func cachedManifest(_ reference: ManifestReference, in repository: RepositoryName)
        throws(ContentError) -> Cached<StoredManifest>?
    {
        guard let match = table.match(repository) else { return nil }
        guard let found = try here(reference, in: repository) else {
            return try missing(reference, in: repository, match)
        }
        guard case .tag(let tag) = reference else {
            meter.count(.hit)
            return .here(found, .none)
        }
        guard let origin = try store.tagOrigin(tag, in: repository) else { return .here(found, .none) }
        try checkAge(of: found, tag, origin, match)
        return aged(found, TagKey(repository: repository, tag: tag), origin, match)
    }

    /// What is in the store; notes that it was pulled.
    func here(_ reference: ManifestReference, in repository: RepositoryName) throws(ContentError) -> StoredManifest? {
        do throws(ContentError) {
            return try store.findManifest(reference, in: repository)
        } catch {
            guard error.isAbsence else { throw error }
            return nil
        }
    }

    // MARK: A tag that is here

    /// The copy, with how old it is; one that is too old is checked behind the request, or before it when the rule is
    /// strict.
    private func aged(
        _ found: StoredManifest, _ key: TagKey, _ origin: TagOrigin, _ match: UpstreamTable.Match
    ) -> Cached<StoredManifest> {
        let rule = match.upstream.rule
        let age = seconds(since: origin.checkedAt)
        var note = CacheNote(age: age)
        if options.now() - origin.checkedAt < rule.freshness(of: key.tag) {
            meter.count(.hit)
        } else if !match.upstream.isAsked {
            note = staleNote(age, match.upstream)
        } else if let failure = negatives.error(.check(key.tag, key.repository)) {
            meter.count(.stale)
            note.warnings = [.stale, .revalidationFailed(failure.message)]
        } else if rule.freshness.isStrict {
            return .later { [self] () throws(ContentError) in try await strict(found, key, origin, match) }
        } else {
            meter.count(.stale)
            note.warnings = [.stale]
            checkBehind(key, match)
        }
        return .here(found, note.adding(origin, match.upstream))
    }

    private func strict(
        _ found: StoredManifest, _ key: TagKey, _ origin: TagOrigin, _ match: UpstreamTable.Match
    ) async throws(ContentError) -> (StoredManifest, CacheNote) {
        do throws(ContentError) {
            _ = try await checks.value(
                key, deadline: match.upstream.rule.freshness.strictDeadline, late: "it did not answer in time"
            ) { [self] () throws(ContentError) in try await check(key, match) }
        } catch {
            meter.count(.stale)
            let note = CacheNote(
                age: seconds(since: origin.checkedAt), warnings: [.stale, .revalidationFailed(error.message)])
            return (found, note.adding(origin, match.upstream))
        }
        meter.count(.hit)
        guard let now = try here(.tag(key.tag), in: key.repository) else {
            throw .manifestUnknown("\(key.repository):\(key.tag) was deleted upstream, and here with it")
        }
        let origin = try store.tagOrigin(key.tag, in: key.repository)
        if let origin { try checkAge(of: now, key.tag, origin, match) }
        let note = CacheNote(age: origin.map { seconds(since: $0.checkedAt) })
        return (now, origin.map { note.adding($0, match.upstream) } ?? note)
    }

    private func checkBehind(_ key: TagKey, _ match: UpstreamTable.Match) {
        checks.begin(key) { [self] () throws(ContentError) in
            do throws(ContentError) {
                return try await check(key, match)
            } catch {
                options.logger.warning(
                    "a cached tag could not be checked",
                    [("tag", .string("\(key.repository):\(key.tag)")), ("error", .string(error.message))])
                throw error
            }
        }
    }

    /// Asks the upstream what a cached tag names now, and follows it; gives whether it moved.
    func check(_ key: TagKey, _ match: UpstreamTable.Match) async throws(ContentError) -> Bool {
        do throws(ContentError) {
            switch try await match.upstream.kind() {
            case .charts: return try await checkChart(key, match)
            case .registry, .either: return try await checkTag(key, match)
            }
        } catch {
            if error.isAbsence { return try await followDeletion(key, match) }
            // Not asked again by every request that comes meanwhile.
            negatives.remember(
                .check(key.tag, key.repository), error, for: min(match.upstream.rule.negative.microseconds, 30_000_000))
            throw error
        }
    }

    private func checkTag(_ key: TagKey, _ match: UpstreamTable.Match) async throws(ContentError) -> Bool {
        let known = try store.peekManifest(.tag(key.tag), in: key.repository)?.digest
        meter.requests.increment()
        let answer = try await match.upstream.askRegistry(match.rest) { registry, name throws(ContentError) in
            try await registry.checkTag(key.tag, in: name, unless: known)
        }
        if case .other(let digest) = answer, digest == nil || digest != known {
            return try await follow(key, to: digest, match)
        }
        store.noteTagChecked(key.tag, in: key.repository, isGone: false)
        return false
    }

    /// Moves a tag as upstream, unless what it names there is too young: then the old one stays.
    private func follow(
        _ key: TagKey, to digest: Digest?, _ match: UpstreamTable.Match
    ) async throws(ContentError) -> Bool {
        let upstream = match.upstream
        let held = try digest.flatMap { digest throws(ContentError) in
            try store.peekManifest(.digest(digest), in: key.repository)
        }
        let manifest = if let held { held } else { try await ask(.tag(key.tag), match) }
        let wanted = upstream.rule.minimumAge(of: match.rest)
        if wanted > 0 {
            var born = PullThroughCache.created(manifest) ?? options.now()
            if held != nil, PullThroughCache.created(manifest) == nil {
                born = try await store.manifestAttributes(manifest.digest, in: key.repository).createdAt
            }
            guard options.now() - born >= wanted else {
                // Kept without the tag: its age counts from now if it has none of its own.
                if held == nil {
                    try await store.cacheManifest(manifest, tag: nil, from: upstream.name, in: key.repository)
                }
                store.noteTagChecked(key.tag, in: key.repository, isGone: false)
                return false
            }
        }
        try await store.cacheManifest(manifest, tag: key.tag, from: upstream.name, in: key.repository)
        fetchProvenance(of: manifest, in: key.repository)
        return true
    }

    /// What the upstream has deleted stays, or goes too, as the rule has it.
    private func followDeletion(_ key: TagKey, _ match: UpstreamTable.Match) async throws(ContentError) -> Bool {
        let fields: [LogRecord.Field] = [
            ("tag", .string("\(key.repository):\(key.tag)")), ("upstream", .string(match.upstream.name)),
        ]
        if match.upstream.rule.deletes {
            try await store.dropCachedTag(key.tag, in: key.repository)
            options.logger.info("a cached tag was deleted as upstream", fields)
        } else {
            let isNew = try store.tagOrigin(key.tag, in: key.repository)?.goneSince == nil
            store.noteTagChecked(key.tag, in: key.repository, isGone: true)
            if isNew { options.logger.warning("a cached tag was deleted upstream and stays here", fields) }
        }
        return true
    }

    // MARK: A manifest that is not here

    private func missing(
        _ reference: ManifestReference, in repository: RepositoryName, _ match: UpstreamTable.Match
    ) throws(ContentError) -> Cached<StoredManifest> {
        let negative = NegativeCache.Key.manifest(reference, repository)
        try checkAsking(match, negative)
        return .later { [self] () throws(ContentError) in
            do throws(ContentError) {
                let found = try await manifests.value(
                    ManifestKey(repository: repository, reference: reference), deadline: match.upstream.rule.deadline,
                    late:
                        "the upstream \(match.upstream.name) did not answer in time; try again, it is still being asked"
                ) { [self] () throws(ContentError) in try await fetch(reference, in: repository, match) }
                meter.count(.miss)
                // Counted as a pull.
                let stored = try here(reference, in: repository) ?? found
                if case .tag(let tag) = reference, let origin = try store.tagOrigin(tag, in: repository) {
                    try checkAge(of: stored, tag, origin, match)
                }
                return (stored, CacheNote(age: 0))
            } catch {
                throw told(error, match, negative)
            }
        }
    }

    /// Fetches a manifest and stores it; of a classic upstream its archive comes with it.
    func fetch(
        _ reference: ManifestReference, in repository: RepositoryName, _ match: UpstreamTable.Match
    ) async throws(ContentError) -> StoredManifest {
        if try await match.upstream.kind() == .charts { return try await fetchChart(reference, in: repository, match) }
        let manifest = try await ask(reference, match)
        var tag: Tag?
        if case .tag(let named) = reference { tag = named }
        try await store.cacheManifest(manifest, tag: tag, from: match.upstream.name, in: repository)
        fetchProvenance(of: manifest, in: repository)
        return manifest
    }

    private func ask(
        _ reference: ManifestReference, _ match: UpstreamTable.Match
    ) async throws(ContentError) -> StoredManifest {
        meter.requests.increment()
        return try await match.upstream.askRegistry(match.rest) { registry, name throws(ContentError) in
            try await registry.fetchManifest(reference, in: name)
        }
    }

    /// Begins to fetch a chart's provenance, which few clients ask for: a chart is listed when all its layers are here,
    /// and who verifies must not need the upstream.
    private func fetchProvenance(of manifest: StoredManifest, in repository: RepositoryName) {
        guard let parsed = try? Manifest(parsing: manifest.bytes, contentType: manifest.mediaType),
            parsed.config?.mediaType == .helmConfig
        else { return }
        for layer in parsed.layers where layer.mediaType == .helmProvenance {
            if let blob = try? cachedBlob(layer.digest, in: repository) { prefetch(blob) }
        }
    }

    // MARK: Age

    /// Refuses a version that is younger than the rule wants.
    ///
    /// Of a classic upstream only those are asked for that its index shows: they are old enough.
    func checkAge(
        of manifest: StoredManifest, _ tag: Tag, _ origin: TagOrigin, _ match: UpstreamTable.Match
    ) throws(ContentError) {
        let wanted = match.upstream.rule.minimumAge(of: match.rest)
        guard wanted > 0, match.upstream.knownKind != .charts else { return }
        let born = PullThroughCache.created(manifest) ?? origin.firstSeenAt
        guard options.now() - born < wanted else { return }
        let left = (wanted - (options.now() - born)) / 3_600_000_000
        throw .manifestUnknown(
            "\(match.upstream.name)/\(match.rest):\(tag) is younger than minimumAge of the upstream allows; it will be "
                + "visible in \(left + 1) hours")
    }

    /// When a manifest says that it was made, in microseconds since 1970.
    static func created(_ manifest: StoredManifest) -> Int64? {
        let parsed = try? Manifest(parsing: manifest.bytes, contentType: manifest.mediaType)
        guard let text = parsed?.annotations["org.opencontainers.image.created"],
            let seconds = UTCTime.seconds(rfc3339: text), seconds > 0
        else { return nil }
        return seconds * 1_000_000
    }
}

extension CacheNote {
    /// The note with what is known of a tag whose upstream let go of it.
    func adding(_ origin: TagOrigin, _ upstream: Upstream) -> CacheNote {
        guard let gone = origin.goneSince else { return self }
        var note = self
        note.warnings.append(
            .note(
                "\(upstream.name) does not have it any more since \(UTCTime.text(secondsSince1970: gone / 1_000_000))"))
        return note
    }
}
