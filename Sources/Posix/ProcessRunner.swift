internal import Glibc
internal import Synchronization

/// Runs a program to its end: input in, output out, both bounded in size and in time.
///
/// The child gets no descriptor but its three standard ones, no blocked signal, and a process group of its own, which
/// is killed when the deadline passes, the output grows too large or the task is cancelled.
public struct ProcessRunner: Sendable {
    /// How a program ended.
    public struct Outcome: Sendable, Equatable {
        /// The exit status, or 128 and the signal's number when a signal ended it.
        public var status: Int32
        /// What it wrote to its standard output.
        public var output: [UInt8]
        /// What it wrote to its standard error, cut at the limit.
        public var errorOutput: [UInt8]
    }

    /// Why there is no outcome.
    public enum Failure: Error, Sendable, Equatable {
        /// The program cannot be started: it is not there, or the system has no room for it.
        case cannotStart(SystemError)
        /// It ran longer than allowed.
        case tooSlow(Duration)
        /// It wrote more than allowed.
        case tooMuchOutput(limit: Int)
        /// The task was cancelled.
        case cancelled
    }

    /// The most bytes taken from its standard output; what it says on standard error is cut there.
    public var maximumOutputBytes: Int
    /// The longest it may run.
    public var deadline: Duration

    /// Sets the bounds.
    public init(maximumOutputBytes: Int = 1 << 20, deadline: Duration = .seconds(30)) {
        self.maximumOutputBytes = maximumOutputBytes
        self.deadline = deadline
    }

    /// Runs a program; a name without `/` is looked up in `PATH`.
    ///
    /// The environment is this process's own.
    ///
    /// Costs a process and a thread for its duration; blocks neither the caller's thread nor the cooperative pool.
    /// - Throws: `Failure`.
    public func run(
        _ program: String, _ arguments: [String] = [], input: [UInt8] = []
    ) async throws(Failure) -> Outcome {
        if Task.isCancelled { throw .cancelled }
        let child = ChildProcess()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<Outcome, Failure>, Never>) in
                do throws(SystemError) {
                    _ = try SystemThread(name: "run") {
                        ChildProcess.prepareThread()
                        continuation.resume(returning: child.run(program, arguments, input: input, limits: self))
                    }
                } catch {
                    continuation.resume(returning: .failure(.cannotStart(error)))
                }
            }
        } onCancel: {
            child.kill(because: .cancelled)
        }
        return try result.get()
    }
}

/// One child, from its start to its end.
///
/// The lock guards the number: it is killed only while it is certainly its own.
private final class ChildProcess: Sendable {
    private struct State {
        var number: pid_t?
        var failure: ProcessRunner.Failure?
    }

    private let state = Mutex(State())

    /// Writing to a program that has stopped reading must give an error, not a signal.
    static func prepareThread() {
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// Kills the child's process group, once; before the start it is remembered.
    func kill(because failure: ProcessRunner.Failure) {
        state.withLock { state in
            if state.failure == nil { state.failure = failure }
            if let number = state.number { _ = Glibc.kill(-number, SIGKILL) }
        }
    }

    func run(
        _ program: String, _ arguments: [String], input: [UInt8], limits: ProcessRunner
    ) -> Result<ProcessRunner.Outcome, ProcessRunner.Failure> {
        let end = ContinuousClock.now.advanced(by: limits.deadline)
        do throws(SystemError) {
            var pipes = try ChildPipes()
            try start(program, arguments, pipes)
            pipes.closeChildEnds()
            let streams = pipes.exchange(input, maximumOutputBytes: limits.maximumOutputBytes, until: end)
            if streams.isLate { kill(because: .tooSlow(limits.deadline)) }
            if streams.isTooLarge { kill(because: .tooMuchOutput(limit: limits.maximumOutputBytes)) }
            let status = wait(until: end, limit: limits.deadline)
            if let failure = state.withLock({ $0.failure }) { return .failure(failure) }
            return .success(.init(status: status, output: streams.output, errorOutput: streams.errorOutput))
        } catch {
            return .failure(.cannotStart(error))
        }
    }

    private func start(_ program: String, _ arguments: [String], _ pipes: borrowing ChildPipes) throws(SystemError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, descriptor) in pipes.childEnds.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, CInt(number))
        }
        for descriptor in 3..<ChildProcess.descriptorBound() {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
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
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        let code = state.withLock { state -> CInt in
            guard state.failure == nil else { return ECANCELED }
            var number = pid_t()
            let code = posix_spawnp(&number, program, &actions, &attributes, &words, environ)
            if code == 0 { state.number = number }
            return code
        }
        guard code == 0 else { throw SystemError(code: code, call: "start", object: program) }
    }

    /// A number above every descriptor that this process has open, or opens until the child has started.
    ///
    /// Not every library opens its sockets close-on-exec; closing what is not open is fine.
    private static func descriptorBound() -> CInt {
        guard let directory = opendir("/proc/self/fd") else { return 1024 }
        defer { closedir(directory) }
        var highest: CInt = 3
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let descriptor = CInt(name) { highest = max(highest, descriptor) }
        }
        var limit = rlimit()
        let isKnown = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        // A number beyond the limit would make the start fail.
        return isKnown ? CInt(clamping: min(limit.rlim_cur, rlim_t(highest) + 64)) : highest + 1
    }

    /// Waits for the child, which has closed its outputs: it is about to end.
    ///
    /// One that is not is killed in time.
    private func wait(until end: ContinuousClock.Instant, limit: Duration) -> Int32 {
        guard let number = state.withLock({ $0.number }) else { return -1 }
        var status: Int32 = 0
        while true {
            let got = state.withLock { state in
                let got = waitpid(number, &status, WNOHANG)
                if got != 0, !(got < 0 && errno == EINTR) { state.number = nil }
                return got
            }
            if got == number { break }
            if got < 0, errno != EINTR { return -1 }
            if ContinuousClock.now >= end { kill(because: .tooSlow(limit)) }
            _ = poll(nil, 0, 2)
        }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}

