import BenchmarkSupport

/// What the movers of one setting showed, stage by stage.
struct StageResults {
    /// The series of the loop over Helm without what it takes to start Helm twice for each chart.
    static let helmNet = "helm-net"

    private struct Row {
        let stage: Stage
        let label: String
        let factor: Double
        var runs: [MoverRun]
    }

    private var rows: [Row] = []
    /// What starting Helm takes, in milliseconds.
    var helmStart: Double?

    mutating func add(_ run: MoverRun, _ mover: Mover, _ stage: Stage) {
        let (told, label) = stage.told(mover.kind)
        if let known = rows.firstIndex(where: { $0.stage == told && $0.label == label }) {
            rows[known].runs.append(run)
        } else {
            rows.append(Row(stage: told, label: label, factor: mover.factor, runs: [run]))
        }
    }

    /// Tells time, and then requests at each end.
    func tell(_ setting: Setting, _ fixture: SyncFixture) {
        for stage in [Stage.cold, .warm, .changed] {
            let rows = rows.filter { $0.stage == stage }
            guard !rows.isEmpty else { continue }
            let name = "\(setting.name)-\(stage.rawValue)"
            tellTimes(name, rows, fixture)
            tellRequests(name + "-source-requests", rows, fixture) { $0.source }
            tellRequests(name + "-destination-requests", rows, fixture) { $0.destination }
        }
    }

    private func tellTimes(_ name: String, _ rows: [Row], _ fixture: SyncFixture) {
        var result = CaseResult(name: name, unit: "ms", connections: 0, lessIsBetter: true)
        var all = rows.map { row in
            result.highWater[row.label] = row.runs.map(\.peakBytes).max()
            result.extra[row.label] = facts(row)
            var series = Series(row.label)
            for run in row.runs {
                var sample = LoadSample()
                sample.rate = run.milliseconds * row.factor
                series.add(sample, run.cost)
            }
            return series
        }
        if let helmStart, let row = rows.first(where: { $0.label == MoverKind.helm.rawValue }) {
            var series = Series(StageResults.helmNet)
            let starting = 2 * helmStart * Double(fixture.scale.references)
            for run in row.runs { series.add(max(0, run.milliseconds * row.factor - starting)) }
            all.append(series)
        }
        fixture.session.report.tell(result, all)
    }

    private func facts(_ row: Row) -> [(String, JSONValue)] {
        func middle(_ value: (MoverRun) -> Double?) -> JSONValue {
            .number(median(row.runs.compactMap(value)) ?? 0)
        }
        var facts: [(String, JSONValue)] = [
            ("worker_cpu_ms", middle { $0.workerMilliseconds }), ("source_cpu_ms", middle { $0.sourceMilliseconds }),
            ("destination_cpu_ms", middle { $0.destinationMilliseconds }),
            ("servers_share_of_cpu", middle(\.serversShare)), ("source_sent_bytes", middle { Double($0.source.sent) }),
        ]
        if row.runs.contains(where: { $0.source.received != nil }) {
            facts.append(("source_received_bytes", middle { $0.source.received.map(Double.init) }))
        }
        if row.runs.contains(where: { $0.destination?.received != nil }) {
            facts.append(("destination_received_bytes", middle { $0.destination?.received.map(Double.init) }))
            facts.append(("destination_sent_bytes", middle { $0.destination.map { Double($0.sent) } }))
        }
        if row.factor > 1 {
            facts.append(("times_scaled_by", .number(row.factor)))
            if let helmStart { facts.append(("helm_start_ms", .number(helmStart))) }
        }
        return facts
    }

    private func tellRequests(
        _ name: String, _ rows: [Row], _ fixture: SyncFixture, _ end: (MoverRun) -> Requests?
    ) {
        var result = CaseResult(name: name, unit: "a tag", connections: 0, lessIsBetter: true)
        let all = rows.compactMap { row -> Series? in
            let counted = row.runs.compactMap(end)
            guard let last = counted.last else { return nil }
            var series = Series(row.label)
            for requests in counted {
                series.add(Double(requests.total) * row.factor / Double(fixture.scale.references))
            }
            result.extra[row.label] = [
                ("requests", .number(median(counted.map { Double($0.total) }) ?? 0)),
                ("kinds", last.kindsAsJSON),
            ]
            let connections = counted.compactMap(\.connections)
            if !connections.isEmpty {
                result.extra[row.label]?.append(("connections", .number(median(connections.map(Double.init)) ?? 0)))
            }
            return series
        }
        if !all.isEmpty { fixture.session.report.tell(result, all) }
    }
}
