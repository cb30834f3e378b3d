import Glibc
import HTTPClient
import HTTPMessage
import OCIModel
import Posix
import TestSupport
import Testing

/// The server as a service: how it starts, where it listens, how it stops.
@Suite("Service", .enabled(if: Workshop.runs(with: Workshop.python, "openssl"), "make test-setup"))
struct ServiceTests {
    @Test("SIGTERM lets an upload under way end, takes no further one, and loses nothing")
    func gracefulStop() async throws {
        let fixture = try Fixture()
        let server = try await fixture.start()
        let web = try Web(try await server.url())
        // So much that it fits into no buffer on the way: the server has read from it before the last piece is asked.
        let content = [UInt8](repeating: 7, count: 32 << 20)
        let digest = Digest(of: content)
        let location = try #require(
            try await web.send(.post, "/v2/room/blobs/uploads/").headers["Location"])
        let url = try HTTPURL(parsing: web.base).resolving(location + "?digest=\(digest)")
        let pieces = Pieces(stride(from: 0, to: content.count, by: 1 << 18).map { Array(content[$0..<$0 + (1 << 18)]) })
        let response = try await web.client.send(
            HTTPClientRequest(.put, url), bodyLength: Int64(content.count)
        ) { () throws(HTTPClientError) in
            if pieces.left == 1 {
                server.signal(SIGTERM)
                do { try await server.line("stopping after the requests under way") } catch {
                    throw .requestBodyFailed("\(error)")
                }
            }
            return pieces.next()
        }
        #expect(response.status.rawValue == 201)
        _ = try await response.collect(maximumBytes: 1000)
        #expect(await server.wait() == 0)
        await #expect(throws: HTTPClientError.self) { try await web.send(.get, "/v2/") }
        let restarted = try await fixture.start()
        let again = try Web(try await restarted.url())
        #expect(try await again.send(.get, "/v2/room/blobs/\(digest)").body == content)
    }

    @Test("Listens on the socket that a service manager hands over", arguments: [false, true])
    func handover(isUnix: Bool) async throws {
        let fixture = try Fixture()
        let path = fixture.path("socket")
        let server = try RunningServer(
            data: fixture.data, listen: nil,
            through: [Workshop.python, Workshop.driver("handover.py"), isUnix ? path : "127.0.0.1:0"])
        let url = try await server.url()
        #expect(url.hasPrefix(isUnix ? "unix:" + path : "http://127.0.0.1:"), "\(url)")
        let listed = try await fixture.chartroom(["repository", "list", "--server", url])
        #expect(listed.status == 0, "\(listed)")
        #expect(await server.stop() == 0)
    }

    @Test("Tells the service manager when it is ready and when it stops")
    func notifies() async throws {
        let fixture = try Fixture()
        let path = fixture.path("notify")
        let manager = try RunningServer([Workshop.python, Workshop.driver("manager.py"), path])
        try await manager.line("waiting")
        let server = try RunningServer(data: fixture.data, environment: ["NOTIFY_SOCKET": path])
        try await manager.line("READY=1")
        // Ready means that it answers.
        _ = try await server.url()
        #expect(await server.stop() == 0)
        try await manager.line("STOPPING=1")
    }

    @Test("Listens on a unix socket, also where a killed server left one")
    func unixSocket() async throws {
        let fixture = try Fixture()
        let path = "unix:" + fixture.path("door")
        for ending in [SIGKILL, SIGTERM] {
            let server = try RunningServer(data: fixture.data, listen: path)
            #expect(try await server.url() == path)
            let pushed = try await fixture.chartroom([
                "push", Workshop.charts + "/room-1.0.0.tgz", "charts", "--server", path,
            ])
            #expect(pushed.status == 0, "\(pushed)")
            server.signal(ending)
            #expect(await server.wait() == (ending == SIGKILL ? -SIGKILL : 0))
        }
    }

    @Test("Refuses to let everybody write beyond loopback, unless told to in so many words")
    func refusal() async throws {
        let fixture = try Fixture()
        let refused = try await fixture.chartroom(["serve", "--data", fixture.data, "--listen", "0.0.0.0:0"])
        #expect(refused.status == 2, "\(refused)")
        #expect(refused.errors.contains("hint:"), "\(refused)")
        let told = try RunningServer(
            data: fixture.data, ["--allow-anonymous-writes-beyond-loopback"], listen: "0.0.0.0:0")
        _ = try await told.url()
        #expect(await told.stop() == 0)
        let reading = try RunningServer(data: fixture.data, ["--access-anonymous", "read"], listen: "0.0.0.0:0")
        _ = try await reading.url()
    }

    @Test("Takes up a new certificate, and keeps the old one when the new one is broken")
    func certificates() async throws {
        let fixture = try Fixture()
        try await fixture.makeCertificates()
        let server = try await fixture.start([
            "--tls-certificate", fixture.path("server.pem"), "--tls-key", fixture.path("server.key"),
        ])
        let address = try await server.address()
        #expect(try await serial(address) == "serial=01")
        try await fixture.makeServerCertificate(serial: 2)
        server.signal(SIGHUP)
        try await server.line("certificate read again")
        #expect(try await serial(address) == "serial=02")
        try fixture.folder.write("server.pem", "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
        server.signal(SIGHUP)
        try await server.line("certificate stays as it was")
        #expect(try await serial(address) == "serial=02")
    }

    private func serial(_ address: String) async throws -> String {
        let shown = try await succeed("openssl", ["s_client", "-connect", address], input: "Q\n")
        let serial = try await succeed("openssl", ["x509", "-noout", "-serial"], input: shown)
        return serial.split(separator: "\n").map(String.init).first ?? ""
    }

    @Test("A first answer comes right after the start, and the store of a run is there in the next")
    func restart() async throws {
        let fixture = try Fixture()
        for round in 0..<3 {
            let server = try await fixture.start()
            let web = try Web(try await server.url())
            #expect(try await web.send(.get, "/readyz").status == 200)
            let listed = try await web.send(.get, "/v2/_catalog").body
            #expect(String(decoding: listed, as: UTF8.self).contains("charts/room") == (round > 0))
            let pushed = try await fixture.chartroom([
                "push", Workshop.charts + "/room-1.0.0.tgz", "oci://\(try await server.address())/charts",
            ])
            #expect(pushed.status == 0, "\(pushed)")
            #expect(await server.stop() == 0)
        }
    }

    @Test("make run's script serves the fixture charts, again over the same store, and ends with Ctrl-C")
    func runScript() async throws {
        let fixture = try Fixture()
        for _ in 0..<2 {
            let script = try RunningServer(
                [
                    Workshop.root + "/packaging/run", Workshop.chartroom, "127.0.0.1:0", "--data", fixture.data,
                ], environment: ["HOME": fixture.folder.path])
            try await script.line("Ctrl-C stops the server")
            let address = try await script.address()
            #expect(script.output.contains("helm pull oci://\(address)/charts/room --version 1.0.0 --plain-http"))
            let tags = try await fixture.chartroom(["tag", "list", "oci://\(address)/charts/room"])
            #expect(tags.output.contains("1.0.0"), "\(tags)")
            script.signal(SIGINT)
            #expect(await script.wait() == 0, "\(script.output)")
        }
    }
}

/// A request body in pieces.
private final class Pieces: Sendable {
    private let pieces: Condition<[[UInt8]]>

    init(_ pieces: [[UInt8]]) {
        self.pieces = Condition(pieces)
    }

    var left: Int { pieces.wait { pieces, _ in pieces.count } }

    func next() -> [UInt8]? {
        pieces.wait { pieces, _ -> [UInt8]?? in .some(pieces.isEmpty ? nil : pieces.removeFirst()) }
    }
}

extension SeededGenerator {
    /// Bytes that follow from a seed.
    static func bytes(seed: UInt64, count: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        return generator.bytes(count)
    }
}
