public import Content
public import OCIModel
internal import Telemetry

extension PullThroughCache {
    /// Tags of upstream and store together.
    public func cachedTags(in repository: RepositoryName, _ page: PageRequest<String>) throws(ContentError) -> Cached<
        Page<Tag>
    >? {
        guard let match = table.match(repository) else { return nil }
        switch match.upstream.knownKind {
        case .charts: return try chartTags(in: repository, page, match)
        case .either: return try tagsOfEither(in: repository, page, match)
        case .registry: return try registryTags(in: repository, page, match)
        }
    }

    func registryTags(
        in repository: RepositoryName, _ page: PageRequest<String>, _ match: UpstreamTable.Match
    ) throws(ContentError) -> Cached<Page<Tag>> {
        try listing(.tags(repository), match) { [self] listing throws(ContentError) in
            try mergedTags(listing, in: repository, page)
        }
    }

    /// Referrers of upstream and store together.
    public func cachedReferrers(
        of subject: Digest, in repository: RepositoryName, artifactType: String?, _ page: PageRequest<Digest>
    ) throws(ContentError) -> Cached<Page<Descriptor>>? {
        guard let match = table.match(repository), match.upstream.knownKind != .charts else { return nil }
        guard match.upstream.knownKind != .either else {
            return try referrersOfEither(of: subject, in: repository, artifactType, page, match)
        }
        return try registryReferrers(of: subject, in: repository, artifactType, page, match)
    }

    func registryReferrers(
        of subject: Digest, in repository: RepositoryName, _ artifactType: String?, _ page: PageRequest<Digest>,
        _ match: UpstreamTable.Match
    ) throws(ContentError) -> Cached<Page<Descriptor>> {
        try listing(.referrers(subject, repository), match) { [self] listing throws(ContentError) in
            try mergedReferrers(listing, of: subject, in: repository, artifactType, page)
        }
    }

    // MARK: Freshness

    /// A kept listing while it is young enough, else one that is asked for.
    private func listing<Value: Sendable>(
        _ key: CachedListingKey, _ match: UpstreamTable.Match,
        _ merge: @escaping @Sendable (CachedListing?) throws(ContentError) -> Value
    ) throws(ContentError) -> Cached<Value> {
        let rule = match.upstream.rule
        guard let kept = try store.cachedListing(key) else { return try unknown(key, match, merge) }
        let age = seconds(since: kept.checkedAt)
        if options.now() - kept.checkedAt < rule.freshness.lists.microseconds {
            meter.count(.hit)
            return .here(try merge(kept), CacheNote(age: age))
        }
        guard match.upstream.isAsked else { return .here(try merge(kept), staleNote(age, match.upstream)) }
        if let failure = negatives.error(.listing(key)) {
            meter.count(.stale)
            return .here(
                try merge(kept), CacheNote(age: age, warnings: [.stale, .revalidationFailed(failure.message)]))
        }
        guard rule.freshness.isStrict else {
            meter.count(.stale)
            listings.begin(key) { [self] () throws(ContentError) in try await refresh(key, kept, match) }
            return .here(try merge(kept), CacheNote(age: age, warnings: [.stale]))
        }
        return .later { [self] () throws(ContentError) in
            do throws(ContentError) {
                let fresh = try await listings.value(
                    key, deadline: rule.freshness.strictDeadline, late: "it did not answer in time"
                ) { [self] () throws(ContentError) in try await refresh(key, kept, match) }
                meter.count(.hit)
                return (try merge(fresh), CacheNote(age: 0))
            } catch {
                meter.count(.stale)
                let note = CacheNote(age: age, warnings: [.stale, .revalidationFailed(error.message)])
                return (try merge(kept), note)
            }
        }
    }

    /// A listing that was never read: the upstream's, or in its absence what is here.
    private func unknown<Value: Sendable>(
        _ key: CachedListingKey, _ match: UpstreamTable.Match,
        _ merge: @escaping @Sendable (CachedListing?) throws(ContentError) -> Value
    ) throws(ContentError) -> Cached<Value> {
        do throws(ContentError) {
            try checkAsking(match, .listing(key))
        } catch {
            guard let value = try? merge(nil) else { throw error }
            return .here(value, CacheNote(warnings: [.revalidationFailed(error.message)]))
        }
        return .later { [self] () throws(ContentError) in
            do throws(ContentError) {
                let fresh = try await listings.value(
                    key, deadline: match.upstream.rule.deadline,
                    late:
                        "the upstream \(match.upstream.name) did not answer in time; try again, it is still being asked"
                ) { [self] () throws(ContentError) in try await refresh(key, nil, match) }
                meter.count(.miss)
                return (try merge(fresh), CacheNote(age: 0))
            } catch {
                let told = told(error, match, .listing(key))
                guard let value = try? merge(nil) else { throw told }
                return (value, CacheNote(warnings: [.revalidationFailed(told.message)]))
            }
        }
    }

    /// Asks for a listing and keeps it.
    private func refresh(
        _ key: CachedListingKey, _ kept: CachedListing?, _ match: UpstreamTable.Match
    ) async throws(ContentError) -> CachedListing {
        do throws(ContentError) {
            meter.requests.increment()
            let listing = try await ask(key, kept, match)
            if try isWorthKeeping(key) { try await store.keepListing(listing, key) }
            if case .tags(let repository) = key { try await judgeAges(of: listing, in: repository, match) }
            return listing
        } catch {
            negatives.remember(.listing(key), error, for: min(match.upstream.rule.negative.microseconds, 30_000_000))
            throw error
        }
    }

