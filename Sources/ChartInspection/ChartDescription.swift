import ChartArchive
public import Content
public import HelmModel
public import OCIModel

/// What `show` says about a chart.
public struct ChartDescription: Sendable {
    /// The version.
    public let chart: ResolvedChart
    /// Why it is listed in no repository index: one sentence without a final full stop; nil when it is fit to be.
    public let problem: String?
    /// What looks wrong but is no problem.
    public let warnings: [String]
    /// What `Chart.yaml` says; nil when the archive cannot be read.
    public let metadata: ChartMetadata?
    /// The newest time inside the archive, RFC 3339; nil as above.
    public let created: String?
    /// How many files the archive holds; nil as above.
    public let fileCount: Int?
    /// The archive's layer; nil when the manifest is no chart's.
    public let archive: Descriptor?
    /// The SHA-256 of the archive; nil when it is not known.
    public let sha256: Digest?
    /// The provenance's layer, if there is one.
    public let provenance: Descriptor?
    /// Whether the config is byte for byte what Helm v4.3.0 writes; nil when it was not compared.
    public let isConfigAsHelm: Bool?

    /// `reference`, `repository`, `tag`, `manifest`, `listed` (boolean), `problem` (text or null), `warnings` (texts),
    /// `chart` (Helm's config object or null), `created`, `files`, `archive` and `provenance` (objects of `digest` and
    /// `size`, `archive` with `sha256` too, or null), `configAsHelm` (boolean or null).
    public var json: JSONValue {
        .object(
            chart.members + [
                ("listed", .bool(problem == nil)), ("problem", JSONValue(optional: problem)),
                ("warnings", JSONValue(warnings)),
                ("chart", metadata?.tree ?? .null),
                ("created", JSONValue(optional: created)), ("files", fileCount.map { .integer(Int64($0)) } ?? .null),
                (
                    "archive",
                    archive.map { archive in
                        .object([
                            ("digest", .string(archive.digest.description)),
                            ("sha256", JSONValue(optional: sha256?.description)), ("size", .integer(archive.size)),
                        ])
                    } ?? .null
                ),
                (
                    "provenance",
                    provenance.map { provenance in
                        .object([
                            ("digest", .string(provenance.digest.description)), ("size", .integer(provenance.size)),
                        ])
                    } ?? .null
                ),
                ("configAsHelm", isConfigAsHelm.map { .bool($0) } ?? .null),
            ])
    }
}

extension ChartInspector {
    /// Describes a chart, also one that no index lists.
    ///
    /// - Throws: as `resolve`, and what reading the blobs throws.
    public func show(_ reference: Reference) async throws(ContentError) -> ChartDescription {
        let chart = try await resolve(reference)
        let layers = try? ChartLayers(of: chart.manifest)
        var blobs: [Digest: FetchedBlob] = [:]
        if let layers {
            // What is too large is refused before it is opened.
            let wanted =
                [(layers.archive, ChartArchiveReader.maximumArchiveBytes)]
                + (layers.provenance.map { [($0, ChartExamination.maximumProvenanceBytes)] } ?? [])
            for (blob, maximumBytes) in wanted where blob.size <= maximumBytes {
                blobs[blob.digest] = try await fetch(blob, of: chart, maximumBytes: maximumBytes)
            }
        }
        let examination = try ChartExamination.examine(manifest: chart.manifest, repository: chart.repository) {
            digest throws(ContentError) in
            guard let blob = blobs[digest] else { throw .blobUnknown("blob \(digest) was not fetched") }
            return blob.source
        }
        switch examination {
        case .chart(let facts):
            return ChartDescription(chart: chart, facts: facts, problem: try await listingProblem(of: chart, facts))
        case .refused(let problem):
            let package = layers.flatMap { blobs[$0.archive.digest] }.flatMap { blob in
                try? ChartArchiveReader.read(nextPiece: blob.source)
            }
            return ChartDescription(chart: chart, layers: layers, package: package, problem: problem)
        }
    }
}

extension ChartInspector {
    /// Why a good chart is listed nowhere all the same, as far as the end can tell.
    private func listingProblem(of chart: ResolvedChart, _ facts: ChartFacts) async throws(ContentError) -> String? {
        if let reads = end as? any ChartReads {
            return try reads.chartProblem(of: chart.digest, in: chart.repository)
        }
        if try await !isTagged(chart, facts.tag) { return "no tag names its version; tag it \(facts.tag)" }
        // A registry that is no Chartroom has no catalog, and no index either.
        guard let catalog = end as? any ChartCatalog,
            let listed = try? await catalog.listVersions(
                of: facts.metadata.name, in: ChartNamespace(of: chart.repository)),
            !listed.contains(where: { $0.manifest == chart.digest }),
            let unlisted = try? await catalog.listUnlisted(limit: 1000)
        else { return nil }
        let known = unlisted.first { $0.manifest == chart.digest && $0.repository == chart.repository }
        return known?.problem ?? (listed.isEmpty ? nil : "the registry does not list it; a lock may hide it")
    }

    /// Whether the version's tag names the chart.
    private func isTagged(_ chart: ResolvedChart, _ tag: Tag) async throws(ContentError) -> Bool {
        if chart.tag == tag { return true }
        do {
            return try await end.manifest(.tag(tag), in: chart.repository).digest == chart.digest
        } catch {
            guard case .manifestUnknown = error else { throw error }
            return false
        }
    }
}

extension ChartDescription {
    init(chart: ResolvedChart, facts: ChartFacts, problem: String?) {
        self.init(
            chart: chart, problem: problem, warnings: facts.warnings, metadata: facts.metadata, created: facts.created,
            fileCount: facts.files.count, archive: facts.archive, sha256: facts.sha256, provenance: facts.provenance,
            isConfigAsHelm: facts.isConfigAsHelm)
    }

    init(chart: ResolvedChart, layers: ChartLayers?, package: PackagedChart?, problem: String) {
        let digest = layers?.archive.digest
        self.init(
            chart: chart, problem: problem, warnings: package?.metadata.warnings ?? [], metadata: package?.metadata,
            created: package?.created, fileCount: package?.files.count, archive: layers?.archive,
            sha256: digest?.algorithm == .sha256 ? digest : nil, provenance: layers?.provenance, isConfigAsHelm: nil)
    }
}
