import Glibc
import Posix
import TestSupport
import Testing

/// The server program as a process, with what it says on standard error line by line.
final class RunningServer: Sendable {
    private struct State {
        var lines: [String] = []
        /// Whether all lines are there.
        var isSilent = false
        /// Set once it has been waited for: the number belongs to somebody else from then on.
        var status: Int32?
    }

    /// Its process number, for reading below `/proc` while it certainly runs.
    let number: pid_t
    private let state: Condition<State>

    /// Starts `chartroom serve` on a port of the kernel's choice.
    ///
    /// A wrapper is a program that ends up in `exec` of its last arguments.
    convenience init(
        data: String, _ options: [String] = [], listen: String? = "127.0.0.1:0", through wrapper: [String] = [],
        environment: [String: String] = [:]
    ) throws {
        var words = wrapper + [Workshop.chartroom, "serve", "--data", data]
        if let listen { words += ["--listen", listen] }
        try self.init(words + options, environment: environment)
    }

    /// Starts any program.
    init(_ words: [String], environment: [String: String] = [:]) throws {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SystemError(code: errno, call: "open", object: "a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let (reader, writer) = (ends[0], ends[1])
        defer { close(writer) }
        do {
            number = try RunningServer.spawn(words, environment, output: writer)
        } catch {
            close(reader)
            throw error
        }
        let state = Condition(State())
        self.state = state
        let number = number
        startThread {
            RunningServer.read(reader) { line in state.updateAll { $0.lines.append(line) } }
            state.updateAll { $0.isSilent = true }
        }
        startThread { RunningServer.awaitEnd(of: number, state) }
    }

    /// Gently first: a script that is killed at once leaves its own children.
    deinit {
        signal(SIGTERM)
        if RunningServer.end(state, within: .seconds(10)) == nil { signal(SIGKILL) }
    }

    /// Everything it has said.
    var output: String { state.wait { state, _ in state.lines.joined(separator: "\n") } }

    /// Sends a signal, unless it has ended.
    func signal(_ signal: CInt) {
        state.update { state in
            if state.status == nil { kill(number, signal) }
            return false
        }
    }

    /// Waits for the end; the exit code, or the negative number of the signal that ended it.
    @discardableResult
    func wait() async -> Int32? {
        await offPool { [state] in RunningServer.end(state, within: .seconds(60)) }
    }

    /// The first line that holds a text; waits for it.
    @discardableResult
    func line(_ text: String) async throws -> String {
        let found = await offPool { [state] in
            state.wait(timeout: .seconds(60)) { state, isLate -> String?? in
                if let line = state.lines.first(where: { $0.contains(text) }) { return .some(line) }
                return state.isSilent || isLate ? .some(nil) : nil
            }
        }
        return try #require(found, "no line with '\(text)' in:\n\(output)")
    }

    /// Waits until it has said so many lines that hold a text; whether it has, before it was silent for good.
    func hasSaid(_ count: Int, _ text: String = "") async -> Bool {
        await offPool { [state] in
            state.wait(timeout: .seconds(60)) { state, isLate -> Bool? in
                if state.lines.count(where: { text.isEmpty || $0.contains(text) }) >= count { return true }
                return state.isSilent || isLate ? false : nil
            }
        }
    }

    /// Where it listens, as a URL; waits until it does.
    func url() async throws -> String {
        String(try await line("listens on ").split(separator: " ").last ?? "")
    }

    /// Where it listens, without the scheme.
    func address() async throws -> String {
        let url = try await url()
        return String(url[(url.firstRange(of: "://")?.upperBound ?? url.startIndex)...])
    }

    /// Asks it to stop and waits.
    @discardableResult
    func stop() async -> Int32? {
        signal(SIGTERM)
        return await wait()
    }

    // MARK: The process

    private static func spawn(_ words: [String], _ environment: [String: String], output: CInt) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        for descriptor in CInt(3)..<1024 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Whoever started the tests may have had signals ignored or blocked; the program must not inherit that.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        let settings = ["PATH": searchPath, "HOME": "/nonexistent"].merging(environment) { $1 }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = settings.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for word in arguments + variables { free(word) } }
        var number = pid_t()
        let code = posix_spawn(&number, words[0], &actions, &attributes, &arguments, &variables)
        guard code == 0 else { throw SystemError(code: code, call: "start", object: words[0]) }
        return number
    }

    private static func end(_ state: Condition<State>, within limit: Duration) -> Int32? {
        state.wait(timeout: limit) { state, isLate -> Int32?? in
            if let status = state.status { return .some(status) }
            return isLate ? .some(nil) : nil
        }
    }

    private static func read(_ descriptor: CInt, _ take: (String) -> Void) {
        var rest: [UInt8] = []
        while true {
            let piece = [UInt8](unsafeUninitializedCapacity: 16_384) { room, count in
                count = max(0, Glibc.read(descriptor, room.baseAddress, room.count))
            }
            if piece.isEmpty { break }
            rest += piece
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                take(String(decoding: rest[..<end], as: UTF8.self))
                rest.removeFirst(end + 1)
            }
        }
        close(descriptor)
    }

    /// Waits without reaping first, so that a signal never goes to a number that was given to somebody else.
    private static func awaitEnd(of number: pid_t, _ state: Condition<State>) {
        var information = siginfo_t()
        while waitid(P_PID, id_t(number), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        state.updateAll { state in
            var status: CInt = 0
            waitpid(number, &status, 0)
            state.status = status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F)
        }
    }
}

/// Starts a thread that nobody joins.
func startThread(_ body: @escaping @Sendable () -> Void) {
    do {
        _ = try SystemThread(name: "test") {
            pthread_detach(pthread_self())
            body()
        }
    } catch {
        preconditionFailure("\(error)")
    }
}

/// Runs what blocks on a thread of its own, not on the pool that all tests share.
func offPool<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        startThread { continuation.resume(returning: body()) }
    }
}
