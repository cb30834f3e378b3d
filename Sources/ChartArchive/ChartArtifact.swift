import Codecs
import HelmModel
public import OCIModel

/// A chart as a registry stores it: config and manifest, which follow from the archive and its provenance alone.
///
/// No clock, no file's time and no file's name goes in, so whoever makes it from the same bytes gets the same digests.
public struct ChartArtifact: Sendable {
    /// The config blob: what Helm writes.
    public let configBytes: [UInt8]
    /// Its descriptor.
    public let config: Descriptor
    /// The manifest.
    ///
    /// `org.opencontainers.image.created` is the newest time inside the archive.
    public let manifestBytes: [UInt8]
    /// Its SHA-256.
    public let manifest: Digest

    /// Makes config and manifest.
    ///
    /// - Parameters:
    ///   - chart: what the archive says.
    ///   - archive: the archive's SHA-256 digest and size, as a chart layer.
    ///   - provenance: the provenance layer, if there is one.
    public init(chart: PackagedChart, archive: Descriptor, provenance: Descriptor?) {
        configBytes = chart.metadata.configJSON
        config = Descriptor(
            mediaType: .helmConfig, digest: ChartArtifact.digest(of: configBytes), size: Int64(configBytes.count))
        manifestBytes = ChartManifest.make(
            metadata: chart.metadata, config: config, layers: [archive] + (provenance.map { [$0] } ?? []),
            created: chart.created)
        manifest = ChartArtifact.digest(of: manifestBytes)
    }

    private static func digest(of bytes: [UInt8]) -> Digest {
        guard let digest = Digest(.sha256, hash: ContentHasher.hash(bytes.span, .sha256)) else {
            preconditionFailure("a hash has its algorithm's length")
        }
        return digest
    }
}
