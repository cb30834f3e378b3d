import ChartRepository
import Content
import HTTPClient
import HelmModel
import ImageLayout
import OCIModel
import Synchronization
import TestSupport
import Testing

/// The other ends of a mirror against those who speak the same.
@Suite struct OtherEndTests {
    private func name(_ text: String) throws -> RepositoryName { try RepositoryName(parsing: text) }

    private func put(_ chart: PackedChart, _ museum: ChartMuseumClient, replacing: Bool = false)
        async throws(ContentError) -> StoredChart
    {
        let upload = try await museum.openChart(in: .root)
        try await upload.append(chart.archive)
        return try await upload.finish(provenance: chart.provenance, replacing: replacing)
    }

    @Test("Chartroom itself is a ChartMuseum, at its root and at every namespace", arguments: ["", "/charts/team/web"])
    func museum(path: String) async throws {
        let fixture = try Fixture()
        let server = try await fixture.start()
        let source = try ChartRepositorySource(parsing: try await server.url() + path)
        var configuration = HTTPClientConfiguration()
        configuration.proxy = .none
        let client = try HTTPClient(configuration)
        let (museum, classic) = (
            ChartMuseumClient(source, client: client), ChartRepositoryClient(source, client: client)
        )
        func listed() async throws -> [Digest] {
            guard case .index(let index, _) = try await classic.index() else { return [] }
            return index.charts.flatMap(\.versions).compactMap(\.archive)
        }
        let (first, moved) = (PackedChart("app", "1.0.0").signed(), PackedChart("app", "1.0.0", chart: "icon: i\n"))
        let stored = try await put(first, museum)
        #expect(try await listed() == [Digest(of: first.archive)])
        let again = try await put(first, museum)
        #expect(again == stored)
        var conflict: ContentError?
        do { _ = try await put(moved, museum) } catch { conflict = error }
        #expect(conflict?.httpStatus == 409)
        let replaced = try await put(moved, museum, replacing: true)
        #expect(replaced.manifest != stored.manifest)
        #expect(try await listed() == [Digest(of: moved.archive)])
        try await museum.removeChart("app", version: "1.0.0", in: .root)
        #expect(try await listed().isEmpty)
        #expect(await server.stop() == 0)
    }

    /// Skopeo's own folders, so that it touches nothing of the user's.
    private func skopeo(_ fixture: borrowing Fixture, _ words: [String]) async throws -> Ended {
        let home = fixture.path("home")
        try await succeed("mkdir", ["-p", home])
        return try await run(
            "skopeo", ["--insecure-policy", "--tmpdir", home] + words,
            environment: ["HOME": home, "XDG_RUNTIME_DIR": home, "REGISTRY_AUTH_FILE": home + "/auth.json"])
    }

    /// Copies a tag with its blobs between two layouts.
    private func copy(
        _ source: LayoutDirectory, _ from: (RepositoryName, OCIModel.Tag), _ target: LayoutDirectory,
        _ to: (RepositoryName, OCIModel.Tag)
    ) async throws {
        let manifest = try await source.manifest(.tag(from.1), in: from.0)
        for blob in try Manifest(parsing: manifest.bytes, contentType: manifest.mediaType).references {
            let bytes = try await source.blob(blob.digest, in: from.0)
            _ = try await target.placeBlob(blob, in: to.0, BlobPlacement()) { _ throws(ContentError) in OnePiece(bytes)
            }
        }
        try await target.putManifest(manifest, tags: [to.1], in: to.0)
    }

    @Test(
        "Skopeo reads what a layout holds and writes into it, and neither loses what is the other's",
        .enabled(if: Workshop.runs(with: "skopeo"), "make test-setup"))
    func layouts() async throws {
        let fixture = try Fixture()
        let (theirs, ours) = (fixture.path("layout"), fixture.path("ours"))
        try await succeed(Workshop.python, [Workshop.driver("layout.py"), theirs])
        let target = try LayoutDirectory(at: ours, isMade: true)
        let (one, two, tag) = (try name("images/one"), try name("images/two"), try OCIModel.Tag(parsing: "v1.0_x"))
        let source = try LayoutDirectory(at: theirs, isMade: false)
        try await copy(source, (try name("layout"), try OCIModel.Tag(parsing: "one")), target, (one, tag))
        let inspected = try await skopeo(fixture, ["inspect", "--raw", "oci:\(ours):images/one:v1.0_x"])
        #expect(inspected.status == 0, "\(inspected)")
        let pulled = try await skopeo(
            fixture,
            ["copy", "--preserve-digests", "oci:\(ours):images/one:v1.0_x", "oci:\(fixture.path("back")):one"])
        try #require(pulled.status == 0, "\(pulled)")
        let compared = try await run("diff", ["-r", theirs + "/blobs", fixture.path("back") + "/blobs"])
        #expect(compared.status == 0, "\(compared)")
        let pushed = try await skopeo(
            fixture, ["copy", "--preserve-digests", "oci:\(theirs):one", "oci:\(ours):images/two:v1.0_x"])
        try #require(pushed.status == 0, "\(pushed)")
        let digest = try await target.digest(of: tag, in: one, unless: nil)
        #expect(try await target.digest(of: tag, in: two, unless: nil) == digest)
        try await target.deleteManifest(.tag(tag), in: one)
        let left = try await skopeo(fixture, ["inspect", "--raw", "oci:\(ours):images/two:v1.0_x"])
        #expect(left.status == 0, "\(left)")
        let gone = try await skopeo(fixture, ["inspect", "--raw", "oci:\(ours):images/one:v1.0_x"])
        #expect(gone.status != 0)
    }
}

/// Bytes in one piece, however large.
private final class OnePiece: BlobPieces {
    private let left: Mutex<[UInt8]?>
    init(_ bytes: [UInt8]) { left = Mutex(bytes) }
    func next() async throws(ContentError) -> [UInt8]? {
        left.withLock { left in
            defer { left = nil }
            return left
        }
    }
}
