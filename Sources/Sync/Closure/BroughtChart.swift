public import ChartInspection
public import OCIModel

/// A chart, and the images that are brought for it.
public struct BroughtChart: Sendable, Equatable {
    /// The chart's name.
    public var name: String
    /// Its version.
    public var version: String
    /// The images, by the bytes of their references; only those that are selected.
    public var images: [BroughtImage]

    /// Builds it.
    public init(name: String, version: String, images: [BroughtImage]) {
        self.name = name
        self.version = version
        self.images = images
    }
}

/// An image of a chart, and where it goes.
public struct BroughtImage: Sendable, Equatable {
    /// The image as the chart names it.
    public var image: ChartImage
    /// Where it goes.
    public var to: MirrorPlace
    /// The repository there, in full.
    public var repository: RepositoryName

    /// Builds it.
    public init(_ image: ChartImage, to: MirrorPlace, repository: RepositoryName) {
        self.image = image
        self.to = to
        self.repository = repository
    }

    /// Where it can be pulled from; nil for a layout, and for a store nobody says the address of.
    ///
    /// - Parameter storeHost: `host[:port]` at which the local store is served; with `http://` in front without TLS.
    public func placed(storeHost: String?) -> PlacedImage? {
        switch to {
        case .registry(let authority, let isSecure, _):
            return PlacedImage(image, to: .init(host: authority, repository: repository, isSecure: isSecure))
        case .store:
            guard let storeHost, case let host = BroughtImage.host(storeHost), !host.isEmpty else { return nil }
            return PlacedImage(
                image, to: .init(host: host, repository: repository, isSecure: !storeHost.hasPrefix("http://")))
        case .charts, .layout: return nil
        }
    }

    private static func host(_ text: String) -> String {
        var rest = Substring(text)
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
        return String(rest.prefix { $0 != "/" })
    }
}
