public import OCIModel

/// The layers of a manifest that make it a chart.
public struct ChartLayers: Sendable, Equatable {
    /// The config.
    public let config: Descriptor
    /// The archive.
    public let archive: Descriptor
    /// The provenance, if there is one.
    public let provenance: Descriptor?

    /// The chart layer of charts pushed before Helm had a media type of its own; Helm still takes it.
    public static let legacyArchiveType = "application/tar+gzip"

    /// Picks the layers; those of other types do not matter.
    ///
    /// - Throws: `ChartRefusal` when the config is not Helm's, or there is not one archive, or more than one provenance.
    public init(of manifest: Manifest) throws(ChartRefusal) {
        guard let config = manifest.config, config.mediaType == .helmConfig else {
            let type = manifest.config?.mediaType.description ?? manifest.mediaType.description
            throw ChartRefusal("it is no chart: its config is not \(MediaType.helmConfig) but \(type)")
        }
        let archives = manifest.layers.filter {
            $0.mediaType == .helmChart || $0.mediaType.description == ChartLayers.legacyArchiveType
        }
        guard let archive = archives.first else {
            throw ChartRefusal("its manifest has no layer of type \(MediaType.helmChart)")
        }
        guard archives.count == 1 else {
            throw ChartRefusal("its manifest has \(archives.count) chart layers, one is right")
        }
        let provenances = manifest.layers.filter { $0.mediaType == .helmProvenance }
        guard provenances.count <= 1 else {
            throw ChartRefusal("its manifest has \(provenances.count) provenance layers, one is the most")
        }
        (self.config, self.archive, provenance) = (config, archive, provenances.first)
    }
}

/// Why an artifact is listed in no repository index.
public struct ChartRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence without a final full stop.
    public let description: String

    /// Keeps the sentence.
    public init(_ description: String) {
        self.description = description
    }
}
