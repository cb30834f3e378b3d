import HTTPServer
import Posix
import Telemetry

/// One run of the server, from its start to the last answer.
enum ServerRun {
    /// What a run waits for.
    private enum Event: Sendable {
        case signal(Signal)
        case tick
        case stopped(isComplete: Bool)
    }

    /// Serves until a signal says otherwise.
    ///
    /// - Throws: when the server cannot start; `.interrupted` when a second signal cut it off.
    static func run(
        _ loaded: LoadedConfiguration, _ context: Context, signals: SignalFeed
    ) async throws(CommandError) {
        let (events, feed) = AsyncStream.makeStream(of: Event.self)
        signals.receive { feed.yield(.signal($0)) }
        let configuration = loaded.configuration
        let queue: LogQueue
        do {
            queue = try LogQueue(format: configuration.logFormat) { bytes in
                context.console.writeError(String(decoding: bytes, as: UTF8.self))
            }
            try startTicks { feed.yield(.tick) }
        } catch {
            throw CommandError(error)
        }
        defer { queue.close() }
        let metrics = MetricsRegistry()
        metrics.collect(
            "chartroom_log_lines_dropped_total", "Log lines dropped because standard error was slow.", .counter
        ) { [.init(value: Int64(clamping: queue.dropped.value))] }
        let logger = Logger(level: configuration.logLevel, sink: queue.add)
        let assembly = try ServerAssembly(
            configuration, environment: context.environment, metrics: metrics, logger: logger)
        try assembly.start()
        let manager = Manager(environment: context.environment, logger: logger)
        announce(assembly, loaded, context, logger)
        manager.tell(.ready(status: "Serving on \(assembly.address)"))
        let isComplete = try await handle(events, feed, assembly, manager, logger)
        logger.info("stopped", [("complete", .bool(isComplete))])
    }

    /// Answers events until the server has stopped.
    private static func handle(
        _ events: AsyncStream<Event>, _ feed: AsyncStream<Event>.Continuation, _ assembly: ServerAssembly,
        _ manager: Manager, _ logger: Logger
    ) async throws(CommandError) -> Bool {
        var isStopping = false
        for await event in events {
            switch event {
            case .tick:
                assembly.reload(isForced: false)
            case .signal(.hangUp):
                manager.tell(.reloading)
                assembly.reload(isForced: true)
                manager.tell(.ready(status: "Serving on \(assembly.address)"))
            case .signal(let signal) where isStopping:
                logger.warning("stopping at once", [("signal", .string(signal.name))])
                throw CommandError(.interrupted, "stopped at once; requests under way were cut")
            case .signal(let signal):
                isStopping = true
                logger.info("stopping after the requests under way", [("signal", .string(signal.name))])
                manager.tell(.stopping(status: "Finishing requests"))
                Task { feed.yield(.stopped(isComplete: await assembly.stop())) }
            case .stopped(let isComplete):
                return isComplete
            }
        }
        return true
    }

    /// Looks at files every two seconds, on a thread of its own.
    private static func startTicks(_ tick: @escaping @Sendable () -> Void) throws(SystemError) {
        _ = try SystemThread(name: "housekeeping") {
            let never = Condition(())
            while true {
                never.wait(timeout: .seconds(2)) { _, isOver in isOver ? () : nil }
                tick()
            }
        }
    }

    /// Says where the server listens and what to try next.
    private static func announce(
        _ assembly: ServerAssembly, _ loaded: LoadedConfiguration, _ context: Context, _ logger: Logger
    ) {
        let configuration = loaded.configuration
        let isSecure = configuration.certificate != nil
        let url: String
        switch assembly.address {
        case .tcp: url = (isSecure ? "https://" : "http://") + assembly.address.description
        case .unix(let path): url = "unix:" + path
        }
        logger.info(
            "listening",
            [
                ("url", .string(url)), ("data", .string(assembly.dataDirectory)),
                ("config", .string(loaded.file ?? "-")), ("version", .string(ProgramVersion.text)),
            ])
        guard configuration.logFormat == .text else { return }
        context.console.talk("chartroom \(ProgramVersion.text) listens on \(url)")
        if case .tcp = assembly.address {
            let flag = isSecure ? "" : " --plain-http"
            context.console.talk("try: helm push mychart-1.0.0.tgz oci://\(assembly.address)/charts\(flag)")
        } else {
            context.console.talk("try: chartroom repository list --server \(url)")
        }
    }

    /// The service manager; a message it does not take is logged and no more.
    private struct Manager: Sendable {
        let notification: SystemdNotification
        let logger: Logger

        init(environment: [String: String], logger: Logger) {
            notification = SystemdNotification(environment: environment)
            self.logger = logger
        }

        func tell(_ message: SystemdNotification.Message) {
            do {
                try notification.send(message)
            } catch {
                logger.warning("the service manager was not told", [("error", .text(error))])
            }
        }
    }
}
