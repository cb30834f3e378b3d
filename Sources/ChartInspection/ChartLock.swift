import ChartArchive
import Codecs
import HelmModel
public import OCIModel

/// What `Chart.lock` or `requirements.lock` says.
public struct ChartLock: Sendable {
    /// A dependency and the version that was chosen for it.
    public struct Entry: Sendable, Equatable {
        /// The chart's name.
        public let name: String
        /// The exact version.
        public let version: String
        /// The repository's URL.
        public let repository: String
    }

    /// The file's name.
    public let file: String
    /// The chosen versions, in the file's order.
    public let entries: [Entry]
    /// The digest over the dependencies that were asked for and those that were chosen, as written; empty when absent.
    public let digest: String
    /// When it was made, as written; empty when absent.
    public let generated: String
    /// Whether the digest is that of the dependencies: false means that `Chart.yaml` changed since.
    ///
    /// Nil when there is no digest.
    public let isUpToDate: Bool?

    /// Reads a lock file.
    ///
    /// - Throws: `.yaml`, `.metadata` when a dependency is malformed.
    init(_ file: ArchivedFile, of metadata: ChartMetadata) throws(ChartArchiveError) {
        self.file = file.path
        let tree = try ChartYAML.tree(file.bytes, file: file.path)
        digest = tree["digest"]?.string ?? ""
        generated = tree["generated"]?.string ?? ""
        var entries: [Entry] = []
        var chosen: [JSONValue] = []
        for dependency in tree["dependencies"]?.array ?? [] {
            // Helm's reading of one dependency is part of reading a chart; names may repeat here, so one at a time.
            let chart = JSONValue.object([
                ("name", .string("lock")), ("version", .string("0.0.0")), ("dependencies", .array([dependency])),
            ])
            let read: ChartMetadata
            do {
                read = try ChartMetadata(chart: chart)
            } catch {
                throw .metadata(error)
            }
            entries += read.dependencies.map { Entry(name: $0.name, version: $0.version, repository: $0.repository) }
            chosen += read.tree["dependencies"]?.array ?? []
        }
        self.entries = entries
        isUpToDate = ChartLock.isUpToDate(digest, metadata, chosen)
    }

    /// Source: helm.sh/helm/v4 v4.3.0 `internal/resolver/resolver.go`, `HashReq`: the SHA-256 of the JSON of both lists;
    /// a v1 chart may hold Helm 2's instead, of what is asked for alone (`HashV2Req`).
    private static func isUpToDate(_ digest: String, _ metadata: ChartMetadata, _ chosen: [JSONValue]) -> Bool? {
        guard !digest.isEmpty else { return nil }
        let wanted = metadata.tree["dependencies"] ?? .null
        if hash(of: .array([wanted, chosen.isEmpty ? .null : .array(chosen)])) == digest { return true }
        return metadata.apiVersion == "v1" && hash(of: .object([("dependencies", wanted)])) == digest
    }

    private static func hash(of tree: JSONValue) -> String? {
        Digest(.sha256, hash: ContentHasher.hash(tree.text(.go).span, .sha256))?.description
    }

    /// `file`, `digest`, `generated`, `upToDate` (boolean or null).
    public var json: JSONValue {
        .object([
            ("file", .string(file)), ("digest", .string(digest)), ("generated", .string(generated)),
            ("upToDate", isUpToDate.map { .bool($0) } ?? .null),
        ])
    }
}
