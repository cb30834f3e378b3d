public import ChartRepository
public import Content
public import HelmModel
internal import OCIModel

/// A classic chart repository as an upstream, with the registries that its index may point at.
public struct ChartRepositoryUpstream: UpstreamCharts {
    private let client: ChartRepositoryClient
    private let registry: @Sendable (String) async throws(ContentError) -> any UpstreamRegistry

    /// Wraps a client.
    ///
    /// - Parameter registry: gives the registry at `host[:port]` for archives that are only to be had there; throws
    ///   `.denied` for a host that the configuration does not allow.
    public init(
        _ client: ChartRepositoryClient,
        registry: @escaping @Sendable (String) async throws(ContentError) -> any UpstreamRegistry
    ) {
        self.client = client
        self.registry = registry
    }

    /// Its index, unless it is the one that is known.
    public func fetchIndex(unless known: UpstreamIndexState?) async throws(ContentError) -> UpstreamIndex {
        let validators = known.map {
            IndexValidators(entityTag: $0.entityTag, lastModified: $0.lastModified, content: $0.content)
        }
        switch try await client.index(unless: validators) {
        case .notModified: return .same
        case .index(let index, let validators):
            return .other(
                index, entityTag: validators.entityTag, lastModified: validators.lastModified,
                content: validators.content)
        }
    }

    /// What its index lists, unless it is the one that is known.
    public func fetchListing(unless known: UpstreamIndexState?) async throws(ContentError) -> UpstreamChartListing {
        let validators = known.map {
            IndexValidators(entityTag: $0.entityTag, lastModified: $0.lastModified, content: $0.content)
        }
        switch try await client.listing(unless: validators) {
        case .notModified: return .same
        case .listing(let listing, let validators):
            return .other(
                listing, entityTag: validators.entityTag, lastModified: validators.lastModified,
                content: validators.content)
        }
    }

    /// Reads a version's archive, wherever the index says that it is.
    public func fetchArchive(
        of entry: RepositoryIndexEntry, head: (Int64?) async throws(ContentError) -> Void,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError) {
        switch try await client.archive(of: entry, head: head, body) {
        case .fetched: return
        case .inRegistry(let text):
            let (source, repository, layer) = try await layer(at: text, for: entry)
            try await source.fetchBlob(layer.digest, in: repository, from: 0, head: head, body)
        }
    }

    /// The provenance beside the archive.
    public func fetchProvenance(of entry: RepositoryIndexEntry) async throws(ContentError) -> [UInt8]? {
        try await client.provenance(of: entry)
    }

    /// The layer that holds an archive in a registry: `oci://host/path/name[:version]`, by the entry's version when the
    /// URL has none.
    private func layer(
        at text: String, for entry: RepositoryIndexEntry
    ) async throws(ContentError) -> (any UpstreamRegistry, RepositoryName, Descriptor) {
        let reference: Reference
        let tag: ManifestReference
        do throws(OCIParseError) {
            reference = try Reference(parsing: text)
            if let named = reference.manifest { tag = named } else { tag = .tag(try Tag(chartVersion: entry.version)) }
        } catch {
            throw .unavailable("\(client.source.name): the index gives a bad URL for \(entry.name): \(error)")
        }
        guard let host = reference.host else {
            throw .unavailable("\(client.source.name): the index gives a bad URL for \(entry.name): it names no host")
        }
        let source = try await registry(host)
        let stored = try await source.fetchManifest(tag, in: reference.repository)
        let parsed = try? Manifest(parsing: stored.bytes, contentType: stored.mediaType)
        guard let layer = parsed?.layers.first(where: { ChartLayer.isArchive($0.mediaType) }) else {
            throw .unavailable("\(host)/\(reference.repository) holds no chart: it has no layer of that kind")
        }
        guard entry.archive == nil || entry.archive == layer.digest else {
            throw .corrupt(
                "\(host)/\(reference.repository) holds archive \(layer.digest), the index says \(entry.digestText)")
        }
        return (source, reference.repository, layer)
    }
}

/// What a layer of a chart is.
enum ChartLayer {
    /// Whether Helm takes a layer of this type for the archive; the second is of old versions.
    static func isArchive(_ type: MediaType) -> Bool {
        type == .helmChart || type.description == "application/tar+gzip"
    }
}
