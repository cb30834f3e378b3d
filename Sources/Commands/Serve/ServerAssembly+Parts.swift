import Content
import FrontDoor
import HTTPServer
import LocalRegistry
import Posix
import RegistryServer
import Telemetry

extension ServerAssembly {
    static func passwords(_ configuration: Configuration) throws(CommandError) -> PasswordAccess? {
        guard let path = configuration.users else { return nil }
        do throws(ValueMistake) {
            let file = try UserFile.read(path)
            return PasswordAccess(
                file, levels: configuration.levels(of: file.users), anonymous: configuration.effectiveAnonymous.level)
        } catch {
            throw CommandError(.usage, error.message, hints: error.hint.map { [$0] } ?? [])
        }
    }

    static func openStore(
        _ configuration: Configuration, _ metrics: MetricsRegistry, _ logger: Logger
    ) throws(CommandError) -> Registry {
        var options = configuration.registryOptions
        options.observer = StoreTelemetry.observer(metrics, logger)
        do {
            return try Registry(at: configuration.data, options)
        } catch {
            throw CommandError(opening: error)
        }
    }

    /// Where to listen: the socket the service manager handed over, else the configured address.
    static func serverConfiguration(
        _ configuration: Configuration, _ environment: [String: String], _ logger: Logger
    ) throws(CommandError) -> ServerConfiguration {
        let inherited: [Int32]
        do {
            inherited = try SystemdSockets.inherited(environment: environment)
        } catch {
            throw CommandError(error)
        }
        guard inherited.count <= 1 else {
            throw CommandError(
                .usage, "\(inherited.count) sockets were handed over, one can be served",
                hints: ["keep one ListenStream= in the socket unit"])
        }
        let listen = inherited.first.map { ListenAddress.inherited(descriptor: $0) } ?? configuration.listen
        var result = ServerConfiguration(listen: listen)
        result.certificate = try certificate(configuration)
        result.limits = configuration.limits
        result.log = { logger.debug("http", [("message", .string($0))]) }
        return result
    }

    static func certificate(_ configuration: Configuration) throws(CommandError) -> ServerCertificate? {
        guard let certificate = configuration.certificate, let key = configuration.key else { return nil }
        do {
            return ServerCertificate(
                chainPEM: try File.contents(of: certificate, maximumBytes: 1 << 20),
                keyPEM: try File.contents(of: key, maximumBytes: 1 << 20))
        } catch {
            throw CommandError(error)
        }
    }

    static func doorOptions(_ configuration: Configuration, _ registry: Registry) -> DoorOptions {
        var options = DoorOptions()
        options.maximumBodyBytes = Int64(configuration.blobBytes)
        options.logsAccess = configuration.logsAccess
        if case .tcp = configuration.listen { options.hostName = ListenText.text(configuration.listen) }
        options.isReady = { () throws(ContentError) in try registry.checkWritable() }
        return options
    }

    static func open(
        _ configuration: ServerConfiguration, _ handler: FrontDoor, _ executor: ThreadPool
    ) throws(CommandError) -> Server {
        do {
            return try Server(configuration, handler: handler, executor: executor)
        } catch {
            throw CommandError(error)
        }
    }

    /// Checks the address that was opened in fact: a host name or an inherited socket may lead anywhere.
    static func refuseOpenWrites(_ configuration: Configuration, _ address: BoundAddress) throws(CommandError) {
        guard case .tcp(let host, _) = address, !Loopback.contains(host: host),
            ConfigurationCheck.isOpen(configuration)
        else { return }
        throw CommandError(
            .usage, ConfigurationCheck.openMessage(address.description), hints: [ConfigurationCheck.openHint])
    }

    /// Absolute, since other commands are started elsewhere.
    static func controlPath(_ configuration: Configuration) -> String { absolute(configuration.data) + "/socket" }

    static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : ProcessControl.workingDirectory() + "/" + path
    }

    /// The socket in the data directory: who may enter that directory may write the store anyway.
    static func controlServer(
        _ configuration: Configuration, _ faces: [any Face], _ options: DoorOptions, _ executor: ThreadPool,
        _ logger: Logger
    ) -> Server? {
        var options = options
        options.logsAccess = false
        let handler = FrontDoor(
            faces, authenticator: AnonymousAccess(.readWrite), options: options, metrics: MetricsRegistry(),
            logger: logger)
        var server = ServerConfiguration(listen: .unix(path: controlPath(configuration)))
        server.limits = configuration.limits
        server.threads = 1
        do {
            return try Server(server, handler: handler, executor: executor)
        } catch {
            logger.debug("no socket in the data directory", [("error", .string("\(error)"))])
            return nil
        }
    }
}

extension Configuration {
    /// How the store is opened.
    var registryOptions: RegistryOptions {
        var options = RegistryOptions()
        options.isRelaxed = durability == .relaxed
        options.allowsSparseIndexes = allowsSparseIndexes
        options.maximumManifestBytes = manifestBytes
        options.maximumBlobBytes = Int64(blobBytes)
        options.sessionsPerClient = uploadSessionsPerClient
        options.sessionExpiry = uploadExpiry
        return options
    }

    /// What the users of a file may do: with no list at all everything, else what the lists say.
    func levels(of users: [String]) -> [String: AccessLevel] {
        let hasLists = !readWrite.isEmpty || !read.isEmpty
        var levels: [String: AccessLevel] = [:]
        for user in users {
            levels[user] =
                if readWrite.contains(user) { .readWrite } else if read.contains(user) { .read } else if hasLists {
                    AccessLevel.none
                } else { .readWrite }
        }
        return levels
    }
}

extension Configuration.AnonymousLevel {
    /// The level in the words of the registry's server.
    var level: AccessLevel {
        switch self {
        case .readWrite: .readWrite
        case .read: .read
        case .none: .none
        }
    }
}

extension CommandError {
    /// An error of the HTTP server.
    init(_ error: HTTPServerError) {
        switch error {
        case .addressInUse:
            self.init(.failure, error.description, hints: ["pick another address with --listen HOST:PORT"])
        case .permissionDenied:
            self.init(.denied, error.description, hints: ["ports below 1024 need rights; pick another with --listen"])
        case .certificateInvalid: self.init(.usage, error.description, hints: ["check tls.certificate and tls.key"])
        case .hostUnknown, .addressInvalid: self.init(.usage, error.description)
        case .alreadyStarted, .cannotStart: self.init(.failure, error.description)
        }
    }
}
