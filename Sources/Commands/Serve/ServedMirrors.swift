import Content
import LocalRegistry
import Metadata
import Posix
import RemoteRegistry
import Sync
import Telemetry

/// Puts the mirrors of a server together: the file, its ends, the ledger, the scheduler.
enum ServedMirrors {
    /// The scheduler of the configured mirror file; nil without one.
    ///
    /// Contacts nobody and begins nothing. `store:` is the server's own store; hosts that are upstreams too are asked
    /// within the upstreams' budgets.
    static func scheduler(
        _ configuration: Configuration, _ registry: Registry, environment: [String: String],
        budgets: [String: HostBudgets], _ logger: Logger
    ) throws(CommandError) -> MirrorScheduler? {
        guard let path = configuration.mirrors else { return nil }
        let loaded = try LoadedMirrorFile.load(path, MirrorFileReading(environment: environment))
        try loaded.throwMistakes()
        let ends = MirrorAssembly(
            MirrorClients(loaded.file, environment: environment, logger: logger, shared: budgets),
            store: MirrorStore(end: registry, intake: registry))
        let directory = ServerAssembly.absolute(configuration.data)
        let ledger: MirrorDatabase
        do throws(ContentError) { ledger = try MirrorDatabase(in: directory) } catch { throw CommandError(error) }
        var options = MirrorOptions(now: WallClock.now)
        // On the disk that the data is on, which has room.
        options.spoolDirectory = directory + "/mirrors"
        let jobs = loaded.file.mirrors.map { rule in MirrorWorker(rule, ends: ends, ledger: ledger, options) }
        return MirrorScheduler(jobs, ledger: ledger, timing, scheduling(logger))
    }

    private static var timing: SchedulerTiming {
        SchedulerTiming(
            now: WallClock.now, sleep: { duration in try? await Task.sleep(for: duration) },
            random: { Double.random(in: 0..<1) })
    }

    private static func scheduling(_ logger: Logger) -> SchedulerOptions {
        var options = SchedulerOptions()
        options.report = { mirror, text in
            logger.warning("mirror", [("mirror", .string(mirror)), ("error", .string(text))])
        }
        options.ended = { run in
            logger.info(
                "mirror run ended",
                [
                    ("mirror", .string(run.mirror)), ("run", .text(run.id)), ("outcome", .string(run.outcome.rawValue)),
                    ("copied", .text(run.counts.copied)), ("failed", .text(run.counts.failed)),
                    ("bytes", .text(run.counts.bytes)),
                ])
        }
        return options
    }
}
