public import OCIModel

/// The OCI manifest of a chart.
///
/// Source: helm.sh/helm/v4 v4.3.0 `pkg/registry/{client,chart}.go`.
public enum ChartManifest {
    /// The manifest's bytes as `helm push` makes them: no `mediaType` field, layers sorted by digest, Go's JSON.
    ///
    /// - Parameters:
    ///   - metadata: gives the annotations.
    ///   - config: the descriptor of `metadata.configJSON`; only media type, digest and size are written.
    ///   - layers: the archive, and its provenance if there is one, in any order.
    ///   - created: the value of `org.opencontainers.image.created`, an RFC 3339 time; nil leaves it out. Helm takes the
    ///     archive's time on disk. An annotation of that name in `Chart.yaml` wins, as in Helm.
    public static func make(
        metadata: ChartMetadata, config: Descriptor, layers: [Descriptor], created: String?
    ) -> [UInt8] {
        let sorted = layers.sorted { $0.digest < $1.digest }
        let manifest = JSONValue.object([
            ("schemaVersion", .integer(2)), ("config", plain(config)), ("layers", .array(sorted.map(plain))),
            ("annotations", JSONValue(bytewiseSorted: annotations(of: metadata, created: created))),
        ])
        return manifest.text(.go)
    }

    private static func plain(_ descriptor: Descriptor) -> JSONValue {
        Descriptor(mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.size).json
    }

    /// The annotations that Helm derives, under those of the chart; blank derived ones are left out.
    ///
    /// The chart's own annotations win, except over title and version.
    public static func annotations(of metadata: ChartMetadata, created: String?) -> [String: String] {
        let own = [titleKey: metadata.name, versionKey: metadata.version]
        var derived = own
        derived["org.opencontainers.image.description"] = metadata.description
        derived["org.opencontainers.image.url"] = metadata.home
        derived["org.opencontainers.image.source"] = metadata.sources.first
        derived["org.opencontainers.image.authors"] = authors(metadata.maintainers)
        derived["org.opencontainers.image.created"] = created
        derived = derived.filter { !isBlank($0.value) }
        return derived.merging(metadata.annotations.filter { own[$0.key] == nil }) { $1 }
    }

    private static let titleKey = "org.opencontainers.image.title"
    private static let versionKey = "org.opencontainers.image.version"

    /// `Name (email), Name (email)`; what is missing leaves its place empty.
    private static func authors(_ maintainers: [ChartMaintainer]) -> String {
        maintainers.map { $0.name + ($0.email.isEmpty ? "" : " (\($0.email))") }.joined(separator: ", ")
    }

    private static func isBlank(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy(\.properties.isWhitespace)
    }
}
