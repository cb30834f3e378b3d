import Glibc
import HTTPClient
import HTTPMessage
import OCIModel
import Posix
import TestSupport
import Testing

/// kill -9 in the middle of pushes: whatever was acknowledged is there afterwards, and nothing is there by half.
@Suite("Kill")
struct KillTests {
    /// How often the server is killed, and how many acknowledgements at most lie between two kills.
    static let rounds = 10, mostAcknowledgements = 120

    @Test("Every acknowledged push survives kill -9, every upload goes on", arguments: Seeds.some([1]))
    func rounds(seed: UInt64) async throws {
        let fixture = try Fixture()
        var random = SeededGenerator(seed: seed)
        let ledger = Ledger()
        for round in 0..<KillTests.rounds {
            let server = try await fixture.start(["--log-access", "false"])
            let web = try Web(try await server.url())
            try await ledger.verify(web, latestOnly: true)
            ledger.kill(server, after: Int.random(in: 1...KillTests.mostAcknowledgements, using: &random))
            await withTaskGroup(of: Void.self) { group in
                for worker in 0..<8 {
                    let pusher = Pusher(
                        web: web, ledger: ledger, name: "kill/w\(worker)", seed: seed &+ UInt64(round * 100 + worker))
                    group.addTask { await pusher.pushUntilKilled() }
                }
            }
            #expect(await server.wait() == -SIGKILL, "round \(round): \(server.output)")
        }
        let server = try await fixture.start(["--log-access", "false"])
        let web = try Web(try await server.url())
        try await ledger.verify(web, latestOnly: false)
        #expect(await server.stop() == 0)
        try await everyBlobIsWhole(fixture.data)
        let counts = ledger.counts
        print("seed \(seed): \(counts.blobs) blobs, \(counts.manifests) manifests, \(counts.uploads) uploads resumed")
        #expect(counts.blobs > 0 && counts.manifests > 0)
    }

    /// Rule 1 of the store: a file under `blobs/` hashes to its name.
    private func everyBlobIsWhole(_ data: String) async throws {
        for algorithm in ["sha256", "sha512"] {
            let folder = data + "/blobs/" + algorithm
            let sums = try await run("sh", ["-c", "cd \(folder) && ls | xargs -r \(algorithm)sum"])
            for line in sums.output.split(separator: "\n") {
                let words = line.split(separator: " ")
                #expect(words.count == 2 && words[0] == words[1], "\(line)")
            }
        }
    }
}

/// One client that pushes charts, blobs and parts of blobs as fast as they are acknowledged.
struct Pusher: Sendable {
    let web: Web
    let ledger: Ledger
    let name: String
    let seed: UInt64

    /// Ends with the first request that is not answered.
    func pushUntilKilled() async {
        var random = SeededGenerator(seed: seed)
        do {
            for number in 0..<10_000 {
                switch number % 4 {
                case 0: try await begin(random.next())
                case 1: try await remove(random.next(), number)
                default: try await chart(random.next(), number)
                }
            }
        } catch {
            // The server is gone: what was not acknowledged counts for nothing.
        }
    }

    private func chart(_ seed: UInt64, _ number: Int) async throws {
        let sizes = [1, 500, 5_000, 60_000, 1_500_000]
        let archive = SeededContent(seed: seed, count: sizes[Int(seed % 5)])
        let config = SeededContent(seed: seed ^ 0xFF, count: 200)
        try await blob(archive)
        try await blob(config)
        let manifest = archive.manifest(config: config)
        let tag = "v\(self.seed)-\(number)"
        ledger.attempt(manifest, in: name)
        try expect(
            201,
            try await web.send(
                .put, "/v2/\(name)/manifests/\(tag)", body: manifest, [("Content-Type", "\(MediaType.ociManifest)")]))
        ledger.acknowledge(.manifest(repository: name, tag: tag, archive: archive, config: config))
    }

    private func blob(_ content: SeededContent) async throws {
        let bytes = content.bytes
        ledger.attempt(content, in: name)
        let started = try await web.send(.post, "/v2/\(name)/blobs/uploads/")
        try expect(202, started)
        let location = started.headers["Location"] ?? ""
        let ended = try await web.send(.put, location + "?digest=\(Digest(of: bytes))", body: bytes)
        try expect(201, ended)
        ledger.acknowledge(.blob(repository: name, content: content))
    }

    /// Leaves an upload where it is, half done.
    private func begin(_ seed: UInt64) async throws {
        let content = SeededContent(seed: seed, count: 40_000)
        let started = try await web.send(.post, "/v2/\(name)/blobs/uploads/")
        try expect(202, started)
        let part = Array(content.bytes[..<Int(seed % 40_000)])
        guard !part.isEmpty, let location = started.headers["Location"] else { return }
        let sent = try await web.send(
            .patch, location, body: part, [("Content-Range", "0-\(part.count - 1)")])
        try expect(202, sent)
        ledger.acknowledge(.upload(location: sent.headers["Location"] ?? "", content: content, sent: part.count))
    }

    /// Tags a chart and takes the tag away again.
    private func remove(_ seed: UInt64, _ number: Int) async throws {
        let tag = "gone-\(self.seed)-\(number)"
        let config = SeededContent(seed: seed, count: 100)
        try await blob(config)
        let manifest = config.manifest(config: config)
        ledger.attempt(manifest, in: name)
        try expect(
            201,
            try await web.send(
                .put, "/v2/\(name)/manifests/\(tag)", body: manifest, [("Content-Type", "\(MediaType.ociManifest)")]))
        try expect(202, try await web.send(.delete, "/v2/\(name)/manifests/\(tag)"))
        ledger.acknowledge(.removal(repository: name, tag: tag))
    }

    /// An answer that is not the expected one is a defect; none at all is the end of the server.
    private func expect(
        _ status: Int, _ answer: (status: Int, headers: HeaderFields, body: [UInt8]),
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try #require(
            answer.status == status, "\(String(decoding: answer.body, as: UTF8.self))", sourceLocation: sourceLocation)
    }
}

/// Bytes that follow from a seed.
struct SeededContent: Sendable, Hashable {
    let seed: UInt64
    let count: Int

    var bytes: [UInt8] { SeededGenerator.bytes(seed: seed, count: count) }

    /// The manifest of a chart with this archive.
    func manifest(config: SeededContent) -> [UInt8] {
        let parts = (Descriptor(of: config.bytes, .helmConfig).json, Descriptor(of: bytes, .helmChart).json)
        let json = JSONValue.object([
            ("schemaVersion", .integer(2)), ("config", parts.0), ("layers", .array([parts.1])),
        ])
        return json.text(.go)
    }
}
