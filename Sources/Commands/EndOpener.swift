import Content
import HTTPClient
import LocalRegistry
import RemoteRegistry
import Telemetry

/// Opens the registry a command works on.
enum EndOpener {
    static let open: @Sendable (RegistryTarget, Context) async throws(CommandError) -> any RegistryEnd = {
        target, context async throws(CommandError) in
        switch target {
        case .store(let directory): return try openStore(directory, context)
        case .server(let address, let access): return try openServer(address, access, context)
        }
    }

    /// Upstreams belong to a server: the one that holds the store, or the one that is named.
    static let openUpstreams: @Sendable (RegistryTarget, Context) async throws(CommandError) -> any UpstreamControl = {
        target, context async throws(CommandError) in
        switch target {
        case .server(let address, let access): return try openServer(address, access, context)
        case .store(let directory):
            guard let announced = Registry.announcedAddress(of: directory) else {
                throw CommandError(
                    .unavailable,
                    "no server holds the data directory\(directory.isEmpty ? "" : " " + directory), and only a server has upstreams",
                    hints: ["start 'chartroom serve', or name a server with --server URL"])
            }
            return try openServer(try ServerAddress(parsing: announced, isPlain: true), ServerAccess(), context)
        }
    }

    /// The store itself, or the server that holds it.
    private static func openStore(_ directory: String, _ context: Context) throws(CommandError) -> any RegistryEnd {
        guard !directory.isEmpty else {
            throw CommandError(
                .usage, "there is no data directory and no HOME to put it in", hints: ["give --data DIR"])
        }
        do {
            let registry = try Registry(at: directory)
            context.closers.add { registry.close() }
            return registry
        } catch {
            guard case .denied = error, let announced = Registry.announcedAddress(of: directory) else {
                throw CommandError(opening: error)
            }
            let address = try ServerAddress(parsing: announced, isPlain: true)
            return try openServer(address, ServerAccess(), context)
        }
    }

    private static func openServer(
        _ address: ServerAddress, _ access: ServerAccess, _ context: Context
    ) throws(CommandError) -> RegistryClient {
        var configuration = HTTPClientConfiguration()
        configuration.userAgent = "chartroom/" + ProgramVersion.text
        configuration.tls.additionalAuthorities = access.authorityFile
        let warn = Logger(level: .warning) { context.console.warn(LogFormat.sentence($0)) }
        let credentials: any CredentialProvider =
            if let given = access.credentials {
                FixedCredential(.password(user: given.username, Secret(given.password)))
            } else {
                CredentialStore(environment: context.environment, logger: warn)
            }
        let client: HTTPClient
        do {
            client = try HTTPClient(configuration)
        } catch {
            throw CommandError(.failure, error.message)
        }
        do {
            return RegistryClient(try address.endpoint(), credentials: credentials, client: client)
        } catch {
            throw CommandError(error)
        }
    }
}

extension CommandError {
    /// Why a store cannot be opened; one that another process holds may be free again soon.
    init(opening error: ContentError) {
        self.init(error)
        guard case .denied = error else { return }
        code = .unavailable
        hints = ["wait until that process is done, or stop it"]
    }
}

extension ServerAddress {
    /// The address in the words of the registry client.
    fileprivate func endpoint() throws(ContentError) -> RegistryEndpoint {
        switch self {
        case .tcp(let isSecure, let authority):
            try RegistryEndpoint(scheme: isSecure ? .https : .http, authority: authority)
        case .unix(let path): try RegistryEndpoint(unixSocketPath: path)
        }
    }
}

extension LogFormat {
    /// A record as one sentence for a person: the message, then the values.
    static func sentence(_ record: LogRecord) -> String {
        let values = record.fields.compactMap { field -> String? in
            if case .string(let text) = field.value { text } else { nil }
        }
        return record.message + (values.isEmpty ? "" : ": " + values.joined(separator: ": "))
    }
}
