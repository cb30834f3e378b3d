import Content
import LocalRegistry

/// Opens the registry a command works on.
enum EndOpener {
    static let open: @Sendable (RegistryTarget, Context) async throws(CommandError) -> any RegistryEnd = {
        target, context async throws(CommandError) in
        switch target {
        case .store(let directory): return try openStore(directory, context)
        case .server(let address, let access): return try openServer(address, access, context)
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
                throw CommandError(error)
            }
            let address = try ServerAddress(parsing: announced, isPlain: true)
            return try openServer(address, ServerAccess(), context)
        }
    }

    private static func openServer(
        _ address: ServerAddress, _ access: ServerAccess, _ context: Context
    ) throws(CommandError) -> any RegistryEnd {
        throw CommandError(.failure, "not yet")
    }
}