    /// Referrers are kept for manifests that are here: anybody may ask for those of any digest.
    private func isWorthKeeping(_ key: CachedListingKey) throws(ContentError) -> Bool {
        guard case .referrers(let subject, let repository) = key else { return true }
        return try store.peekManifest(.digest(subject), in: repository) != nil
    }

    private func ask(
        _ key: CachedListingKey, _ kept: CachedListing?, _ match: UpstreamTable.Match
    ) async throws(ContentError) -> CachedListing {
        let upstream = match.upstream
        var listing = CachedListing(
            upstream: upstream.name, entityTag: kept?.entityTag, checkedAt: options.now(),
            elements: kept?.elements ?? [])
        switch key {
        case .tags:
            let answer = try await upstream.askRegistry(match.rest) { registry, name throws(ContentError) in
                try await registry.listTags(in: name, unless: kept?.entityTag)
            }
            if let answer {
                listing.entityTag = answer.entityTag
                listing.elements = answer.elements.map(\.description).sorted {
                    $0.utf8.lexicographicallyPrecedes($1.utf8)
                }
            }
        case .referrers(let subject, _):
            let found = try await upstream.askRegistry(match.rest) { registry, name throws(ContentError) in
                try await registry.listReferrers(of: subject, in: name)
            }
            listing.elements = found.sorted { $0.digest < $1.digest }.map { $0.json.description() }
        }
        return listing
    }

    /// Where versions must have an age, the newest are fetched to know it: their manifests alone.
    private func judgeAges(
        of listing: CachedListing, in repository: RepositoryName, _ match: UpstreamTable.Match
    ) async throws(ContentError) {
        guard match.upstream.rule.minimumAge(of: match.rest) > 0 else { return }
        for tag in NewestTags.of(listing.elements) {
            guard try store.peekManifest(.tag(tag), in: repository) == nil else { continue }
            _ = try? await manifests.value(
                ManifestKey(repository: repository, reference: .tag(tag)), deadline: match.upstream.rule.deadline,
                late: ""
            ) { [self] () throws(ContentError) in try await fetch(.tag(tag), in: repository, match) }
        }
    }

    // MARK: Upstream and store together

    private func mergedTags(
        _ listing: CachedListing?, in repository: RepositoryName, _ page: PageRequest<String>
    ) throws(ContentError) -> Page<Tag> {
        let own = try ownTags(in: repository, page)
        guard let listing else {
            guard let own else { throw .nameUnknown("repository \(repository) is not known here") }
            return own
        }
        let hidden = try youngTags(listing, in: repository)
        let listed = listing.elements.drop { element in
            page.last.map { !$0.utf8.lexicographicallyPrecedes(element.utf8) } ?? false
        }
        let tags = listed.lazy.filter { !hidden.contains($0) }.compactMap { try? Tag(parsing: $0) }
        let visible = own?.elements.filter { !hidden.contains($0.description) } ?? []
        return Page(
            merging: Array(tags.prefix(page.limit + 1)), with: Page(elements: visible, hasMore: own?.hasMore ?? false),
            limit: page.limit
        ) { $0.description.utf8.lexicographicallyPrecedes($1.description.utf8) }
    }

    /// The page of the store; nil when it does not know the repository.
    func ownTags(in repository: RepositoryName, _ page: PageRequest<String>) throws(ContentError) -> Page<Tag>? {
        do throws(ContentError) {
            return try store.tagPage(in: repository, page)
        } catch {
            guard error.isAbsence else { throw error }
            return nil
        }
    }

    /// The tags that are known to be too young.
    private func youngTags(_ listing: CachedListing, in repository: RepositoryName) throws(ContentError) -> Set<String>
    {
        guard let match = table.match(repository) else { return [] }
        let wanted = match.upstream.rule.minimumAge(of: match.rest)
        guard wanted > 0 else { return [] }
        var young: Set<String> = []
        for tag in NewestTags.of(listing.elements) {
            guard let manifest = try store.peekManifest(.tag(tag), in: repository),
                let origin = try store.tagOrigin(tag, in: repository)
            else { continue }
            let born = PullThroughCache.created(manifest) ?? origin.firstSeenAt
            if options.now() - born < wanted { young.insert(tag.description) }
        }
        return young
    }

    private func mergedReferrers(
        _ listing: CachedListing?, of subject: Digest, in repository: RepositoryName, _ artifactType: String?,
        _ page: PageRequest<Digest>
    ) throws(ContentError) -> Page<Descriptor> {
        let own = try store.referrerPage(of: subject, in: repository, artifactType: artifactType, page)
        let listed = (listing?.elements ?? []).lazy.compactMap { Descriptor(listed: $0) }
            .filter { descriptor in
                (artifactType == nil || descriptor.artifactType == artifactType)
                    && page.last.map { $0 < descriptor.digest } ?? true
            }
        return Page(merging: Array(listed.prefix(page.limit + 1)), with: own, limit: page.limit) {
            $0.digest < $1.digest
        }
    }
}
