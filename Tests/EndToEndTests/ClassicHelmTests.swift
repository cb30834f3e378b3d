import HTTPMessage
import OCIModel
import TestSupport
import Testing

/// The real Helm 4 library at the classic door, with what came by either.
///
/// Its library has no `dependency update` and searches nothing itself: `helm search repo` reads what `repo update` left,
/// which these tests do too.
@Suite(
    "Helm and classic repositories",
    .enabled(if: Workshop.runs(with: Workshop.helmLibrary, "openssl", "htpasswd"), "make test-setup"))
struct ClassicHelmTests {
    private func archive(_ name: String) throws -> [UInt8] { try contents(of: Workshop.charts + "/" + name) }

    /// Uploads these archives, in turn raw and as a form.
    private func upload(_ names: [String], _ web: Web) async throws {
        for (number, name) in names.enumerated() {
            let answer = try await web.upload(try archive(name), to: "team", asForm: number % 2 == 1)
            #expect(answer.status == 201, "\(name): \(answer)")
        }
    }

    @Test(
        "Ranges find versions of all kinds, and Helm renders and installs what it downloaded",
        arguments: ["", "?format=yaml"])
    func ranges(form: String) async throws {
        let fixture = try Fixture()
        let server = try await fixture.start()
        let url = try await server.url()
        try await upload(
            [
                "room-0.1.0.tgz", "room-0.2.0.tgz", "room-1.0.0.tgz", "attic-v0.5.0.tgz", "cellar-1.4.0+up2.3.4.tgz",
                "hall-2.0.0.tgz", "shelf-1.2.3.tgz", "porch-1.0.0-rc.1.tgz",
            ], try Web(url))
        let helm = try HelmTests.Helm()
        let added = try await helm("repo-add", "mine", "\(url)/charts/team" + form)
        #expect(added.status == 0, "\(added)")
        for (chart, range, archive, greeting) in [
            ("room", "^1", "room-1.0.0.tgz", "hello from 1.0.0"),
            ("room", "~0.1", "room-0.1.0.tgz", "hello from 0.1.0"),
            ("room", "<1", "room-0.2.0.tgz", "hello from 0.2.0"), ("attic", "0.x", "attic-v0.5.0.tgz", "it is dusty"),
            ("cellar", "^1.2", "cellar-1.4.0+up2.3.4.tgz", "mind your head"),
            ("hall", "2", "hall-2.0.0.tgz", "welcome"),
            ("porch", ">=1.0.0-0", "porch-1.0.0-rc.1.tgz", "the old way"),
        ] {
            let installed = try await helm("install", "mine/" + chart, range)
            #expect(installed.status == 0 && installed.output.contains(greeting), "\(chart) \(range): \(installed)")
            try await server.line("object=team/\(archive) status=200")
        }
        let missing = try await helm("install", "mine/room", "^7")
        #expect(missing.status != 0 && missing.errors.contains("no chart version found"), "\(missing)")
        // What `helm search repo` and completion read.
        let names = try await run("cat", [helm.home.path + "/cache/repository/mine-charts.txt"]).output
        #expect(names.split(separator: "\n").sorted() == ["attic", "cellar", "hall", "porch", "room", "shelf"])
        #expect(await server.stop() == 0)
    }

    @Test(
        "A view is a repository of its own",
        arguments: [
            ("~chart=room;version=^1", "room-1.0.0.tgz"), ("~chart=room;version=%3C1/", "room-0.2.0.tgz"),
            ("~version=0.1.x", "room-0.1.0.tgz"), ("~newest=1", "room-1.0.0.tgz"), ("~old", "room-0.2.0.tgz"),
        ])
    func views(view: String, archive: String) async throws {
        let fixture = try Fixture()
        let configuration = try fixture.folder.write(
            "chartroom.yaml", "charts:\n  views: [\"old=chart=r*;version=<1;newest=1\"]\n")
        let server = try await fixture.start(["--config", configuration])
        let url = try await server.url()
        try await upload(["room-0.1.0.tgz", "room-1.0.0.tgz", "room-0.2.0.tgz", "hall-2.0.0.tgz"], try Web(url))
        let helm = try HelmTests.Helm()
        let added = try await helm("repo-add", "view", "\(url)/charts/team/\(view)")
        #expect(added.status == 0, "\(added)")
        let file = helm.home.path + "/pulled.tgz"
        let pulled = try await helm("pull", "view/room", file)
        #expect(pulled.status == 0, "\(pulled)")
        #expect(try contents(of: file) == self.archive(archive))
        let other = try await helm("show", "view/hall")
        #expect((other.status == 0) == (view == "~newest=1"), "\(other)")
        #expect(await server.stop() == 0)
    }

    @Test("The root is a repository too, at either of its addresses", arguments: ["", "/", "/charts"])
    func root(path: String) async throws {
        let fixture = try Fixture()
        let server = try await fixture.start()
        let (address, url) = (try await server.address(), try await server.url())
        let pushed = try await fixture.chartroom(["push", Workshop.charts + "/room-1.0.0.tgz", "oci://\(address)"])
        #expect(pushed.status == 0, "\(pushed)")
        let helm = try HelmTests.Helm()
        #expect(try await helm("repo-add", "mine", url + path).status == 0)
        let file = helm.home.path + "/pulled.tgz"
        let pulled = try await helm("pull", "mine/room", file)
        #expect(pulled.status == 0, "\(pulled)")
        #expect(try contents(of: file) == archive("room-1.0.0.tgz"))
        #expect(await server.stop() == 0)
    }

