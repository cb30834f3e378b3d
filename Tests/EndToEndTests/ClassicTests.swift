import HTTPMessage
import OCIModel
import TestSupport
import Testing

/// Every chart is an OCI artifact and a version in a classic repository, whichever way it came.
@Suite("Both worlds", .enabled(if: Workshop.runs(with: "curl"), "make test-setup"))
struct ClassicTests {
    private static let archives = [
        "room-1.0.0.tgz", "room-0.2.0.tgz", "hall-2.0.0.tgz", "attic-v0.5.0.tgz", "porch-1.0.0-rc.1.tgz",
    ]

    private func entries(_ web: Web, _ path: String) async throws -> JSONValue {
        let answer = try await web.send(.get, path)
        try #require(answer.status == 200)
        return try #require(try JSONValue(parsing: answer.body)["entries"])
    }

    @Test("What curl uploads to ChartMuseum's API is an OCI artifact at once") func classicFirst() async throws {
        let fixture = try Fixture()
        let server = try await fixture.start()
        let url = try await server.url()
        let web = try Web(url)
        for archive in ClassicTests.archives {
            let file = Workshop.charts + "/" + archive
            let raw = ["--silent", "--data-binary", "@" + file, url + "/api/charts/team/charts"]
            let form = ["--silent", "-F", "chart=@" + file, url + "/api/charts/team/forms/charts"]
            for arguments in [raw, form] {
                let answer = try await succeed("curl", arguments)
                #expect(answer.hasPrefix(#"{"saved":true"#), "\(answer)")
                #expect(try await succeed("curl", arguments).contains(#""error":"#))
            }
        }
        for place in ["team", "team/forms"] {
            #expect(try await entries(web, "/charts/\(place)/index.yaml")["room"]?.array?.count == 2)
            let pulled = try await fixture.chartroom(
                [
                    "pull", "oci://\(try await server.address())/\(place)/room:1.0.0", "-o", place.suffix(5) + ".tgz",
                ])
            #expect(pulled.status == 0, "\(pulled)")
            #expect(
                try contents(of: fixture.path(place.suffix(5) + ".tgz"))
                    == contents(of: Workshop.charts + "/room-1.0.0.tgz"))
        }
        #expect(await server.stop() == 0)
    }

    @Test("What is pushed by OCI is in the index, and its archive at the index's URL") func registryFirst() async throws
    {
        let fixture = try Fixture()
        let server = try await fixture.start()
        let address = try await server.address()
        let web = try Web(try await server.url())
        for archive in ClassicTests.archives {
            let pushed = try await fixture.chartroom(["push", Workshop.charts + "/" + archive, "oci://\(address)/team"])
            #expect(pushed.status == 0, "\(pushed)")
        }
        let entries = try await entries(web, "/charts/team/index.yaml")
        #expect(entries.members?.map(\.0) == ["attic", "hall", "porch", "room"])
        for versions in entries.members ?? [] {
            for version in versions.1.array ?? [] {
                let path = try #require(version["urls"]?.array?.first?.string)
                let archive = try await web.send(.get, "/charts/team/" + path)
                #expect(archive.status == 200)
                #expect(Digest(of: archive.body).hex == version["digest"]?.string)
            }
        }
        #expect(await server.stop() == 0)
    }

    @Test("Two servers that never met agree on every manifest, whichever way the charts came") func deterministic()
        async throws
    {
        let one = try Fixture()
        let other = try Fixture()
        let (byRegistry, byClassic) = (try await one.start(), try await other.start())
        for archive in ClassicTests.archives {
            let file = Workshop.charts + "/" + archive
            let pushed = try await one.chartroom(["push", file, "oci://\(try await byRegistry.address())/team"])
            #expect(pushed.status == 0, "\(pushed)")
            // Push takes a provenance file along where there is one.
            let provenance = archive == "room-1.0.0.tgz" ? ["-F", "prov=@\(file).prov"] : []
            let url = try await byClassic.url() + "/api/charts/team/charts"
            try await succeed("curl", ["--silent", "--fail", "-F", "chart=@" + file] + provenance + [url])
        }
        for reference in ["room/manifests/1.0.0", "room/manifests/0.2.0", "hall/manifests/2.0.0"] {
            let first = try await Web(try await byRegistry.url()).send(.get, "/v2/team/" + reference)
            let second = try await Web(try await byClassic.url()).send(.get, "/v2/team/" + reference)
            #expect(first.status == 200 && first.body == second.body, "\(reference)")
        }
        #expect(await byRegistry.stop() == 0)
        #expect(await byClassic.stop() == 0)
    }

    @Test(
        "Helm pushes by OCI and finds by ranges, and pulls by OCI what was uploaded",
        .enabled(if: Workshop.runs(with: Workshop.helmLibrary), "make test-setup"),
        arguments: ["", "~newest=1", "~chart=attic,hall,room"])
    func helm(view: String) async throws {
        let fixture = try Fixture()
        let server = try await fixture.start()
        let (address, url) = (try await server.address(), try await server.url())
        let helm = try HelmTests.Helm()
        let added = try await helm("repo-add", "mine", "\(url)/charts/team" + (view.isEmpty ? "" : "/" + view))
        #expect(added.status == 0, "\(added)")
        for archive in ["room-1.0.0.tgz", "room-0.2.0.tgz", "attic-v0.5.0.tgz"] {
            let pushed = try await helm("push", Workshop.charts + "/" + archive, "oci://\(address)/team")
            #expect(pushed.status == 0, "\(pushed)")
        }
        let hall = Workshop.charts + "/hall-2.0.0.tgz"
        try await succeed("curl", ["--silent", "--fail", "-F", "chart=@" + hall, url + "/api/charts/team/charts"])
        let updated = try await helm("repo-update", "mine")
        #expect(updated.status == 0, "\(updated)")
        // Ranges over v-prefixed versions are what OCI lacks.
        for (chart, range, archive) in [
            ("room", "^1", "room-1.0.0.tgz"), ("attic", ">=0.1", "attic-v0.5.0.tgz"), ("hall", "2.x", "hall-2.0.0.tgz"),
        ] {
            let fetched = try await helm("fetch", "mine/" + chart, range)
            #expect(fetched.status == 0, "\(fetched)")
            try await server.line("object=team/\(archive) status=200")
        }
        #expect(try await HelmTests.Helm().pull("oci://\(address)/team/hall:2.0.0") == contents(of: hall))
        #expect(await server.stop() == 0)
    }
}
