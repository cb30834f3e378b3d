import Glibc
import HTTPMessage
import HTTPServer
import Posix
import Testing

@Suite struct ListenTests {
    /// A path for a socket in a directory of its own, which `clean` removes.
    private func socketPath() throws -> String {
        var template = Array("/tmp/chartroom-http-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw RawClient.Failed(reason: "mkdtemp") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) + "/socket"
    }

    private func clean(_ path: String) {
        unlink(path)
        rmdir(String(path.dropLast("/socket".count)))
    }

    private func make(_ listen: ListenAddress) throws -> Server {
        try Server(
            ServerConfiguration(listen: listen), handler: TestHandler { _ in .respond(.text("hi")) },
            executor: ThreadPool(name: "work", threads: 1))
    }

    @Test("IPv4, IPv6 and names are listened on", arguments: ["127.0.0.1", "::1", "localhost", "::", "0.0.0.0"])
    func hosts(host: String) async throws {
        try await withServer(.tcp(host: host, port: 0), plan: { .respond(.text($0.peer)) }) { server, _ in
            #expect(server.address.port ?? 0 > 0)
            let address = host == "::" ? .tcp(host: "::1", port: server.address.port ?? 0) : server.address
            let expected = host.utf8.contains(0x3A) || address.description.hasPrefix("[") ? "::1" : "127.0.0.1"
            let text = try RawClient(address).get("/").text
            #expect(text == expected)
            if host == "::" {
                let both = BoundAddress.tcp(host: "127.0.0.1", port: server.address.port ?? 0)
                let bothText = try RawClient(both).get("/").text
                #expect(bothText == "127.0.0.1")
            }
        }
    }

    @Test("A port in use is an error that names it")
    func portInUse() async throws {
        let first = try make(.tcp(host: "127.0.0.1", port: 0))
        let port = first.address.port ?? 0
        #expect(throws: HTTPServerError.addressInUse("127.0.0.1:\(port)")) {
            try make(.tcp(host: "127.0.0.1", port: port))
        }
        #expect(await first.shutDown(deadline: .seconds(1)))
        #expect(throws: HTTPServerError.alreadyStarted) { try first.start() }
        // The port is free again as soon as the server has gone.
        _ = try make(.tcp(host: "127.0.0.1", port: port))
    }

    @Test("A host that does not resolve is an error that names it")
    func unknownHost() {
        #expect(throws: HTTPServerError.hostUnknown("no host")) { try make(.tcp(host: "no host", port: 0)) }
    }

    @Test("A unix socket answers, has mode 0660 and is gone after the stop")
    func unixSocket() async throws {
        let path = try socketPath()
        defer { clean(path) }
        try await withServer(.unix(path: path), plan: { .respond(.text($0.peer)) }) { server, _ in
            #expect(server.address == .unix(path: path))
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o660)
            let text = try RawClient(server.address).get("/").text
            #expect(text == "unix")
        }
        #expect(access(path, F_OK) != 0)
        #expect(access(path + "~", F_OK) != 0)
    }

    @Test("Files and uploads pass through a unix socket")
    func unixBodies() async throws {
        let path = try socketPath()
        defer { clean(path) }
        let bytes = FileTests.bytes(300_000)
        try await withServer(
            .unix(path: path),
            plan: { request in
                request.method == .put
                    ? .receive(maximumBytes: 1 << 20) { .text("\($0 == bytes)") }
                    : .respond(Response(.ok, body: .file(TestFile(bytes))))
            }
        ) { server, _ in
            let client = try RawClient(server.address)
            #expect(try client.get("/").body == bytes)
            try client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n")
            try client.send(bytes)
            #expect(try client.receive().text == "true")
        }
    }

    @Test("A stale unix socket is replaced, a live one and a file are not")
    func staleSocket() async throws {
        let path = try socketPath()
        defer { clean(path) }
        let dead = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        _ = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(dead, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        close(dead)
        #expect(access(path, F_OK) == 0)
        let live = try make(.unix(path: path))
        try live.start()
        #expect(throws: HTTPServerError.addressInUse(path)) { try make(.unix(path: path)) }
        #expect(try await onThread { try RawClient(live.address).get("/").text } == "hi")
        #expect(await live.shutDown(deadline: .seconds(5)))
        close(open(path, O_CREAT | O_WRONLY, 0o600))
        #expect(throws: HTTPServerError.self) { try make(.unix(path: path)) }
        #expect(access(path, F_OK) == 0)
    }

    @Test("A stop leaves a socket file that another server has put there")
    func foreignSocket() async throws {
        let path = try socketPath()
        defer { clean(path) }
        let first = try make(.unix(path: path))
        unlink(path)
        let second = try make(.unix(path: path))
        #expect(await first.shutDown(deadline: .seconds(1)))
        #expect(access(path, F_OK) == 0)
        #expect(await second.shutDown(deadline: .seconds(1)))
        #expect(access(path, F_OK) != 0)
    }

    @Test(
        "Paths that no unix socket can have are errors", arguments: ["", String(repeating: "a", count: 108), "/none/x"])
    func badPath(path: String) {
        #expect(throws: HTTPServerError.self) { try make(.unix(path: path)) }
    }

    @Test("An inherited socket is taken over; what is not listening is refused")
    func inherited() async throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #expect(throws: HTTPServerError.self) { try make(.inherited(descriptor: descriptor)) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        _ = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        listen(descriptor, 10)
        try await withServer(.inherited(descriptor: descriptor), plan: { .respond(.text($0.peer)) }) { server, _ in
            let text = try RawClient(server.address).get("/").text
            #expect(text == "127.0.0.1")
        }
    }

    @Test("A server that is never started, or forgotten while it runs, leaves nothing behind")
    func forgotten() async throws {
        let path = try socketPath()
        defer { clean(path) }
        _ = try make(.unix(path: path))
        #expect(access(path, F_OK) != 0)
        var server: Server? = try make(.tcp(host: "127.0.0.1", port: 0))
        try server?.start()
        let address = try #require(server?.address)
        let client = try RawClient(address)
        server = nil
        #expect(try await onThread { try client.isClosed() })
    }
}
