import BenchmarkSupport
import Glibc
import RegistryLoad

/// Flushes a push, counted by strace: what remains comparable when the disk is another.
///
/// Under strace every traced call is slow, so times of this case mean nothing.
struct FlushCase {
    static let flushes = ["fsync", "fdatasync", "syncfs", "msync"]
    /// Starts writing back without waiting: no flush, but told.
    static let others = ["sync_file_range"]

    let clients: Int

    func run(_ session: Session) throws(BenchmarkFailure) {
        let pushes = session.scale.tracedPushes[clients] ?? 100
        var all: [Series] = []
        var again: [Series] = []
        var result = CaseResult(
            name: "flushes-\(clients)", unit: "1/push", connections: clients, lessIsBetter: true)
        for kind in session.participants([.chartroom, .dockerRegistry]) {
            let trace = try count(session, kind, pushes: pushes)
            all.append(Series(kind.rawValue, FlushCase.flushes(trace.new, pushes)))
            again.append(Series(kind.rawValue, FlushCase.flushes(trace.again, pushes)))
            let counts = (FlushCase.flushes + FlushCase.others).compactMap { call -> (String, JSONValue)? in
                trace.new[call].map { (call, .number(Double($0) / Double(pushes))) }
            }
            result.extra[kind.rawValue] =
                [("pushes", .integer(pushes)), ("calls", .object(counts))] + (try openings(session, kind))
        }
        session.report.tell(result, all)
        result.name = "flushes-again-\(clients)"
        result.extra = [:]
        session.report.tell(result, again)
    }

    /// Flushes for each push.
    private static func flushes(_ counts: [String: Int], _ pushes: Int) -> Double {
        Double(flushes.reduce(0) { $0 + (counts[$1] ?? 0) }) / Double(pushes)
    }

    /// Calls during pushes of new charts, and during pushes of the same again.
    private func count(
        _ session: Session, _ kind: Server.Kind, pushes: Int
    ) throws(BenchmarkFailure) -> (new: [String: Int], again: [String: Int]) {
        let tracer = try Tracer(session, kind, calls: FlushCase.flushes + FlushCase.others)
        defer { tracer.server.stop() }
        let maker = ChartMaker(layerByteCount: 50_000)
        // The first push to a repository makes its directories; that is not what is counted.
        try push((0..<ChartMaker.repositories).map(maker.chart), clients: 1, tracer.server)
        let charts = (1000..<1000 + pushes).map(maker.chart)
        let start = try tracer.calls()
        try push(charts, clients: clients, tracer.server)
        let middle = try tracer.calls()
        try push(charts, clients: clients, tracer.server)
        let end = try tracer.calls()
        return (Tracer.difference(middle, start), Tracer.difference(end, middle))
    }

    /// Files opened during a push so that every write is a flush.
    private func openings(_ session: Session, _ kind: Server.Kind) throws(BenchmarkFailure) -> [(String, JSONValue)] {
        let pushes = 16
        let tracer = try Tracer(session, kind, calls: ["open", "openat", "openat2"])
        defer { tracer.server.stop() }
        let maker = ChartMaker(layerByteCount: 50_000)
        try push((0..<ChartMaker.repositories).map(maker.chart), clients: 1, tracer.server)
        let start = try tracer.lines { $0.contains("SYNC") }
        try push((1000..<1000 + pushes).map(maker.chart), clients: clients, tracer.server)
        let opened = try tracer.lines { $0.contains("SYNC") } - start
        return [("sync_opens", .number(Double(opened) / Double(pushes)))]
    }

    private func push(_ charts: [Chart], clients: Int, _ server: Server) throws(BenchmarkFailure) {
        let load = ChartLoad(charts: charts, clients: clients) { client, chart throws(BenchmarkFailure) in
            try client.push(chart)
        }
        _ = try load.run(port: server.port)
    }
}

/// A server under strace, which writes a line for each call as it happens.
private struct Tracer {
    let server: Server
    private let path: String
    private let names: [String]

    init(_ session: Session, _ kind: Server.Kind, calls: [String]) throws(BenchmarkFailure) {
        names = calls
        path = try session.freshDirectory("strace") + "/calls"
        var launch = try session.launch(kind)
        launch.wrapper = ["strace", "-f", "-o", path, "-e", "trace=" + calls.joined(separator: ",")]
        server = try Server(launch)
    }

    /// Begun calls so far, by name.
    func calls() throws(BenchmarkFailure) -> [String: Int] {
        var counts: [String: Int] = [:]
        for line in try readText(path).split(separator: "\n") {
            guard let name = line.split(separator: " ").dropFirst().first?.prefix(while: { $0 != "(" }) else {
                continue
            }
            if names.contains(String(name)) { counts[String(name), default: 0] += 1 }
        }
        return counts
    }

    func lines(where matches: (Substring) -> Bool) throws(BenchmarkFailure) -> Int {
        try readText(path).split(separator: "\n").count { matches($0) }
    }

    static func difference(_ end: [String: Int], _ start: [String: Int]) -> [String: Int] {
        end.merging(start) { $0 - $1 }
    }
}
