import Content
import Foundation
import OCIModel
import Posix
import Sync
import Synchronization
import TestSupport

@testable import Commands

/// Runs command lines against a registry in memory and keeps what they say.
final class Harness: Sendable {
    let registry = MemoryRegistry()
    let upstreams: ScriptedUpstreams
    private let output = Mutex<[UInt8]>([])
    private let talk = Mutex("")
    private let opened = Mutex<[RegistryTarget]>([])
    /// The ends of mirrors; nil for real ones.
    let mirrorEnds = Mutex<(any MirrorEnds)?>(nil)

    init(_ upstreams: ScriptedUpstreams = ScriptedUpstreams()) {
        self.upstreams = upstreams
    }

    /// The targets that were opened.
    var targets: [RegistryTarget] { opened.withLock { $0 } }

    struct Result {
        var code: ExitCode
        var output: String
        var talk: String
    }

    func console(input: [String] = [], isTerminal: Bool = false) -> Console {
        let lines = Mutex(input)
        let answers = Answers(lines: lines.withLock { $0 })
        var console = Console(
            writeOutput: { bytes throws(SystemError) in self.output.withLock { $0 += bytes } },
            writeError: { text in self.talk.withLock { $0 += text } }, readLine: { answers.next() })
        console.isInputTerminal = isTerminal
        console.isErrorTerminal = isTerminal
        return console
    }

    /// What was said so far.
    var said: String { talk.withLock { $0 } }

    func context(
        _ console: Console, environment: [String: String] = ["HOME": "/nonexistent"], over end: (any RegistryEnd)? = nil
    ) -> Context {
        var context = Context(
            console: console, environment: environment,
            openEnd: { target, _ async throws(CommandError) in
                self.opened.withLock { $0.append(target) }
                return end ?? self.registry
            },
            openUpstreams: { target, _ async throws(CommandError) in
                self.opened.withLock { $0.append(target) }
                return self.upstreams
            },
            serve: { _, _ async throws(CommandError) in throw CommandError(.failure, "not served in tests") })
        if let ends = mirrorEnds.withLock({ $0 }) { context.mirrorEnds = { _, _, _ in ends } }
        return context
    }

    /// The data that was written so far.
    var written: String { String(decoding: output.withLock { $0 }, as: UTF8.self) }

    /// Runs one command line.
    func run(
        _ words: [String], input: [String] = [], isTerminal: Bool = false,
        environment: [String: String] = ["HOME": "/nonexistent"], over end: (any RegistryEnd)? = nil
    ) async -> Result {
        output.withLock { $0 = [] }
        talk.withLock { $0 = "" }
        let console = console(input: input, isTerminal: isTerminal)
        let code = await Program.run(words, in: context(console, environment: environment, over: end))
        return Result(
            code: code, output: String(decoding: output.withLock { $0 }, as: UTF8.self), talk: talk.withLock { $0 })
    }

    /// Runs a command line written as one text, split at blanks.
    func run(_ line: String, input: [String] = [], isTerminal: Bool = false) async -> Result {
        await run(line.split(separator: " ").map(String.init), input: input, isTerminal: isTerminal)
    }

    private final class Answers: Sendable {
        private let lines: Mutex<[String]>
        init(lines: [String]) { self.lines = Mutex(lines) }
        func next() -> String? { lines.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
    }
}

/// Files of the repository.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static func path(_ name: String) -> String { root + "/" + name }

    static func text(_ name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }

    /// Whether generated files are to be written anew instead of compared: `make golden` sets it.
    static let rewrites = ProcessInfo.processInfo.environment["CHARTROOM_GOLDEN"] == "rewrite"

    /// The text a file should have: the file's own, or what was made when golden files are rewritten.
    static func golden(_ name: String, made: String) throws -> String {
        if rewrites {
            try FileManager.default.createDirectory(
                atPath: (path(name) as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try made.write(toFile: path(name), atomically: true, encoding: .utf8)
        }
        return try text(name)
    }
}

/// Runs a program to its end.
func shell(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws -> (
    status: Int32, output: String
) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = ["PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"].merging(environment) {
        $1
    }
    process.standardInput = FileHandle.nullDevice
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
}
