// registry-benchmark: the speed, the flushes and the memory of `chartroom serve`, beside Debian's docker-registry and
// nginx with the same bytes as static files.
//
// It owns every server it measures: starts it on loopback with data of its own, and stops it. A case is a function
// over a `Session`; servers take turns in every round, and what is told is the median and the median of the rounds'
// ratios. Nothing is asserted: numbers are read by people. Cases run one after another; load threads live within one
// stretch of load.

import Glibc
import Posix
import Synchronization

@main
enum Benchmark {
    /// Every case, in the order they run.
    static let cases: [(name: String, run: @Sendable (Session, DownloadFixture) throws(BenchmarkFailure) -> Void)] =
        DownloadCase.all.map { download in
            (
                download.name,
                { @Sendable (session, fixture) throws(BenchmarkFailure) in try download.run(session, fixture) }
            )
        } + [
            (
                "push-new-1",
                { @Sendable (session, _) throws(BenchmarkFailure) in try PushCase(clients: 1).runNew(session) }
            ),
            (
                "push-new-8",
                { @Sendable (session, _) throws(BenchmarkFailure) in try PushCase(clients: 8).runNew(session) }
            ),
            (
                "push-new-32",
                { @Sendable (session, _) throws(BenchmarkFailure) in try PushCase(clients: 32).runNew(session) }
            ),
            (
                "push-again-1",
                { @Sendable (session, _) throws(BenchmarkFailure) in try PushCase(clients: 1).runAgain(session) }
            ),
            (
                "push-again-8",
                { @Sendable (session, _) throws(BenchmarkFailure) in try PushCase(clients: 8).runAgain(session) }
            ),
            (
                "push-again-32",
                { @Sendable (session, _) throws(BenchmarkFailure) in try PushCase(clients: 32).runAgain(session) }
            ),
            (
                "pull-300",
                { @Sendable (session, _) throws(BenchmarkFailure) in try PushCase(clients: 1).runPull(session) }
            ),
            (
                "flushes-1",
                { @Sendable (session, _) throws(BenchmarkFailure) in try FlushCase(clients: 1).run(session) }
            ),
            (
                "flushes-32",
                { @Sendable (session, _) throws(BenchmarkFailure) in try FlushCase(clients: 32).run(session) }
            ),
            ("tag-page", { @Sendable (session, _) throws(BenchmarkFailure) in try TagPageCase.run(session) }),
            ("start-empty", { @Sendable (session, _) throws(BenchmarkFailure) in try StartCase.runEmpty(session) }),
            ("start-full", { @Sendable (session, _) throws(BenchmarkFailure) in try StartCase.runFull(session) }),
            ("memory", { @Sendable (session, _) throws(BenchmarkFailure) in try MemoryCase.run(session) }),
        ]

    private static let hasEnded = Mutex(false)

    static func main() {
        signal(SIGPIPE, SIG_IGN)
        do throws(BenchmarkFailure) {
            try run(Options(Array(CommandLine.arguments.dropFirst())))
        } catch {
            Report.note("registry-benchmark: \(error)")
            exit(1)
        }
    }

    private static func run(_ options: Options) throws(BenchmarkFailure) {
        let chosen = cases.filter { known in
            options.cases.isEmpty || options.cases.contains { known.name.hasPrefix($0) }
        }
        if options.listsCases {
            for known in cases { Report.note(known.name) }
            return
        }
        guard !chosen.isEmpty else { throw BenchmarkFailure("no such case\n\(Options.usage)") }
        let scratch = try Scratch(below: options.scratch)
        try endWithSignals(scratch)
        defer { end(scratch) }
        if options.isPinned {
            _ = try Child.output(of: ["taskset", "-a", "-c", "-p", "1", "\(getpid())"], in: scratch.path)
        }
        let session = Session(options, scratch: scratch)
        let fixture = DownloadFixture(session)
        for known in chosen {
            Report.note("… \(known.name)")
            try known.run(session, fixture)
        }
    }

    /// Kills the servers and removes their data.
    ///
    /// Happens once: a thread that comes second waits for the end of the process.
    private static func end(_ scratch: Scratch) {
        let isFirst = hasEnded.withLock { hasEnded in
            defer { hasEnded = true }
            return !hasEnded
        }
        while !isFirst { pause() }
        Children.killAll()
        scratch.remove()
    }

    /// An interrupt takes the servers and the data along.
    private static func endWithSignals(_ scratch: Scratch) throws(BenchmarkFailure) {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        do throws(SystemError) {
            _ = try SystemThread(name: "signals") {
                var signals = sigset_t()
                sigemptyset(&signals)
                sigaddset(&signals, SIGINT)
                sigaddset(&signals, SIGTERM)
                var number: CInt = 0
                sigwait(&signals, &number)
                end(scratch)
                _exit(128 + number)
            }
        } catch {
            throw BenchmarkFailure(error)
        }
    }
}
