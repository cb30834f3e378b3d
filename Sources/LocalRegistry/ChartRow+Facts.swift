internal import ChartArchive
internal import Content
internal import HelmModel
internal import Metadata
internal import OCIModel

extension ChartRow {
    /// The row of a chart that was examined.
    init(_ facts: ChartFacts) {
        self.init(
            metadata: facts.metadata, created: facts.created, tag: facts.tag, archive: facts.sha256,
            layer: facts.archive.digest, size: facts.size, provenance: facts.provenance?.digest)
    }

    /// The row of a chart: what its metadata say, and where its bytes are.
    init(
        metadata: ChartMetadata, created: String, tag: Tag, archive: Digest, layer: Digest, size: Int64,
        provenance: Digest?
    ) {
        let fileName = ChartIndexText.fileName(of: metadata)
        let version = metadata.semanticVersion
        self.init(
            key: ChartVersionKey(
                name: metadata.name, order: SemanticVersion.listingOrder(ofVersion: metadata.version) ?? []),
            version: metadata.version,
            tag: tag, isPrerelease: version?.prerelease.isEmpty == false, fileName: fileName, archive: archive,
            layer: layer, size: size, provenance: provenance, appVersion: metadata.appVersion,
            description: metadata.description, type: metadata.type.isEmpty ? "application" : metadata.type,
            isDeprecated: metadata.isDeprecated, created: created,
            keywords: metadata.keywords.joined(separator: " "),
            maintainers: metadata.maintainers.map { $0.name + " " + $0.email }.joined(separator: " "),
            entry: ChartIndexText.entry(metadata, fileName: fileName, created: created, digest: archive))
    }
}
