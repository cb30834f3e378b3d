import Content
import Foundation
import HTTPServer
import Posix
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Commands

/// The program as a process, beside the test bundle.
private let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    .appendingPathComponent("chartroom").path

@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: program), "the program is not built"))
struct ServeTests {
    let directory: ScratchDirectory

    init() throws {
        directory = try ScratchDirectory()
    }

    /// A server process with what it says on standard error, line by line.
    final class Served: Sendable {
        let process: Process
        private let lines = Condition((all: [String](), hasEnded: false))

        init(_ arguments: [String], environment: [String: String]) throws {
            let process = Process()
            self.process = process
            process.executableURL = URL(fileURLWithPath: program)
            process.arguments = ["serve"] + arguments
            process.environment = environment
            process.standardInput = FileHandle.nullDevice
            let pipe = Pipe()
            process.standardError = pipe
            try process.run()
            let reader = pipe.fileHandleForReading
            let lines = lines
            _ = try SystemThread(name: "reader") {
                var rest = ""
                while case let data = reader.availableData, !data.isEmpty {
                    rest += String(decoding: data, as: UTF8.self)
                    var parts = rest.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
                    rest = parts.removeLast()
                    lines.updateAll { $0.all += parts }
                }
                lines.updateAll { $0.hasEnded = true }
            }
        }

        deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

        func line(_ text: String) throws -> String {
            let found = lines.wait(timeout: .seconds(20)) { lines, isLate -> String?? in
                if let line = lines.all.first(where: { $0.contains(text) }) { return .some(line) }
                return lines.hasEnded || isLate ? .some(nil) : nil
            }
            return try #require(found, "no line with '\(text)' in \(lines.wait { lines, _ in lines.all })")
        }

        /// What stands behind `listens on `.
        func url() throws -> String {
            let line = try line("listens on ")
            return String(line.split(separator: " ").last ?? "")
        }

        func signal(_ number: Int32) { kill(process.processIdentifier, number) }

        func wait() -> Int32 {
            process.waitUntilExit()
            return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
        }
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
        #expect(second.status == 4)
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
}
