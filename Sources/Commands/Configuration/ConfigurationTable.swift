import HTTPServer
import Telemetry

/// Every setting of the program.
enum ConfigurationTable {
    /// In the order of the documentation.
    static let all: [ConfigurationKey] =
        [
            ConfigurationKey(
                path: "listen", form: "ADDRESS",
                summary: "Where to listen: HOST:PORT, [IPV6]:PORT or unix:/path. Port 0 lets the system choose.",
                read: { value, _, configuration throws(ValueMistake) in
                    configuration.listen = try ListenText.parse(try value.single())
                },
                write: { .text(ListenText.text($0.listen)) }),
            ConfigurationKey(
                path: "data", form: "DIR",
                summary: "The data directory. One process at a time writes it.", kind: .directory,
                read: { value, place, configuration throws(ValueMistake) in
                    configuration.data = try value.path(home: place.home)
                },
                write: { $0.data.isEmpty ? .nothing : .text($0.data) }),
            .path(
                "tls.certificate", \.certificate, endings: [".pem", ".crt"],
                "The server's certificate and its chain, PEM. Read again when the file changes."),
            .path(
                "tls.key", \.key, endings: [".pem", ".key"],
                "The key of the certificate, PEM without a password. Read again when the file changes."),
            anonymous,
            .path(
                "access.users", \.users, endings: [],
                "An htpasswd file with bcrypt hashes (htpasswd -B). Read again when the file changes."),
            .names(
                "access.readWrite", \.readWrite, "Users who may pull, push and delete. Without any list: every user."),
            .names("access.read", \.read, "Users who may pull and list only."),
            .boolean(
                "allowAnonymousWritesBeyondLoopback", \.allowsAnonymousWritesBeyondLoopback,
                "Let anyone who reaches this server push and delete, also from other machines."),
            views,
            .path(
                "charts.artifactHub", \.artifactHub, endings: [".yml", ".yaml"],
                "The file that is served as /artifacthub-repo.yml. Read at each request."),
        ] + limits + [
            .choice("log.format", \.logFormat, "How log lines look."),
            logLevel,
            .boolean("log.access", \.logsAccess, "Whether each request is logged.", flag: .value),
            .choice(
                "durability", \.durability,
                "full: a push is acknowledged when it would survive a power cut. relaxed: before that."),
            .duration(
                "shutdownDeadline", .zero ... .seconds(3600), \.shutdownDeadline,
                "How long requests under way may take to end when the server stops.", flag: .value),
            .boolean(
                "allowSparseIndexes", \.allowsSparseIndexes,
                "Take image indexes that name manifests the repository does not hold."),
            .path(
                "mirrors", \.mirrors, endings: [".yaml", ".yml"],
                "A mirror file whose mirrors the server runs when they are due."),
            .boolean(
                "offline", \.isOffline,
                "Ask no upstream at all: what is cached is served as it is, what is not is not there."),
        ]

    private static let anonymous = ConfigurationKey(
        path: "access.anonymous", form: "read-write|read|none",
        summary: "What clients without a name may do. Without users read-write, with users none.",
        kind: .choice(Configuration.AnonymousLevel.allCases.map(\.rawValue)),
        read: { value, _, configuration throws(ValueMistake) in
            configuration.anonymous = try ValueText.choice(try value.single(), Configuration.AnonymousLevel.self)
        },
        write: { .text($0.effectiveAnonymous.rawValue) })

    private static let logLevel = ConfigurationKey(
        path: "log.level", form: "debug|info|warning|error", summary: "The least level that is logged.",
        kind: .choice(LogLevel.allCases.map(\.name)),
        read: { value, _, configuration throws(ValueMistake) in
            let text = try value.single()
            guard let level = LogLevel(name: text) else {
                let names = LogLevel.allCases.map(\.name)
                throw ValueMistake(
                    "must be \(Printable.list(names, "or")), not \(Printable.quoted(text))",
                    hint: Suggestion.hint(for: text, among: names))
            }
            configuration.logLevel = level
        },
        write: { .text($0.logLevel.name) })

    private static let limits: [ConfigurationKey] = [
        .size(
            "limits.headerBytes", 1024...1 << 20, \.limits.headerBytes, "Request line and header together; 431 above."),
        .size("limits.targetBytes", 256...64 << 10, \.limits.targetBytes, "Path and query; 414 above."),
        .count("limits.connections", 1...1_000_000, \.limits.connections, "Open connections in all."),
        .count(
            "limits.connectionsPerAddress", 1...1_000_000, \.limits.connectionsPerAddress,
            "Open connections from one address."),
        .duration(
            "limits.idleTimeout", .seconds(1) ... .seconds(3600), \.limits.idleTimeout,
            "A connection without a request is closed after this."),
        .duration(
            "limits.headerTimeout", .seconds(1) ... .seconds(600), \.limits.headerTimeout,
            "A request header must be complete this long after its first byte."),
        .size(
            "limits.minimumBodyBytes", 0...1 << 30, \.limits.minimumBodyBytes,
            "A body must move at least so much in each bodyTimeout, in either direction."),
        .duration(
            "limits.bodyTimeout", .seconds(1) ... .seconds(3600), \.limits.bodyTimeout, "See minimumBodyBytes."),
        .count(
            "limits.pendingRequests", 1...1_000_000, \.limits.pendingRequests,
            "Requests that wait for the disk or a password check; 503 above."),
        .size("limits.manifestBytes", 1024...256 << 20, \.manifestBytes, "The largest manifest; 413 above."),
        .size("limits.blobBytes", 1024...1 << 50, \.blobBytes, "The largest blob; 413 above."),
        .count(
            "limits.uploadSessionsPerClient", 1...100_000, \.uploadSessionsPerClient,
            "Upload sessions one client may have open."),
        .duration(
            "limits.uploadExpiry", .seconds(60) ... .seconds(30 * 86_400), \.uploadExpiry,
            "An upload session that nobody touched for so long is forgotten."),
    ]
}
