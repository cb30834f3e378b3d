internal import Content
public import Telemetry

extension MirrorScheduler {
    /// Adds what the mirrors did and do, read at each scrape.
    public func addMetrics(to metrics: MetricsRegistry) {
        let (board, names) = (board, jobs.map(\.rule.name))
        let read = { @Sendable (value: @escaping @Sendable (MirrorBoard.Entry) -> Int64?) in
            { @Sendable () -> [MetricsRegistry.Sample] in
                names.compactMap { name in value(board[name]).map { .init(labels: [name], value: $0) } }
            }
        }
        metrics.collect(
            "chartroom_mirror_runs_total", "Runs of mirrors that are over.", .counter, labels: ["mirror", "outcome"]
        ) {
            names.flatMap { name -> [MetricsRegistry.Sample] in
                let ended = board[name].ended
                let outcomes: [MirrorOutcome] = [.succeeded, .failed, .cancelled]
                return outcomes.map { .init(labels: [name, $0.rawValue], value: ended[$0] ?? 0) }
            }
        }
        metrics.collect(
            "chartroom_mirror_last_success_timestamp_seconds", "When the last run ended in which nothing failed.",
            .gauge, labels: ["mirror"], read { $0.succeededAt.map { $0 / 1_000_000 } })
        metrics.collect(
            "chartroom_mirror_next_run_timestamp_seconds", "When a mirror runs next by itself.", .gauge,
            labels: ["mirror"], read { $0.nextRunAt.map { $0 / 1_000_000 } })
        metrics.collect(
            "chartroom_mirror_running", "Whether a run is under way.", .gauge, labels: ["mirror"],
            read { $0.activity == .running ? 1 : 0 })
        metrics.collect(
            "chartroom_mirror_failures", "References that failed in the last run.", .gauge, labels: ["mirror"],
            read { $0.last?.counts.failed })
        metrics.collect(
            "chartroom_mirror_bytes_total", "Bytes sent to the destinations of mirrors.", .counter, labels: ["mirror"],
            read { $0.bytes })
        metrics.collect(
            "chartroom_mirror_references", "What became of the references of the last run.", .gauge,
            labels: ["mirror", "state"]
        ) {
            names.flatMap { name -> [MetricsRegistry.Sample] in
                guard let counts = board[name].last?.counts else { return [] }
                let states = [
                    ("selected", counts.selected), ("copied", counts.copied), ("retagged", counts.retagged),
                    ("left", counts.left), ("marked", counts.marked), ("pruned", counts.pruned),
                    ("failed", counts.failed),
                ]
                return states.map { .init(labels: [name, $0.0], value: $0.1) }
            }
        }
    }
}
