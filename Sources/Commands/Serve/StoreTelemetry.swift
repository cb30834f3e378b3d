import HTTPServer
import LocalRegistry
import Metadata
import Telemetry

/// What the store and the server tell of themselves, as metrics.
enum StoreTelemetry {
    /// Counts flushes and commits, logs failures and recoveries.
    static func observer(_ metrics: MetricsRegistry, _ logger: Logger) -> StoreObserver {
        let flushes = metrics.histogram(
            "chartroom_store_flush_duration_seconds", "Time of one flush of blobs to the disk.")
        let flushed = metrics.counter("chartroom_store_flushed_blobs_total", "Blobs made durable.")
        let commits = metrics.histogram(
            "chartroom_store_commit_duration_seconds", "Time of one transaction with its flush.")
        let failures = metrics.counter(
            "chartroom_store_failures_total", "Failures of the store that no request waited for.")
        return StoreObserver(
            didFlush: { duration, blobs in
                flushes.observe(duration)
                flushed.increment(by: Int64(clamping: blobs))
            },
            didCommit: { commits.observe($0) },
            didFail: { message in
                failures.increment()
                logger.error("store", [("error", .string(message))])
            },
            didRecover: { logger.info("store recovered", [("what", .string($0))]) })
    }
}

extension ServerAssembly {
    /// Adds what is read at each scrape.
    static func addMetrics(_ metrics: MetricsRegistry, _ registry: Registry, _ server: Server) {
        metrics.collect("chartroom_store_objects", "What the store holds.", .gauge, labels: ["kind"]) { [registry] in
            // A scrape while the metadata cannot be read shows no numbers rather than wrong ones.
            guard let totals = try? registry.totals() else { return [] }
            return [
                .init(labels: ["repositories"], value: totals.repositories),
                .init(labels: ["manifests"], value: totals.manifests), .init(labels: ["tags"], value: totals.tags),
                .init(labels: ["blobs"], value: totals.blobs),
            ]
        }
        metrics.collect("chartroom_store_physical_bytes", "Bytes of blobs, each blob once.", .gauge) { [registry] in
            guard let totals = try? registry.totals() else { return [] }
            return [.init(value: totals.physicalBytes)]
        }
        metrics.collect(
            "chartroom_store_logical_bytes", "Bytes of blobs, once for each repository that holds them.", .gauge
        ) { [registry] in
            guard let totals = try? registry.totals() else { return [] }
            return [.init(value: totals.logicalBytes)]
        }
        metrics.collect("chartroom_store_upload_sessions", "Open upload sessions.", .gauge) { [registry] in
            [.init(value: Int64(registry.openSessions))]
        }
        metrics.collect("chartroom_http_load", "Connections and requests now.", .gauge, labels: ["kind"]) {
            [weak server] in
            guard let statistics = server?.statistics else { return [] }
            return [
                .init(labels: ["connections"], value: Int64(statistics.openConnections)),
                .init(labels: ["active"], value: Int64(statistics.activeRequests)),
                .init(labels: ["pending"], value: Int64(statistics.pendingRequests)),
            ]
        }
    }
}
