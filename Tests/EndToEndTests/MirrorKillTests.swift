import Content
import Glibc
import HTTPMessage
import OCIModel
import Posix
import TestSupport
import Testing

/// kill -9 of `chartroom mirror run`, at any moment.
@Suite("Mirror and kill", .enabled(if: Workshop.runs(with: "docker-registry"), "make test-setup"))
struct MirrorKillTests {
    static let kills = 20
    /// Charts of one version with an archive that takes a while.
    static let big = 40 << 20

    /// Sixty small charts in twenty repositories, and maybe a big one between them.
    private func charts(_ random: inout SeededGenerator, hasBig: Bool) -> [PackedChart] {
        var charts = (0..<60).map { number in
            PackedChart(
                "\(number % 20 < 10 ? "app" : "zip")-\(number % 20)", "1.\(number / 20).0",
                files: [("values.yaml", "seed: \(random.next())\n")])
        }
        if hasBig { charts.append(PackedChart("big", "1.0.0", archive: random.bytes(MirrorKillTests.big))) }
        return charts
    }

    private func seed(_ charts: [PackedChart], _ peer: UpstreamRegistryPeer) async throws -> [String: String] {
        let web = try Web("http://" + peer.address)
        for chart in charts { try await web.seed(chart, to: "team/" + chart.name) }
        return Dictionary(uniqueKeysWithValues: charts.map { ("\($0.name):\($0.version)", "\($0.manifest.digest)") })
    }

    /// Starts a run as a process that can be killed.
    private func start(_ workplace: MirrorWorkplace) throws -> RunningServer {
        try RunningServer(
            workplace.words([
                "mirror", "run", "kill", "--output", "json", "--file", workplace.path("mirror.yaml"),
            ]), environment: ["HOME": workplace.folder.path])
    }

    /// The runs that are remembered, by how they ended.
    private func history(_ workplace: MirrorWorkplace) async throws -> [String: Int] {
        let ended = try await workplace("mirror", "history", "kill", "--limit", "1000", "--output", "json")
        try #require(ended.status == 0, "\(ended)")
        let runs = try JSONValue(parsing: Array(ended.output.utf8)).array ?? []
        return Dictionary(grouping: runs.compactMap { $0["outcome"]?.string }) { $0 }.mapValues(\.count)
    }

    /// Each run is remembered; one that was killed as interrupted, unless it was over and had only to say so.
    private func check(_ runs: [String: Int], kills: Int, runs total: Int) {
        let (interrupted, succeeded) = (runs["interrupted", default: 0], runs["succeeded", default: 0])
        #expect(interrupted + succeeded == total && runs.count == 2, "\(runs)")
        #expect(interrupted <= kills && interrupted > kills / 2, "\(runs)")
    }

