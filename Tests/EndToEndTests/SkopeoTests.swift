import TestSupport
import Testing

/// Debian's skopeo, which speaks containers/image: uploads by POST, PATCH, PUT; Accept on several lines.
@Suite("skopeo", .enabled(if: Workshop.runs(with: "skopeo", "openssl", "htpasswd"), "make test-setup"))
struct SkopeoTests {
    /// Skopeo's own folders, so that it touches nothing of the user's.
    private func skopeo(_ fixture: borrowing Fixture, _ words: [String]) async throws -> Ended {
        let home = fixture.path("home")
        try await succeed("mkdir", ["-p", home])
        return try await run(
            "skopeo", ["--insecure-policy", "--tmpdir", home] + words,
            environment: ["HOME": home, "XDG_RUNTIME_DIR": home, "REGISTRY_AUTH_FILE": home + "/auth.json"])
    }

    /// An OCI layout with one image of two layers under the tag `one`.
    private func makeLayout(_ fixture: borrowing Fixture) async throws -> String {
        let layout = fixture.path("layout")
        try await succeed(Workshop.python, [Workshop.driver("layout.py"), layout])
        return layout
    }

    @Test("Copies an image layout in and out over plain HTTP, unchanged")
    func plain() async throws {
        let fixture = try Fixture()
        let server = try await fixture.start()
        let layout = try await makeLayout(fixture)
        let image = "docker://\(try await server.address())/images/one:v1"
        let pushed = try await skopeo(
            fixture, ["copy", "--preserve-digests", "--dest-tls-verify=false", "oci:\(layout):one", image])
        try #require(pushed.status == 0, "\(pushed)")
        let again = try await skopeo(
            fixture, ["copy", "--preserve-digests", "--dest-tls-verify=false", "oci:\(layout):one", image])
        #expect(again.errors.contains("already exists") || again.status == 0, "\(again)")
        let pulled = try await skopeo(
            fixture,
            [
                "copy", "--preserve-digests", "--src-tls-verify=false", image, "oci:\(fixture.path("back")):one",
            ])
        try #require(pulled.status == 0, "\(pulled)")
        let compared = try await run("diff", ["-r", layout + "/blobs", fixture.path("back") + "/blobs"])
        #expect(compared.status == 0, "\(compared)")
    }

    @Test("Copies a folder in and out, and between two repositories")
    func folders() async throws {
        let fixture = try Fixture()
        let server = try await fixture.start()
        let base = "docker://\(try await server.address())/images"
        let layout = try await makeLayout(fixture)
        let plain = ["--src-tls-verify=false", "--dest-tls-verify=false"]
        for (source, target) in [
            ("oci:\(layout):one", "dir:\(fixture.path("first"))"), ("dir:\(fixture.path("first"))", base + "/a:v1"),
            (base + "/a:v1", base + "/b:v1"), (base + "/b:v1", "dir:\(fixture.path("second"))"),
        ] {
            let copied = try await skopeo(fixture, ["copy", "--preserve-digests"] + plain + [source, target])
            try #require(copied.status == 0, "\(source) \(target): \(copied)")
        }
        let compared = try await run("diff", ["-r", fixture.path("first"), fixture.path("second")])
        #expect(compared.status == 0, "\(compared)")
    }

    @Test("Inspects, lists tags and deletes")
    func inspect() async throws {
        let fixture = try Fixture()
        let server = try await fixture.start()
        let base = "docker://\(try await server.address())/images/one"
        let layout = try await makeLayout(fixture)
        for tag in ["v1", "v2"] {
            let pushed = try await skopeo(
                fixture, ["copy", "--dest-tls-verify=false", "oci:\(layout):one", "\(base):\(tag)"])
            try #require(pushed.status == 0, "\(pushed)")
        }
        let inspected = try await skopeo(fixture, ["inspect", "--tls-verify=false", base + ":v1"])
        #expect(inspected.output.contains(#""Architecture": "amd64""#), "\(inspected)")
        let listed = try await skopeo(fixture, ["list-tags", "--tls-verify=false", base])
        #expect(listed.output.contains(#""v1""#) && listed.output.contains(#""v2""#), "\(listed)")
        let deleted = try await skopeo(fixture, ["delete", "--tls-verify=false", base + ":v1"])
        #expect(deleted.status == 0, "\(deleted)")
        // Skopeo deletes by digest, so both tags went with the manifest.
        let gone = try await skopeo(fixture, ["inspect", "--tls-verify=false", base + ":v2"])
        #expect(gone.status != 0)
    }

    @Test("Copies charts that chartroom pushed")
    func charts() async throws {
        let fixture = try Fixture()
        let server = try await fixture.start()
        let address = try await server.address()
        let pushed = try await fixture.chartroom([
            "push", Workshop.charts + "/room-1.0.0.tgz", "oci://\(address)/charts",
        ])
        try #require(pushed.status == 0, "\(pushed)")
        let copied = try await skopeo(
            fixture,
            [
                "copy", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false",
                "docker://\(address)/charts/room:1.0.0", "docker://\(address)/copies/room:1.0.0",
            ])
        try #require(copied.status == 0, "\(copied)")
        let pulled = try await fixture.chartroom(["pull", "oci://\(address)/copies/room:1.0.0", "-o", "room.tgz"])
        #expect(pulled.status == 0, "\(pulled)")
        #expect(try contents(of: fixture.path("room.tgz")) == contents(of: Workshop.charts + "/room-1.0.0.tgz"))
    }

    @Test("Copies with a password over TLS under a private authority, and not without")
    func secured() async throws {
        let fixture = try Fixture()
        let server = try await fixture.startSecured()
        let image = "docker://\(try await server.address())/images/one:v1"
        let layout = try await makeLayout(fixture)
        try await succeed("mkdir", ["-p", fixture.path("certificates")])
        try await succeed("cp", [fixture.authority, fixture.path("certificates/ca.crt")])
        let trust = ["--dest-cert-dir", fixture.path("certificates")]
        for (credentials, works) in [("alice:wrong", false), ("alice:opensesame", true)] {
            let pushed = try await skopeo(
                fixture, ["copy", "--dest-creds", credentials] + trust + ["oci:\(layout):one", image])
            #expect((pushed.status == 0) == works, "\(credentials): \(pushed)")
        }
        let nobody = try await skopeo(fixture, ["copy"] + trust + ["oci:\(layout):one", image])
        #expect(nobody.status != 0, "\(nobody)")
        let logged = try await skopeo(
            fixture,
            [
                "login", "--cert-dir", fixture.path("certificates"), "-u", "alice", "-p", "opensesame",
                try await server.address(),
            ])
        #expect(logged.status == 0, "\(logged)")
        let pulled = try await skopeo(
            fixture,
            [
                "copy", "--src-cert-dir", fixture.path("certificates"), image, "dir:" + fixture.path("pulled"),
            ])
        #expect(pulled.status == 0, "\(pulled)")
    }
}
