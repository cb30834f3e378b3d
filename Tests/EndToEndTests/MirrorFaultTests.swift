import Content
import HTTPMessage
import OCIModel
import Posix
import TestSupport
import Testing

/// Real peers that die or change while a mirror has to do with them.
@Suite("Mirror faults", .enabled(if: Workshop.runs(with: "docker-registry"), "make test-setup"))
struct MirrorFaultTests {
    private let charts = (0..<40).map { PackedChart("app-\($0)", "1.0.0", files: [("values.yaml", "number: \($0)\n")]) }

    private func seed(_ peer: UpstreamRegistryPeer) async throws -> [String: String] {
        let web = try Web("http://" + peer.address)
        for chart in charts { try await web.seed(chart, to: "team/" + chart.name) }
        return Dictionary(uniqueKeysWithValues: charts.map { ("\($0.name):\($0.version)", "\($0.manifest.digest)") })
    }

    private func makeWorkplace(
        _ from: UpstreamRegistryPeer, _ to: String, _ more: String = ""
    ) throws -> MirrorWorkplace {
        try MirrorWorkplace(
            """
            hosts:
              - {host: "\(to)", attempts: 1}
            mirrors:
              - {name: pair, from: "oci+http://\(from.address)/team", to: "oci+http://\(to)/copy", concurrency: 4\(more)}
            """)
    }

    @Test("A destination that dies fails the run by its name, and the next run after its restart ends the work")
    func death() async throws {
        let from = try await UpstreamRegistryPeer()
        let right = try await seed(from)
        var to: UpstreamRegistryPeer? = try await UpstreamRegistryPeer()
        let (address, scratch) = (try #require(to?.address), try #require(to?.scratch))
        let workplace = try makeWorkplace(from, address)
        let process = try RunningServer(
            workplace.words([
                "mirror", "run", "pair", "--output", "json", "--file", workplace.path("mirror.yaml"),
            ]), environment: ["HOME": workplace.folder.path])
        try #require(await process.hasSaid(5, "\"ended\""), "\(process.output)")
        to = nil
        #expect(await process.wait() == 1, "\(process.output)")
        #expect(process.output.contains("oci+http://\(address)/copy/app-"), "\(process.output)")
        let failed = try #require(
            try process.output.split(separator: "\n").filter { $0.hasPrefix("{") }
                .map { try JSONValue(parsing: Array($0.utf8)) }.last { $0["event"]?.string == "finished" })
        let failures = try #require(failed["failures"]?.array)
        #expect(!failures.isEmpty && failures.allSatisfy { $0["side"]?.string == "destination" }, "\(failures)")
        #expect(failures.allSatisfy { $0["reason"]?.string?.isEmpty == false && $0["hint"]?.string?.isEmpty == false })

        let port = String(try #require(address.split(separator: ":").last))
        let again = try await UpstreamRegistryPeer(over: scratch, at: port)
        let web = try Web("http://" + again.address)
        let before = try await web.wholeDigests(below: "copy", reads: true)
        #expect(before.count >= 5 && before.allSatisfy { right[$0.key] == $0.value })
        let last = try await workplace.run("pair")
        #expect(last.ended.status == 0, "\(last.ended)")
        #expect(try await web.wholeDigests(below: "copy", reads: true) == right)
    }

    @Test("A chart whose blob is gone at the source fails alone, and one that is gone is said to be so")
    func deletedSource() async throws {
        let (from, to) = (try await UpstreamRegistryPeer(), try await UpstreamRegistryPeer())
        let right = try await seed(from)
        let workplace = try makeWorkplace(from, to.address)
        let locked = try await workplace("mirror", "plan", "--write-lock")
        #expect(locked.status == 2, "\(locked)")
        let (source, destination) = (try Web("http://" + from.address), try Web("http://" + to.address))
        let (broken, gone) = (charts[3], charts[7])
        let blob = Digest(of: broken.archive)
        #expect(try await source.send(.delete, "/v2/team/\(broken.name)/blobs/\(blob)").status == 202)
        let manifest = "/v2/team/\(gone.name)/manifests/\(gone.manifest.digest)"
        #expect(try await source.send(.delete, manifest).status == 202)

        let run = try await workplace.run("pair")
        #expect(run.ended.status == 1 && run.failures.count == 1, "\(run.ended)")
        let failure = try #require(run.failures.first)
        #expect(failure["side"]?.string == "source", "\(failure)")
        #expect(failure["source"]?.string?.contains("team/\(broken.name):1.0.0") == true, "\(failure)")
        let left = right.filter { $0.key != "\(broken.name):1.0.0" && $0.key != "\(gone.name):1.0.0" }
        #expect(try await destination.wholeDigests(below: "copy", reads: true) == left)
        // The lock says that both were there.
        let strict = try await workplace.run("pair", "--locked")
        #expect(strict.ended.status == 1 && strict.ended.output.contains("team/\(gone.name):1.0.0"), "\(strict.ended)")
        let verified = try await workplace("mirror", "verify")
        #expect(verified.status == 2, "\(verified)")
        for chart in [broken, gone] { #expect(verified.output.contains("copy/\(chart.name):1.0.0"), "\(verified)") }
    }
}
