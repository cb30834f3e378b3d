import BenchmarkSupport
import RegistryLoad

/// Pulls of charts whose tags are all older than they may be, beside those whose tags need no check.
///
/// All charts are pulled, once; then the checks that this began behind the requests are waited for, which is not timed.
struct StaleCase {
    let clients: Int

    private var name: String { "stale-\(clients)" }

    func run(_ session: Session, _ fixture: CacheFixture) throws(BenchmarkFailure) {
        guard session.participants([.chartroom]) == [.chartroom] else { return }
        let upstream = try fixture.registryUpstream()
        var asked: [String: Int] = [:]
        var contenders: [Contender] = []
        for (label, subject) in [("stale", Subject.stale), ("fresh", .chartroom)] {
            let server = try fixture.warmed(subject)
            fixture.notePeak("fill-\(label)", server)
            let load = fixture.pulls(subject, clients: clients)
            contenders.append(
                Contender(label: label, server: server) { server throws(BenchmarkFailure) in
                    var milliseconds: [Double] = []
                    var sample = LoadSample()
                    for _ in 0..<fixture.scale.passes {
                        upstream.proxy.reset()
                        sample = try load.run(port: server.port)
                        milliseconds.append(Double(sample.requests) / sample.rate * 1000)
                        asked[label] = try upstream.proxy.settledCounts().requests
                    }
                    sample.rate = median(milliseconds) ?? 0
                    sample.requests *= milliseconds.count
                    return sample
                })
        }
        let series = try session.alternate(contenders, with: [upstream.server])
        var result = CaseResult(
            name: name, unit: "ms", connections: clients, lessIsBetter: true, highWater: contenders.highWater)
        for contender in contenders {
            fixture.notePeak("\(name)-\(contender.label)", contender.server)
            result.extra[contender.label] = [("upstream_requests_last_pass", .integer(asked[contender.label] ?? 0))]
        }
        session.report.tell(result, series)
    }
}
