import Content
import OCIModel
import TestSupport
import Testing

@testable import RemoteRegistry

@Suite struct ReadingTests {
    private let name = RepositoryName.named("a/b")
    private let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    private var digest: Digest { Digest(of: bytes) }

    /// Answers ranges rightly, but each answer ends after `most` bytes.
    private func brokenServer(most: Int, ignoresRange: Bool = false) throws -> ScriptedServer {
        let bytes = bytes
        return try ScriptedServer { request in
            let asked = request.header("Range").map { Int($0.dropFirst("bytes=".count).dropLast())! } ?? 0
            let start = ignoresRange ? 0 : asked
            let head =
                start > 0
                ? "HTTP/1.1 206 Part\r\nContent-Range: bytes \(start)-\(bytes.count - 1)/\(bytes.count)\r\n"
                : "HTTP/1.1 200 OK\r\n"
            let rest = bytes[start...]
            let sent = ignoresRange ? rest.prefix(asked + most) : rest.prefix(most)
            return ScriptedReply([
                .send(Array((head + "Content-Length: \(rest.count)\r\n\r\n").utf8) + sent), .close,
            ])
        }
    }

    @Test("A read that breaks is taken up where it broke, and verified as a whole", arguments: [false, true])
    func resumes(ignoresRange: Bool) async throws {
        let server = try brokenServer(most: 30_000, ignoresRange: ignoresRange)
        let read = try await server.registry().blob(digest, in: name)
        #expect(read == bytes)
        #expect(server.requests.map { $0.header("Range") } == [nil, "bytes=30000-", "bytes=60000-", "bytes=90000-"])
    }

    @Test("Breaks without progress run out of attempts")
    func noProgress() async throws {
        let server = try brokenServer(most: 0)
        let error = await failure {
            _ = try await server.registry { $0.retry.maximumAttempts = 3 }.blob(digest, in: name)
        }
        guard case .unavailable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server.requests.count == 3)
    }

    @Test("A damaged blob is corrupt, however it is damaged")
    func damaged() async throws {
        var damaged = bytes
        damaged[77_777] ^= 0x40
        for sent in [damaged, Array(bytes.dropLast()), bytes + [0], []] {
            let server = try ScriptedServer { _ in ScriptedReply(200, body: sent) }
            let error = await failure { _ = try await server.registry().blob(digest, in: name) }
            guard case .corrupt = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("Another range than asked for is not taken")
    func wrongRange() async throws {
        let server = try ScriptedServer { _ in
            ScriptedReply(206, [("Content-Range", "bytes 4-9/100000")], body: [1, 2, 3, 4, 5, 6])
        }
        let error = await failure {
            try await server.registry().readBlob(digest, in: name, from: 5) { _ in }
        }
        guard case .unavailable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("A range behind the end is told with the length, also by a registry that does not name it")
    func behindEnd() async throws {
        for headers in [[(name: "Content-Range", value: "bytes */100")], []] {
            let server = try ScriptedServer { request in
                request.method == "HEAD"
                    ? ScriptedReply(200, [("Content-Length", "100")], isHead: true) : ScriptedReply(416, headers)
            }
            let registry = try server.registry()
            let error = await failure { try await registry.readBlob(digest, in: name, from: 101) { _ in } }
            guard case .rangeInvalid(_, length: 100) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            try await registry.readBlob(digest, in: name, from: 100) { _ in Issue.record("there is nothing there") }
        }
    }

    @Test("A manifest is verified against its digest, its size bounded, its types asked for in one line")
    func manifests() async throws {
        let chart = SampleChart("x", "1.0.0")
        let good = chart.manifest
        let headers = [(name: "Content-Type", value: MediaType.ociManifest.description)]
        let server = try ScriptedServer { request in
            switch request.path {
            case "/v2/a/b/manifests/large":
                ScriptedReply(200, headers, body: [UInt8](repeating: 0x20, count: (4 << 20) + 1))
            case "/v2/a/b/manifests/lying":
                ScriptedReply(200, headers + [("Docker-Content-Digest", Digest(of: [1]).description)], body: good.bytes)
            case "/v2/a/b/manifests/good": ScriptedReply(200, headers, body: good.bytes)
            default: ScriptedReply(200, headers, body: good.bytes + [0x20])
            }
        }
        let registry = try server.registry()
        #expect(try await registry.manifest(.tag(Tag(parsing: "good")), in: name) == good)
        #expect(
            server.requests[0].headers.filter { $0.name == "Accept" }.map { $0.value.split(separator: ",").count } == [
                5
            ])
        guard
            case .tooLarge = await failure({ _ = try await registry.manifest(.tag(Tag(parsing: "large")), in: name) }),
            case .corrupt = await failure({ _ = try await registry.manifest(.tag(Tag(parsing: "lying")), in: name) }),
            case .corrupt = await failure({ _ = try await registry.manifest(.digest(good.digest), in: name) })
        else {
            Issue.record("a bad manifest was taken")
            return
        }
    }

    @Test(
        "The type of a manifest comes from its header, else from its body",
        arguments: ["application/json", "text/plain; charset=utf-8", ""])
    func typeFromBody(header: String) async throws {
        let index = SampleChart.index([SampleChart("x", "1.0.0").manifest])
        let server = try ScriptedServer { _ in
            ScriptedReply(200, header.isEmpty ? [] : [("Content-Type", header)], body: index.bytes)
        }
        #expect(try await server.registry().manifest(.digest(index.digest), in: name) == index)
    }
}
