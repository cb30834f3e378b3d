public import OCIModel

/// What a classic repository's index says about where its charts are, without what it says of them.
///
/// For whoever selects versions and fetches them: an index of 50,000 versions is read many times faster so.
public struct ChartListing: Sendable, Equatable {
    /// A chart and its versions, in the order of the text.
    public struct Chart: Sendable, Equatable {
        /// The name it is listed under.
        public var name: String
        /// Its versions; no two of one text.
        public var versions: [Version]

        /// Builds it.
        public init(name: String, versions: [Version]) {
            self.name = name
            self.versions = versions
        }
    }

    /// A version.
    public struct Version: Sendable, Equatable {
        /// As written.
        public var version: String
        /// Where the archive is, as in `RepositoryIndexEntry`.
        public var urls: [String]
        /// An RFC 3339 time as written; empty when there is none that is one.
        public var created: String
        /// The archive's SHA-256; nil when the index gives none, or one that cannot be read.
        public var archive: Digest?

        /// Builds it.
        public init(version: String, urls: [String], created: String, archive: Digest?) {
            self.version = version
            self.urls = urls
            self.created = created
            self.archive = archive
        }
    }

    /// The charts, sorted by the bytes of their names.
    public var charts: [Chart]

    /// Sorts the charts; of versions with one text the first stays.
    public init(charts: [Chart]) {
        self.charts = charts.map { chart in
            var seen: Set<String> = []
            return Chart(name: chart.name, versions: chart.versions.filter { seen.insert($0.version).inserted })
        }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// What an index says, without the rest.
    public init(_ index: RepositoryIndex) {
        self.init(
            charts: index.charts.map { chart in
                Chart(
                    name: chart.name,
                    versions: chart.versions.map {
                        Version(version: $0.version, urls: $0.urls, created: $0.created, archive: $0.archive)
                    })
            })
    }
}

extension ChartListing.Version {
    /// Takes the fields of an entry; nil for what an index drops: a version that is none.
    ///
    /// - Parameters:
    ///   - digest: hex digits, perhaps behind `sha256:`.
    public init?(version: String, urls: [String], created: String, digest: String) {
        guard (try? SemanticVersion(lenient: version)) != nil else { return nil }
        self.init(
            version: version, urls: urls, created: UTCTime.seconds(rfc3339: created) == nil ? "" : created,
            archive: RepositoryIndexEntry.digest(digest))
    }
}
