import Glibc
import Posix

/// A server program of somebody else, run for one test and killed with the object.
///
/// It also dies with this process, however that ends: a shell beside it waits for the end of a pipe from here.
public final class ServerProcess: Sendable {
    private let number: pid_t
    private let lifeline: CInt
    private let log: Condition<(lines: [String], hasEnded: Bool)>

    private static let supervisor = """
        exec 3<&0
        "$@" </dev/null 3<&- &
        program=$!
        { cat <&3 >/dev/null; kill -9 $program; } >/dev/null 2>&1 &
        killer=$!
        exec 3<&-
        wait $program
        kill -9 $killer
        """

    /// Whether a program is in `PATH`.
    public static func exists(_ program: String) -> Bool {
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/usr/sbin"
        return (path + ":/usr/sbin").split(separator: ":").contains { access("\($0)/\(program)", X_OK) == 0 }
    }

    /// Starts a program whose output on either stream is kept line by line.
    public init(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        let (output, life) = (try ServerProcess.pipe(), try ServerProcess.pipe())
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, life.read, 0)
        posix_spawn_file_actions_adddup2(&actions, output.write, 1)
        posix_spawn_file_actions_adddup2(&actions, output.write, 2)
        // Sockets of the tests beside this one must not live on in the program.
        for descriptor in CInt(3)..<8192 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        let path = (getenv("PATH").map { String(cString: $0) } ?? "/usr/bin") + ":/usr/sbin"
        let places = program.contains("/") ? [program] : path.split(separator: ":").map { "\($0)/\(program)" }
        let file = places.first { access($0, X_OK) == 0 } ?? program
        let variables = environment.merging(["PATH": path, "HOME": "/nonexistent"]) { given, _ in given }
        let arguments = ["sh", "-c", ServerProcess.supervisor, "sh", file] + arguments
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var settings: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for word in words + settings { free(word) } }
        // The threads of the test runner block signals, which a shell that waits for its children must not inherit.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var number = pid_t()
        let code = posix_spawn(&number, "/bin/sh", &actions, &attributes, &words, &settings)
        close(output.write)
        close(life.read)
        guard code == 0 else {
            close(output.read)
            close(life.write)
            throw RawSocket.Failure(call: "spawn \(program)", code: code)
        }
        self.number = number
        lifeline = life.write
        let log = Condition((lines: [String](), hasEnded: false))
        self.log = log
        startThread { ServerProcess.read(output.read, into: log) }
    }

    private static func pipe() throws -> (read: CInt, write: CInt) {
        var ends: [CInt] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw RawSocket.Failure(call: "pipe", code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    deinit {
        close(lifeline)
        var status: Int32 = 0
        waitpid(number, &status, 0)
    }

    /// The first line of its output that holds the text; nil when it ended or ten seconds passed without one.
    public func line(containing text: String, number: Int = 1) async -> String? {
        await withCheckedContinuation { continuation in
            startThread { [log] in
                let line = log.wait(timeout: .seconds(10 * number)) { log, isLate -> String?? in
                    let found = log.lines.lazy.filter { $0.contains(text) }.dropFirst(number - 1)
                    if let line = found.first { return .some(line) }
                    return log.hasEnded || isLate ? .some(nil) : nil
                }
                continuation.resume(returning: line)
            }
        }
    }

    /// Everything it has said so far.
    public var output: String {
        log.wait { log, _ in log.lines.joined(separator: "\n") }
    }

    private static func read(_ descriptor: CInt, into log: Condition<(lines: [String], hasEnded: Bool)>) {
        var rest: [UInt8] = []
        while true {
            let piece = [UInt8](unsafeUninitializedCapacity: 4096) { room, count in
                count = max(0, Glibc.read(descriptor, room.baseAddress, room.count))
            }
            if piece.isEmpty { break }
            rest += piece
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: rest[..<end], as: UTF8.self)
                rest.removeFirst(end + 1)
                log.updateAll { $0.lines.append(line) }
            }
        }
        close(descriptor)
        log.updateAll { $0.hasEnded = true }
    }
}

/// A port of 127.0.0.1 that was free a moment ago, for programs that cannot let the kernel choose.
public func freePort() throws -> UInt16 {
    let socket = try RawSocket.listenOnLoopback()
    defer { close(socket) }
    return RawSocket.port(of: socket)
}

/// A program of this package, built beside the tests; nil when it is not there.
public func builtProgram(_ name: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    guard count > 0 else { return nil }
    let path = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let file = path.prefix(through: path.lastIndex(of: "/") ?? path.startIndex) + name
    return access(String(file), X_OK) == 0 ? String(file) : nil
}
