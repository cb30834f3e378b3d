public import Content
public import OCIModel

/// A real chart, packed, with its config and manifest: for tests of what looks inside.
///
/// Its manifest is a chart's, though not byte for byte Helm's: use `ChartManifest` where that matters.
public struct PackedChart: Sendable {
    public var name: String
    public var version: String
    public var archive: [UInt8]
    public var config: [UInt8]
    public var provenance: [UInt8]?
    public var archiveType = MediaType.helmChart
    public var configType = MediaType.helmConfig

    /// Packs a chart of these files below a directory of its name; `more` goes to the end of `Chart.yaml`.
    public init(
        _ name: String, _ version: String, chart more: String = "", files: [(path: String, text: String)] = []
    ) {
        var tar = TarBuilder()
        tar.add("\(name)/Chart.yaml", "apiVersion: v2\nname: \(name)\nversion: \(version)\n" + more)
        for (path, text) in files { tar.add("\(name)/\(path)", text) }
        self.init(name, version, archive: tar.gzipped)
    }

    /// A chart of any archive.
    public init(_ name: String, _ version: String, archive: [UInt8]) {
        self.name = name
        self.version = version
        self.archive = archive
        config = Array(#"{"name":"\#(name)","version":"\#(version)","apiVersion":"v2"}"#.utf8)
    }

    /// The layers' descriptors.
    public var layers: [Descriptor] {
        [Descriptor(of: archive, archiveType)] + (provenance.map { [Descriptor(of: $0, .helmProvenance)] } ?? [])
    }

    /// The manifest.
    public var manifest: StoredManifest {
        SampleChart.manifest(config: Descriptor(of: config, configType), layers: layers)
    }

    /// A blob of it by digest.
    public func blob(_ digest: Digest) -> [UInt8]? {
        ([archive, config] + (provenance.map { [$0] } ?? [])).first { Digest(of: $0, digest.algorithm) == digest }
    }

    /// The same with a provenance file that vouches for these digests; none makes it vouch for the archive.
    public func signed(for digests: [Digest]? = nil) -> PackedChart {
        var chart = self
        let names = (digests ?? [Digest(of: archive)]).map { "  \(name)-\(version).tgz: \($0)\n" }.joined()
        chart.provenance = Array(
            ("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nname: \(name)\nversion: \(version)\n\n...\nfiles:\n"
                + names + "-----BEGIN PGP SIGNATURE-----\n\nnone\n-----END PGP SIGNATURE-----\n").utf8)
        return chart
    }

    /// Puts the blobs, then the manifest under the version's tag and others.
    public func push(
        to end: some BlobSink & Tagger, _ repository: RepositoryName, tags: [Tag]? = nil
    ) async throws(ContentError) {
        for (bytes, type) in [(config, configType), (archive, archiveType)] {
            try await end.putBlob(Descriptor(of: bytes, type), in: repository, bytes)
        }
        if let provenance {
            try await end.putBlob(Descriptor(of: provenance, .helmProvenance), in: repository, provenance)
        }
        let versionTag = try? Tag(parsing: version.replacing("+", with: "_"))
        try await end.putManifest(manifest, tags: tags ?? (versionTag.map { [$0] } ?? []), in: repository)
    }
}
