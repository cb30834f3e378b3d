import TestSupport
import Testing

/// The real Helm 4 library.
@Suite(
    "Helm",
    .enabled(if: Workshop.runs(with: Workshop.helmLibrary, "openssl", "htpasswd"), "make test-setup"))
struct HelmTests {
    /// One user's Helm: a home of its own and how it speaks.
    struct Helm {
        let home: ScratchDirectory
        let options: [String]

        init(_ options: [String] = ["--plain-http"]) throws {
            home = try ScratchDirectory()
            self.options = options
        }

        func callAsFunction(_ words: String...) async throws -> Ended {
            try await self(words)
        }

        func callAsFunction(_ words: [String]) async throws -> Ended {
            try await run(
                Workshop.python, [Workshop.driver("helm.py")] + options + words,
                environment: [
                    "HELM_LIBRARY": Workshop.helmLibrary, "HELM_HOME": home.path, "PYTHONDONTWRITEBYTECODE": "1",
                ], deadline: .seconds(300))
        }

        /// Pushes, and pulls with an empty cache; the bytes.
        func pull(_ reference: String) async throws -> [UInt8] {
            let file = home.path + "/pulled.tgz"
            let ended = try await self("pull", reference, file)
            try #require(ended.status == 0, "\(ended)")
            return try contents(of: file)
        }
    }

    /// The archives whose versions Helm's show action takes, as repository and tag.
    static let plainCharts = [
        ("room-1.0.0.tgz", "room:1.0.0"), ("room-0.2.0.tgz", "room:0.2.0"), ("hall-2.0.0.tgz", "hall:2.0.0"),
        ("attic-v0.5.0.tgz", "attic:v0.5.0"), ("porch-1.0.0-rc.1.tgz", "porch:1.0.0-rc.1"),
    ]

    @Test("Pushes and pulls without a password over plain HTTP, byte for byte")
    func plain() async throws {
        let fixture = try Fixture()
        let server = try await fixture.start()
        let base = "oci://\(try await server.address())/charts"
        let pusher = try Helm()
        for (file, reference) in HelmTests.plainCharts {
            let pushed = try await pusher("push", Workshop.charts + "/" + file, base)
            #expect(pushed.status == 0, "\(pushed)")
            #expect(try await Helm().pull("\(base)/\(reference)") == contents(of: Workshop.charts + "/" + file))
        }
        // Again: everything is there.
        let again = try await pusher("push", Workshop.charts + "/room-1.0.0.tgz", base)
        #expect(again.status == 0, "\(again)")
        #expect(await server.stop() == 0)
    }

    @Test("Shows a chart, and says so when there is none of that version")
    func show() async throws {
        let fixture = try Fixture()
        let server = try await fixture.start()
        let base = "oci://\(try await server.address())/charts"
        let helm = try Helm()
        let pushed = try await helm("push", Workshop.charts + "/hall-2.0.0.tgz", base)
        #expect(pushed.status == 0, "\(pushed)")
        let shown = try await helm("show", base + "/hall:2.0.0")
        #expect(shown.output.contains("name: hall") && shown.output.contains("version: 2.0.0"), "\(shown)")
        let missing = try await helm("show", base + "/hall:9.9.9")
        #expect(missing.status != 0)
        #expect(missing.errors.contains("not found"), "\(missing)")
    }

    @Test("A provenance file goes along and comes back")
    func provenance() async throws {
        let fixture = try Fixture()
        let server = try await fixture.start()
        let address = try await server.address()
        let pushed = try await Helm()("push", Workshop.charts + "/room-1.0.0.tgz", "oci://\(address)/charts")
        #expect(pushed.status == 0, "\(pushed)")
        let pulled = try await fixture.chartroom(["pull", "oci://\(address)/charts/room:1.0.0", "--prov"])
        #expect(pulled.status == 0, "\(pulled)")
        for suffix in ["", ".prov"] {
            let name = "room-1.0.0.tgz" + suffix
            #expect(try contents(of: fixture.path(name)) == contents(of: Workshop.charts + "/" + name))
        }
    }

