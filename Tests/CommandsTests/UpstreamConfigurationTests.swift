import Foundation
import OCIModel
import TestSupport
import Testing

@testable import Commands

@Suite struct UpstreamConfigurationTests {
    let directory: ScratchDirectory

    init() throws {
        directory = try ScratchDirectory()
        try directory.write("password", "secret-in-file\n")
        try directory.write("docker.json", "{}")
        try directory.write("ca.pem", "certificate")
        try directory.write("empty", "")
    }

    func load(_ yaml: String, environment: [String: String] = [:]) throws -> LoadedConfiguration {
        let path = try directory.write("c.yaml", "data: /d\nupstreams:\n" + yaml)
        return try ConfigurationLoader.load(file: path, flags: [:], environment: environment)
    }

    /// All mistakes, with paths cut short.
    func mistakes(_ yaml: String, environment: [String: String] = [:]) throws -> [String] {
        let loaded = try load(yaml, environment: environment)
        return ConfigurationCheck.mistakes(in: loaded).map { $0.text.replacing(directory.path + "/", with: "") }
    }

    /// The only upstream of a file without mistakes.
    func upstream(_ yaml: String) throws -> UpstreamConfiguration {
        let loaded = try load(yaml)
        #expect(ConfigurationCheck.mistakes(in: loaded) == [])
        return try #require(loaded.configuration.upstreams.first)
    }

    static let everything = """
          - prefix: ghcr.io/org
            urls: [oci://ghcr.io/org, "oci+http://127.0.0.1:5001/mirror/org/"]
            credentials: {username: anna, passwordFile: password}
            tls: {authorities: ca.pem, certificate: ca.pem, key: ca.pem, verify: false}
            rewrite: ["old-*=new-*", "*=library/*"]
            allow: [charts/**, "*"]
            deny: ["**/*-test"]
            freshness: {versions: 1d, tags: 2m, lists: 3m, mode: strict, deadline: 4s}
            deadline: 20s
            negative: 5s
            deleted: follow
            push: true
            minimumAge: 3d
            minimumAgeExcept: [own/**]
            shrink: 10%
            offline: true
            allowedHosts: [cdn.example.com, "*.example.org", "10.0.0.1:80"]
            limits: {connections: 4, requestsPerSecond: 9, chartBytes: 1MiB}

        """

    @Test("Every key of an upstream can be set")
    func everyKey() throws {
        let upstream = try upstream(Self.everything)
        var expected = UpstreamConfiguration()
        expected.prefix = try RepositoryName(parsing: "ghcr.io/org")
        expected.urls = [
            UpstreamAddress(kind: .oci, isSecure: true, authority: "ghcr.io", path: "org"),
            UpstreamAddress(kind: .oci, isSecure: false, authority: "127.0.0.1:5001", path: "mirror/org"),
        ]
        expected.credentials.username = "anna"
        expected.credentials.passwordFile = directory.path + "/password"
        let pem = directory.path + "/ca.pem"
        expected.tls = UpstreamTLS(authorities: pem, certificate: pem, key: pem, verifies: false)
        expected.rewrites = [.init(from: "old-*", to: "new-*"), .init(from: "*", to: "library/*")]
        expected.allowed = ["charts/**", "*"]
        expected.denied = ["**/*-test"]
        expected.freshness = .init(
            versions: .seconds(86_400), tags: .seconds(120), lists: .seconds(180), mode: .strict, deadline: .seconds(4))
        expected.deadline = .seconds(20)
        expected.negativeLifetime = .seconds(5)
        expected.deleted = .follow
        expected.takesPushes = true
        expected.minimumAge = .seconds(3 * 86_400)
        expected.minimumAgeExceptions = ["own/**"]
        expected.shrinkPercent = 10
        expected.isOffline = true
        expected.allowedHosts = .listed(["cdn.example.com", "*.example.org", "10.0.0.1:80"])
        expected.limits = .init(connections: 4, requestsPerSecond: 9, chartBytes: 1 << 20)
        #expect(upstream == expected)
    }

    @Test("Two keys are enough, and the rest has the documented defaults")
    func shortest() throws {
        let upstream = try upstream("  - {prefix: stable, url: 'https://Charts.Example.com:443/stable/'}\n")
        var expected = UpstreamConfiguration()
        expected.prefix = try RepositoryName(parsing: "stable")
        expected.urls = [
            UpstreamAddress(kind: .classic, isSecure: true, authority: "charts.example.com", path: "stable")
        ]
        #expect(upstream == expected)
        #expect(upstream.places.map(\.prefix.description) == ["stable"])
    }

