extension UpstreamTable {
    static let credentials: [Setting<UpstreamConfiguration>] = [
        Setting(
            path: "credentials", form: "none",
            summary:
                "none: nothing is shown. Without any of these keys, what Docker's and Helm's files and helpers say.",
            read: { value, _, upstream throws(ValueMistake) in
                let text = try value.single()
                guard text == "none" else {
                    // Not quoted: somebody may have written a password here.
                    throw ValueMistake(
                        "must be none or a mapping", hint: "write {username: NAME, passwordFile: FILE} or {file: FILE}")
                }
                upstream.credentials.isAnonymous = true
            },
            write: { $0.credentials.isAnonymous ? .text("none") : .nothing }),
        .text("credentials.username", \.credentials.username, form: "NAME", "The user, with one of the next two."),
        .path(
            "credentials.passwordFile", \.credentials.passwordFile, endings: [],
            "A file whose first line is the password."),
        passwordEnvironment,
        .path(
            "credentials.file", \.credentials.file, endings: [".json"],
            "A credential file as docker login and helm registry login write them."),
    ]

    private static let passwordEnvironment = Setting<UpstreamConfiguration>(
        path: "credentials.passwordEnvironment", form: "VARIABLE",
        summary: "The environment variable that holds the password.",
        read: { value, _, upstream throws(ValueMistake) in
            let name = try value.single()
            let isName = name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
                default: false
                }
            }
            // Not quoted: somebody may have written the password itself.
            guard isName, !name.isEmpty else { throw ValueMistake("must be the name of a variable") }
            upstream.credentials.passwordEnvironment = name
        },
        write: { $0.credentials.passwordEnvironment.map { .text($0) } ?? .nothing })

    static let tls: [Setting<UpstreamConfiguration>] = [
        .path(
            "tls.authorities", \.tls.authorities, endings: [".pem", ".crt"],
            "PEM certificates to trust besides the system's."),
        .path("tls.certificate", \.tls.certificate, endings: [".pem", ".crt"], "The certificate shown to it, PEM."),
        .path("tls.key", \.tls.key, endings: [".pem", ".key"], "The certificate's key, PEM without a password."),
        .boolean("tls.verify", \.tls.verifies, "Whether its certificate is checked.", flag: .none),
    ]

    private static let longest: Duration = .seconds(3650 * 86_400)

    static let freshness: [Setting<UpstreamConfiguration>] = [
        .duration(
            "freshness.versions", .zero...longest, \.freshness.versions,
            "How long a tag that is a version is believed without asking."),
        .duration("freshness.tags", .zero...longest, \.freshness.tags, "The same for any other tag."),
        .duration(
            "freshness.lists", .zero...longest, \.freshness.lists, "The same for lists of tags and for an index.yaml."),
        .choice(
            "freshness.mode", \.freshness.mode,
            "What is older: answered at once and asked for meanwhile, or asked for first."),
        .duration(
            "freshness.deadline", .milliseconds(10) ... .seconds(600), \.freshness.deadline,
            "How long that question may take, before what is here is answered."),
        .duration(
            "deadline", .milliseconds(100) ... .seconds(3600), \.deadline,
            "How long a request waits for what is not here."),
        .duration(
            "negative", .zero ... .seconds(86_400), \.negativeLifetime,
            "How long it is believed that something is not there."),
    ]

    static let content: [Setting<UpstreamConfiguration>] = [
        .choice("deleted", \.deleted, "What the upstream deleted: kept here, or deleted here too."),
        .boolean("push", \.takesPushes, "Whether clients may push below the prefix.", flag: .none),
        .duration(
            "minimumAge", .zero...longest, \.minimumAge, "Versions are shown when they are that old."),
        .patterns("minimumAgeExcept", \.minimumAgeExceptions, "Paths behind the prefix for which that does not hold."),
        shrink,
        .boolean("offline", \.isOffline, "Whether this upstream is not asked at all.", flag: .none),
        allowedHosts,
    ]

    private static let shrink = Setting<UpstreamConfiguration>(
        path: "shrink", form: "PERCENT", summary: "An index that loses more of its versions is refused.",
        read: { value, _, upstream throws(ValueMistake) in
            let text = try value.single()
            guard text.hasSuffix("%"), let number = Int(text.dropLast()), (0...100).contains(number) else {
                throw ValueMistake("\(Printable.quoted(text)) is no share from 0% to 100%", hint: "write 50%")
            }
            upstream.shrinkPercent = number
        },
        write: { .text("\($0.shrinkPercent)%") })

    private static let allowedHosts = Setting<UpstreamConfiguration>(
        path: "allowedHosts", form: "[HOST, ...]|any",
        summary: "Other hosts that a classic repository's index and redirects may name: host, host:port, *.domain.",
        read: { value, _, upstream throws(ValueMistake) in
            guard case .list(let hosts) = value else {
                guard try value.single() == "any" else {
                    throw ValueMistake("must be a list of hosts, or any", hint: "write [charts.example.com]")
                }
                upstream.allowedHosts = .any
                return
            }
            for (index, host) in hosts.enumerated() where !isHostPattern(host) {
                throw ValueMistake(
                    "\(Printable.quoted(host)) is no host", hint: "write host, host:port or *.domain, without a scheme"
                ).at(index)
            }
            upstream.allowedHosts = .listed(hosts)
        },
        write: {
            switch $0.allowedHosts {
            case .any: .text("any")
            case .listed(let hosts): .list(hosts)
            }
        })

    private static func isHostPattern(_ text: String) -> Bool {
        let host = text.hasPrefix("*.") ? text.dropFirst(2) : text[...]
        return !host.isEmpty && host != "any"
            && host.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: ".-:[]".utf8.contains(byte)
                }
            }
    }

    static let limits: [Setting<UpstreamConfiguration>] = [
        .count("limits.connections", 1...1024, \.limits.connections, "Requests to one of its hosts at a time."),
        .count(
            "limits.requestsPerSecond", 0...100_000, \.limits.requestsPerSecond,
            "Requests to one of its hosts in a second; 0 for no limit."),
        .size("limits.chartBytes", 1024...20 << 30, \.limits.chartBytes, "The largest chart that is fetched."),
    ]
}