    @Test("A version with + is a tag with _ and is found under its version")
    func plus() async throws {
        let fixture = try Fixture()
        let server = try await fixture.start()
        let address = try await server.address()
        let helm = try Helm()
        let archive = "cellar-1.4.0+up2.3.4.tgz"
        let pushed = try await helm("push", Workshop.charts + "/" + archive, "oci://\(address)/charts")
        #expect(pushed.status == 0, "\(pushed)")
        let fetched = try await helm("fetch", "oci://\(address)/charts/cellar", "1.4.0+up2.3.4")
        #expect(fetched.status == 0, "\(fetched)")
        #expect(fetched.output.contains("charts/cellar:1.4.0_up2.3.4"), "\(fetched)")
        let pulled = try await fixture.chartroom([
            "pull", "oci://\(address)/charts/cellar", "--version", "1.4.0+up2.3.4", "-o", "pulled.tgz",
        ])
        #expect(pulled.status == 0, "\(pulled)")
        #expect(try contents(of: fixture.path("pulled.tgz")) == contents(of: Workshop.charts + "/" + archive))
    }

    @Test("What chartroom pushes, Helm pulls")
    func fromChartroom() async throws {
        let fixture = try Fixture()
        let server = try await fixture.start()
        let base = "oci://\(try await server.address())/charts"
        for (file, reference) in HelmTests.plainCharts {
            let pushed = try await fixture.chartroom(["push", Workshop.charts + "/" + file, base])
            #expect(pushed.status == 0, "\(pushed)")
            #expect(try await Helm().pull("\(base)/\(reference)") == contents(of: Workshop.charts + "/" + file))
        }
    }

    @Test("Logs in with the right password only, over TLS under a private authority", arguments: ["none", "read"])
    func login(anonymous: String) async throws {
        let fixture = try Fixture()
        let server = try await fixture.startSecured(["--access-anonymous", anonymous])
        let address = try await server.address()
        let base = "oci://\(address)/charts"
        let helm = try Helm(["--ca-file", fixture.authority])
        for (user, password) in [("alice", "wrong"), ("nobody", "opensesame"), ("bert", "opensesame")] {
            let refused = try await helm("login", address, user, password)
            #expect(refused.status != 0, "\(user): \(refused)")
        }
        let early = try await helm("push", Workshop.charts + "/room-1.0.0.tgz", base)
        #expect(early.status != 0, "\(early)")
        let accepted = try await helm("login", address, "alice", "opensesame")
        #expect(accepted.status == 0, "\(accepted)")
        let pushed = try await helm("push", Workshop.charts + "/room-1.0.0.tgz", base)
        #expect(pushed.status == 0, "\(pushed)")
        #expect(try await helm.pull(base + "/room:1.0.0") == contents(of: Workshop.charts + "/room-1.0.0.tgz"))
        let stranger = try await Helm(["--ca-file", fixture.authority])("show", base + "/room:1.0.0")
        #expect((stranger.status == 0) == (anonymous == "read"), "\(stranger)")
        #expect(!server.output.contains("opensesame"))
    }

    @Test("A user of the read list pulls and does not push")
    func readOnly() async throws {
        let fixture = try Fixture()
        let server = try await fixture.startSecured(["--access-read", "bert", "--access-read-write", "alice"])
        let address = try await server.address()
        let base = "oci://\(address)/charts"
        let (alice, bert) = (try Helm(["--ca-file", fixture.authority]), try Helm(["--ca-file", fixture.authority]))
        #expect(try await alice("login", address, "alice", "opensesame").status == 0)
        #expect(try await bert("login", address, "bert", "readonly").status == 0)
        #expect(try await bert("push", Workshop.charts + "/room-1.0.0.tgz", base).status != 0)
        #expect(try await alice("push", Workshop.charts + "/room-1.0.0.tgz", base).status == 0)
        #expect(try await bert.pull(base + "/room:1.0.0") == contents(of: Workshop.charts + "/room-1.0.0.tgz"))
    }

    @Test("A server whose certificate nobody vouches for is not talked to")
    func untrusted() async throws {
        let fixture = try Fixture()
        let server = try await fixture.startSecured()
        let refused = try await Helm([])("login", try await server.address(), "alice", "opensesame")
        #expect(refused.status != 0)
        #expect(refused.errors.contains("certificate"), "\(refused)")
    }
}
