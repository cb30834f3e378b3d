import HTTPMessage
import OCIModel
import TestSupport
import Testing

/// A big collection through mirrors: classic to store, store to registry, registry to registry.
@Suite("Mirror collection", .enabled(if: Workshop.runs(with: "docker-registry", "nginx"), "make test-setup"))
struct MirrorCollectionTests {
    @Test(
        "Every chart has one digest everywhere; again no bytes move and few questions are asked",
        .enabled(if: ChartCollectionTests.folder != nil, "CHARTROOM_TEST_CHARTS names no folder"))
    func collection() async throws {
        let folder = try #require(ChartCollectionTests.folder)
        let count = try await succeed("find", [folder, "-name", "*.tgz"]).split(separator: "\n").count
        try #require(count > 0)
        let nginx = try await NginxPeer(root: folder + "/..")
        let (near, far) = (try await UpstreamRegistryPeer(), try await UpstreamRegistryPeer())
        let workplace = try MirrorWorkplace(
            """
            mirrors:
              - {name: store, from: "http://\(nginx.address)", to: "store:charts"}
              - {name: near, from: "store:charts", to: "oci+http://\(near.address)/copy"}
              - {name: far, from: "oci+http://\(near.address)/copy", to: "oci+http://\(far.address)/copy"}
            """)
        let toStore = try await workplace.runTwice("store", references: count)
        let toNear = try await workplace.runTwice("near", references: count)
        let toFar = try await workplace.runTwice("far", references: count)
        let server = try RunningServer(data: workplace.data, ["--log-access", "false"])
        let stored = try await Web(try await server.url()).digests(below: "charts")
        #expect(await server.stop() == 0)
        #expect(stored.count == count)
        #expect(try await Web("http://" + near.address).digests(below: "copy") == stored)
        #expect(try await Web("http://" + far.address).wholeDigests(below: "copy", reads: false) == stored)

        let repositories = Set(stored.keys.map { $0.prefix { $0 != ":" } }).count
        // Each archive comes once, after a question for its provenance; the index, and what tells the kind of server.
        #expect(toStore.first.count("sourceRequests") <= 2 * count + 3, "\(toStore.first.requests)")
        #expect(toStore.second.count("sourceRequests") <= 2, "\(toStore.second.requests)")
        // A question a tag at the source, at most two a repository at either end.
        #expect(toNear.second.count("destinationRequests") <= 2 * repositories + 2, "\(toNear.second.requests)")
        #expect(toFar.second.count("sourceRequests") <= count + 2 * repositories + 2, "\(toFar.second.requests)")
        #expect(toFar.second.count("destinationRequests") <= 2 * repositories + 2, "\(toFar.second.requests)")

        // Versions that are said never to move cost nothing: only repositories count.
        try workplace.write(
            """
            mirrors:
              - name: far
                from: "oci+http://\(near.address)/copy"
                to: "oci+http://\(far.address)/copy"
                immutable: versions
            """)
        let settled = try await workplace.run("far")
        #expect(settled.ended.status == 0 && settled.count("left") == count && settled.count("bytes") == 0)
        for side in ["sourceRequests", "destinationRequests"] {
            #expect(settled.count(side) <= 2 * repositories + 2, "\(settled.requests)")
        }
        print("\(count) charts in \(repositories) repositories; of immutable versions \(settled.requests) requests")
    }
}
