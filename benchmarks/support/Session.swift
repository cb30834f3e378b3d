import Glibc
import Posix

/// One run: what is asked, where its data goes, whom it tells.
package final class Session {
    package let options: Options
    package let scratch: Scratch
    package let report: Report
    private let servers: [Server.Kind]
    private let nginxLines: [String]
    private let names = Counter()
    private var certificate: Certificate?

    init(_ options: Options, servers: [Server.Kind], nginxLines: [String], scratch: Scratch, report: Report) {
        (self.options, self.servers, self.nginxLines) = (options, servers, nginxLines)
        (self.scratch, self.report) = (scratch, report)
    }

    /// Those of some servers that take part.
    package func participants(_ kinds: [Server.Kind] = Server.Kind.allCases) -> [Server.Kind] {
        kinds.filter { servers.contains($0) && !options.without.contains($0.rawValue) }
    }

    /// A new directory, in which nothing else has ever been.
    package func freshDirectory(_ name: String) throws(BenchmarkFailure) -> String {
        try scratch.directory("\(names.next())-\(name)")
    }

    /// How to start a server on a directory, a fresh one unless given.
    package func launch(
        _ kind: Server.Kind, in directory: String? = nil, isTLS: Bool = false
    ) throws(BenchmarkFailure) -> Server.Launch {
        var launch = Server.Launch(kind: kind, directory: directory ?? "")
        if directory == nil { launch.directory = try freshDirectory(kind.rawValue) }
        launch.chartroom = options.chartroom
        launch.nginxLines = nginxLines
        launch.processor = options.isPinned ? 0 : nil
        if isTLS { launch.certificate = try sharedCertificate() }
        return launch
    }

    private func sharedCertificate() throws(BenchmarkFailure) -> Certificate {
        if let certificate { return certificate }
        let made = try Certificate(in: scratch.directory("certificate"))
        certificate = made
        return made
    }

    /// Writes out what earlier work left dirty, so that it is not paid for in a later stretch.
    package func settle() throws(BenchmarkFailure) {
        do throws(SystemError) {
            try Directory(creating: scratch.path).syncFileSystem()
        } catch {
            throw BenchmarkFailure(error)
        }
    }

    /// Alternates the contenders in every round.
    ///
    /// The order is the same in each: A B C A B C.
    ///
    /// A stretch during which others used the processors is repeated; the quietest attempt counts.
    ///
    /// - Parameter others: Servers that work for the contenders, which are not "others".
    package func alternate(
        _ contenders: [Contender], rounds: Int? = nil, with others: [Server] = []
    ) throws(BenchmarkFailure) -> [Series] {
        let servers = contenders.flatMap(\.server.processes) + others.flatMap(\.processes)
        for contender in contenders { ProcessUsage.resetHighWater(of: contender.server.processes) }
        var all = contenders.map { Series($0.label) }
        for _ in 0..<(rounds ?? options.rounds) {
            for (number, contender) in contenders.enumerated() {
                all[number].stretches.append(try quietStretch(contender, servers))
            }
        }
        return all
    }

    /// Runs a body once, however noisy the machine is, and gives what it cost.
    ///
    /// - Parameter others: Servers that work for this one, which are not "others".
    package func cost(
        of server: Server, with others: [Server] = [], _ body: () throws(BenchmarkFailure) -> Void
    ) throws(BenchmarkFailure) -> Cost {
        let processes = server.processes
        let all = processes + others.flatMap(\.processes)
        let before = (MachineLoad(servers: all), ProcessUsage.processorTime(of: processes))
        try body()
        return Cost(
            processorMicroseconds: Double(ProcessUsage.processorTime(of: processes) - before.1) / 1000,
            othersPercent: MachineLoad(servers: all).othersShare(since: before.0) * 100)
    }

    /// Repeats an attempt while others use the processors, and gives the quietest.
    package func quietest<Value>(
        _ attempt: () throws(BenchmarkFailure) -> (value: Value, cost: Cost)
    ) throws(BenchmarkFailure) -> (value: Value, cost: Cost) {
        var best = try attempt()
        for _ in 0..<options.retries where best.cost.othersPercent > options.noisePercent {
            let next = try attempt()
            if next.cost.othersPercent < best.cost.othersPercent { best = next }
        }
        return best
    }

    /// What something cost.
    package struct Cost: Sendable {
        /// Processor time of the server.
        var processorMicroseconds: Double
        /// What others took of the processors meanwhile.
        var othersPercent: Double
    }

    private func quietStretch(_ contender: Contender, _ servers: [pid_t]) throws(BenchmarkFailure) -> Series.Stretch {
        var best: Series.Stretch?
        for _ in 0...options.retries {
            let processes = contender.server.processes
            let before = (MachineLoad(servers: servers), ProcessUsage.processorTime(of: processes))
            let sample = try contender.measure(contender.server)
            let used = Double(ProcessUsage.processorTime(of: processes) - before.1) / 1000
            let others = MachineLoad(servers: servers).othersShare(since: before.0) * 100
            let stretch = Series.Stretch(
                sample: sample, processorMicroseconds: sample.requests > 0 ? used / Double(sample.requests) : 0,
                othersPercent: others)
            if others < best?.othersPercent ?? .infinity { best = stretch }
            if others <= options.noisePercent { break }
        }
        guard let best else { throw BenchmarkFailure("no stretch was measured") }
        return best
    }
}

/// A server and how to load it.
package struct Contender {
    package var label: String
    package var server: Server
    package var measure: (Server) throws(BenchmarkFailure) -> LoadSample

    /// A contender.
    package init(
        label: String, server: Server, measure: @escaping (Server) throws(BenchmarkFailure) -> LoadSample
    ) {
        (self.label, self.server, self.measure) = (label, server, measure)
    }
}

extension [Contender] {
    /// The peak of resident memory of each since the case began.
    package var highWater: [String: Int] {
        var highWater: [String: Int] = [:]
        for contender in self {
            highWater[contender.label] = ProcessUsage.memory("VmHWM", of: contender.server.processes)
        }
        return highWater
    }
}
