import Content
import FrontDoor
import HTTPClient
import HTTPServer
import LocalRegistry
import OCIModel
import Posix
import RegistryServer
import ServerSupport
import Telemetry
import TestSupport
import Testing

/// The real server over a real store on loopback.
final class Live: Sendable {
    let bench: Bench
    let server: Server

    init(
        _ authenticator: any Authenticator = AnonymousAccess(.readWrite), cache: (any UpstreamReads)? = nil
    ) throws {
        bench = try Bench(authenticator, cache: cache)
        var configuration = ServerConfiguration(listen: .tcp(host: "127.0.0.1", port: 0))
        configuration.threads = 2
        server = try Server(
            configuration, handler: bench.handler, executor: ThreadPool(name: "work", threads: 8))
        try server.start()
    }

    /// Runs blocking client code on a thread of its own.
    func onThread<Value: Sendable>(_ body: @escaping @Sendable (Live) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            do {
                _ = try SystemThread(name: "client") { continuation.resume(with: Result { try body(self) }) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    func stop() async { #expect(await server.shutDown(deadline: .seconds(10))) }
}

@Suite("The registry over a socket") struct WireTests {
    private let chart = SampleChart("demo", "1.0.0", archiveBytes: 300_000)

    /// One connection that pushes as Helm does; gives the statuses.
    private static func push(_ chart: SampleChart, _ wire: WireClient, _ tag: String, _ name: String) throws -> [Int] {
        var statuses: [Int] = []
        statuses.append(try wire.send("HEAD", "/v2/\(name)/manifests/\(chart.manifest.digest)").status)
        for blob in [chart.archive, chart.config] {
            let digest = Digest(of: blob)
            statuses.append(try wire.send("HEAD", "/v2/\(name)/blobs/\(digest)").status)
            let begun = try wire.send("POST", "/v2/\(name)/blobs/uploads/", body: [])
            let location = try #require(begun["Location"])
            let encoded = digest.description.replacing(":", with: "%3A")
            statuses.append(
                try wire.send(
                    "PUT", "\(location)?digest=\(encoded)", ["Content-Type: application/octet-stream"], body: blob
                ).status)
        }
        let type = ["Content-Type: application/vnd.oci.image.manifest.v1+json"]
        let bytes = chart.manifest.bytes
        statuses.append(
            try wire.send("PUT", "/v2/\(name)/manifests/\(chart.manifest.digest)", type, body: bytes).status)
        statuses.append(try wire.send("GET", "/v2/\(name)/manifests/\(chart.manifest.digest)").status)
        statuses.append(try wire.send("PUT", "/v2/\(name)/manifests/\(tag)", type, body: bytes).status)
        return statuses
    }

    @Test("A chart is pushed and pulled as Helm does it, with a password and without")
    func helm() async throws {
        for authenticator in [AnonymousAccess(.readWrite), try users(anonymous: .none)] as [any Authenticator] {
            let live = try Live(authenticator)
            let chart = chart
            try await live.onThread { live in
                let wire = try WireClient(live.server.address)
                if authenticator is PasswordAccess {
                    #expect(try wire.send("GET", "/v2/").status == 401)
                    wire.always = ["Authorization: \(basic("ann", "secret")[0].value)"]
                }
                #expect(
                    try WireTests.push(chart, wire, "1.0.0", "charts/demo") == [404, 404, 201, 404, 201, 201, 200, 201])
                let manifest = try wire.send("GET", "/v2/charts/demo/manifests/1.0.0")
                #expect(Digest(of: manifest.body) == chart.manifest.digest)
                #expect(manifest["Content-Type"] == "application/vnd.oci.image.manifest.v1+json")
                for blob in [chart.config, chart.archive] {
                    let found = try wire.send("GET", "/v2/charts/demo/blobs/\(Digest(of: blob))")
                    #expect(Digest(of: found.body) == Digest(of: blob))
                }
                let again = try wire.send("HEAD", "/v2/charts/demo/manifests/1.0.0")
                #expect(again["Content-Length"] == "\(chart.manifest.bytes.count)")
                #expect(again["Docker-Content-Digest"] == chart.manifest.digest.description)
            }
            await live.stop()
        }
    }

    @Test("A password is checked while the first request's body waits, small and large", arguments: [3000, 2_000_000])
    func bodyBeforeVerification(count: Int) async throws {
        let live = try Live(try users(anonymous: .none))
        try await live.onThread { live in
            var generator = SeededGenerator(seed: UInt64(count))
            let bytes = generator.bytes(count)
            let target = "/v2/charts/demo/blobs/uploads/?digest=\(Digest(of: bytes))"
            let wrong = try WireClient(live.server.address)
            wrong.always = ["Authorization: \(basic("ann", "no")[0].value)"]
            #expect(try wrong.send("POST", target, body: bytes).status == 401)
            let right = try WireClient(live.server.address)
            right.always = ["Authorization: \(basic("ann", "secret")[0].value)"]
            #expect(try right.send("POST", target, body: bytes).status == 201)
            let found = try right.send("GET", "/v2/charts/demo/blobs/\(Digest(of: bytes))")
            #expect(Digest(of: found.body) == Digest(of: bytes))
        }
        await live.stop()
    }

    @Test("A thousand requests go over one connection")
    func keepAlive() async throws {
        let live = try Live()
        await live.bench.push(chart, "1.0.0")
        let digest = Digest(of: chart.config)
        try await live.onThread { live in
            let wire = try WireClient(live.server.address)
            var statuses: [Int: Int] = [:]
            for number in 0..<1000 {
                let answer =
                    switch number % 5 {
                    case 0: try wire.send("GET", "/v2/charts/demo/manifests/1.0.0")
                    case 1: try wire.send("HEAD", "/v2/charts/demo/blobs/\(digest)")
                    case 2: try wire.send("GET", "/v2/charts/demo/blobs/\(digest)", ["Range: bytes=0-4"])
                    case 3: try wire.send("GET", "/v2/charts/demo/manifests/none")
                    default: try wire.send("POST", "/v2/charts/demo/blobs/uploads/?mount=\(digest)", body: [])
                    }
                statuses[answer.status, default: 0] += 1
            }
            #expect(statuses == [200: 400, 206: 200, 404: 200, 201: 200])
        }
        await live.stop()
    }

    /// Waits until that many bytes of an upload are in its file.
    private static func ingested(_ live: Live, _ count: Int64) throws {
        let folder = try Directory(creating: live.bench.scratch.path + "/data/ingest")
        for _ in 0..<1_000_000 {
            for name in try folder.names() where try folder.size(of: name) ?? 0 >= count { return }
        }
        throw WireClient.Failed(reason: "the upload's file never grew")
    }

    @Test("A client gone in the middle of an upload finds its session where it left it")
    func gone() async throws {
        let live = try Live()
        var generator = SeededGenerator(seed: 3)
        let bytes = generator.bytes(1_500_000)
        try await live.onThread { live in
            let digest = Digest(of: bytes)
            let wire = try WireClient(live.server.address)
            let location = try #require(try wire.send("POST", "/v2/charts/demo/blobs/uploads/", body: [])["Location"])
            #expect(try wire.send("PATCH", location, body: Array(bytes[..<100_000])).status == 202)
            let leaver = try WireClient(live.server.address)
            try leaver.sendHead("PATCH", location, ["Content-Length: \(bytes.count - 100_000)"])
            try leaver.write(Array(bytes[100_000..<1_000_000]))
            try WireTests.ingested(live, 300_000)
            leaver.close()
            // The server hears of the end on a thread of its own: until then the session is busy.
            var probe = try wire.send("PATCH", location, body: [])
            for _ in 0..<200_000 where probe.status == 400 { probe = try wire.send("PATCH", location, body: []) }
            #expect(probe.status == 202)
            let held = (Int(probe["Range"]?.dropFirst(2) ?? "") ?? 0) + 1
            #expect(held >= 300_000 && held <= 1_000_000)
            #expect(try wire.send("GET", location)["Range"] == "0-\(held - 1)")
            let range = ["Content-Range: \(held)-\(bytes.count - 1)"]
            #expect(try wire.send("PATCH", location, range, body: Array(bytes[held...])).status == 202)
            #expect(try wire.send("PUT", "\(location)?digest=\(digest)", body: []).status == 201)
            let found = try wire.send("GET", "/v2/charts/demo/blobs/\(digest)")
            #expect(Digest(of: found.body) == digest)
        }
        await live.stop()
    }

    @Test("Pushes of one blob at once all succeed and leave one copy")
    func sameBlob() async throws {
        let live = try Live()
        let chart = chart
        let digest = Digest(of: chart.archive)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    try await live.onThread { live in
                        let wire = try WireClient(live.server.address)
                        return try wire.send(
                            "POST", "/v2/charts/demo/blobs/uploads/?digest=\(digest)", body: chart.archive
                        ).status
                    }
                }
            }
            for try await status in group { #expect(status == 201) }
        }
        #expect(Digest(of: await live.bench.get("/v2/charts/demo/blobs/\(digest)").body) == digest)
        let folder = try Directory(creating: live.bench.scratch.path + "/data/blobs/sha256")
        #expect(try folder.names() == [digest.hex])
        await live.stop()
    }

    @Test("Pushes of one tag and deletes of it at once leave the store whole")
    func sameTag() async throws {
        let live = try Live()
        let charts = (0..<4).map { SampleChart("demo", "\($0).0.0") }
        for chart in charts { await live.bench.push(chart, chart.manifest.digest.description) }
        try await withThrowingTaskGroup(of: Set<Int>.self) { group in
            for chart in charts {
                group.addTask {
                    try await live.onThread { live in
                        let wire = try WireClient(live.server.address)
                        let type = ["Content-Type: application/vnd.oci.image.manifest.v1+json"]
                        return Set(
                            try (0..<25).map { _ in
                                try wire.send(
                                    "PUT", "/v2/charts/demo/manifests/latest", type, body: chart.manifest.bytes
                                ).status
                            })
                    }
                }
                group.addTask {
                    try await live.onThread { live in
                        let wire = try WireClient(live.server.address)
                        return Set(
                            try (0..<25).map { _ in
                                try wire.send("DELETE", "/v2/charts/demo/manifests/latest").status
                            })
                    }
                }
            }
            for try await statuses in group {
                #expect(statuses == [201] || statuses.isSubset(of: [202, 404]), "\(statuses)")
            }
        }
        let tags = await live.bench.get("/v2/charts/demo/tags/list").json?["tags"]?.array?.count ?? -1
        let found = await live.bench.get("/v2/charts/demo/manifests/latest")
        #expect(found.status == (tags == 1 ? 200 : 404))
        let attributes = await live.bench.get("/acr/v1/charts/demo").json
        #expect(attributes?["tagCount"]?.integer == Int64(tags))
        #expect(attributes?["manifestCount"]?.integer == 4)
        for chart in charts {
            #expect(await live.bench.get("/v2/charts/demo/manifests/\(chart.manifest.digest)").status == 200)
        }
        await live.stop()
    }
}
