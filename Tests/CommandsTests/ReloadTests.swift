import Foundation
import FrontDoor
import HTTPServer
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Commands

/// The parts of a running server, without the process around it.
@Suite struct ReloadTests {
    static let hasOpenSSL = ServerProcess.exists("openssl")
    let directory: ScratchDirectory
    private let records = Records()

    private final class Records: Sendable {
        let all = Mutex<[LogRecord]>([])
        var messages: [String] { all.withLock { $0.map(\.message) } }
    }

    init() throws {
        directory = try ScratchDirectory()
    }

    func assembly(_ change: (inout Configuration) -> Void) throws -> ServerAssembly {
        var configuration = Configuration()
        configuration.listen = .tcp(host: "127.0.0.1", port: 0)
        configuration.data = directory.path + "/data"
        change(&configuration)
        let records = records
        let logger = Logger { record in records.all.withLock { $0.append(record) } }
        return try ServerAssembly(configuration, environment: [:], metrics: MetricsRegistry(), logger: logger)
    }

    @Test("Users are read again when their file changes, and stay when it is broken")
    func users() async throws {
        let path = try directory.write("users", "anna:\(ConfigurationCheckTests.hash)\n")
        let assembly = try assembly { $0.users = path }
        assembly.reload(isForced: false)
        #expect(records.messages == [])
        try directory.write("users", "anna:\(ConfigurationCheckTests.hash)\nbert:\(ConfigurationCheckTests.hash)\n")
        assembly.reload(isForced: false)
        #expect(records.messages == ["users read again"])
        try directory.write("users", "anna:plain\n")
        assembly.reload(isForced: false)
        #expect(records.messages == ["users read again", "users stay as they were"])
        assembly.reload(isForced: false)
        #expect(records.messages.count == 2, "nothing has changed since")
        #expect(await assembly.stop())
    }

    @Test("The certificate is read again when its file changes, and stays when it is broken", .enabled(if: hasOpenSSL))
    func certificate() async throws {
        func make(_ name: String) throws -> (certificate: String, key: String) {
            let result = try shell(
                "/usr/bin/openssl",
                [
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", directory.path + "/\(name).key", "-out",
                    directory.path + "/\(name).pem", "-days", "2", "-subj", "/CN=localhost",
                ])
            try #require(result.status == 0, "\(result.output)")
            return (
                try String(contentsOfFile: directory.path + "/\(name).pem", encoding: .utf8),
                try String(contentsOfFile: directory.path + "/\(name).key", encoding: .utf8)
            )
        }
        _ = try make("server")
        let other = try make("other")
        let assembly = try assembly {
            $0.certificate = directory.path + "/server.pem"
            $0.key = directory.path + "/server.key"
        }
        try directory.write("server.pem", other.certificate)
        assembly.reload(isForced: false)
        #expect(records.messages == ["certificate stays as it was"], "it does not belong to the key yet")
        try directory.write("server.key", other.key)
        assembly.reload(isForced: false)
        #expect(records.messages.last == "certificate read again")
        try FileManager.default.removeItem(atPath: directory.path + "/server.key")
        assembly.reload(isForced: false)
        #expect(records.messages.last == "certificate stays as it was")
        #expect(await assembly.stop())
    }

    @Test("A server that cannot listen gives the store back")
    func failedStart() async throws {
        let first = try assembly { _ in }
        let port = try #require(first.address.port)
        let data = directory.path + "/other"
        #expect(throws: CommandError.self) {
            try assembly {
                $0.data = data
                $0.listen = .tcp(host: "127.0.0.1", port: port)
            }
        }
        let again = try assembly { $0.data = data }
        #expect(await again.stop())
        #expect(await first.stop())
    }

    @Test("Users get what the lists say, and everything without lists")
    func levels() {
        var configuration = Configuration()
        #expect(configuration.levels(of: ["a", "b"]) == ["a": .readWrite, "b": .readWrite])
        configuration.read = ["b"]
        #expect(configuration.levels(of: ["a", "b"]) == ["a": .none, "b": .read])
        configuration.readWrite = ["a"]
        #expect(configuration.levels(of: ["a", "b", "c"]) == ["a": .readWrite, "b": .read, "c": .none])
    }
}
