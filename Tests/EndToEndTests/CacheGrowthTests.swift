import Codecs
import Content
import Glibc
import HTTPClient
import HTTPMessage
import OCIModel
import Posix
import TestSupport
import Testing

/// Blobs and lists on their way through the whole server: many readers, large bodies, early ends.
@Suite("Cache growth")
struct CacheGrowthTests {
    private static let room = PackedChart(
        "room", "1.0.0", files: [("values.yaml", String(repeating: "chair: 4\n", count: 40_000))])
    private var room: PackedChart { CacheGrowthTests.room }
    private var digest: Digest { Digest(of: room.archive) }
    private var blob: String { "/v2/far/room/blobs/\(digest)" }
    private let manifest = "/v2/far/room/manifests/1.0.0"

    /// An upstream that holds a blob's second half back until the gate opens.
    private func holding(_ upstream: FaultyUpstream, _ gate: Gate) {
        let bytes = room.archive
        upstream.fail { request in
            guard request.method == "GET", request.path.contains("/blobs/"), request.header("Range") == nil else {
                return nil
            }
            return .stalling(bytes, after: bytes.count / 2, until: gate)
        }
    }

    /// A cache that has the manifest, and whose upstream holds a blob's second half back.
    private func held(
        _ fixture: borrowing Fixture, _ upstream: FaultyUpstream
    ) async throws -> (server: RunningServer, web: Web, gate: Gate) {
        let server = try await fixture.start(caching: upstream.configuration("deadline: 30s, negative: 1ms"))
        let web = try Web(try await server.url())
        #expect(try await web.pull(manifest).isWhole)
        let gate = Gate()
        holding(upstream, gate)
        return (server, web, gate)
    }

    private func upstream() throws -> FaultyUpstream { try FaultyUpstream([CacheGrowthTests.room]) }

