public import Content
public import OCIModel
internal import Synchronization

/// A cache that answers as a test says, and remembers what it was asked.
public final class ScriptedCache: UpstreamReads {
    /// What it answers; nothing at first.
    public struct Script: Sendable {
        public var manifest: Cached<StoredManifest>?
        public var blob: Cached<FoundBlob>?
        public var tags: Cached<Page<Tag>>?
        public var referrers: Cached<Page<Descriptor>>?
        public var listing: Cached<Bool>?
        public var file: Cached<FoundChartFile>?
        /// What every look-up throws.
        public var error: ContentError?
        /// The path in front of a host's repositories.
        public var mirrors: [String: String] = [:]
        /// Repositories that take no push.
        public var closed: Set<String> = []
    }

    private let script = Mutex(Script())
    private let asked = Mutex<[String]>([])

    public init(_ change: @Sendable (inout Script) -> Void = { _ in }) { script.withLock { change(&$0) } }

    /// The look-ups in their order, such as `manifest a/b:1.0.0`.
    public var calls: [String] { asked.withLock { $0 } }

    public func change(_ body: @Sendable (inout Script) -> Void) { script.withLock { body(&$0) } }

    private func answer<Value: Sendable>(
        _ call: String, _ value: @Sendable (Script) -> Cached<Value>?
    ) throws(ContentError) -> Cached<Value>? {
        asked.withLock { $0.append(call) }
        let script = script.withLock { $0 }
        if let error = script.error { throw error }
        return value(script)
    }

    public func cachedManifest(
        _ reference: ManifestReference, in repository: RepositoryName
    ) throws(ContentError) -> Cached<StoredManifest>? { try answer("manifest \(repository)") { $0.manifest } }

    public func cachedBlob(_ digest: Digest, in repository: RepositoryName) throws(ContentError) -> Cached<FoundBlob>? {
        try answer("blob \(repository)") { $0.blob }
    }

    public func cachedTags(
        in repository: RepositoryName, _ page: PageRequest<String>
    ) throws(ContentError) -> Cached<Page<Tag>>? { try answer("tags \(repository)") { $0.tags } }

    public func cachedReferrers(
        of subject: Digest, in repository: RepositoryName, artifactType: String?, _ page: PageRequest<Digest>
    ) throws(ContentError) -> Cached<Page<Descriptor>>? { try answer("referrers \(repository)") { $0.referrers } }

    public func cachedListing(of namespace: ChartNamespace) throws(ContentError) -> Cached<Bool>? {
        try answer("listing \(namespace)") { $0.listing }
    }

    public func cachedFile(
        named fileName: String, in namespace: ChartNamespace
    ) throws(ContentError) -> Cached<FoundChartFile>? { try answer("file \(namespace)/\(fileName)") { $0.file } }

    public func repository(mirroring host: String, _ name: RepositoryName) -> RepositoryName? {
        script.withLock { $0.mirrors[host] }.flatMap { try? RepositoryName(parsing: "\($0)/\(name)") }
    }

    public func checkPush(to repository: RepositoryName) throws(ContentError) {
        asked.withLock { $0.append("push \(repository)") }
        if script.withLock({ $0.closed.contains(repository.description) }) {
            throw .denied("\(repository) is a cache and takes no pushes")
        }
    }
}
