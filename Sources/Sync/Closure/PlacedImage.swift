public import ChartInspection
public import OCIModel

extension ImageConfidence {
    /// The same as the finder of images says it.
    public init(_ confidence: ChartImage.Confidence) {
        switch confidence {
        case .low: self = .low
        case .medium: self = .medium
        case .high: self = .high
        }
    }
}

/// An image of a chart, and where it is brought.
public struct PlacedImage: Sendable, Equatable {
    /// The image as the chart names it.
    public var image: ChartImage
    /// `host[:port]` it can be pulled from, and its repository there.
    ///
    /// Tags and digests stay what they are.
    public var destination: Destination

    /// A repository of a registry.
    public struct Destination: Sendable, Hashable {
        /// `host[:port]`.
        public var host: String
        /// The repository.
        public var repository: RepositoryName
        /// Whether it is asked over TLS.
        public var isSecure: Bool

        /// Builds it.
        public init(host: String, repository: RepositoryName, isSecure: Bool = true) {
            self.host = host
            self.repository = repository
            self.isSecure = isSecure
        }
    }

    /// Builds it.
    public init(_ image: ChartImage, to destination: Destination) {
        self.image = image
        self.destination = destination
    }

    /// The image at its destination.
    public var placed: Reference {
        Reference(
            host: destination.host, repository: destination.repository, tag: image.reference.tag,
            digest: image.reference.digest)
    }

    /// One line for each image, the source and the destination with a tabulator between them, by the bytes of the source.
    public static func list(_ images: [PlacedImage]) -> String {
        let lines = Set(images.map { "\($0.image.reference)\t\($0.placed)\n" })
        return lines.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined()
    }
}
