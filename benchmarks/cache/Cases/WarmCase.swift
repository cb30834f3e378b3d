import BenchmarkSupport
import RegistryLoad

/// Pulls of charts that were all pulled before, again and again, beside the same charts pushed into a Chartroom.
struct WarmCase {
    let clients: Int

    private var name: String { "warm-\(clients)" }

    func run(_ session: Session, _ fixture: CacheFixture) throws(BenchmarkFailure) {
        let upstream = try fixture.registryUpstream()
        let participants = session.participants()
        let subjects = [Subject.chartroom, .local, .dockerRegistry].filter { participants.contains($0.kind) }
        var asked: [String: Int] = [:]
        var contenders: [Contender] = []
        for subject in subjects {
            let server = try fixture.warmed(subject)
            fixture.notePeak("fill-\(subject.rawValue)", server)
            let load = fixture.pulls(subject, clients: clients, seconds: session.options.seconds)
            contenders.append(
                Contender(label: subject.rawValue, server: server) { server throws(BenchmarkFailure) in
                    upstream.proxy.reset()
                    let sample = try load.run(port: server.port)
                    asked[subject.rawValue, default: 0] = try upstream.proxy.settledCounts().requests
                    return sample
                })
        }
        let series = try session.alternate(contenders, with: [upstream.server])
        var result = CaseResult(name: name, unit: "charts/s", connections: clients, highWater: contenders.highWater)
        for contender in contenders {
            fixture.notePeak("\(name)-\(contender.label)", contender.server)
            result.extra[contender.label] = [("upstream_requests_last_round", .integer(asked[contender.label] ?? 0))]
        }
        session.report.tell(result, series)
    }
}
