import TestSupport
import Testing

/// The black-box checks of `conformance/`.
@Suite("Conformance", .enabled(if: Workshop.runs(with: Workshop.python), "no Python"))
struct ConformanceTests {
    private func check(_ url: String, _ options: [String] = []) async throws {
        let ended = try await run(
            Workshop.python, [Workshop.root + "/Tests/EndToEndTests/conformance", url, "--verbose"] + options,
            environment: ["PYTHONDONTWRITEBYTECODE": "1"], deadline: .seconds(300))
        let failures = ended.output.split(separator: "\n").filter { !$0.hasPrefix("ok ") }.joined(separator: "\n")
        #expect(ended.status == 0, "\(failures)\n\(ended.errors)")
    }

    @Test("The server answers as OCI Distribution says, over plain HTTP")
    func plain() async throws {
        let fixture = try Fixture()
        let server = try await fixture.start(["--log-access", "false"])
        try await check(try await server.url())
        #expect(await server.stop() == 0)
    }

    @Test("Missing manifests of an index are allowed where the setting says so")
    func sparse() async throws {
        let fixture = try Fixture()
        let server = try await fixture.start(["--allow-sparse-indexes", "--log-access", "false"])
        try await check(try await server.url(), ["--only", "an index", "--sparse"])
    }

    @Test("And over TLS with a password", .enabled(if: Workshop.runs(with: "openssl", "htpasswd"), "make test-setup"))
    func secured() async throws {
        let fixture = try Fixture()
        let server = try await fixture.startSecured(["--log-access", "false"])
        try await check(
            try await server.url(),
            ["--ca-file", fixture.authority, "--user", "alice", "--password", "opensesame"])
    }
}
