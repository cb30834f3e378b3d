import BenchmarkSupport
import RegistryLoad

/// `mirror plan` over the index of a classic repository of 50,000 versions, as YAML and as JSON, for the first time
/// and again, when the server says that nothing has changed.
enum PlanCase {
    static func run(_ session: Session, _ fixture: SyncFixture) throws(BenchmarkFailure) {
        guard session.participants([.chartroom, .nginx]).count == 2 else {
            Report.note("  skipped: a server is left out")
            return
        }
        let maker = IndexMaker(charts: fixture.scale.listedCharts, versions: Scale.listedVersions)
        for (form, index) in [("yaml", maker.index()), ("json", maker.indexAsJSON())] {
            let directory = try session.freshDirectory("nginx")
            let end = try End(session.launch(.nginx, in: directory), isSlow: false)
            try writeFile(Server.Launch.staticRoot(directory) + "/index.yaml", [index])
            try measure(form, index.count, end, session, fixture)
            end.server.stop()
        }
    }

    private static func measure(
        _ form: String, _ byteCount: Int, _ end: End, _ session: Session, _ fixture: SyncFixture
    ) throws(BenchmarkFailure) {
        let labels = ["first", "again"]
        var all = labels.map { Series($0) }
        var result = CaseResult(name: "plan-\(form)", unit: "ms", connections: 0, lessIsBetter: true)
        for _ in 0..<session.options.rounds {
            let directory = try session.freshDirectory("plan")
            try writeText(
                "\(directory)/mirror.yaml",
                "mirrors:\n  - {name: planned, from: \"http://127.0.0.1:\(end.port)\", to: \"store:planned\"}\n")
            let words = [
                "env", "HOME=\(directory)", session.options.chartroom, "mirror", "plan", "--file",
                "\(directory)/mirror.yaml", "--data", "\(directory)/data",
            ]
            for (number, label) in labels.enumerated() {
                // Two means that there is something to do.
                let run = try MoverRun(words, session, source: end, destination: nil, statuses: [0, 2])
                var sample = LoadSample()
                sample.rate = run.milliseconds
                all[number].add(sample, run.cost)
                result.highWater[label] = max(result.highWater[label] ?? 0, run.peakBytes)
                result.extra[label] = [
                    ("worker_cpu_ms", .number(run.workerMilliseconds)), ("index_bytes", .integer(byteCount)),
                    ("versions", .integer(fixture.scale.listedCharts * Scale.listedVersions)),
                    ("source_sent_bytes", .integer(run.source.sent)),
                    ("kinds", run.source.kindsAsJSON),
                ]
                fixture.notePeak(result.name, run.peakBytes)
            }
        }
        session.report.tell(result, all)
    }
}