    @Test("A repository behind a password, over TLS under a private authority")
    func secured() async throws {
        let fixture = try Fixture()
        let server = try await fixture.startSecured(["--access-read", "bert", "--access-read-write", "alice"])
        let url = try await server.url()
        let web = try Web(url, authority: fixture.authority)
        let room = try archive("room-1.0.0.tgz")
        // bert:readonly, who may read, and alice:opensesame, who may do everything.
        let (bert, alice) = ("Basic YmVydDpyZWFkb25seQ==", "Basic YWxpY2U6b3BlbnNlc2FtZQ==")
        for (password, status) in [("", 401), ("Basic YWxpY2U6d3Jvbmc=", 401), (bert, 403), (alice, 201)] {
            let fields = password.isEmpty ? [] : [(name: "Authorization", value: password)]
            let answer = try await web.upload(room, to: "team", asForm: true, fields)
            #expect(answer.status == status, "\(password): \(answer)")
            #expect(answer.text.contains(#""error":""#) == (status != 201), "\(answer)")
        }
        let helm = try HelmTests.Helm(["--ca-file", fixture.authority])
        for words in [["alice", "wrong"], []] {
            let refused = try await helm(["repo-add", "mine", url + "/charts/team"] + words)
            #expect(refused.status != 0 && refused.errors.contains("401"), "\(refused)")
        }
        let added = try await helm("repo-add", "mine", url + "/charts/team", "bert", "readonly")
        #expect(added.status == 0, "\(added)")
        let file = helm.home.path + "/pulled.tgz"
        let pulled = try await helm("pull", "mine/room", file)
        #expect(pulled.status == 0, "\(pulled)")
        #expect(try contents(of: file) == room)
        #expect(!server.output.contains("opensesame"))
    }

    @Test("Provenance goes from either door to the other")
    func provenance() async throws {
        let fixture = try Fixture()
        let server = try await fixture.start()
        let (address, web) = (try await server.address(), try Web(try await server.url()))
        let (room, signed) = (try archive("room-1.0.0.tgz"), try archive("room-1.0.0.tgz.prov"))
        #expect(try await web.upload(room, to: "form", provenance: signed).status == 201)
        #expect(try await web.upload(room, to: "later").status == 201)
        #expect(try await web.send(.get, "/charts/later/charts/room-1.0.0.tgz.prov").status == 404)
        #expect(try await web.send(.post, "/api/charts/later/prov", body: signed).status == 201)
        let pushed = try await HelmTests.Helm()("push", Workshop.charts + "/room-1.0.0.tgz", "oci://\(address)/helm")
        #expect(pushed.status == 0, "\(pushed)")
        for place in ["form", "later", "helm"] {
            let got = try await web.send(.get, "/charts/\(place)/charts/room-1.0.0.tgz.prov")
            #expect(got.status == 200 && got.body == signed, "\(place)")
            let pulled = try await fixture.chartroom(
                ["pull", "oci://\(address)/\(place)/room", "--version", "1.0.0", "--prov", "-o", place + ".tgz"])
            #expect(pulled.status == 0, "\(pulled)")
            #expect(try contents(of: fixture.path(place + ".tgz")) == room)
            #expect(try contents(of: fixture.path(place + ".tgz.prov")) == signed)
            #expect(try await HelmTests.Helm().pull("oci://\(address)/\(place)/room:1.0.0") == room)
        }
        let manifests = try await ["form", "later"].asyncMap { place in
            try await web.send(.get, "/v2/\(place)/room/manifests/1.0.0").body
        }
        #expect(manifests[0] == manifests[1])
        let hall = try await web.upload(try archive("hall-2.0.0.tgz"), to: "form", provenance: signed)
        #expect(hall.status == 400 && hall.text.contains("provenance"), "\(hall)")
        #expect(await server.stop() == 0)
    }

    @Test("A name with upper-case letters is a lower-case repository, and itself in the index")
    func upperCase() async throws {
        let fixture = try Fixture()
        let server = try await fixture.start()
        let (address, url) = (try await server.address(), try await server.url())
        let chart = PackedChart("LoudChart", "1.2.0")
        let web = try Web(url)
        #expect(try await web.upload(chart.archive, to: "Team").status == 201)
        #expect(try await web.index("team").versions.map(\.path) == ["charts/LoudChart-1.2.0.tgz"])
        // Another chart that would share the repository is refused, with both names.
        let other = try await web.upload(PackedChart("loudchart", "1.3.0").archive, to: "team")
        #expect(other.status == 409, "\(other)")
        #expect(other.text.contains("LoudChart") && other.text.contains("loudchart"), "\(other)")
        let helm = try HelmTests.Helm()
        #expect(try await helm("repo-add", "mine", url + "/charts/Team").status == 0)
        let file = helm.home.path + "/pulled.tgz"
        let pulled = try await helm("pull", "mine/LoudChart", file)
        #expect(pulled.status == 0, "\(pulled)")
        #expect(try contents(of: file) == chart.archive)
        #expect(try await HelmTests.Helm().pull("oci://\(address)/team/loudchart:1.2.0") == chart.archive)
        #expect(await server.stop() == 0)
    }
}

extension Sequence {
    /// One after the other.
    fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await body(element)) }
        return values
    }
}
