import Glibc
import Posix
import Synchronization

/// A program that measures: its cases, and what they share.
///
/// It owns every server it measures: starts it on loopback with data of its own, and stops it. A case is a function
/// over a `Session`; servers take turns in every round, and what is told is the median and the median of the rounds'
/// ratios. Nothing is asserted: numbers are read by people. Cases run one after another; load threads live within one
/// stretch of load.
package struct BenchmarkProgram<Fixture> {
    /// A case and its name.
    package typealias Case = (name: String, run: (Session, Fixture) throws(BenchmarkFailure) -> Void)

    /// What it measures: `registry` of the program `registry-benchmark`.
    package var name: String
    /// Every case, in the order they run.
    package var cases: [Case]
    /// The servers that take part.
    package var servers: [Server.Kind]
    /// Lines for the server block of nginx.
    package var nginxLines: [String] = []
    /// The options of this program alone.
    package var options: [Options.PathOption] = []
    /// What the project set out to reach, by case and series.
    package var goals: (_ name: String, _ series: String) -> [Goal]
    /// Makes what the cases share; it should cost nothing until it is used.
    package var fixture: (Session) -> Fixture

    /// A program without options of its own.
    package init(
        _ name: String, servers: [Server.Kind], cases: [Case],
        goals: @escaping (_ name: String, _ series: String) -> [Goal], fixture: @escaping (Session) -> Fixture
    ) {
        (self.name, self.servers, self.cases) = (name, servers, cases)
        (self.goals, self.fixture) = (goals, fixture)
    }

    /// Does what the command line asks for; ends the process when that fails.
    package func run() {
        signal(SIGPIPE, SIG_IGN)
        do throws(BenchmarkFailure) {
            let program = name + "-benchmark"
            try run(Options(Array(CommandLine.arguments.dropFirst()), program: program, own: options), program)
        } catch {
            Report.note("\(name)-benchmark: \(error)")
            exit(1)
        }
    }

    private func run(_ options: Options, _ program: String) throws(BenchmarkFailure) {
        if options.listsCases {
            for known in cases { Report.note(known.name) }
            return
        }
        let chosen = try options.chosen(of: cases.map(\.name))
        let scratch = try Scratch(below: options.scratch, program: program)
        try Ending.endWithSignals(scratch)
        defer { Ending.end(scratch) }
        if options.isPinned {
            _ = try Child.output(of: ["taskset", "-a", "-c", "-p", "1", "\(getpid())"], in: scratch.path)
        }
        let facts = Facts(options, servers: servers, scratch: scratch.path)
        let session = Session(
            options, servers: servers, nginxLines: nginxLines, scratch: scratch,
            report: Report(name, goals: goals, facts, noisePercent: options.noisePercent))
        let fixture = fixture(session)
        for known in cases where chosen.contains(known.name) {
            Report.note("… \(known.name)")
            try known.run(session, fixture)
        }
    }
}

/// The end of a run, whoever brings it about.
private enum Ending {
    private static let hasEnded = Mutex(false)

    /// Kills the servers and removes their data.
    ///
    /// Happens once: a thread that comes second waits for the end of the process.
    static func end(_ scratch: Scratch) {
        let isFirst = hasEnded.withLock { hasEnded in
            defer { hasEnded = true }
            return !hasEnded
        }
        while !isFirst { pause() }
        Children.killAll()
        scratch.remove()
    }

    /// An interrupt takes the servers and the data along.
    static func endWithSignals(_ scratch: Scratch) throws(BenchmarkFailure) {
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
