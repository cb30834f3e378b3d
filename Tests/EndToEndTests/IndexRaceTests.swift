import HTTPMessage
import OCIModel
import TestSupport
import Testing

/// Indexes that are read while charts come and go.
@Suite("Index races") struct IndexRaceTests {
    static let pushers = 8, readers = 4, versions = 12

    @Test(
        "Every index is a state between what was acknowledged before and what was begun after, and has a tag of its own",
        arguments: Seeds.some([1]))
    func race(seed: UInt64) async throws {
        let fixture = try Fixture()
        let server = try await fixture.start(["--log-access", "false"])
        let web = try Web(try await server.url())
        let ledger = ChartLedger()
        let counts = try await withThrowingTaskGroup(of: (read: Int, unchanged: Int).self) { group in
            for reader in 0..<IndexRaceTests.readers {
                let form = Form.allCases[reader % Form.allCases.count]
                group.addTask { try await IndexRaceTests.read(web, ledger, form) }
            }
            try await withThrowingTaskGroup(of: Void.self) { pushers in
                for worker in 0..<IndexRaceTests.pushers {
                    let pusher = ChartPusher(
                        web: web, ledger: ledger, namespace: "race", first: worker * 1000,
                        seed: seed &+ UInt64(worker))
                    pushers.addTask { try await pusher.push(IndexRaceTests.versions, own: "own-\(worker)") }
                }
                defer { ledger.finish() }
                try await pushers.waitForAll()
            }
            return try await group.reduce((0, 0)) { ($0.0 + $1.read, $0.1 + $1.unchanged) }
        }
        // When all is quiet the index is exactly what was acknowledged.
        let index = try await web.index("race")
        try ledger.check(index, since: ledger.phases)
        #expect(index.versions.count == ledger.phases.values.count { $0 == .listed })
        print("seed \(seed): \(ledger.acknowledged) answers, \(counts.0) indexes read, \(counts.1) unchanged")
        #expect(await server.stop() == 0)
    }

    @Test("Of many uploads of one version at once one is stored, and all others are told so", arguments: [false, true])
    func oneVersion(isReplacing: Bool) async throws {
        let fixture = try Fixture()
        let server = try await fixture.start(["--log-access", "false"])
        let web = try Web(try await server.url())
        let charts = (0..<IndexRaceTests.pushers).map { number in
            PackedChart("same", "1.0.0", files: [("values.yaml", "number: \(number)\n")])
        }
        let answers = try await withThrowingTaskGroup(of: (status: Int, archive: [UInt8]).self) { group in
            for (number, chart) in charts.enumerated() {
                group.addTask {
                    let answer = try await web.upload(
                        chart.archive, to: "race", asForm: number % 2 == 0, query: isReplacing ? "?force" : "")
                    return (answer.status, chart.archive)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let stored = answers.filter { $0.status == 201 }
        #expect(stored.count == (isReplacing ? charts.count : 1))
        #expect(answers.allSatisfy { [201, 409].contains($0.status) }, "\(answers.map(\.status))")
        let index = try await web.index("race")
        #expect(index.versions.map(\.version) == ["1.0.0"])
        let archive = try await web.send(.get, "/charts/race/charts/same-1.0.0.tgz").body
        #expect(stored.contains { $0.archive == archive })
        #expect(index.versions.first?.digest == Digest(of: archive).hex)
        #expect(await server.stop() == 0)
    }

    /// How an index is asked for.
    private enum Form: CaseIterable, Sendable {
        case json, gzip, conditional, api
    }

    /// Reads indexes until nobody pushes any more.
    private static func read(
        _ web: Web, _ ledger: ChartLedger, _ form: Form
    ) async throws -> (read: Int, unchanged: Int) {
        var (count, unchanged) = (0, 0)
        var known: ReadIndex?
        repeat {
            let before = ledger.phases
            var fields: [(name: String, value: String)] = []
            if form == .gzip { fields = [("Accept-Encoding", "gzip")] }
            if form == .conditional, let known { fields = [("If-None-Match", known.tag)] }
            let answer = try await web.send(
                .get, form == .api ? "/charts/race/index.json" : "/charts/race/index.yaml", fields)
            count += 1
            if answer.status == 304, let known {
                // What it knows must be a state of now, too.
                try ledger.check(known, since: before)
                unchanged += 1
                continue
            }
            try #require(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
            let tag = try #require(answer.headers["ETag"])
            ledger.check(tag: tag, of: answer.body)
            let bytes = answer.headers["Content-Encoding"] == "gzip" ? try Gunzip.strict(answer.body) : answer.body
            let index = try ReadIndex(tag: tag, bytes)
            try ledger.check(index, since: before)
            known = index
        } while !ledger.isFinished
        return (count, unchanged)
    }
}
