import Content
import OCIModel
import RemoteRegistry
import Sync
import TestSupport
import Testing

/// Runs between two registries on sockets, of which one misbehaves at one of its paths.
@Suite struct WireFaultTests {
    private struct World {
        let fixture: Fixture
        let source = try! WireRegistry()
        let destination = try! WireRegistry()
        let charts = [PackedChart("nginx", "1.0.0"), PackedChart("redis", "2.0.0")]

        init() throws {
            fixture = try Fixture()
            for chart in charts { source.put(chart, "team/" + chart.name) }
            fixture.ends.add(Fixture.from, source: .artifacts(try source.client()))
            fixture.ends.add(Fixture.to, destination: .artifacts(try destination.client(), intake: nil))
        }

        func run() async throws -> MirrorResult { try await fixture.worker(fixture.rule()).run(.command) }

        /// What is visible at the destination was at the source under that name at some time, and is whole.
        func check(_ what: String, _ location: SourceLocation = #_sourceLocation) {
            destination.check(what, location)
            let had = Set(source.held.history.map { $0.replacing("team/", with: "mirror/") })
            #expect(destination.held.history.subtracting(had).isEmpty, "\(what)", sourceLocation: location)
        }
    }

    /// Breaks what is asked of nginx on a path, with the faults given; then mends it.
    private func breakAndMend(
        _ side: TransferSide, _ fault: WireFault, _ path: String, _ methods: [String],
        mayPass: Bool = false, _ location: SourceLocation = #_sourceLocation
    ) async throws {
        let world = try World()
        let what = "\(side) \(fault) \(path)"
        let gate = Gate()
        let broken = side == .source ? world.source : world.destination
        broken.fail { request in
            guard request.path.contains("nginx"), request.path.contains(path), methods.contains(request.method)
            else { return nil }
            return fault.reply(request, gate)
        }
        let result = try await world.run()
        gate.open()
        world.check(what, location)
        let isThere = world.destination.held.tags["mirror/nginx"]?["1.0.0"] != nil
        if !mayPass || !isThere {
            #expect(result.run.outcome == .failed, "\(what)", sourceLocation: location)
            #expect(result.failures.count == 1, "\(what)", sourceLocation: location)
            #expect(result.failures.first?.side == side, "\(what): \(result.failures)", sourceLocation: location)
            #expect(result.failures.first?.reason.isEmpty == false, "\(what)", sourceLocation: location)
        }
        // The other chart has nothing to do with it.
        #expect(world.destination.held.tags["mirror/redis"]?["2.0.0"] != nil, "\(what)", sourceLocation: location)
        broken.fail(nil)
        let next = try await world.run()
        #expect(next.run.outcome == .succeeded, "\(what): \(next.failures)", sourceLocation: location)
        #expect(
            world.destination.held.tags["mirror/nginx"]?["1.0.0"] == "\(world.charts[0].manifest.digest)", "\(what)",
            sourceLocation: location)
        world.check(what, location)
    }

    @Test("A source that misbehaves about a manifest is told so, alone", arguments: WireFault.allCases)
    func sourceManifest(fault: WireFault) async throws {
        try await breakAndMend(.source, fault, "/manifests/", ["GET"])
    }

    @Test("A source that misbehaves about a blob is told so, alone", arguments: WireFault.allCases)
    func sourceBlob(fault: WireFault) async throws {
        try await breakAndMend(.source, fault, "/blobs/", ["GET"])
    }

    @Test(
        "A source that misbehaves about its list of tags is told so, alone",
        arguments: WireFault.allCases.filter { $0 != .missing })
    func sourceTags(fault: WireFault) async throws {
        try await breakAndMend(.source, fault, "/tags/list", ["GET"])
    }

    @Test(
        "A destination that misbehaves about its list of tags is told so, alone",
        arguments: WireFault.allCases.filter { $0 != .missing })
    func destinationTags(fault: WireFault) async throws {
        try await breakAndMend(.destination, fault, "/tags/list", ["GET"])
    }

    @Test("A destination that begins no upload is told so, alone", arguments: WireFault.allCases)
    func destinationPost(fault: WireFault) async throws {
        try await breakAndMend(.destination, fault, "/uploads/", ["POST"])
    }

    @Test(
        "A destination that takes no blob, or forgets its upload, is told so, and nothing of it is seen",
        // A success is taken at its word until the manifest is refused.
        arguments: WireFault.allCases)
    func destinationPut(fault: WireFault) async throws {
        try await breakAndMend(.destination, fault, "/uploads/", ["PUT"])
    }

    @Test(
        "A destination that takes no manifest is told so, and no tag moves",
        // What says that it was stored, and was not, is found out by the next run.
        arguments: WireFault.allCases.filter {
            ![.page, .otherType, .noJSON, .empty, .otherBytes, .short, .endless].contains($0)
        })
    func destinationManifest(fault: WireFault) async throws {
        try await breakAndMend(.destination, fault, "/manifests/", ["PUT"])
    }

    @Test("A destination that says it stored a manifest, and did not, gets it with the next run")
    func destinationLies() async throws {
        let world = try World()
        world.destination.fail { request in
            request.method == "PUT" && request.path.contains("/manifests/") ? ScriptedReply(201) : nil
        }
        _ = try await world.run()
        world.destination.fail(nil)
        #expect(try await world.run().run.outcome == .succeeded)
        #expect(world.destination.held.tags["mirror/nginx"]?["1.0.0"] != nil)
        world.check("lies")
    }

    @Test("A catalog in a circle ends, and so does one that leads to another host") func circles() async throws {
        for link in ["</v2/_catalog?n=1000>; rel=\"next\"", "<http://127.0.0.1:1/v2/_catalog>; rel=\"next\""] {
            let world = try World()
            world.source.fail { request in
                guard request.path.hasSuffix("/_catalog") || request.path.hasSuffix("nginx/tags/list") else {
                    return nil
                }
                let own = link.replacing("/v2/_catalog?n=1000", with: request.target)
                return ScriptedReply(
                    200, [("Link", own)], text: #"{"repositories":["team/nginx"],"tags":["1.0.0"]}"#)
            }
            let result = try await world.run()
            #expect(result.run.outcome == .failed)
            #expect(result.failures.allSatisfy { $0.side == .source })
            world.check(link)
        }
    }

    @Test("Blobs that several charts share are sent again where the destination denies or ignores a mount")
    func mounts() async throws {
        for status in [401, 403, 404, 405, 202] {
            let world = try World()
            world.source.put(world.charts[0], "team/other")
            world.destination.fail { request in
                guard request.method == "POST", request.query.contains("mount"), status != 202 else { return nil }
                return ScriptedReply(status)
            }
            let result = try await world.run()
            #expect(result.run.outcome == .succeeded, "\(status)")
            #expect(world.destination.held.tags["mirror/other"]?["1.0.0"] != nil)
            world.check("\(status)")
        }
    }

    @Test("A mount that links something else is not taken for the blob") func otherMount() async throws {
        let world = try World()
        world.source.put(world.charts[0], "team/other")
        let other = "\(Digest(of: [9]))"
        world.destination.fail { request in
            guard request.method == "POST", request.query.contains("mount") else { return nil }
            return ScriptedReply(201, [("Docker-Content-Digest", other)])
        }
        #expect(try await world.run().run.outcome == .succeeded)
        world.check("mount")
    }
}