    @Test("Each host is an upstream of its own, with the host as its prefix")
    func hosts() throws {
        let upstream = try upstream(
            """
              - hosts: [ghcr.io, "127.0.0.1:5000", "http://127.0.0.1:8080", "oci+http://127.0.0.1:5001", "https://charts.example.com"]

            """)
        #expect(
            upstream.places.map { "\($0.prefix) \($0.addresses.map { "\($0.kind) \($0.isSecure) \($0.authority)" })" }
                == [
                    #"ghcr.io ["unknown true ghcr.io"]"#, #"127.0.0.1_5000 ["unknown true 127.0.0.1:5000"]"#,
                    #"127.0.0.1_8080 ["classic false 127.0.0.1:8080"]"#,
                    #"127.0.0.1_5001 ["oci false 127.0.0.1:5001"]"#,
                    #"charts.example.com ["classic true charts.example.com"]"#,
                ])
    }

    @Test("A prefix may lie inside another")
    func nested() throws {
        let yaml = "  - {prefix: a, url: 'oci://x'}\n  - {prefix: a/b, url: 'oci://y'}\n"
        #expect(try mistakes(yaml) == [])
    }

    @Test("Credentials may be none, a file, or a variable of any name")
    func credentials() throws {
        #expect(try upstream("  - {prefix: a, url: 'oci://x', credentials: none}\n").credentials.isAnonymous)
        let file = try upstream("  - {prefix: a, url: 'oci://x', credentials: {file: docker.json}}\n")
        #expect(file.credentials.file == directory.path + "/docker.json")
        let yaml = "  - {prefix: a, url: 'oci://x', credentials: {username: u, passwordEnvironment: CHARTROOM_PW}}\n"
        #expect(try mistakes(yaml, environment: ["CHARTROOM_PW": "x"]) == [])
        #expect(
            try mistakes(yaml, environment: ["CHARTROOM_PW": ""]) == [
                "c.yaml:3:81: upstreams.credentials.passwordEnvironment: there is no variable of this name, or it is empty"
            ])
    }

    @Test(
        "Every mistake is told with its place",
        arguments: [
            (
                "  prefix: a",
                "3:3: upstreams must be a list of mappings\n  hint: begin each upstream with a dash: - prefix: stable"
            ),
            ("  - ghcr.io", "3:5: an upstream must be a mapping of keys to values",),
            (
                "  - {prefix: a, url: 'oci://x', fresness: {tags: 1m}}",
                "3:33: there is no key 'upstreams.fresness'\n  hint: did you mean upstreams.freshness?"
            ),
            (
                "  - {prefix: a, url: 'oci://x', tags: 1m}",
                "3:33: there is no key 'upstreams.tags'\n  hint: did you mean upstreams.freshness.tags?"
            ),
            (
                "  - {prefix: a, url: 'oci://x', freshness: {tags: 1}}",
                "3:51: upstreams.freshness.tags: '1' is no duration\n  hint: write 30s, 5m or 24h"
            ),
            (
                "  - {prefix: a, url: 'oci://x', freshness: {mode: strickt}}",
                "3:51: upstreams.freshness.mode: must be background or strict, not 'strickt'\n  hint: did you mean strict?"
            ),
            (
                "  - {prefix: a, url: 'oci://x', credentials: {username: u, password: hunter2}}",
                "3:60: upstreams.credentials.password: a password does not belong into the configuration\n  hint: set passwordFile to a file with it, or passwordEnvironment to a variable's name"
            ),
            (
                "  - {prefix: a, url: 'oci://x', credentials: hunter2}",
                "3:46: upstreams.credentials: must be none or a mapping\n  hint: write {username: NAME, passwordFile: FILE} or {file: FILE}"
            ),
            (
                "  - {prefix: a, url: 'https://u:hunter2@x/'}",
                "3:22: upstreams.url: the URL holds a user or a password, which belong elsewhere\n  hint: use credentials: {username: NAME, passwordFile: FILE}"
            ),
            (
                "  - {prefix: a, url: 'ftp://u:hunter2@x/'}",
                "3:22: upstreams.url: this is no URL of an upstream\n  hint: write oci://host/path for a registry, https://host/path for a chart repository"
            ),
            (
                "  - {prefix: a, url: 'https://x/?token=hunter2'}",
                "3:22: upstreams.url: the URL has a query, which is not taken: there might be a secret in it"
            ),
            ("  - {prefix: a, urls: 'https://u:hunter2@x/'}", "3:23: upstreams.urls: must be a list"),
            ("  - {prefix: a, urls: []}", "3:23: upstreams.urls: is empty"),
            ("  - {prefix: a, urls: ['oci://x', 'oci://x/']}", "3:35: upstreams.urls: oci://x stands here twice"),
            (
                "  - {prefix: a, urls: ['oci://x', 'https://x']}",
                "3:23: upstreams.urls: registries and chart repositories cannot stand in for each other"
            ),
            (
                "  - {prefix: a, url: 'oci://x/Org'}",
                "3:22: upstreams.url: the path of the registry's URL is none: repository name \"Org\" must be lower-case letters and digits, separated by one '.', '_' or '__', or by '-', in elements joined by '/'"
            ),
            (
                "  - {prefix: A, url: 'oci://x'}",
                "3:14: upstreams.prefix: repository name \"A\" must be lower-case letters and digits, separated by one '.', '_' or '__', or by '-', in elements joined by '/'"
            ),
            ("  - {prefix: a}", "3:14: upstreams.prefix: a prefix needs an url"),
            ("  - {url: 'oci://x'}", "3:11: upstreams.url: an url needs its prefix"),
            ("  - {push: true}", "3:5: upstreams: an upstream needs prefix and url, or hosts"),
            (
                "  - {prefix: a, url: 'oci://x', urls: ['oci://y']}",
                "3:39: upstreams.urls: url and urls exclude each other\n  hint: put all into urls"
            ),
            (
                "  - {prefix: a, hosts: [x.io]}",
                "3:14: upstreams.prefix: does not go with hosts\n  hint: write an upstream of its own for it"
            ),
            (
                "  - {hosts: ['https://x.io/charts']}",
                "3:14: upstreams.hosts: a host has no path\n  hint: write an upstream of its own with prefix and url"
            ),
            (
                "  - {hosts: [a.io, '[::1]:5000']}",
                "3:20: upstreams.hosts: no repository's path can begin with this host\n  hint: write an upstream with prefix and url"
            ),
            (
                "  - {prefix: a, url: 'oci://x'}\n  - {prefix: a, url: 'oci://y'}",
                "4:14: upstreams.prefix: a is already the prefix of the upstream at c.yaml:3:14"
            ),
            (
                "  - {prefix: x.io, url: 'oci://x'}\n  - {hosts: [x.io]}",
                "4:13: upstreams.hosts: x.io is already the prefix of the upstream at c.yaml:3:14"
            ),
            (
                "  - {prefix: a, url: 'oci://x', credentials: {username: u}}",
                "3:57: upstreams.credentials.username: a user needs a password\n  hint: set passwordFile or passwordEnvironment"
            ),
            (
                "  - {prefix: a, url: 'oci://x', credentials: {passwordFile: password}}",
                "3:61: upstreams.credentials.passwordFile: a password needs its user\n  hint: set username"
            ),
            (
                "  - {prefix: a, url: 'oci://x', credentials: {username: u, passwordFile: empty}}",
                "3:74: upstreams.credentials.passwordFile: empty is empty"
            ),
            (
                "  - {prefix: a, url: 'oci://x', credentials: {file: no.json}}",
                "3:53: upstreams.credentials.file: cannot open no.json: No such file or directory"
            ),
            (
                "  - {hosts: [a.io, b.io], credentials: {username: u, passwordFile: password}}",
                "3:68: upstreams.credentials.passwordFile: one password would be shown to 2 hosts\n  hint: write an upstream for each host, or use credentials.file"
            ),
            (
                "  - {prefix: a, url: 'oci://x', tls: {certificate: ca.pem}}",
                "3:52: upstreams.tls.certificate: a certificate needs its key"
            ),
            (
                "  - {prefix: a, url: 'http://x', tls: {authorities: ca.pem}}",
                "3:53: upstreams.tls.authorities: none of the URLs is reached by TLS"
            ),
            (
                "  - {prefix: a, url: 'oci://x', rewrite: [a=b]}",
                "3:43: upstreams.rewrite: 'a=b' is no rewrite\n  hint: write from=to with one * on each side: *=library/*"
            ),
            (
                "  - {prefix: a, url: 'oci://x', rewrite: ['*=b/*', 'c/*=*']}",
                "3:52: upstreams.rewrite: 'c/*=*' is never reached: *=b/* stands in front of it"
            ),
            (
                "  - {prefix: a, url: 'oci://x', allow: [b, /c]}",
                "3:44: upstreams.allow: '/c' fits no path: paths have lower-case letters, digits and '.', '_', '-' between them, and no '/' at an end"
            ),
            (
                "  - {prefix: a, url: 'oci://x', deny: [Chart-*]}",
                "3:40: upstreams.deny: 'Chart-*' fits no path: paths have lower-case letters, digits and '.', '_', '-' between them, and no '/' at an end"
            ),
            (
                "  - {prefix: a, url: 'oci://x', minimumAgeExcept: [b]}",
                "3:51: upstreams.minimumAgeExcept: does nothing: minimumAge is not set"
            ),
            (
                "  - {prefix: a, url: 'oci://x', freshness: {deadline: 1m}}",
                "3:55: upstreams.freshness.deadline: is more than deadline, 30s"
            ),
            (
                "  - {prefix: a, url: 'oci://x', shrink: 150%}",
                "3:41: upstreams.shrink: '150%' is no share from 0% to 100%\n  hint: write 50%"
            ),
            (
                "  - {prefix: a, url: 'oci://x', allowedHosts: all}",
                "3:47: upstreams.allowedHosts: must be a list of hosts, or any\n  hint: write [charts.example.com]"
            ),
            (
                "  - {prefix: a, url: 'oci://x', allowedHosts: ['https://y']}",
                "3:48: upstreams.allowedHosts: 'https://y' is no host\n  hint: write host, host:port or *.domain, without a scheme"
            ),
            (
                "  - {prefix: a, url: 'oci://x', limits: {connections: 0}}",
                "3:55: upstreams.limits.connections: must be 1 to 1024, not 0"
            ),
        ])
    func mistake(yaml: String, text: String) throws {
        let told = try mistakes(yaml + "\n")
        #expect(told == ["c.yaml:" + text])
        #expect(!told.joined().contains("hunter2"))
    }

    @Test("Mistakes of upstreams and of other keys are told in the order of the file")
    func order() throws {
        let path = try directory.write(
            "o.yaml", "data: /d\nupstreams:\n  - {prefix: a, url: 'oci://x', shrink: 1}\nlisen: x\n")
        let loaded = try ConfigurationLoader.load(file: path, flags: [:], environment: [:])
        #expect(
            loaded.mistakes.map { "\($0.origin)".replacing(directory.path + "/", with: "") } == [
                "o.yaml:3:41", "o.yaml:4:1",
            ])
    }

    @Test("config show writes upstreams as a file that means the same, without the passwords")
    func show() throws {
        let first = try load(
            Self.everything + "  - {hosts: [ghcr.io, 'http://127.0.0.1:8080'], allowedHosts: any, credentials: none}\n")
        #expect(first.mistakes == [])
        let text = ConfigurationText.yaml(first)
        let path = try directory.write("again.yaml", text)
        let second = try ConfigurationLoader.load(file: path, flags: [:], environment: [:])
        #expect(second.mistakes == [])
        #expect(second.configuration.upstreams == first.configuration.upstreams)
        let json = ConfigurationText.json(first).description(.indented)
        #expect(!text.contains("secret-in-file"))
        #expect(!json.contains("secret-in-file"))
        #expect(json.contains("oci+http://127.0.0.1:5001/mirror/org"))
    }

    @Test("config show lists an upstream with the origin of each value")
    func shownText() throws {
        let path = try directory.write("c.yaml", "data: /d\nupstreams:\n  - prefix: stable\n    url: http://x/y\n")
        let loaded = try ConfigurationLoader.load(file: path, flags: [:], environment: [:])
        let lines = ConfigurationText.yaml(loaded).replacing(directory.path + "/", with: "").split(separator: "\n")
        let start = try #require(lines.firstIndex(of: "upstreams:"))
        #expect(
            lines[start...].prefix(4).map { $0.split(separator: "#").map { $0.trimmingCharacters(in: .whitespaces) } }
                == [
                    ["upstreams:"], ["- prefix: stable", "c.yaml:3:13"], ["url: http://x/y", "c.yaml:4:10"], ["tls:"],
                ])
    }

    @Test("The server can be told on the command line to ask no upstream")
    func offline() throws {
        let loaded = try ConfigurationLoader.load(
            file: nil, flags: ["offline": [""]], environment: ["CHARTROOM_DATA": "/d"])
        #expect(loaded.configuration.isOffline)
    }
}
