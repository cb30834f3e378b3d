import HTTPMessage
import OCIModel
import SQLite
import TestSupport
import Testing

/// A store from before charts were listed.
@Suite("Old store") struct OldStoreTests {
    /// Takes the second migration back, and what came after it.
    private func makeOld(_ data: String) throws {
        let connection = try Connection(path: data + "/metadata.sqlite", .readWrite)
        try connection.execute(OldSchema.one)
    }

    @Test("Opens, and lists what was pushed by OCI as if it had always listed it")
    func open() async throws {
        let fixture = try Fixture()
        let old = try await fixture.start(["--log-access", "false"])
        let (address, web) = (try await old.address(), try Web(try await old.url()))
        let archives = try files(in: Workshop.charts, ending: ".tgz")
        for archive in archives {
            let pushed = try await fixture.chartroom(["push", Workshop.charts + "/" + archive, "oci://\(address)/team"])
            #expect(pushed.status == 0, "\(pushed)")
        }
        try await web.push(PackedChart("bad", "1.0.0", archive: Array("no archive".utf8)), to: "team/bad", tag: "1.0.0")
        let before = try await web.index("team")
        #expect(before.versions.count == archives.count)
        let unlisted = try await web.send(.get, "/api/chart/unlisted").body
        #expect(await old.stop() == 0)
        try makeOld(fixture.data)
        let server = try await fixture.start(["--log-access", "false"])
        let again = try Web(try await server.url())
        let after = try await again.index("team")
        #expect(after.versions == before.versions)
        #expect(after.bytes == before.bytes && after.tag == before.tag)
        #expect(try await again.send(.get, "/api/chart/unlisted").body == unlisted)
        let found = try await again.send(.get, "/api/chart/search?q=attic")
        #expect(String(decoding: found.body, as: UTF8.self).contains("v0.5.0"))
        #expect(await server.stop() == 0)
    }
}
