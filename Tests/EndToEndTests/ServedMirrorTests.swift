import Content
import HTTPClient
import HTTPMessage
import OCIModel
import Posix
import RemoteRegistry
import TestSupport
import Testing

/// A server that mirrors from another by itself.
@Suite("A server with mirrors") struct ServedMirrorTests {
    private func client(_ url: String) throws -> RegistryClient {
        var configuration = HTTPClientConfiguration()
        configuration.proxy = .none
        return RegistryClient(
            try RegistryEndpoint(parsing: url), credentials: FixedCredential.anonymous,
            client: try HTTPClient(configuration))
    }

    private func metrics(_ server: RunningServer) async throws -> String {
        String(decoding: try await Web(try await server.url()).send(.get, "/metrics").body, as: UTF8.self)
    }

    @Test("A mirror that never ran runs when the server starts, and is told of everywhere")
    func runsAtOnce() async throws {
        let origin = try Fixture()
        let source = try await origin.start()
        let chart = PackedChart("room", "1.0.0")
        try await chart.push(to: try client(try await source.url()), try RepositoryName(parsing: "team/room"))

        let fixture = try Fixture()
        let file = try fixture.folder.write(
            "mirror.yaml",
            """
            mirrors:
              - name: team
                from: oci+http://\(try await source.address())/team
                to: store:copy
                schedule: {every: 1h}
            """)
        let server = try await fixture.start(["--mirrors", file])
        try await server.line("mirror run ended")
        let client = try client(try await server.url())
        let run = try #require(try await client.runs(of: "team", before: nil, limit: 10).first)
        #expect(run.outcome == .succeeded && run.trigger == .schedule && run.counts.copied == 1, "\(run)")
        let state = try await client.mirror("team")
        #expect(state.last == run && state.succeededAt != nil && state.lastError == nil)
        #expect(try await client.report(of: run.id).failures == [])
        let tag = try Tag(parsing: "1.0.0")
        let copied = try await client.manifest(.tag(tag), in: try RepositoryName(parsing: "copy/room"))
        let original = try await self.client(try await source.url()).manifest(
            .tag(tag), in: try RepositoryName(parsing: "team/room"))
        #expect(copied == original)
        let text = try await metrics(server)
        for line in [
            "runs_total{mirror=\"team\",outcome=\"succeeded\"} 1", "references{mirror=\"team\",state=\"copied\"} 1",
            "failures{mirror=\"team\"} 0",
        ] {
            #expect(text.contains("chartroom_mirror_" + line + "\n"), "\(text)")
        }
        #expect(try await client.plan(of: "team").changes == [])
        #expect(await server.stop() == 0)

        // It is not due again yet.
        let again = try await fixture.start(["--mirrors", file])
        let kept = try self.client(try await again.url())
        #expect(try await kept.runs(of: nil, before: nil, limit: 10) == [run])
        #expect(await again.stop() == 0)
    }

    @Test("What is wrong with the mirror file is told by its line, before anything is served")
    func mistakes() async throws {
        let fixture = try Fixture()
        let file = try fixture.folder.write(
            "mirror.yaml", "mirrors:\n  - name: runs\n    from: oci://a.example/x\n    to: store:y\n    versons: {}\n")
        let served = try await fixture.chartroom(
            ["serve", "--data", fixture.data, "--listen", "127.0.0.1:0", "--mirrors", file])
        #expect(served.status == 2, "\(served)")
        #expect(served.errors.contains("mirror.yaml:5:5: "), "\(served)")
        #expect(served.errors.contains("mirror.yaml:2:11: a mirror of a server cannot be named runs"), "\(served)")
    }
}
