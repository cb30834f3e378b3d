import Foundation
import Posix
import TestSupport
import Testing

/// The program as a process, beside the test bundle.
let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    .appendingPathComponent("chartroom").path

/// A server process with what it says on standard error, line by line.
final class Served: Sendable {
    let process: Process
    private let lines = Condition((all: [String](), hasEnded: false))

    init(
        _ arguments: [String], environment: [String: String], through wrapper: [String] = [], input: FileHandle? = nil
    ) throws {
        let process = Process()
        self.process = process
        let words = wrapper + [program, "serve"] + arguments
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.environment = ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }
        process.standardInput = input ?? FileHandle.nullDevice
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

    /// Waits for a line that holds a text.
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

    /// Waits for the end; the exit code, or the negative number of the signal that ended it.
    func wait() -> Int32 {
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }
}
