package import Glibc
import Posix
import Synchronization

/// A program that was started here; killed at the latest when the benchmark ends.
package final class Child: Sendable {
    package let number: pid_t
    /// What it wrote to standard output and error.
    package let outputPath: String
    private let name: String
    private let isWaitedFor = Mutex(false)

    /// Starts a program, with a process group of its own.
    ///
    /// - Parameter processor: The only one it may run on; nil for all.
    package init(_ words: [String], output: String, processor: Int? = nil) throws(BenchmarkFailure) {
        let words = (processor.map { ["taskset", "-c", "\($0)"] } ?? []) + words
        name = words.joined(separator: " ")
        outputPath = output
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var number = pid_t()
        let code = posix_spawnp(&number, words[0], &actions, &attributes, &arguments, environ)
        guard code == 0 else { throw BenchmarkFailure(SystemError(code: code, call: "start", object: words[0])) }
        self.number = number
        Children.add(number)
    }

    /// Asks the process to end, and kills its group when it has not ended within ten seconds.
    ///
    /// - Parameter target: Who gets the signal, when it is not the child itself.
    package func stop(_ signal: CInt = SIGTERM, target: pid_t? = nil) {
        isWaitedFor.withLock { isWaitedFor in
            guard !isWaitedFor else { return }
            kill(target ?? number, signal)
            _ = reap(milliseconds: 10_000)
            isWaitedFor = true
        }
    }

    /// Waits for its end: the exit status, or nil when a signal or the deadline ended it.
    package func wait(milliseconds: Int) -> CInt? {
        isWaitedFor.withLock { isWaitedFor in
            isWaitedFor = true
            return reap(milliseconds: milliseconds)
        }
    }

    /// How a child ended, and what it took.
    package struct Ended: Sendable {
        /// The exit status; nil when a signal or the deadline ended it.
        package var status: CInt?
        /// Processor time of it and of the children it waited for.
        package var processorNanoseconds = 0
        /// The largest resident memory of any one process of its family, looked at every few milliseconds.
        package var peakBytes = 0
        /// From the call on.
        package var nanoseconds = 0

        package init() {}
    }

    /// Waits for its end, and watches.
    ///
    /// The kernel's own peak of a child is of no use: it begins with that of the process that started it.
    package func watch(milliseconds: Int) -> Ended {
        isWaitedFor.withLock { isWaitedFor in
            isWaitedFor = true
            var ended = Ended()
            let start = BenchmarkSupport.nanoseconds()
            var status: CInt = 0
            var usage = rusage()
            var turns = 0
            while wait4(number, &status, WNOHANG, &usage) == 0 {
                if turns % 4 == 0 {
                    let peaks = ProcessUsage.family(of: number).map { ProcessUsage.memory("VmHWM", of: [$0]) }
                    ended.peakBytes = max(ended.peakBytes, peaks.max() ?? 0)
                }
                if BenchmarkSupport.nanoseconds() - start > milliseconds * 1_000_000 { kill(-number, SIGKILL) }
                turns += 1
                _ = poll(nil, 0, 1)
            }
            Children.remove(number)
            ended.nanoseconds = BenchmarkSupport.nanoseconds() - start
            ended.status = status & 0x7F == 0 ? (status >> 8) & 0xFF : nil
            ended.processorNanoseconds =
                (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1_000_000_000
                + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000
            return ended
        }
    }

    private func reap(milliseconds: Int) -> CInt? {
        var status: CInt = 0
        for _ in 0..<milliseconds {
            if waitpid(number, &status, WNOHANG) != 0 {
                Children.remove(number)
                return status & 0x7F == 0 ? (status >> 8) & 0xFF : nil
            }
            _ = poll(nil, 0, 1)
        }
        kill(-number, SIGKILL)
        waitpid(number, &status, 0)
        Children.remove(number)
        return nil
    }

    /// Whether it has ended by itself; what it said last is then the reason.
    package var failure: BenchmarkFailure? {
        var information = siginfo_t()
        guard waitid(P_PID, id_t(number), &information, WEXITED | WNOHANG | WNOWAIT) == 0 else { return nil }
        guard information.si_signo == SIGCHLD else { return nil }
        let said = (try? readText(outputPath)) ?? ""
        return BenchmarkFailure("\(name) ended: \(said.suffix(2000))")
    }

    /// Runs a program to its end and gives what it wrote.
    ///
    /// - Throws: when it does not end with 0 within the time.
    package static func output(
        of words: [String], in scratch: String, milliseconds: Int = 120_000
    ) throws(BenchmarkFailure) -> String {
        let child = try Child(words, output: "\(scratch)/tool.out")
        let status = child.wait(milliseconds: milliseconds)
        let said = try readText(child.outputPath)
        guard status == 0 else {
            throw BenchmarkFailure(
                "\(words[0]) ended with \(status.map { "\($0)" } ?? "a signal"): \(said.suffix(2000))")
        }
        return said
    }
}

/// Every child that runs, so that none outlives the benchmark.
package enum Children {
    private static let numbers = Mutex<Set<pid_t>>([])

    package static func add(_ number: pid_t) { numbers.withLock { _ = $0.insert(number) } }
    package static func remove(_ number: pid_t) { numbers.withLock { _ = $0.remove(number) } }
    package static var all: Set<pid_t> { numbers.withLock { $0 } }

    /// Kills them all, each with its process group.
    package static func killAll() {
        for number in all { kill(-number, SIGKILL) }
    }
}
