import Content
import Metadata
import OCIModel
import TestSupport

/// A chart of the tests: what a store would have read from its archive.
struct TestChart {
    let name: String
    let version: String
    /// Bytes that sort as the versions are meant to.
    let order: [UInt8]
    var isPrerelease = false
    var description = ""
    var keywords = ""

    /// An artifact that no other chart or repository shares.
    var sample: SampleChart { SampleChart(name, version, archiveBytes: 8) }

    func row() throws -> ChartRow {
        ChartRow(
            key: ChartVersionKey(name: name, order: order), version: version, tag: try Tag(parsing: version),
            isPrerelease: isPrerelease, fileName: "\(name)-\(version).tgz", archive: Digest(of: sample.archive),
            layer: Digest(of: sample.archive), size: Int64(sample.archive.count), provenance: nil, appVersion: "",
            description: description, type: "application", isDeprecated: false, created: "2020-01-01T00:00:00Z",
            keywords: keywords, maintainers: "", entry: Array("{\"name\":\"\(name)\",\"version\":\"\(version)\"}".utf8))
    }
}

extension TestChart {
    /// The version as a classic upstream lists it.
    func upstream() throws -> UpstreamChart {
        UpstreamChart(
            key: ChartVersionKey(name: name, order: order), version: version, tag: try Tag(parsing: version),
            urls: ["https://upstream.example/\(name)-\(version).tgz"], archive: Digest(of: sample.archive),
            isPrerelease: isPrerelease, isDeprecated: false, json: Array("{}".utf8))
    }
}

extension MetadataFixture {
    /// Stores a chart's manifest as an upstream gave it, with nothing that it names.
    func cache(_ chart: TestChart, in repository: RepositoryName) throws {
        let stored = chart.sample.manifest
        let manifest = try Manifest(parsing: stored.bytes, contentType: stored.mediaType)
        let tag = try Tag(parsing: chart.version)
        try step { writer throws(ContentError) in
            try writer.putManifest(
                stored, manifest, tags: [tag], in: repository, allowsMissingManifests: true, from: .upstream("hub"),
                at: now)
            try writer.awaitLayers(of: stored.digest, in: repository)
        }
    }

    /// Takes an upstream's index over.
    @discardableResult
    func take(_ charts: [UpstreamChart], of namespace: String, deletes: Bool = false) throws -> UpstreamIndexChange {
        let state = UpstreamIndexState(
            upstream: "hub", entityTag: nil, lastModified: nil, content: nil, checkedAt: 1, versionCount: 0)
        let space = try ChartNamespace(parsing: namespace)
        var left = charts[...]
        return try step { writer throws(ContentError) in
            try writer.takeUpstreamIndex(state, of: space, deletes: deletes, at: now) { left.popFirst() }.change
        }
    }

    /// Pushes a chart as a store does: blobs, manifest, tags and what its archive says.
    func push(_ chart: TestChart, to repository: RepositoryName, tags: [String]? = nil) throws {
        try push(chart.sample, repository, tags: tags ?? [chart.version])
        let row = try chart.row()
        try step { writer throws(ContentError) in
            try writer.noteChart(.chart(row), of: chart.sample.manifest.digest, in: repository)
        }
    }

    /// `name version` of all entries, in the index's order.
    func entries(_ namespace: ChartNamespace, from: ChartVersionKey? = nil, before: ChartVersionKey? = nil) throws
        -> [String]
    {
        var found: [String] = []
        try reader.forEachEntry(in: namespace, from: from, before: before) {
            found.append("\($0.key.name) \($0.version)")
            return true
        }
        return found
    }
}
