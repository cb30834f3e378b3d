public import Content
public import OCIModel
import Synchronization

/// A registry in memory: the simplest end there is, for tests of what works with any end.
public final class MemoryRegistry: Sendable {
    struct StoredTag {
        var digest: Digest
        var createdAt: Int64
        var updatedAt: Int64
        var locks = AttributeLocks.all
    }

    struct Kept {
        var manifest: StoredManifest
        var parsed: Manifest
        var createdAt: Int64
        var updatedAt: Int64
        var locks = AttributeLocks.all
    }

    struct Repository {
        var blobs: [Digest: [UInt8]] = [:]
        var manifests: [Digest: Kept] = [:]
        var tags: [Tag: StoredTag] = [:]
        var locks = AttributeLocks.all
        var createdAt: Int64
        var updatedAt: Int64
    }

    struct State {
        var repositories: [RepositoryName: Repository] = [:]
        /// Microseconds since 1970; moves on by one second with each change.
        var clock: Int64 = 1_700_000_000_000_000

        mutating func tick() -> Int64 {
            clock += 1_000_000
            return clock
        }

        func known(_ name: RepositoryName) throws(ContentError) -> Repository {
            guard let repository = repositories[name] else {
                throw .nameUnknown("repository \(name) is not known here")
            }
            return repository
        }
    }

    let state = Mutex(State())
    /// Whether an index may list manifests that are not here.
    let takesSparseIndexes: Bool

    public init(takesSparseIndexes: Bool = false) {
        self.takesSparseIndexes = takesSparseIndexes
    }

    /// Runs the body under the lock. Typed throws and `Mutex` do not meet; a result carries the error out.
    func locked<Value: Sendable>(
        _ body: (inout State) throws(ContentError) -> Value
    ) throws(ContentError) -> Value {
        let result = state.withLock { state -> Result<Value, ContentError> in
            do throws(ContentError) {
                return .success(try body(&state))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// The page of sorted elements a request asks for.
    func page<Element, Key: Comparable>(
        _ elements: [Element], limit: Int, after last: Key?, by key: (Element) -> Key
    ) -> Page<Element> {
        let behind = elements.drop { element in last.map { key(element) <= $0 } ?? false }
        return Page(elements: Array(behind.prefix(limit)), hasMore: behind.count > limit)
    }
}

extension MemoryRegistry: BlobSource, BlobSink {
    public func blobSize(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) -> Int64 {
        Int64(try bytes(digest, repository).count)
    }

    public func readBlob(
        _ digest: Digest, in repository: RepositoryName, from offset: Int64,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError) {
        let bytes = try bytes(digest, repository)
        guard (0...Int64(bytes.count)).contains(offset) else {
            throw .rangeInvalid("blob \(digest) has \(bytes.count) bytes", length: Int64(bytes.count))
        }
        var position = Int(offset)
        while position < bytes.count {
            let piece = Array(bytes[position...].prefix(262_144))
            position += piece.count
            try await body(piece)
        }
    }

    public func putBlob(
        _ expected: Descriptor, in repository: RepositoryName, _ next: () async throws(ContentError) -> [UInt8]?
    ) async throws(ContentError) {
        let isThere = try locked { state throws(ContentError) in
            guard let known = state.repositories[repository] else { return false }
            guard known.locks.contains(.write) else { throw .denied("repository \(repository) is locked") }
            return known.blobs[expected.digest] != nil
        }
        if isThere { return }
        var bytes: [UInt8] = []
        while let piece = try await next() {
            bytes += piece
            guard Int64(bytes.count) <= expected.size else { throw .sizeInvalid("blob \(expected.digest) is too long") }
        }
        guard Int64(bytes.count) == expected.size else { throw .sizeInvalid("blob \(expected.digest) is too short") }
        guard Digest(of: bytes, expected.digest.algorithm) == expected.digest else {
            throw .digestInvalid("the bytes do not hash to \(expected.digest)")
        }
        let whole = bytes
        try locked { state throws(ContentError) in
            let now = state.tick()
            state.repositories[repository, default: Repository(createdAt: now, updatedAt: now)]
                .blobs[expected.digest] = whole
        }
    }

    private func bytes(_ digest: Digest, _ repository: RepositoryName) throws(ContentError) -> [UInt8] {
        try locked { state throws(ContentError) in
            guard let bytes = try state.known(repository).blobs[digest] else {
                throw .blobUnknown("blob \(digest) is not in \(repository)")
            }
            return bytes
        }
    }
}

extension MemoryRegistry: TagResolver, Tagger {
    public func manifest(_ reference: ManifestReference, in repository: RepositoryName) async throws(ContentError)
        -> StoredManifest
    {
        try locked { state throws(ContentError) in
            let known = try state.known(repository)
            guard let kept = known.manifests[try known.digest(of: reference, repository)] else {
                throw .manifestUnknown("manifest \(reference) is not in \(repository)")
            }
            return kept.manifest
        }
    }

    public func tags(in repository: RepositoryName, _ page: PageRequest<String>) async throws(ContentError) -> Page<Tag>
    {
        let tags = try locked { state throws(ContentError) in try state.known(repository).tags.keys.sorted() }
        return self.page(tags, limit: page.limit, after: page.last.map { Array($0.utf8) }.map(ByteKey.init)) {
            ByteKey(bytes: Array($0.description.utf8))
        }
    }

    public func putManifest(_ manifest: StoredManifest, tags: [Tag], in repository: RepositoryName)
        async throws(ContentError)
    {
        guard Digest(of: manifest.bytes, manifest.digest.algorithm) == manifest.digest else {
            throw .digestInvalid("the manifest does not hash to \(manifest.digest)")
        }
        let parsed: Manifest
        do {
            parsed = try Manifest(parsing: manifest.bytes, contentType: manifest.mediaType)
        } catch {
            throw .manifestInvalid(error.description)
        }
        try locked { state throws(ContentError) in
            let now = state.tick()
            var known = state.repositories[repository] ?? Repository(createdAt: now, updatedAt: now)
            guard known.locks.contains(.write) else { throw .denied("repository \(repository) is locked") }
            let wanted =
                takesSparseIndexes ? parsed.references.dropLast(parsed.manifests.count) : parsed.references[...]
            let missing = wanted.filter { !$0.mediaType.isNotDistributed }.map(\.digest).filter {
                known.blobs[$0] == nil && known.manifests[$0] == nil
            }
            guard missing.isEmpty else { throw .referencesMissing("content of \(manifest.digest) is missing", missing) }
            known.manifests[
                manifest.digest,
                default: Kept(
                    manifest: manifest, parsed: parsed, createdAt: now, updatedAt: now)
            ].updatedAt = now
            for tag in tags {
                var stored = known.tags[tag] ?? StoredTag(digest: manifest.digest, createdAt: now, updatedAt: now)
                stored.digest = manifest.digest
                stored.updatedAt = now
                known.tags[tag] = stored
            }
            known.updatedAt = now
            state.repositories[repository] = known
        }
    }
}

/// Text that compares by its bytes.
struct ByteKey: Comparable {
    var bytes: [UInt8]

    static func < (left: ByteKey, right: ByteKey) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}

extension MemoryRegistry.Repository {
    func digest(of reference: ManifestReference, _ name: RepositoryName) throws(ContentError) -> Digest {
        switch reference {
        case .digest(let digest): return digest
        case .tag(let tag):
            guard let stored = tags[tag] else { throw .manifestUnknown("tag \(name):\(tag) is not known here") }
            return stored.digest
        }
    }
}

extension MediaType {
    fileprivate var isNotDistributed: Bool { description.contains("nondistributable") }
}
