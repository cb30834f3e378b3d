import Content
import OCIModel
import TestSupport

/// A registry that gives the wrong bytes for one digest and does not notice, or stops in the middle of them; and whose
/// list of repositories begins anew on every page.
struct LyingRegistry {
    let truth: MemoryRegistry
    let damaged: Digest?
    private let stalls: Bool
    private let beginnings = AsyncStream.makeStream(of: Void.self)

    init(_ truth: MemoryRegistry, damaging damaged: Digest?, stalls: Bool = false) {
        self.truth = truth
        self.damaged = damaged
        self.stalls = stalls
    }

    /// Waits until the bytes have begun.
    func begun() async {
        for await _ in beginnings.stream { return }
    }

    /// Waits until the task is cancelled.
    private func stall() async {
        beginnings.continuation.yield()
        let (never, _) = AsyncStream.makeStream(of: Void.self)
        for await _ in never {}
    }
}

extension LyingRegistry: BlobSource, BlobSink, TagResolver, Tagger, Deleter, Inventory {
    func blobSize(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) -> Int64 {
        try await truth.blobSize(digest, in: repository)
    }

    func readBlob(
        _ digest: Digest, in repository: RepositoryName, from offset: Int64,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError) {
        guard digest == damaged else { return try await truth.readBlob(digest, in: repository, from: offset, body) }
        try await body(Array("damaged".utf8))
        if stalls {
            await stall()
            throw .unavailable("cancelled")
        }
        throw .corrupt("the bytes do not hash to \(digest)")
    }

    func putBlob(
        _ expected: Descriptor, in repository: RepositoryName, _ next: () async throws(ContentError) -> [UInt8]?
    ) async throws(ContentError) {
        try await truth.putBlob(expected, in: repository, next)
    }

    func manifest(_ reference: ManifestReference, in repository: RepositoryName) async throws(ContentError)
        -> StoredManifest
    {
        var manifest = try await truth.manifest(reference, in: repository)
        if manifest.digest == damaged { manifest.bytes.append(UInt8(ascii: " ")) }
        return manifest
    }

    func tags(in repository: RepositoryName, _ page: PageRequest<String>) async throws(ContentError) -> Page<Tag> {
        try await truth.tags(in: repository, page)
    }

    func putManifest(_ manifest: StoredManifest, tags: [Tag], in repository: RepositoryName) async throws(ContentError)
    {
        try await truth.putManifest(manifest, tags: tags, in: repository)
    }

    func deleteManifest(_ reference: ManifestReference, in repository: RepositoryName) async throws(ContentError) {
        try await truth.deleteManifest(reference, in: repository)
    }

    func deleteBlob(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) {
        try await truth.deleteBlob(digest, in: repository)
    }

    func repositories(_ page: PageRequest<String>) async throws(ContentError) -> Page<RepositoryName> {
        Page(elements: [try name("a"), try name("b")], hasMore: true)
    }

    func repository(_ name: RepositoryName) async throws(ContentError) -> RepositoryAttributes {
        try await truth.repository(name)
    }

    func tagList(in repository: RepositoryName, naming digest: Digest?, _ page: PageRequest<String>)
        async throws(ContentError) -> Page<TagAttributes>
    {
        try await truth.tagList(in: repository, naming: digest, page)
    }

    func manifestList(in repository: RepositoryName, _ page: PageRequest<Digest>)
        async throws(ContentError) -> Page<ManifestAttributes>
    {
        try await truth.manifestList(in: repository, page)
    }

    func manifestAttributes(_ digest: Digest, in repository: RepositoryName) async throws(ContentError)
        -> ManifestAttributes
    {
        try await truth.manifestAttributes(digest, in: repository)
    }

    func tagAttributes(_ tag: Tag, in repository: RepositoryName) async throws(ContentError) -> TagAttributes {
        try await truth.tagAttributes(tag, in: repository)
    }

    func deleteRepository(_ name: RepositoryName) async throws(ContentError) -> (manifests: Int64, tags: Int64) {
        try await truth.deleteRepository(name)
    }

    func changeAttributes(_ change: AttributeChange, of reference: ManifestReference?, in repository: RepositoryName)
        async throws(ContentError)
    {
        try await truth.changeAttributes(change, of: reference, in: repository)
    }
}

private func name(_ text: String) throws(ContentError) -> RepositoryName {
    do { return try RepositoryName(parsing: text) } catch { throw .nameInvalid("\(error)") }
}

extension LyingRegistry: ChartCatalog {
    func listCharts(in namespace: ChartNamespace?, _ page: PageRequest<ChartCursor>) async throws(ContentError) -> Page<
        ChartSummary
    > {
        try await truth.listCharts(in: namespace, page)
    }

    func listVersions(of chart: String, in namespace: ChartNamespace) async throws(ContentError) -> [ChartSummary] {
        try await truth.listVersions(of: chart, in: namespace)
    }

    func searchCharts(_ text: String, in namespace: ChartNamespace?, limit: Int) async throws(ContentError)
        -> [ChartSummary]
    {
        try await truth.searchCharts(text, in: namespace, limit: limit)
    }

    func listUnlisted(limit: Int) async throws(ContentError) -> [UnlistedChart] {
        try await truth.listUnlisted(limit: limit)
    }
}
