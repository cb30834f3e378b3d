internal import BlobStorage
public import Content
internal import Metadata
public import OCIModel
internal import Posix
internal import Synchronization

extension Registry: CacheStore {
    /// What is known of a cached tag; nil when it was pushed here, or was never heard of.
    public func tagOrigin(_ tag: Tag, in repository: RepositoryName) throws(ContentError) -> TagOrigin? {
        // Memory first: what the committer takes out of it meanwhile is in the row by then.
        let check = checks.find(tag, in: repository)
        let cache = cache()
        let key = ReadCache.TagKey(repository: repository, tag: tag)
        let row: TagOrigin?
        if let known = cache.origin(key) {
            row = known
        } else {
            row = try reader().tagOrigin(tag, in: repository)
            cache.remember(row, key)
        }
        guard var origin = row else { return nil }
        if let check, check.time >= origin.checkedAt {
            origin.checkedAt = check.time
            origin.goneSince = check.isGone ? origin.goneSince ?? check.time : nil
        }
        return origin
    }

    /// Stores a manifest that an upstream gave; what it names need not be here.
    public func cacheManifest(
        _ manifest: StoredManifest, tag: Tag?, from upstream: String, in repository: RepositoryName
    ) async throws(ContentError) {
        let parsed = try checked(manifest, for: repository)
        let chart = try chartRecord(manifest, parsed, in: repository)
        let now = options.now()
        try await committer.commit { writer throws(ContentError) in
            try writer.putManifest(
                manifest, parsed, tags: tag.map { [$0] } ?? [], in: repository, allowsMissingManifests: true,
                from: .upstream(upstream), at: now)
            if let chart {
                try writer.noteChart(chart, of: manifest.digest, in: repository)
            } else if parsed.isHelmChart {
                try writer.awaitLayers(of: manifest.digest, in: repository)
            }
            return Committer.Effects()
        }
    }

    /// Notes that the upstream was asked for a tag just now.
    public func noteTagChecked(_ tag: Tag, in repository: RepositoryName, isGone: Bool) {
        checks.note(TagCheck(repository: repository, tag: tag, time: options.now(), isGone: isGone))
    }

    /// Removes a cached tag, and what only it named; nothing when it was pushed here.
    public func dropCachedTag(_ tag: Tag, in repository: RepositoryName) async throws(ContentError) {
        let now = options.now()
        try await committer.commit { writer throws(ContentError) in
            Committer.Effects(removed: try writer.dropCachedTag(tag, in: repository, at: now).blobs)
        }
    }

    /// The blob that a manifest of the repository names by this digest; nil when none does.
    public func namedBlob(_ digest: Digest, in repository: RepositoryName) throws(ContentError) -> Descriptor? {
        try reader().namedBlob(digest, in: repository)
    }

    /// The manifest a reference names, without noting a pull, whatever its locks.
    public func peekManifest(_ reference: ManifestReference, in repository: RepositoryName) throws(ContentError)
        -> StoredManifest?
    {
        try reader().manifest(reference, in: repository)?.manifest
    }

    // MARK: Listings

    /// A kept listing.
    public func cachedListing(_ key: CachedListingKey) throws(ContentError) -> CachedListing? {
        try reader().cachedListing(key)
    }

    /// Keeps a listing in place of the one before; not durable at once.
    public func keepListing(_ listing: CachedListing, _ key: CachedListingKey) async throws(ContentError) {
        try await committer.commit(isDurable: false) { writer throws(ContentError) in
            try writer.keepListing(listing, key)
            return Committer.Effects()
        }
    }

    // MARK: Classic upstreams

    /// What is known of the index behind a classic repository; nil when it was never read.
    public func upstreamIndex(of namespace: ChartNamespace) throws(ContentError) -> UpstreamIndexState? {
        try reader().upstreamIndex(of: namespace)
    }

    /// Takes an index over: what `next` gives until nil, in place of what was listed before.
    public func takeUpstreamIndex(
        _ state: UpstreamIndexState, of namespace: ChartNamespace, deletes: Bool,
        _ next: @escaping @Sendable () -> UpstreamChart?
    ) async throws(ContentError) -> UpstreamIndexChange {
        let now = options.now()
        return try await committer.value { writer throws(ContentError) in
            let (change, removed) = try writer.takeUpstreamIndex(state, of: namespace, deletes: deletes, at: now, next)
            return (change, Committer.Effects(removed: removed))
        }
    }

    /// Writes down that the index was asked for again: unchanged, or refused for a reason.
    public func noteUpstreamIndex(_ state: UpstreamIndexState, of namespace: ChartNamespace)
        async throws(ContentError)
    {
        let now = options.now()
        try await committer.commit(isDurable: false) { writer throws(ContentError) in
            try writer.noteUpstreamIndex(state, of: namespace, at: now)
            return Committer.Effects()
        }
    }

    /// A listed version by its file name.
    public func upstreamChart(named fileName: String, in namespace: ChartNamespace) throws(ContentError)
        -> UpstreamChart?
    {
        try reader().upstreamChart(named: fileName, in: namespace)
    }

    /// A listed version by its tag.
    public func upstreamChart(tagged tag: Tag, of repository: RepositoryName) throws(ContentError) -> UpstreamChart? {
        try reader().upstreamChart(tagged: tag, of: repository)
    }

    /// A listed version by the digest of its archive.
    public func upstreamChart(ofArchive digest: Digest, of repository: RepositoryName) throws(ContentError)
        -> UpstreamChart?
    {
        try reader().upstreamChart(ofArchive: digest, of: repository)
    }

    /// The tags of the versions that an upstream lists of one chart, sorted by bytes.
    public func upstreamTags(of repository: RepositoryName, _ page: PageRequest<String>) throws(ContentError) -> Page<
        Tag
    > {
        try reader().upstreamTags(of: repository, page)
    }

    // MARK: Fills

    /// Opens a file for a blob that comes from an upstream and is read by others meanwhile.
    public func openFill(of digest: Digest, in repository: RepositoryName) throws(ContentError) -> any BlobFill {
        try checkUnlocked(repository)
        do {
            let ingest = try blobs.beginSharedIngest(digest.algorithm)
            return LocalBlobFill(registry: self, repository: repository, digest: digest, ingest: ingest)
        } catch {
            throw Registry.noRoom(error)
        }
    }

    /// Opens a file for an archive that comes from a classic upstream and is read by others meanwhile.
    public func openChartFill(in namespace: ChartNamespace) throws(ContentError) -> any ChartFill {
        do {
            let ingest = try blobs.beginSharedIngest(.sha256)
            return LocalChartFill(registry: self, namespace: namespace, ingest: ingest)
        } catch {
            throw Registry.noRoom(error)
        }
    }
}

extension Committer {
    /// Puts a job in line and waits for what its step gives.
    func value<Value: Sendable>(
        _ step: @escaping @Sendable (MetadataWriter) throws(ContentError) -> (Value, Effects)
    ) async throws(ContentError) -> Value {
        let given = Given<Value>()
        try await commit { writer throws(ContentError) in
            let (value, effects) = try step(writer)
            given.value.withLock { $0 = value }
            return effects
        }
        guard let value = given.value.withLock({ $0 }) else { throw .internal("a step of the committer gave nothing") }
        return value
    }

    /// A value on its way from the committer's thread to the one that waits for it.
    private final class Given<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
    }
}