    @Test(
        "Between registries, what is visible is whole after each kill, and a last run brings all",
        arguments: Seeds.some([1]))
    func registries(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let (from, to) = (try await UpstreamRegistryPeer(), try await UpstreamRegistryPeer())
        let right = try await self.seed(charts(&random, hasBig: true), from)
        let (workplace, web) = (try MirrorWorkplace(), try Web("http://" + to.address))
        var (kills, generation) = (0, 0)
        /// The big chart takes a second, and its progress is told meanwhile.
        func write() throws {
            try workplace.write(
                """
                hosts:
                  - {host: "\(to.address)", bytesPerSecond: 32MiB}
                mirrors:
                  - name: kill
                    from: "oci+http://\(from.address)/team"
                    to: "oci+http://\(to.address)/copy-\(generation)"
                    concurrency: 4
                """)
        }
        while kills < MirrorKillTests.kills {
            try write()
            let process = try start(workplace)
            if await process.hasSaid(Int.random(in: 1...30, using: &random)) { process.signal(SIGKILL) }
            if await process.wait() == -SIGKILL { kills += 1 } else { generation += 1 }
            let seen = try await web.wholeDigests(below: "copy-\(generation)", reads: false)
            for (name, digest) in seen { #expect(right[name] == digest, "seed \(seed), kill \(kills): \(name)") }
        }
        try write()
        let last = try await workplace.run("kill")
        #expect(last.ended.status == 0, "\(last.ended)")
        for number in 0...generation {
            #expect(try await web.wholeDigests(below: "copy-\(number)", reads: true) == right, "seed \(seed)")
        }
        let planned = try await workplace("mirror", "plan", "--check-destination")
        #expect(planned.status == 0, "\(planned)")
        let runs = try await history(workplace)
        print("seed \(seed): \(kills) kills over \(generation + 1) destinations, \(runs)")
        check(runs, kills: kills, runs: kills + generation + 1)
    }

    @Test("Into the store, too", arguments: Seeds.some([1]))
    func store(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let from = try await UpstreamRegistryPeer()
        let right = try await self.seed(charts(&random, hasBig: false), from)
        let workplace = try MirrorWorkplace(
            """
            mirrors:
              - {name: kill, from: "oci+http://\(from.address)/team", to: "store:copy", concurrency: 4}
            """)
        var kills = 0
        for _ in 0..<6 {
            let process = try start(workplace)
            if await process.hasSaid(Int.random(in: 1...24, using: &random)) { process.signal(SIGKILL) }
            if await process.wait() == -SIGKILL { kills += 1 }
            let seen = try await self.seen(workplace)
            for (name, digest) in seen { #expect(right[name] == digest, "seed \(seed), kill \(kills): \(name)") }
        }
        let last = try await workplace.run("kill")
        #expect(last.ended.status == 0, "\(last.ended)")
        #expect(try await seen(workplace) == right, "seed \(seed)")
        let runs = try await history(workplace)
        check(runs, kills: kills, runs: 7)
    }

    /// What a server over the store gives, all of it read.
    private func seen(_ workplace: MirrorWorkplace) async throws -> [String: String] {
        let server = try RunningServer(data: workplace.data, ["--log-access", "false"])
        let seen = try await Web(try await server.url()).wholeDigests(below: "copy", reads: true)
        #expect(await server.stop() == 0)
        return seen
    }

    @Test("A blob that was under way goes on where it was")
    func blob() async throws {
        var random = SeededGenerator(seed: 1)
        let (from, to) = (try await UpstreamRegistryPeer(), try await UpstreamRegistryPeer())
        let right = try await seed(
            [PackedChart("big", "1.0.0", archive: random.bytes(MirrorKillTests.big))], from)
        let workplace = try MirrorWorkplace(
            """
            hosts:
              - {host: "\(to.address)", bytesPerSecond: 6MiB}
            mirrors:
              - {name: kill, from: "oci+http://\(from.address)/team", to: "oci+http://\(to.address)/copy"}
            """)
        let process = try start(workplace)
        // Between the second of five chunks and the third: docker-registry takes a session up only by the place it gave
        // with its last chunk, so one whose place was not written down yet begins anew.
        try #require(await to.process.line(containing: "\"PATCH ", number: 2) != nil, "\(process.output)")
        let told = process.output.split(separator: "\n").count { $0.contains("\"progress\"") }
        try #require(await process.hasSaid(told + 1, "\"progress\""), "\(process.output)")
        process.signal(SIGKILL)
        try #require(await process.wait() == -SIGKILL, "\(process.output)")
        let web = try Web("http://" + to.address)
        #expect(try await web.digests(below: "copy").isEmpty)
        let last = try await workplace.run("kill")
        #expect(last.ended.status == 0, "\(last.ended)")
        #expect(try await web.wholeDigests(below: "copy", reads: true) == right)
        #expect(last.count("bytes") < MirrorKillTests.big, "\(last.ended)")
        print("after the kill \(last.count("bytes")) of \(MirrorKillTests.big) bytes")
    }
}
