import BenchmarkSupport
import Glibc
import RegistryLoad

/// From the start of the program to its first answer.
enum StartCase {
    /// On a directory that has never been used.
    static func runEmpty(_ session: Session) throws(BenchmarkFailure) {
        let kinds = session.participants()
        var all = kinds.map { Series($0.rawValue) }
        var result = CaseResult(name: "start-empty", unit: "ms", connections: 1, lessIsBetter: true)
        for _ in 0..<session.scale.starts {
            for (number, kind) in kinds.enumerated() {
                let (server, milliseconds) = try start(session.launch(kind))
                all[number].add(milliseconds)
                result.highWater[kind.rawValue] = max(
                    result.highWater[kind.rawValue] ?? 0, ProcessUsage.memory("VmHWM", of: server.processes))
                server.stop()
            }
        }
        session.report.tell(result, all)
    }

    /// On a store with many manifests, stopped in order before and killed before.
    static func runFull(_ session: Session) throws(BenchmarkFailure) {
        guard !session.participants([.chartroom]).isEmpty else { return }
        let launch = try session.launch(.chartroom)
        var server = try Server(launch)
        try fill(server, manifests: session.scale.manyManifests)
        var all = [Series("after-stop"), Series("after-kill")]
        for _ in 0..<session.scale.starts {
            for (number, signal) in [SIGTERM, SIGKILL].enumerated() {
                server.stop(signal)
                let milliseconds: Double
                (server, milliseconds) = try start(launch)
                all[number].add(milliseconds)
            }
        }
        var result = CaseResult(name: "start-full", unit: "ms", connections: 1, lessIsBetter: true)
        for series in all { result.extra[series.label] = [("manifests", .integer(session.scale.manyManifests))] }
        session.report.tell(result, all)
        server.stop()
    }

    private static func start(_ launch: Server.Launch) throws(BenchmarkFailure) -> (Server, milliseconds: Double) {
        let begin = nanoseconds()
        let server = try Server(launch)
        return (server, Double(nanoseconds() - begin) / 1e6)
    }

    /// Manifests that share one config and one layer, each with a tag.
    private static func fill(_ server: Server, manifests: Int) throws(BenchmarkFailure) {
        let maker = ChartMaker(layerByteCount: 1000)
        let seeds = (0..<ChartMaker.repositories).map(maker.chart)
        for chart in seeds { try HelmClient(port: server.port).push(chart) }
        let (numbers, port) = (Counter(), server.port)
        _ = try onThreads(32) { _ throws(BenchmarkFailure) in
            let connection = try Connection(port: port)
            while case let number = numbers.next(), number < manifests {
                let chart = seeds[number % seeds.count]
                let text = String(decoding: chart.manifest, as: UTF8.self)
                    .replacing("2026-01-01T00:00:00Z", with: "manifest \(number)")
                try connection.exchange(
                    .putManifest(chart.repository, "2.0.\(number)", Array(text.utf8)), expecting: 201)
            }
        }
    }
}
