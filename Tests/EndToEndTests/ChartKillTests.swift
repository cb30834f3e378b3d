import Glibc
import HTTPMessage
import OCIModel
import TestSupport
import Testing

/// kill -9 while charts come and indexes are read.
@Suite("Kill and charts") struct ChartKillTests {
    static let rounds = 6, mostAcknowledgements = 40

    @Test(
        "Every acknowledged version is listed and whole afterwards, and none that was removed",
        arguments: Seeds.some([1]))
    func rounds(seed: UInt64) async throws {
        let fixture = try Fixture()
        var random = SeededGenerator(seed: seed)
        let ledger = ChartLedger()
        for round in 0..<ChartKillTests.rounds {
            let server = try await fixture.start(["--log-access", "false"])
            let web = try Web(try await server.url())
            try await verify(web, ledger)
            ledger.kill(server, after: Int.random(in: 1...ChartKillTests.mostAcknowledgements, using: &random))
            await withTaskGroup(of: Void.self) { group in
                for worker in 0..<6 {
                    let pusher = ChartPusher(
                        web: web, ledger: ledger, namespace: "kill", first: round * 100_000 + worker * 1000,
                        seed: seed &+ UInt64(round * 100 + worker))
                    // It ends with the first request that is not answered.
                    group.addTask { _ = try? await pusher.push(1000, own: "own-\(worker)") }
                }
                for _ in 0..<2 {
                    group.addTask { while (try? await web.index("kill")) != nil {} }
                }
            }
            #expect(await server.wait() == -SIGKILL, "round \(round): \(server.output)")
        }
        let server = try await fixture.start(["--log-access", "false"])
        try await verify(try Web(try await server.url()), ledger)
        #expect(await server.stop() == 0)
        print("seed \(seed): \(ledger.acknowledged) answers, \(ledger.phases.values.count { $0 == .listed }) listed")
        #expect(ledger.acknowledged > ChartKillTests.rounds)
    }

    /// Holds index, archives and manifests against the ledger.
    private func verify(_ web: Web, _ ledger: ChartLedger) async throws {
        let index = try await web.index("kill")
        try ledger.check(index, since: ledger.phases)
        ledger.settle(index)
        for entry in index.versions {
            let archive = try await web.send(.get, "/charts/kill/" + entry.path)
            #expect(archive.status == 200 && Digest(of: archive.body).hex == entry.digest, "\(entry)")
            let manifest = try await web.send(.get, "/v2/kill/\(entry.name)/manifests/\(entry.version)")
            #expect(manifest.status == 200, "\(entry)")
        }
        for (version, phase) in ledger.phases where phase == .gone {
            let path = "/charts/kill/charts/\(version.name)-\(version.version).tgz"
            #expect(try await web.send(.get, path).status == 404, "\(version) came back")
        }
    }

    @Test(
        "Where nothing changed, an index has the same tag and bytes after a stop and after kill -9",
        arguments: Seeds.some([1]))
    func tags(seed: UInt64) async throws {
        let fixture = try Fixture()
        let paths = ["many/index.yaml", "many/~newest=5/index.yaml", "team/index.yaml", "none/index.yaml"]
        let requests = paths.flatMap { path in
            ["", "?format=yaml"].flatMap { query in ["identity", "gzip"].map { ("/charts/" + path + query, $0) } }
        }
        var answers: [[String]] = []
        for signal in [SIGTERM, SIGKILL, SIGTERM] {
            let server = try await fixture.start(["--log-access", "false"])
            let web = try Web(try await server.url())
            if answers.isEmpty { try await fill(web, seed) }
            var seen: [String] = []
            for (path, encoding) in requests {
                let answer = try await web.send(.get, path, [("Accept-Encoding", encoding)])
                seen.append("\(path) \(answer.status) \(answer.headers["ETag"] ?? "none") \(Digest(of: answer.body))")
            }
            answers.append(seen)
            server.signal(signal)
            await server.wait()
        }
        #expect(answers[0].allSatisfy { $0.contains(" 200 \"") }, "\(answers[0])")
        #expect(answers[0] == answers[1])
        #expect(answers[1] == answers[2])
    }

    /// A small repository, and one of many versions that came in any order while its index was read.
    private func fill(_ web: Web, _ seed: UInt64) async throws {
        for archive in try files(in: Workshop.charts, ending: ".tgz") {
            let answer = try await web.upload(try contents(of: Workshop.charts + "/" + archive), to: "team")
            #expect(answer.status == 201, "\(archive): \(answer)")
        }
        var random = SeededGenerator(seed: seed)
        for number in Array(0..<200).shuffled(using: &random) {
            let version = ChartLedger.Version(name: number % 3 == 0 ? "one" : "other", number: number)
            let answer = try await web.upload(version.chart.archive, to: "many")
            #expect(answer.status == 201, "\(version): \(answer)")
            if number % 5 == 0 { _ = try await web.index("many") }
            guard number % 7 == 0 else { continue }
            let removed = try await web.send(.delete, "/api/charts/many/charts/\(version.name)/\(version.version)")
            #expect(removed.status == 200)
        }
    }
}
