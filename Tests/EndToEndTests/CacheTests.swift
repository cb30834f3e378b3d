import HTTPMessage
import OCIModel
import Posix
import TestSupport
import Testing

/// The server as a cache in front of real upstreams, asked by the real Helm 4 library.
@Suite(
    "Cache",
    .enabled(
        if: Workshop.runs(with: Workshop.helmLibrary, "docker-registry", "nginx", "openssl", "htpasswd"),
        "make test-setup"))
struct CacheTests {
    private func archive(_ name: String) throws -> [UInt8] { try contents(of: Workshop.charts + "/" + name) }

    /// A configuration file with these upstreams.
    private func configuration(_ fixture: borrowing Fixture, _ upstreams: String) throws -> [String] {
        ["--config", try fixture.folder.write("chartroom.yaml", "upstreams:\n" + upstreams)]
    }

    /// Pulls over both doors and checks the bytes; a Helm of its own each time, so that nothing is kept.
    private func pull(
        _ chart: (name: String, version: String), from server: RunningServer, below path: String
    ) async throws {
        let (address, url) = (try await server.address(), try await server.url())
        let expected = try archive("\(chart.name)-\(chart.version).tgz")
        #expect(try await HelmTests.Helm().pull("oci://\(address)/\(path)/\(chart.name):\(chart.version)") == expected)
        let helm = try HelmTests.Helm()
        let added = try await helm("repo-add", "mine", "\(url)/charts/\(path)")
        #expect(added.status == 0, "\(added)")
        let file = helm.home.path + "/pulled.tgz"
        let pulled = try await helm("pull", "mine/\(chart.name)", file)
        #expect(pulled.status == 0, "\(pulled)\n\(server.output)")
        #expect(try contents(of: file) == expected)
        let installed = try await helm("install", "mine/\(chart.name)", chart.version)
        #expect(installed.status == 0, "\(installed)")
    }

