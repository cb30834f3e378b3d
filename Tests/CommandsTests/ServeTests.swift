import Content
import Foundation
import HTTPServer
import Posix
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Commands

@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: program), "the program is not built"))
struct ServeTests {
    let directory: ScratchDirectory

    init() throws {
        directory = try ScratchDirectory()
    }

    func serve(_ arguments: [String] = []) throws -> Served {
        try Served(
            ["--listen", "127.0.0.1:0", "--data", directory.path + "/data"] + arguments,
            environment: ["HOME": directory.path])
    }

    func chartroom(_ arguments: [String]) throws -> (status: Int32, output: String) {
        try shell(program, arguments, environment: ["HOME": directory.path])
    }

    @Test("SIGTERM ends a server with 0, and the store can be opened again", arguments: [SIGTERM, SIGINT])
    func stop(signal: Int32) throws {
        let served = try serve()
        #expect(try served.url().hasPrefix("http://127.0.0.1:"))
        _ = try served.line("try: helm push")
        served.signal(signal)
        #expect(served.wait() == 0)
        #expect(try chartroom(["repository", "list", "--data", directory.path + "/data"]).status == 0)
    }

    @Test("SIGHUP does not end a server and reads the users again")
    func reload() throws {
        let users = try directory.write("users", "anna:\(ConfigurationCheckTests.hash)\n")
        let served = try serve(["--access-users", users])
        _ = try served.url()
        served.signal(SIGHUP)
        #expect(try served.line("users read again").contains("users=1"))
        served.signal(SIGTERM)
        #expect(served.wait() == 0)
    }

    @Test("A second server of the same store is refused and told who holds it")
    func held() throws {
        let served = try serve()
        _ = try served.url()
        let second = try chartroom(["serve", "--listen", "127.0.0.1:0", "--data", directory.path + "/data"])
        #expect(second.status == 5)
        #expect(second.output.contains("pid \(served.process.processIdentifier)"))
    }

    @Test("An address in use is told with a hint")
    func inUse() throws {
        let served = try serve()
        let address = try served.url().dropFirst("http://".count)
        let second = try chartroom(["serve", "--listen", String(address), "--data", directory.path + "/other"])
        #expect(second.status == 1)
        #expect(second.output.contains("another process listens there"))
        #expect(second.output.contains("hint: pick another address"))
    }

    @Test("Ready and stopping are told to the service manager")
    func notification() throws {
        let manager = SystemdTests.ManagerSocket(path: directory.path + "/notify")
        let served = try Served(
            ["--listen", "127.0.0.1:0", "--data", directory.path + "/data"],
            environment: ["HOME": directory.path, "NOTIFY_SOCKET": directory.path + "/notify"])
        _ = try served.url()
        served.signal(SIGTERM)
        #expect(served.wait() == 0)
        #expect(manager.receive().hasPrefix("READY=1\nSTATUS=Serving on 127.0.0.1:"))
        #expect(manager.receive().hasPrefix("STOPPING=1\n"))
    }

    @Test("JSON logs are JSON from the first line to the last")
    func jsonLogs() throws {
        let served = try serve(["--log-format", "json"])
        let line = try served.line("listening")
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect((object["url"] as? String)?.hasPrefix("http://127.0.0.1:") == true)
        served.signal(SIGTERM)
        #expect(served.wait() == 0)
    }

    // MARK: Sockets that were handed over

    /// Starts a server with a listening socket as descriptor 3, as the service manager does.
    func activated(_ arguments: [String], on host: String, data: String = "data") throws -> Served {
        let descriptor = try listening(on: host)
        return try Served(
            ["--data", directory.path + "/" + data] + arguments, environment: ["HOME": directory.path],
            through: ["/bin/sh", "-c", "LISTEN_FDS=1 LISTEN_PID=$$ exec \"$@\" 3<&0 </dev/null", "sh"],
            input: FileHandle(fileDescriptor: descriptor, closeOnDealloc: true))
    }

    func listening(on host: String) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, host, &address.sin_addr)
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(code == 0 && listen(descriptor, 16) == 0)
        return descriptor
    }

    @Test("A socket that was handed over is served, whatever the address says")
    func activation() throws {
        let served = try activated(["--listen", "127.0.0.1:1"], on: "127.0.0.1")
        let url = try served.url()
        #expect(url.hasPrefix("http://127.0.0.1:") && !url.hasSuffix(":1"))
        #expect(try chartroom(["repository", "list", "--server", url]).status == 0)
        served.signal(SIGTERM)
        #expect(served.wait() == 0)
    }

    @Test("A socket of other machines is refused while anyone may write")
    func openActivation() throws {
        let served = try activated([], on: "0.0.0.0")
        _ = try served.line("can be reached from other machines")
        #expect(served.wait() == 2)
        let told = try activated(["--allow-anonymous-writes-beyond-loopback"], on: "0.0.0.0")
        #expect(try told.url().hasPrefix("http://0.0.0.0:"))
        let reading = try activated(["--access-anonymous", "read"], on: "0.0.0.0", data: "other")
        #expect(try reading.url().hasPrefix("http://0.0.0.0:"))
    }

    // MARK: Clients

    @Test("Commands go through the server that holds the store, and by its address")
    func through() throws {
        let served = try serve()
        let url = try served.url()
        let host = url.dropFirst("http://".count)
        let chart = Repository.path("fixtures/charts/room-1.0.0.tgz")
        let data = directory.path + "/data"
        #expect(try chartroom(["push", chart, "oci://\(host)/charts"]).status == 0)
        let list = try chartroom(["tag", "list", "charts/room", "--data", data, "-o", "json"])
        #expect(list.status == 0 && list.output.contains("\"1.0.0\""))
        #expect(try chartroom(["push", chart, "more/room", "--data", data]).status == 0)
        #expect(try chartroom(["repository", "list", "--server", url]).output == "charts/room\nmore/room\n")
        let pulled = try chartroom(["pull", "\(host)/more/room:1.0.0", "-d", directory.path, "--prov"])
        #expect(pulled.status == 0)
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: directory.path + "/room-1.0.0.tgz"))
                == Data(contentsOf: URL(fileURLWithPath: chart)))
        #expect(try chartroom(["repository", "delete", "charts/room", "--data", data, "-y"]).status == 0)
        served.signal(SIGTERM)
        #expect(served.wait() == 0)
        #expect(try chartroom(["repository", "list", "--data", data]).output == "more/room\n")
    }

    @Test("A second signal ends a server that waits for a request, at once")
    func secondSignal() throws {
        let served = try serve()
        let port = try #require(UInt16(try served.url().split(separator: ":").last ?? ""))
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(client) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(code == 0)
        let request =
            "POST /v2/a/blobs/uploads/?digest=sha256:\(String(repeating: "0", count: 64)) HTTP/1.1\r\n"
            + "Host: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"
        #expect(send(client, request, request.utf8.count, 0) == request.utf8.count)
        var byte: UInt8 = 0
        #expect(recv(client, &byte, 1, 0) == 1, "the server has begun with the request")
        served.signal(SIGTERM)
        _ = try served.line("stopping after")
        served.signal(SIGTERM)
        #expect(served.wait() == 130)
    }
}
