internal import Content
internal import OCIModel

/// The archive, and the provenance, in a chart's manifest.
struct ChartContent {
    let archive: Descriptor
    let provenance: Descriptor?

    /// Reads a manifest; nil when it is no chart's.
    init?(_ stored: StoredManifest) {
        guard let manifest = try? Manifest(parsing: stored.bytes, contentType: stored.mediaType), manifest.isHelmChart,
            let archive = manifest.layers.first(where: {
                $0.mediaType == .helmChart || $0.mediaType.description == "application/tar+gzip"
            })
        else { return nil }
        self.archive = archive
        provenance = manifest.layers.first { $0.mediaType == .helmProvenance }
    }
}
