import TestSupport
import Testing

/// ORAS and the Azure SDK, both from PyPI.
@Suite(
    "Python clients",
    .enabled(if: Workshop.runs(with: Workshop.clientPython, "openssl", "htpasswd"), "make test-setup"))
struct PythonClientTests {
    private func drive(_ program: String, _ arguments: [String], _ fixture: borrowing Fixture) async throws {
        let place = fixture.path("work")
        try await succeed("mkdir", ["-p", place])
        let ended = try await run(
            Workshop.clientPython, [Workshop.driver(program)] + arguments,
            environment: ["HOME": place, "PYTHONDONTWRITEBYTECODE": "1"], in: place)
        #expect(ended.status == 0, "\(ended)")
    }

    @Test("ORAS pushes, pulls, attaches and lists over plain HTTP")
    func oras() async throws {
        let fixture = try Fixture()
        let server = try await fixture.start()
        try await drive("oras_client.py", [try await server.address()], fixture)
        #expect(await server.stop() == 0)
    }

    @Test("ORAS does the same with a password over TLS, and a wrong password is refused")
    func orasSecured() async throws {
        let fixture = try Fixture()
        let server = try await fixture.startSecured()
        try await drive(
            "oras_client.py",
            [
                try await server.address(), "--ca-file", fixture.authority, "--user", "alice", "--password",
                "opensesame",
            ], fixture)
    }

    @Test("The Azure SDK reads and writes charts, properties and locks without a token")
    func azure() async throws {
        let fixture = try Fixture()
        try await fixture.makeCertificates()
        let server = try await fixture.start([
            "--tls-certificate", fixture.path("server.pem"), "--tls-key", fixture.path("server.key"),
        ])
        try await drive("azure_client.py", [try await server.url(), fixture.authority], fixture)
        #expect(await server.stop() == 0)
    }
}
