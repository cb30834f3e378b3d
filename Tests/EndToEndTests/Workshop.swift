// EndToEndTests: the real server program against real clients, over real sockets.
//
// Each test starts a server of its own on a port that the kernel chooses, with a data directory of its own, and ends
// only processes it started. Clients that are no Swift code are driven by the programs in `drivers/`; the black-box
// checks of the protocol are in `conformance/`. A client that is not installed disables its tests, except under
// `CI=true`, where they run and fail.
import Glibc
import Posix
import TestSupport
import Testing

/// Where the things lie that the tests use.
enum Workshop {
    /// The checkout.
    static let root = String(#filePath.dropLast("/Tests/EndToEndTests/Workshop.swift".count))
    /// The archives of `fixtures/charts`.
    static let charts = root + "/fixtures/charts"
    /// Where `make test-setup` puts clients.
    static let tools = environment("CHARTROOM_TOOLS") ?? root + "/.tools"
    /// The program under test: beside the test bundle unless a variable names another.
    static let chartroom = environment("CHARTROOM_BINARY") ?? folderOfThisProgram + "/chartroom"
    /// A Python with nothing but its standard library.
    static let python = "/usr/bin/python3"
    /// A Python with the clients of PyPI.
    static let clientPython = tools + "/python/bin/python3"
    static let helmLibrary = tools + "/helm/libhelm.so"

    static func driver(_ name: String) -> String { root + "/Tests/EndToEndTests/drivers/" + name }

    static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Whether tests of a client run: where it is, and wherever it must be.
    static func runs(with paths: String...) -> Bool {
        environment("CI") == "true"
            || paths.allSatisfy { path in
                path.hasPrefix("/") ? access(path, R_OK) == 0 : ServerProcess.exists(path)
            }
    }

    private static let folderOfThisProgram: String = {
        let path = [UInt8](unsafeUninitializedCapacity: 4096) { room, count in
            room.withMemoryRebound(to: CChar.self) { room in
                count = max(0, readlink("/proc/self/exe", room.baseAddress!, room.count))
            }
        }
        let text = String(decoding: path, as: UTF8.self)
        return String(text[..<(text.lastIndex(of: "/") ?? text.endIndex)])
    }()
}

/// How a program ended that ran to its end.
struct Ended: CustomStringConvertible {
    var status: Int32
    var output: String
    var errors: String
    /// What a failed expectation shows.
    var description: String { "status \(status)\n\(output)\(errors)" }
}

/// Runs a program with these variables and no others, apart from the search path and an empty home.
@discardableResult
func run(
    _ program: String, _ arguments: [String], environment: [String: String] = [:], in folder: String = "/",
    input: String = "", deadline: Duration = .seconds(120)
) async throws -> Ended {
    let settings = ["PATH": searchPath, "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"].merging(environment) { $1 }
    let words = ["-i", "-C", folder] + settings.map { "\($0.key)=\($0.value)" } + [program] + arguments
    let runner = ProcessRunner(maximumOutputBytes: 16 << 20, deadline: deadline)
    let outcome = try await runner.run("/usr/bin/env", words, input: Array(input.utf8))
    return Ended(
        status: outcome.status, output: String(decoding: outcome.output, as: UTF8.self),
        errors: String(decoding: outcome.errorOutput, as: UTF8.self))
}

/// Runs a program that must succeed; its standard output.
@discardableResult
func succeed(
    _ program: String, _ arguments: [String], environment: [String: String] = [:], in folder: String = "/",
    input: String = "", deadline: Duration = .seconds(120), sourceLocation: SourceLocation = #_sourceLocation
) async throws -> String {
    let ended = try await run(
        program, arguments, environment: environment, in: folder, input: input, deadline: deadline)
    try #require(ended.status == 0, "\(program) \(arguments): \(ended)", sourceLocation: sourceLocation)
    return ended.output
}

let searchPath = "/usr/local/bin:/usr/bin:/bin:/usr/sbin"

/// The bytes of a file.
func contents(of path: String) throws -> [UInt8] {
    try File.contents(of: path, maximumBytes: 256 << 20)
}

/// The names in a folder that end so, sorted.
func files(in folder: String, ending: String) throws -> [String] {
    try Directory(creating: folder).names().filter { $0.hasSuffix(ending) }.sorted()
}