/// The three pipes between a program and its runner.
///
/// Closes what is open when it goes.
private struct ChildPipes: ~Copyable {
    /// What the program wrote, and whether it was stopped for writing or taking too much.
    struct Streams {
        var output: [UInt8] = []
        var errorOutput: [UInt8] = []
        var isLate = false
        var isTooLarge = false
    }

    /// The program's ends: standard input, output, error.
    private(set) var childEnds: [CInt] = []
    private var ownEnds: [CInt] = []

    init() throws(SystemError) {
        for isInput in [true, false, false] {
            var ends: [CInt] = [-1, -1]
            guard pipe(&ends) == 0 else { throw SystemError(code: errno, call: "pipe", object: "a child process") }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            childEnds.append(isInput ? ends[0] : ends[1])
            ownEnds.append(isInput ? ends[1] : ends[0])
            _ = fcntl(isInput ? ends[1] : ends[0], F_SETFL, O_NONBLOCK)
        }
    }

    deinit {
        for end in childEnds + ownEnds where end >= 0 { close(end) }
    }

    mutating func closeChildEnds() {
        for end in childEnds { close(end) }
        childEnds = []
    }

    /// Feeds the input and reads both outputs until they end, the time is over or the output is too large.
    mutating func exchange(
        _ input: [UInt8], maximumOutputBytes: Int, until end: ContinuousClock.Instant
    ) -> Streams {
        var streams = Streams()
        var written = 0
        if input.isEmpty { closeOwnEnd(0) }
        while ownEnds[1] >= 0 || ownEnds[2] >= 0 {
            let left = ContinuousClock.now.duration(to: end).components
            guard left.seconds >= 0, left.attoseconds >= 0 else {
                streams.isLate = true
                return streams
            }
            var polled = ownEnds.enumerated().map { number, descriptor in
                pollfd(fd: descriptor, events: Int16(number == 0 ? POLLOUT : POLLIN), revents: 0)
            }
            let milliseconds = min(60_000, left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000 + 1)
            guard poll(&polled, nfds_t(polled.count), CInt(milliseconds)) > 0 else { continue }
            if polled[0].revents != 0 { feed(input, &written) }
            if polled[1].revents != 0 { drain(1, into: &streams.output, maximumBytes: maximumOutputBytes + 1) }
            if polled[2].revents != 0 { drain(2, into: &streams.errorOutput, maximumBytes: maximumOutputBytes) }
            if streams.output.count > maximumOutputBytes {
                streams.isTooLarge = true
                return streams
            }
        }
        return streams
    }

    private mutating func closeOwnEnd(_ number: Int) {
        close(ownEnds[number])
        ownEnds[number] = -1
    }

    private mutating func feed(_ input: [UInt8], _ written: inout Int) {
        let offset = written
        let count = input.withUnsafeBytes { bytes in
            write(ownEnds[0], bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
        }
        if count > 0 { written += count }
        if written == input.count || (count < 0 && errno != EAGAIN && errno != EINTR) { closeOwnEnd(0) }
    }

    private mutating func drain(_ number: Int, into bytes: inout [UInt8], maximumBytes: Int) {
        var failure: CInt = 0
        let piece = [UInt8](unsafeUninitializedCapacity: 16_384) { room, count in
            let got = read(ownEnds[number], room.baseAddress, room.count)
            if got < 0 { failure = errno }
            count = max(0, got)
        }
        if failure == EAGAIN || failure == EINTR { return }
        bytes += piece.prefix(max(0, maximumBytes - bytes.count))
        if piece.isEmpty { closeOwnEnd(number) }
    }
}
