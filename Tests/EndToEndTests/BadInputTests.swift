import Content
import Glibc
import HTTPMessage
import OCIModel
import TestSupport
import Testing

/// What is no chart, through both doors of a running server.
@Suite("Bad input") struct BadInputTests {
    /// What a server has on the disk and lists, which bad input must not change.
    private struct Stock: Equatable {
        let index: [UInt8]
        let tag: String
        let files: [String]

        init(_ web: Web, _ fixture: borrowing Fixture) async throws {
            let index = try await web.index("team")
            (self.index, tag) = (index.bytes, index.tag)
            files = try await succeed("find", [fixture.data + "/blobs", "-type", "f"])
                .split(separator: "\n").map(String.init).sorted()
        }
    }

    private func start(_ fixture: borrowing Fixture) async throws -> (RunningServer, Web) {
        let server = try await fixture.start(["--log-access", "false"])
        let web = try Web(try await server.url())
        for archive in ["room-1.0.0.tgz", "hall-2.0.0.tgz"] {
            let answer = try await web.upload(try contents(of: Workshop.charts + "/" + archive), to: "team")
            #expect(answer.status == 201, "\(answer)")
        }
        return (server, web)
    }

    @Test("The classic door refuses it in one clear line, and nothing changes", arguments: [false, true])
    func classic(asForm: Bool) async throws {
        let fixture = try Fixture()
        let (server, web) = try await start(fixture)
        let stock = try await Stock(web, fixture)
        for bad in BadArchive.all() {
            let answer = try await web.upload(bad.bytes, to: "team", asForm: asForm)
            #expect(answer.status == 400, "\(bad.what): \(answer)")
            try expectOneLine(answer.text, says: bad.says, bad.what)
        }
        for provenance in [[UInt8]("nothing".utf8), try contents(of: Workshop.charts + "/room-1.0.0.tgz.prov")] {
            let shelf = try contents(of: Workshop.charts + "/shelf-1.2.3.tgz")
            let answer = try await web.upload(shelf, to: "team", provenance: provenance)
            #expect(answer.status == 400, "\(answer)")
            try expectOneLine(answer.text, says: "provenance", "provenance")
        }
        #expect(try await Stock(web, fixture) == stock)
        let unlisted = try await web.send(.get, "/api/chart/unlisted")
        #expect(try JSONValue(parsing: unlisted.body)["charts"]?.array?.isEmpty != false)
        print("most memory while bad archives came: \(try peak(server)) kB")
        #expect(await server.stop() == 0)
    }

    private func expectOneLine(_ text: String, says: String, _ what: String) throws {
        let sentence = try #require(try JSONValue(parsing: Array(text.utf8))["error"]?.string, "\(what): \(text)")
        #expect(sentence.contains(says), "\(what): \(sentence)")
        #expect(!sentence.contains("\n") && (10...400).contains(sentence.count), "\(what): \(sentence)")
    }

    @Test("The OCI door stores it, no index lists it, and show says why")
    func registry() async throws {
        let fixture = try Fixture()
        let (server, web) = try await start(fixture)
        let (address, before) = (try await server.address(), try await web.index("team"))
        var cases: [(chart: PackedChart, repository: String, says: String)] = []
        for (number, bad) in BadArchive.all().enumerated() {
            cases.append((PackedChart("bad", "1.0.\(number)", archive: bad.bytes), "team/bad", bad.says))
        }
        cases.append((PackedChart("room", "3.0.0"), "team/hall", "name"))
        cases.append((PackedChart("shelf", "4.0.0").signed(for: [Digest(of: [1])]), "team/shelf", "provenance"))
        for (chart, repository, _) in cases { try await web.push(chart, to: repository, tag: chart.version) }
        for (chart, repository, says) in cases {
            let manifest = try await web.send(.get, "/v2/\(repository)/manifests/\(chart.version)")
            #expect(manifest.status == 200 && manifest.body == chart.manifest.bytes)
            let archive = try await web.send(.get, "/v2/\(repository)/blobs/\(Digest(of: chart.archive))")
            #expect(archive.status == 200 && archive.body == chart.archive, "\(says)")
            try await expectProblem("oci://\(address)/\(repository):\(chart.version)", [], says, fixture)
        }
        // By manifest, not by archive: two of the same archive would be two.
        let unlisted = try await web.send(.get, "/api/chart/unlisted?n=1000")
        let listed = String(decoding: unlisted.body, as: UTF8.self)
        for (chart, _, says) in cases { #expect(listed.contains("\(chart.manifest.digest)"), "\(says)") }
        let after = try await web.index("team")
        #expect(after.bytes == before.bytes && after.tag == before.tag)
        print("most memory while bad artifacts came: \(try peak(server)) kB")
        // A good version beside them is listed as if they were not there.
        try await web.push(PackedChart("bad", "2.0.0"), to: "team/bad", tag: "2.0.0")
        let more = try await web.index("team")
        #expect(Set(more.versions).subtracting(before.versions).map(\.version) == ["2.0.0"])
        #expect(await server.stop() == 0)
        for (chart, repository, says) in cases {
            try await expectProblem("\(repository):\(chart.version)", ["--data", fixture.data], says, fixture)
        }
    }

    private func expectProblem(
        _ reference: String, _ options: [String], _ says: String, _ fixture: borrowing Fixture
    ) async throws {
        let shown = try await fixture.chartroom(["chart", "show", reference, "--output", "json"] + options)
        #expect(shown.status == 0, "\(says): \(shown)")
        let answer = try JSONValue(parsing: Array(shown.output.utf8))
        #expect(answer["listed"]?.bool == false, "\(says): \(shown)")
        let problem = answer["problem"]?.string ?? ""
        #expect(problem.contains(says) && !problem.contains("\n"), "\(says): \(shown)")
    }

    /// The most memory the server had at once, in kilobytes.
    private func peak(_ server: RunningServer) throws -> Int {
        let text = try contents(of: "/proc/\(server.number)/status")
        let line = String(decoding: text, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmHWM") }
        return try #require(line?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    }
}
