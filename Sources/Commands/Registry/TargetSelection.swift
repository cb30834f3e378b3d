import OCIModel

/// Picks the registry a command works on, from flags, the reference, the environment and the configuration.
enum TargetSelection {
    /// The options of every command that works on a registry.
    static let options: [Command.Option] = [
        .value("server", "URL", "The server to talk to: http://host:port, https://host:port or unix:/path."),
        .value(
            "data", "DIR", "The data directory to work on; a server that holds it is asked instead.", kind: .directory),
        .value(
            "config", "FILE", "The configuration file to take the data directory from.",
            kind: .file(endings: [".yaml", ".yml"])),
        .flag("plain-http", "Speak HTTP without TLS, also to hosts that are not this machine."),
        .value(
            "ca-file", "FILE", "PEM certificates to trust besides the system's.",
            kind: .file(endings: [".pem", ".crt"])),
        .value("username", "NAME", "The user; the password comes from standard input."),
        .flag("password-stdin", "Read the password of --username from the first line of standard input."),
    ]

    /// The target of an invocation; `reference` may name a host.
    ///
    /// A flag wins over the reference's host, that over `CHARTROOM_SERVER`, that over the data directory.
    static func target(of invocation: Invocation, reference: Reference? = nil) throws(CommandError) -> RegistryTarget {
        let arguments = invocation.arguments
        let isPlain = arguments.has("plain-http")
        let forcesTLS = arguments["ca-file"] != nil && !isPlain
        if let server = arguments["server"] {
            guard arguments["data"] == nil else {
                throw CommandError(.usage, "--server and --data exclude each other")
            }
            let address = try ServerAddress(parsing: server, isPlain: isPlain, forcesTLS: forcesTLS)
            if let host = reference?.host, host != address.authority {
                throw CommandError(
                    .usage, "the reference names \(host) while --server names \(address.authority)",
                    hints: ["leave one of them out"])
            }
            return .server(address, try access(invocation))
        }
        if let host = reference?.host {
            guard arguments["data"] == nil else {
                throw CommandError(.usage, "the reference names the server \(host) while --data names a directory")
            }
            let address = try ServerAddress(parsing: "oci://" + host, isPlain: isPlain, forcesTLS: forcesTLS)
            return .server(address, try access(invocation))
        }
        if let directory = arguments["data"] { return .store(directory: directory) }
        if let server = invocation.context.environment["CHARTROOM_SERVER"], !server.isEmpty {
            let address = try ServerAddress(parsing: server, isPlain: isPlain, forcesTLS: forcesTLS)
            return .server(address, try access(invocation))
        }
        return .store(directory: try configuredDirectory(invocation))
    }

    /// The data directory of an invocation that works on no server: `--data`, else that of the configuration.
    static func directory(of invocation: Invocation) throws(CommandError) -> String {
        let given = invocation.arguments["data"]
        let directory = if let given { given } else { try configuredDirectory(invocation) }
        guard !directory.isEmpty else {
            throw CommandError(
                .usage, "there is no data directory and no HOME to put it in", hints: ["give --data DIR"])
        }
        return directory
    }

    private static func access(_ invocation: Invocation) throws(CommandError) -> ServerAccess {
        let arguments = invocation.arguments
        var access = ServerAccess(authorityFile: arguments["ca-file"])
        switch (arguments["username"], arguments.has("password-stdin")) {
        case (let username?, true):
            guard let password = invocation.console.readLine(), !password.isEmpty else {
                throw CommandError(.usage, "standard input holds no password")
            }
            access.credentials = .init(username: username, password: password)
        case (.some, false):
            throw CommandError(
                .usage, "--username needs --password-stdin",
                hints: ["a password in the command line could be read by every user of this machine"])
        case (nil, true): throw CommandError(.usage, "--password-stdin needs --username")
        case (nil, false): break
        }
        return access
    }

    private static func configuredDirectory(_ invocation: Invocation) throws(CommandError) -> String {
        let loaded = try ConfigurationLoader.load(
            file: invocation.arguments["config"], flags: [:], environment: invocation.context.environment)
        try loaded.throwMistakes()
        return loaded.configuration.data
    }
}

extension Invocation {
    /// A reference argument as parsed.
    func reference(_ argument: String) throws(CommandError) -> Reference {
        do {
            return try Reference(parsing: arguments.positional(argument))
        } catch {
            throw CommandError(.usage, error.description)
        }
    }

    /// A reference that must name a whole repository.
    func repositoryReference(_ argument: String = "REPOSITORY") throws(CommandError) -> Reference {
        let reference = try reference(argument)
        guard reference.manifest == nil else {
            throw CommandError(.usage, "\(reference) names a manifest, not a repository", hints: ["leave out the tag"])
        }
        return reference
    }
}
