import HTTPMessage
import OCIModel
import TestSupport
import Testing

/// Every archive of a big collection through the product, twice, and through every door.
@Suite("Chart collection")
struct ChartCollectionTests {
    /// A folder of archives, below which they may lie at any depth.
    static let folder = Workshop.environment("CHARTROOM_TEST_CHARTS")

    @Test(
        "Each archive comes back byte for byte, a second push costs no blob bytes, and other doors give the same",
        .enabled(if: folder != nil, "CHARTROOM_TEST_CHARTS names no folder"))
    func collection() async throws {
        let archives = try await succeed("find", [try #require(ChartCollectionTests.folder), "-name", "*.tgz"])
            .split(separator: "\n").map(String.init).sorted()
        try #require(!archives.isEmpty)
        let fixture = try Fixture()
        let server = try await fixture.start(["--log-access", "false"])
        let address = try await server.address()
        let web = try Web(try await server.url())
        try await each(archives) { try await push($0, address, fixture.folder.path) }
        let stored = try await blobBytes(web)
        try await each(archives) { path in
            let file = try contents(of: path)
            let pulled = try await pull(path, address, fixture.folder.path)
            #expect(pulled == file, "\(path) came back as other bytes")
        }
        try await each(archives) { try await push($0, address, fixture.folder.path) }
        #expect(try await blobBytes(web) == stored)
        let on = try await succeed("find", [fixture.data + "/blobs", "-type", "f"]).split(separator: "\n").count
        print("\(archives.count) archives, \(stored) bytes in \(on) blobs")
        let worlds = CollectionWorlds(pushed: web, archives: archives)
        try await worlds.compare()
        let published = try #require(ChartCollectionTests.folder) + "/../index.yaml"
        if try await run("test", ["-e", published]).status == 0 {
            try await worlds.compare(with: try contents(of: published))
            if Workshop.runs(with: "nginx") {
                try await worlds.compareCached(publishedIn: try #require(ChartCollectionTests.folder) + "/..")
            }
        }
        #expect(await server.stop() == 0)
    }

    /// Pushes with the product, as an arm of its own so that each costs a process.
    private func push(_ path: String, _ address: String, _ home: String) async throws {
        let pushed = try await run(
            Workshop.chartroom, ["push", path, "oci://\(address)/collection"], environment: ["HOME": home])
        #expect(pushed.status == 0, "\(path): \(pushed)")
    }

    /// Pulls with the product, under the name and version that the archive's own name says.
    private func pull(_ path: String, _ address: String, _ home: String) async throws -> [UInt8] {
        let file = String(path.split(separator: "/").last?.dropLast(".tgz".count) ?? "")
        let name = String(path.split(separator: "/").dropLast().last ?? "")
        let version = String(file.dropFirst(name.count + 1))
        let target = "\(home)/\(Digest(of: Array(path.utf8)).hex).pulled"
        let pulled = try await run(
            Workshop.chartroom,
            ["pull", "oci://\(address)/collection/\(name)", "--version", version, "-o", target],
            environment: ["HOME": home])
        #expect(pulled.status == 0, "\(path): \(pulled)")
        return try contents(of: target)
    }

    /// The bytes the store holds as blobs, as its metrics say.
    private func blobBytes(_ web: Web) async throws -> String {
        let metrics = String(decoding: try await web.send(.get, "/metrics").body, as: UTF8.self)
        let line = metrics.split(separator: "\n").first { $0.hasPrefix("chartroom_store_physical_bytes") }
        return String(try #require(line, "\(metrics)"))
    }
}
