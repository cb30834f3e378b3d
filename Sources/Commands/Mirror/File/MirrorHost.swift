/// How a host is spoken to: one entry of `hosts` in a mirror file.
///
/// Every value is legal by itself; `MirrorFileCheck` tells whether they fit together.
struct MirrorHost: Sendable, Equatable {
    /// `host` or `host:port`, in lower case.
    var host = ""
    var username: String?
    /// The variable that holds the user's name.
    var usernameEnvironment: String?
    /// A file whose first line is the password.
    var passwordFile: String?
    /// The variable that holds the password.
    var passwordEnvironment: String?
    var tls = UpstreamTLS()
    /// Whether its certificate is not looked at.
    var isInsecure = false
    /// Requests at a time.
    var requests = 16
    /// Requests in a second; 0 for no limit.
    var requestsPerSecond = 0
    /// Bytes in a second, both ways together; 0 for no limit.
    var bytesPerSecond = 0
    /// How many times a request is sent at most.
    var attempts = 5
}

/// The keys of a host in a mirror file.
enum MirrorHostTable {
    /// The key of the list.
    static let key = "hosts"

    /// How the entry at an index is read.
    static func table(of index: Int) -> SettingTable<MirrorHost> {
        let secret = ValueMistake(
            "a secret does not belong into this file",
            hint: "set passwordEnvironment to a variable's name, or passwordFile to a file with it")
        return SettingTable(
            title: "a host", label: key + ".", place: "\(key).\(index).", settings: all,
            refusals: ["password": secret, "pass": secret, "token": secret])
    }

    /// Every key, in the order of the documentation.
    static let all: [Setting<MirrorHost>] = [
        host,
        .text(
            "username", \.username, form: "NAME", "The user. Without any of these four keys, Docker's and Helm's files."
        ),
        .variable("usernameEnvironment", \.usernameEnvironment, "The environment variable that holds the user's name."),
        .variable("passwordEnvironment", \.passwordEnvironment, "The environment variable that holds the password."),
        .path("passwordFile", \.passwordFile, endings: [], "A file whose first line is the password."),
        .path("ca", \.tls.authorities, endings: [".pem", ".crt"], "PEM certificates to trust besides the system's."),
        .path("certificate", \.tls.certificate, endings: [".pem", ".crt"], "The certificate shown to it, PEM."),
        .path("key", \.tls.key, endings: [".pem", ".key"], "The certificate's key, PEM without a password."),
        .boolean("insecure", \.isInsecure, "Whether its certificate is not checked.", flag: .none),
        .count("requests", 1...1024, \.requests, "Requests at a time."),
        .count("requestsPerSecond", 0...100_000, \.requestsPerSecond, "Requests in a second; 0 for no limit."),
        .size("bytesPerSecond", 0...1 << 40, \.bytesPerSecond, "Bytes in a second; 0 for no limit."),
        .count("attempts", 1...20, \.attempts, "How many times a request is sent at most."),
    ]

    private static let host = Setting<MirrorHost>(
        path: "host", form: "HOST[:PORT]", summary: "The host, as it stands in from and to.",
        read: { value, _, host throws(ValueMistake) in host.host = try MirrorPlaceText.authority(try value.single()) },
        write: { $0.host.isEmpty ? .nothing : .text($0.host) })
}

extension Setting {
    /// The name of an environment variable.
    static func variable(_ path: String, _ field: any Field<String?>, _ summary: String) -> Setting {
        Setting(
            path: path, form: "VARIABLE", summary: summary,
            read: { value, _, root throws(ValueMistake) in
                let name = try value.single()
                // Not quoted: somebody may have written the secret itself.
                guard EnvironmentText.isName(name) else { throw ValueMistake("must be the name of a variable") }
                root[keyPath: field] = name
            },
            write: { $0[keyPath: field].map { .text($0) } ?? .nothing })
    }
}