    @Test(
        "Pulls through a registry, both ways, and goes on when it is killed and its data deleted",
        arguments: [("anyone", ""), ("password", "alice"), ("token", "alice")])
    func registry(access: String, user: String) async throws {
        let accesses: [String: UpstreamRegistryPeer.Access] = [
            "anyone": .anyone, "password": .password, "token": .token,
        ]
        var peer: UpstreamRegistryPeer? = try await UpstreamRegistryPeer(try #require(accesses[access]))
        let fixture = try Fixture()
        let upstream = try #require(peer?.address)
        let credential = Base64.encode(Array("alice:opensesame".utf8))
        let login = try fixture.folder.write("auth.json", #"{"auths":{"\#(upstream)":{"auth":"\#(credential)"}}}"#)
        for file in ["room-1.0.0.tgz", "hall-2.0.0.tgz"] {
            let pushed = try await run(
                Workshop.chartroom, ["push", Workshop.charts + "/" + file, "oci://\(upstream)/team"],
                environment: ["HOME": fixture.folder.path, "REGISTRY_AUTH_FILE": user.isEmpty ? "" : login])
            try #require(pushed.status == 0, "\(pushed)")
        }
        try fixture.folder.write("password", "opensesame\n")
        let shown = user.isEmpty ? "" : ", credentials: {username: alice, passwordFile: password}"
        let server = try await fixture.start(
            try configuration(fixture, "  - {prefix: far, url: 'oci+http://\(upstream)/team'\(shown)}\n"))
        try await pull(("room", "1.0.0"), from: server, below: "far")
        peer = nil
        try await pull(("room", "1.0.0"), from: server, below: "far")
        // What was not pulled is an error that says whose fault it is.
        let web = try Web(try await server.url())
        let answer = try await web.send(.get, "/v2/far/room/manifests/1.0.0")
        #expect(answer.status == 200 && answer.headers["Age"] != nil)
        #expect(try await web.send(.get, "/v2/far/hall/manifests/2.0.0").status == 502)
        #expect(!server.output.contains("opensesame"))
        #expect(await server.stop() == 0)
    }

    @Test("Pulls through a classic repository, both ways, and goes on when it is killed and its data deleted")
    func classic() async throws {
        let fixture = try Fixture()
        var peer: NginxPeer? = try await NginxPeer(root: try await makeRepository(fixture))
        let upstream = try #require(peer?.address)
        let server = try await fixture.start(
            try configuration(
                fixture,
                "  - {prefix: stable, url: 'http://\(upstream)'}\n  - {hosts: ['http://\(upstream)']}\n"))
        let host = upstream.replacing(":", with: "_")
        for path in ["stable", host] { try await pull(("room", "1.0.0"), from: server, below: path) }
        // Ranges see what the upstream lists, pulled or not.
        let helm = try HelmTests.Helm()
        #expect(try await helm("repo-add", "mine", "\(try await server.url())/charts/stable").status == 0)
        let installed = try await helm("install", "mine/hall", "^2")
        #expect(installed.status == 0 && installed.output.contains("welcome"), "\(installed)")
        let archives = try #require(try peer?.log().filter { $0.contains(".tgz ") })
        #expect(archives.count { $0.contains("room-1.0.0.tgz ") } == 2, "once for each prefix: \(archives)")
        peer = nil
        try await succeed("rm", ["-r", fixture.path("repository")])
        for path in ["stable", host] { try await pull(("room", "1.0.0"), from: server, below: path) }
        #expect(try await helm("install", "mine/hall", "^2").status == 0)
        #expect(await server.stop() == 0)
        // And after a restart with the upstream still gone.
        let again = try await fixture.start(
            try configuration(fixture, "  - {prefix: stable, url: 'http://\(upstream)'}\n"))
        try await pull(("room", "1.0.0"), from: again, below: "stable")
        #expect(await again.stop() == 0)
    }

    @Test("Pulls through another Chartroom by its host's name, whichever kind it is asked for")
    func chartroom() async throws {
        let near = try Fixture()
        let far = try Fixture()
        let upstream = try await far.start()
        let address = try await upstream.address()
        for file in ["room-1.0.0.tgz", "room-0.2.0.tgz"] {
            let pushed = try await far.chartroom(["push", Workshop.charts + "/" + file, "oci://\(address)/team"])
            #expect(pushed.status == 0, "\(pushed)")
        }
        let host = address.replacing(":", with: "_")
        let server = try await near.start(try configuration(near, "  - {hosts: ['oci+http://\(address)']}\n"))
        let helm = try HelmTests.Helm()
        let base = "oci://\(try await server.address())/\(host)/team/room"
        #expect(try await helm.pull(base + ":1.0.0") == archive("room-1.0.0.tgz"))
        // Its provenance comes along, and the list of tags is the upstream's.
        let web = try Web(try await server.url())
        let tags = try await web.send(.get, "/v2/\(host)/team/room/tags/list")
        #expect(String(decoding: tags.body, as: UTF8.self).contains("0.2.0"))
        let explained = try await near.chartroom(
            ["explain", "\(host)/team/room:1.0.0", "--data", near.data])
        #expect(explained.status == 0 && explained.output.contains("cached"), "\(explained)")
        #expect(await upstream.stop() == 0)
        #expect(try await HelmTests.Helm().pull(base + ":1.0.0") == archive("room-1.0.0.tgz"))
        #expect(await server.stop() == 0)
    }

    @Test("Trusts a private authority for an upstream over TLS, and nobody without it")
    func privateAuthority() async throws {
        let near = try Fixture()
        let far = try Fixture()
        let upstream = try await far.startSecured()
        let address = try await upstream.address()
        let helm = try HelmTests.Helm(["--ca-file", far.authority])
        #expect(try await helm("login", address, "alice", "opensesame").status == 0)
        let pushed = try await helm("push", Workshop.charts + "/room-1.0.0.tgz", "oci://\(address)/team")
        #expect(pushed.status == 0, "\(pushed)")
        _ = try near.folder.write("password", "opensesame\n")
        let login = "credentials: {username: alice, passwordFile: password}"
        let server = try await near.start(
            try configuration(
                near,
                "  - {prefix: far, url: 'oci://\(address)/team', tls: {authorities: '\(far.authority)'}, \(login)}\n"
                    + "  - {prefix: distrusted, url: 'oci://\(address)/team', \(login)}\n"))
        try await pull(("room", "1.0.0"), from: server, below: "far")
        let web = try Web(try await server.url())
        let refused = try await web.send(.get, "/v2/distrusted/room/manifests/1.0.0")
        #expect(refused.status == 502, "\(String(decoding: refused.body, as: UTF8.self))")
        #expect(!server.output.contains("opensesame"))
        #expect(await server.stop() == 0)
        #expect(await upstream.stop() == 0)
    }

    @Test("Warms, lists, tests, explains and purges")
    func commands() async throws {
        let fixture = try Fixture()
        let peer = try await NginxPeer(root: try await makeRepository(fixture))
        let server = try await fixture.start(
            try configuration(fixture, "  - {prefix: stable, url: 'http://\(peer.address)'}\n"))
        func chartroom(_ words: String...) async throws -> Ended {
            try await fixture.chartroom(words + ["--data", fixture.data])
        }
        let tested = try await chartroom("upstream", "test")
        #expect(tested.status == 0 && tested.output.contains("a chart repository of"), "\(tested)")
        let warmed = try await chartroom("upstream", "warm", "--index", "stable")
        #expect(warmed.status == 0, "\(warmed)")
        let listed = try await chartroom("upstream", "list", "--output", "json")
        #expect(listed.status == 0 && listed.output.contains("\"health\""), "\(listed)")
        let explained = try await chartroom("explain", "stable/room:1.0.0")
        #expect(explained.status == 0 && explained.output.contains("served from disk"), "\(explained)")
        let tags = try await chartroom("tag", "list", "stable/room")
        #expect(tags.status == 0 && tags.output.contains("UPSTREAM"), "\(tags)")
        let purged = try await chartroom("upstream", "purge", "stable", "--yes")
        #expect(purged.status == 0, "\(purged)")
        let gone = try await chartroom("explain", "stable/room:1.0.0")
        #expect(gone.output.contains("absent"), "\(gone)")
        _ = peer
        #expect(await server.stop() == 0)
    }

    @Test("Mirrors for containerd: ?ns= names the upstream")
    func namespaceQuery() async throws {
        let near = try Fixture()
        let far = try Fixture()
        let upstream = try await far.start()
        let address = try await upstream.address()
        let pushed = try await far.chartroom(["push", Workshop.charts + "/room-1.0.0.tgz", "oci://\(address)/team"])
        #expect(pushed.status == 0, "\(pushed)")
        let server = try await near.start(try configuration(near, "  - {hosts: ['oci+http://\(address)']}\n"))
        let web = try Web(try await server.url())
        let answer = try await web.send(.get, "/v2/team/room/manifests/1.0.0?ns=\(address)")
        #expect(answer.status == 200 && answer.headers["OCI-Namespace"] == address, "\(answer)")
        #expect(try await web.send(.get, "/v2/team/room/manifests/1.0.0?ns=elsewhere.example").status == 404)
        #expect(await server.stop() == 0)
    }

    /// The fixture's archives as nginx serves them.
    private func makeRepository(_ fixture: borrowing Fixture) async throws -> String {
        try await makeChartRepository(
            at: fixture.path("repository"), ["room-1.0.0.tgz", "room-0.2.0.tgz", "hall-2.0.0.tgz", "attic-v0.5.0.tgz"])
    }
}
