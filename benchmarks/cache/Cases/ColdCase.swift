import BenchmarkSupport
import RegistryLoad

/// Pulls of charts that nobody has pulled before, each once, through servers that were just started on empty
/// directories, beside pulls from the upstream itself.
struct ColdCase {
    let clients: Int

    private var name: String { "cold-\(clients)" }

    /// What one attempt showed.
    private struct Attempt {
        var sample: LoadSample
        var counts: DelayingProxy.Counts
    }

    func run(_ session: Session, _ fixture: CacheFixture) throws(BenchmarkFailure) {
        let subjects = subjects(session)
        var all = subjects.map { (times: Series($0.rawValue), counts: [DelayingProxy.Counts]()) }
        for _ in 0..<session.options.rounds {
            for (number, subject) in subjects.enumerated() {
                let (attempt, cost) = try session.quietest { () throws(BenchmarkFailure) in
                    try self.attempt(subject, session, fixture)
                }
                all[number].times.add(attempt.sample, cost)
                all[number].counts.append(attempt.counts)
            }
        }
        var times = CaseResult(name: name, unit: "ms", connections: clients, lessIsBetter: true)
        var requests = CaseResult(name: name + "-requests", unit: "a chart", connections: clients, lessIsBetter: true)
        for (series, counts) in all {
            times.highWater[series.label] = fixture.peak(stage(series.label))
            requests.extra[series.label] = facts(counts)
        }
        session.report.tell(times, all.map(\.times))
        session.report.tell(
            requests,
            all.map { times, counts in
                var series = Series(times.label)
                for count in counts { series.add(Double(count.requests) / Double(fixture.scale.charts)) }
                return series
            })
    }

    /// Chartroom asks one host for 16 things at a time; 32 clients that go to it themselves, for 64.
    private func subjects(_ session: Session) -> [Subject] {
        let all: [Subject] = clients > 8 ? [.direct, .chartroom, .chartroomWide] : [.direct, .chartroom]
        let participants = session.participants()
        return (all + [.dockerRegistry]).filter { $0 == .direct || participants.contains($0.kind) }
    }

    private func stage(_ label: String) -> String { "\(name)-\(label)" }

    private func attempt(
        _ subject: Subject, _ session: Session, _ fixture: CacheFixture
    ) throws(BenchmarkFailure) -> (value: Attempt, cost: Session.Cost) {
        let upstream = try fixture.registryUpstream()
        let server = subject == .direct ? upstream.server : try fixture.startCold(subject)
        defer { if subject != .direct { server.stop() } }
        try session.settle()
        _ = try upstream.proxy.settledCounts()
        upstream.proxy.reset()
        let load = fixture.pulls(subject, clients: clients)
        let port = subject == .direct ? upstream.proxy.port : server.port
        var sample = LoadSample()
        let cost = try session.cost(of: server, with: [upstream.server]) { () throws(BenchmarkFailure) in
            sample = try load.run(port: port)
        }
        guard sample.requests == fixture.scale.charts else { throw BenchmarkFailure("not every chart was pulled") }
        sample.rate = Double(sample.requests) / sample.rate * 1000
        // With what is asked for behind the clients' requests.
        let counts = try upstream.proxy.settledCounts()
        fixture.notePeak(stage(subject.rawValue), server)
        return (Attempt(sample: sample, counts: counts), cost)
    }

    /// What the upstream saw; of the last round, what is no number.
    private func facts(_ counts: [DelayingProxy.Counts]) -> [(String, JSONValue)] {
        func middle(_ value: (DelayingProxy.Counts) -> Int) -> JSONValue {
            .number(median(counts.map { Double(value($0)) }) ?? 0)
        }
        let kinds = (counts.last?.kinds ?? [:]).sorted { $0.key < $1.key }
        return [
            ("upstream_connections", middle(\.connections)), ("most_requests_at_once", middle(\.mostAtOnce)),
            ("upstream_requests", .object(kinds.map { ($0, .integer($1)) })),
        ]
    }
}