    @Test(
        "A thousand first requests for one blob make one upstream GET, and each gets the right bytes, in little memory")
    func thousand() async throws {
        let fixture = try Fixture()
        let upstream = try upstream()
        let server = try await fixture.start(caching: upstream.configuration("deadline: 30s"))
        let web = try Web(try await server.url(), connections: 1000)
        #expect(try await web.pull(manifest).isWhole)
        let gate = Gate()
        holding(upstream, gate)
        let before = try server.mostMemory()
        let (expected, target) = (room.archive, blob)
        let begun = Tally()
        let right = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<1000 {
                group.addTask {
                    let response = try await web.open(target)
                    if begun.next() == 1000 { gate.open() }
                    return try await response.collect(maximumBytes: 1 << 20) == expected
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(right == 1000)
        #expect(!gate.hasLapsed, "all of them read while the blob came in")
        #expect(upstream.count("GET /v2/team/room/blobs/") == 1)
        let grown = try server.mostMemory() - before
        // What so many connections take by themselves; a copy each would be 350 MiB.
        #expect(grown < 96 << 20, "\(grown >> 20) MiB")
        #expect(await server.stop() == 0)
    }

    @Test("The first byte of 200 MB reaches the client before the upstream has sent its tenth megabyte")
    func firstByte()
        async throws
    {
        var generator = SeededGenerator(seed: 7)
        let piece = generator.bytes(1 << 20)
        let hasher = ContentHasher(.sha256)
        for _ in 0..<200 { hasher.update(piece.span) }
        let digest = try #require(Digest(.sha256, hash: hasher.finish()))
        let fixture = try Fixture()
        let upstream = try upstream()
        let gate = Gate()
        upstream.fail { request in
            guard request.path.hasSuffix("/blobs/\(digest)") else { return nil }
            let head = Array("HTTP/1.1 200 OK\r\nContent-Length: \(200 << 20)\r\n\r\n".utf8)
            let pieces = [ScriptedReply.Step](repeating: .send(piece), count: 200)
            return ScriptedReply([.send(head)] + pieces.prefix(9) + [.wait(gate)] + pieces.dropFirst(9))
        }
        let server = try await fixture.start(caching: upstream.configuration("deadline: 30s"))
        let before = try server.mostMemory()
        let response = try await Web(try await server.url()).open("/v2/far/room/blobs/\(digest)")
        #expect(response.contentLength == 200 << 20)
        let received = ContentHasher(.sha256)
        while let bytes = try await response.next() {
            gate.open()
            received.update(bytes.span)
        }
        #expect(!gate.hasLapsed)
        #expect(Digest(.sha256, hash: received.finish()) == digest)
        #expect(try server.mostMemory() - before < 32 << 20)
        #expect(await server.stop() == 0)
    }

    @Test("A range of a blob on its way is sent when it has come, and one of its end when the whole is right")
    func ranges() async throws {
        let fixture = try Fixture()
        let upstream = try upstream()
        let (server, web, gate) = try await held(fixture, upstream)
        let whole = try await web.open(blob)
        let early = try await web.pull(blob, [("Range", "bytes=100-299")])
        #expect(early.status == 206 && early.body == Array(room.archive[100..<300]), "\(early)")
        #expect(early.headers["Content-Range"] == "bytes 100-299/\(room.archive.count)")
        let late = try await web.open(blob, [("Range", "bytes=-50")])
        #expect(late.status == .partialContent)
        #expect(!gate.hasLapsed)
        gate.open()
        #expect(try await late.collect(maximumBytes: 1000) == Array(room.archive.suffix(50)))
        #expect(try await whole.collect(maximumBytes: 1 << 20) == room.archive)
        #expect(try await web.pull(blob, [("Range", "bytes=9999999-")]).status == 416)
        #expect(await server.stop() == 0)
    }

    @Test("A client that leaves in the middle stops nothing, and a HEAD tells the size") func leaving() async throws {
        let fixture = try Fixture()
        let upstream = try upstream()
        let (server, web, gate) = try await held(fixture, upstream)
        let response = try await web.open(blob)
        #expect(try await response.next() != nil)
        response.cancel()
        let head = try await web.pull(blob, method: .head)
        #expect(head.status == 200 && head.headers["Content-Length"] == "\(room.archive.count)", "\(head)")
        gate.open()
        #expect(try await web.pullAtLast(blob).body == room.archive)
        #expect(upstream.count("GET /v2/team/room/blobs/\(digest)") == 1)
        #expect(await server.stop() == 0)
    }

    @Test("Killed while a blob comes in, it serves nothing of it after the restart, and the next pull is right")
    func killed() async throws {
        let fixture = try Fixture()
        let upstream = try upstream()
        let (server, web, gate) = try await held(fixture, upstream)
        let response = try await web.open(blob)
        #expect(try await response.next() != nil)
        server.signal(SIGKILL)
        #expect(await server.wait() == -SIGKILL)
        gate.open()
        upstream.fail { $0.path.contains("/blobs/") ? ScriptedReply(500) : nil }
        let again = try await fixture.start(caching: upstream.configuration("deadline: 30s, negative: 1ms"))
        let other = try Web(try await again.url())
        #expect(try await other.pull(manifest).body == room.manifest.bytes)
        let refused = try await other.pull(blob)
        #expect(refused.status == 502, "\(refused)")
        upstream.fail(nil)
        #expect(try await other.pullAtLast(blob).body == room.archive)
        #expect(await again.stop() == 0)
    }

    @Test("A connection that goes silent in the middle is taken up elsewhere; the client waits and gets it all")
    func stalled() async throws {
        let fixture = try Fixture()
        let upstream = try upstream()
        let server = try await fixture.start(caching: upstream.configuration("deadline: 1s"))
        let web = try Web(try await server.url())
        #expect(try await web.pull(manifest).isWhole)
        // Nobody opens it: the silence ends after five seconds, which is the shortest that is allowed.
        holding(upstream, Gate())
        let pulled = try await web.pull(blob)
        #expect(pulled.isWhole && pulled.body == room.archive, "\(pulled)")
        #expect(upstream.server.requests.contains { $0.header("Range") == "bytes=\(room.archive.count / 2)-" })
        #expect(await server.stop() == 0)
    }

    // MARK: Lists

    @Test(
        "An index without end, or one that unpacks to one, is refused in little memory, and the last good one stays",
        arguments: ["endless", "packed"])
    func hugeIndex(kind: String) async throws {
        let fixture = try Fixture()
        let upstream = try upstream()
        let strict = "deadline: 20s, negative: 1ms, freshness: {mode: strict, deadline: 20s, lists: 1ms}"
        let server = try await fixture.start(caching: upstream.configuration(strict))
        let web = try Web(try await server.url())
        let good = try await web.pull("/charts/stable/index.yaml")
        #expect(good.text.contains("room"))
        let before = try server.mostMemory()
        let line =
            "  - {name: a, version: 1.0.0, urls: [a.tgz], description: \"\(String(repeating: "x", count: 9000))\"}\n"
        var reply = ScriptedReply.endless(200, [("Content-Type", "text/yaml")], piece: Array(line.utf8))
        if kind == "packed" {
            let file = fixture.path("bomb.gz")
            try await succeed("sh", ["-c", "head -c 200000000 /dev/zero | gzip -1 > \(file)"])
            reply = ScriptedReply(200, [("Content-Encoding", "gzip")], body: try contents(of: file))
        }
        let huge = reply
        upstream.fail { $0.path.hasSuffix("index.yaml") ? huge : nil }
        let kept = try await web.pull("/charts/stable/index.yaml")
        #expect(kept.isWhole && kept.body == good.body, "\(kept)")
        #expect(kept.warnings.contains("111"), "\(kept)")
        #expect(try await web.pull(manifest).isWhole)
        let grown = try server.mostMemory() - before
        #expect(grown < 160 << 20, "\(grown >> 20) MiB")
        upstream.fail(nil)
        #expect(try await web.pull("/charts/stable/index.yaml").warnings.isEmpty)
        #expect(await server.stop() == 0)
    }

    @Test("Pages of tags in a circle and without end are an error; what is no tag is left out") func tags() async throws
    {
        let fixture = try Fixture()
        let upstream = try upstream()
        let server = try await fixture.start(caching: upstream.configuration("deadline: 2s, negative: 1ms"))
        let web = try Web(try await server.url())
        let page = #"{"name":"x","tags":["1.0.0"]}"#
        upstream.fail { request in
            guard request.path.hasSuffix("/tags/list") else { return nil }
            return ScriptedReply(200, [("Link", "<\(request.target)>; rel=\"next\"")], text: page)
        }
        let circle = try await web.pull("/v2/far/room/tags/list")
        #expect(circle.status == 502, "\(circle)")
        upstream.fail { request in
            guard request.path.hasSuffix("/tags/list") else { return nil }
            return ScriptedReply(
                200,
                [
                    (
                        "Link",
                        "</v2/team/room/tags/list?n=\(request.query.utf8.count)&last=\(request.query)a>; rel=\"next\""
                    )
                ],
                text: page)
        }
        let endless = try await web.pull("/v2/far/room/tags/list")
        #expect(endless.status == 502, "\(endless)")
        upstream.fail { request in
            guard request.path.hasSuffix("/tags/list") else { return nil }
            return ScriptedReply(200, text: #"{"tags":["../../x",7,null,"a b","\#u{1F433}","1.0.0",["2.0.0"]]}"#)
        }
        #expect(try await web.pullAtLast("/v2/far/room/tags/list").text.contains(#""tags":["1.0.0"]"#))
        #expect(await server.stop() == 0)
    }

    @Test("An upstream whose certificate nobody vouches for is an error that says so; with the authority it is right")
    func certificate() async throws {
        let far = try Fixture()
        let upstream = try await far.startSecured()
        let port = try await upstream.address().split(separator: ":").last ?? ""
        func configuration(_ more: String) -> String {
            "upstreams:\n  - {prefix: far, url: 'oci://localhost:\(port)/team', credentials: none, deadline: 5s\(more)}\n"
        }
        let near = try Fixture()
        let server = try await near.start(caching: configuration(""))
        let refused = try await Web(try await server.url()).pull(manifest)
        #expect(refused.status == 502 && refused.text.lowercased().contains("certificate"), "\(refused)")
        #expect(await server.stop() == 0)
        let again = try await near.start(caching: configuration(", tls: {authorities: '\(far.authority)'}"))
        // Trusted now, it refuses us for want of a password: another error, from behind the handshake.
        #expect(try await Web(try await again.url()).pull(manifest).status == 403)
        #expect(await again.stop() == 0)
    }
}
