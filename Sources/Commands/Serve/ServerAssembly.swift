import Content
import FrontDoor
import HTTPServer
import LocalRegistry
import Posix
import Sync
import Synchronization
import Telemetry

/// The server put together: store, access, handler, sockets.
///
/// The one place that picks them.
final class ServerAssembly: Sendable {
    private let configuration: Configuration
    private let logger: Logger
    private let registry: Registry
    private let handler: FrontDoor
    private let server: Server
    /// Serves this machine's other `chartroom` commands, through a socket in the data directory.
    private let controlServer: Server?
    private let passwords: PasswordAccess?
    private let mirrors: MirrorScheduler?
    private let certificateWatch: Mutex<FileWatch>
    private let usersWatch: Mutex<FileWatch>

    /// Where it listens in fact.
    var address: BoundAddress { server.address }

    /// The data directory, as an absolute path.
    var dataDirectory: String { ServerAssembly.absolute(configuration.data) }

    /// Opens the store and the sockets; nothing is accepted before `start`.
    init(
        _ configuration: Configuration, environment: [String: String], metrics: MetricsRegistry, logger: Logger
    ) throws(CommandError) {
        self.configuration = configuration
        self.logger = logger
        certificateWatch = Mutex(FileWatch([configuration.certificate, configuration.key].compactMap { $0 }))
        usersWatch = Mutex(FileWatch([configuration.users].compactMap { $0 }))
        passwords = try ServerAssembly.passwords(configuration)
        registry = try ServerAssembly.openStore(configuration, metrics, logger)
        let executor = ThreadPool(name: "work", threads: 8)
        let authenticator: any Authenticator = passwords ?? AnonymousAccess(configuration.effectiveAnonymous.level)
        do {
            let serverConfiguration = try ServerAssembly.serverConfiguration(configuration, environment, logger)
            let options = ServerAssembly.doorOptions(configuration, registry)
            let (cache, budgets) = try UpstreamAssembly.cache(
                configuration, registry, environment: environment, metrics: metrics, logger)
            mirrors = try ServedMirrors.scheduler(
                configuration, registry, environment: environment, budgets: budgets, logger)
            let faces = try ServerAssembly.faces(configuration, registry, cache, mirrors, executor)
            handler = FrontDoor(
                faces, authenticator: authenticator, options: options, metrics: metrics, logger: logger)
            server = try ServerAssembly.open(serverConfiguration, handler, executor)
            try ServerAssembly.refuseOpenWrites(configuration, server.address)
            controlServer = ServerAssembly.controlServer(configuration, faces, options, executor, logger)
        } catch {
            registry.close()
            throw error
        }
        ServerAssembly.addMetrics(metrics, registry, server)
        mirrors?.addMetrics(to: metrics)
    }

    /// Begins to accept connections, and tells other processes where the store is served.
    func start() throws(CommandError) {
        do {
            try server.start()
        } catch {
            throw CommandError(error)
        }
        do {
            try controlServer?.start()
            if controlServer != nil {
                try registry.announce("unix:" + ServerAssembly.controlPath(configuration))
            } else if case .tcp = address, configuration.certificate == nil {
                try registry.announce("http://\(address)")
            }
        } catch {
            logger.warning(
                "other commands cannot reach the store through this server", [("error", .string("\(error)"))])
        }
        mirrors?.start()
    }

    /// Ends the requests under way, then cuts what is left at the deadline; true when nothing was cut.
    func stop() async -> Bool {
        handler.beginDraining()
        async let quiet: Void? = mirrors?.stop()
        async let control = controlServer?.shutDown(deadline: configuration.shutdownDeadline) ?? true
        let isComplete = await server.shutDown(deadline: configuration.shutdownDeadline)
        _ = await control
        _ = await quiet
        registry.close()
        return isComplete
    }

    // MARK: Files that change

    /// Reads certificate and users again where their files have changed; everything when `isForced`.
    ///
    /// What cannot be read is logged, and the old one stays.
    func reload(isForced: Bool) {
        if certificateWatch.withLock({ $0.poll() }) || isForced { reloadCertificate() }
        if usersWatch.withLock({ $0.poll() }) || isForced { reloadUsers() }
    }

    private func reloadCertificate() {
        guard let certificate = configuration.certificate else { return }
        do {
            guard let pair = try ServerAssembly.certificate(configuration) else { return }
            try server.replaceCertificate(pair)
            logger.info("certificate read again", [("file", .string(certificate))])
        } catch let error as CommandError {
            logger.error("certificate stays as it was", [("error", .string(error.message))])
        } catch {
            logger.error("certificate stays as it was", [("error", .string("\(error)"))])
        }
    }

    private func reloadUsers() {
        guard let path = configuration.users else { return }
        do throws(ValueMistake) {
            let file = try UserFile.read(path)
            passwords?.replace(file, levels: configuration.levels(of: file.users))
            logger.info("users read again", [("file", .string(path)), ("users", .count(file.users.count))])
        } catch {
            logger.error("users stay as they were", [("error", .string(error.message))])
        }
    }
}
