import HTTPServer
import Telemetry
import TestSupport
import Testing

@testable import Commands

@Suite struct ConfigurationTests {
    func load(
        _ yaml: String = "", flags: [String: [String]] = [:], environment: [String: String] = ["HOME": "/home/me"]
    ) throws -> LoadedConfiguration {
        let directory = try ScratchDirectory()
        let path = try directory.write("c.yaml", yaml)
        var loaded = try ConfigurationLoader.load(file: path, flags: flags, environment: environment)
        loaded.mistakes = loaded.mistakes.map { mistake in
            var mistake = mistake
            if case .file(_, let line, let column) = mistake.origin {
                mistake.origin = .file(path: "c.yaml", line: line, column: column)
            }
            return mistake
        }
        return loaded
    }

    @Test("Every key can be set in the file")
    func everyKey() throws {
        let loaded = try load(
            """
            listen: "[::1]:6000"
            data: /srv/data
            tls: {certificate: /etc/c.pem, key: /etc/k.pem}
            access:
              anonymous: read
              users: /etc/users
              readWrite: [anna, bert]
              read: [carl]
            allowAnonymousWritesBeyondLoopback: true
            charts:
              views: ["stable=prereleases=no;newest=3", "few=chart=a,b"]
              artifactHub: /etc/hub.yml
            limits:
              headerBytes: 32KiB
              targetBytes: 4KiB
              connections: 10
              connectionsPerAddress: 5
              idleTimeout: 5s
              headerTimeout: 2s
              minimumBodyBytes: 10
              bodyTimeout: 1m
              pendingRequests: 7
              manifestBytes: 8MiB
              blobBytes: 10GB
              uploadSessionsPerClient: 3
              uploadExpiry: 2h
            log: {format: json, level: debug, access: false}
            durability: relaxed
            shutdownDeadline: 1500ms
            allowSparseIndexes: yes
            mirrors: /etc/mirror.yaml
            offline: true
            """)
        #expect(loaded.mistakes == [])
        #expect(loaded.configuration.mirrors == "/etc/mirror.yaml")
        let configuration = loaded.configuration
        #expect(configuration.listen == .tcp(host: "::1", port: 6000))
        #expect(configuration.data == "/srv/data")
        #expect(configuration.certificate == "/etc/c.pem")
        #expect(configuration.key == "/etc/k.pem")
        #expect(configuration.anonymous == .read)
        #expect(configuration.users == "/etc/users")
        #expect(configuration.readWrite == ["anna", "bert"])
        #expect(configuration.read == ["carl"])
        #expect(configuration.allowsAnonymousWritesBeyondLoopback)
        #expect(configuration.views == ["stable=prereleases=no;newest=3", "few=chart=a,b"])
        #expect(configuration.artifactHub == "/etc/hub.yml")
        var limits = ServerLimits()
        limits.headerBytes = 32768
        limits.targetBytes = 4096
        limits.connections = 10
        limits.connectionsPerAddress = 5
        limits.idleTimeout = .seconds(5)
        limits.headerTimeout = .seconds(2)
        limits.minimumBodyBytes = 10
        limits.bodyTimeout = .seconds(60)
        limits.pendingRequests = 7
        #expect(configuration.limits == limits)
        #expect(configuration.manifestBytes == 8 << 20)
        #expect(configuration.blobBytes == 10_000_000_000)
        #expect(configuration.uploadSessionsPerClient == 3)
        #expect(configuration.uploadExpiry == .seconds(7200))
        #expect(configuration.logFormat == .json)
        #expect(configuration.logLevel == .debug)
        #expect(!configuration.logsAccess)
        #expect(configuration.durability == .relaxed)
        #expect(configuration.shutdownDeadline == .milliseconds(1500))
        #expect(configuration.allowsSparseIndexes)
        #expect(configuration.isOffline)
        #expect(loaded.origins.count == ConfigurationKey.all.count)
    }

    @Test(
        "A file that is missing keys, empty or only comments gives the defaults", arguments: ["", "# nothing\n", "{}"])
    func defaults(yaml: String) throws {
        let loaded = try load(yaml)
        #expect(loaded.mistakes == [])
        var expected = Configuration()
        expected.data = "/home/me/.local/share/chartroom"
        #expect(loaded.configuration == expected)
    }

    @Test(
        "Every mistake is told with its line, and a hint",
        arguments: [
            ("lisen: x", "c.yaml:1:1: there is no key 'lisen'\n  hint: did you mean listen?"),
            ("listen: 5000", "c.yaml:1:9: listen: '5000' is not HOST:PORT\n  hint: write 127.0.0.1:5000"),
            (
                "listen: :5000",
                "c.yaml:1:9: listen: ':5000' names no host\n  hint: write 127.0.0.1:5000 for this machine, "
                    + "0.0.0.0:5000 for all addresses"
            ),
            ("listen: a:99999", "c.yaml:1:9: listen: 'a:99999' has no port from 0 to 65535\n  hint: write HOST:PORT"),
            ("listen: ::1:5000", "c.yaml:1:9: listen: an IPv6 address needs brackets\n  hint: write [::1]:5000"),
            (
                "listen: unix:socket",
                "c.yaml:1:9: listen: a unix socket needs an absolute path\n  hint: write unix:/run/chartroom/socket"
            ), ("listen: [a, b]", "c.yaml:1:9: listen: must be one value, not a list"),
            ("listen: {a: b}", "c.yaml:1:9: listen must be a value, not a mapping"),
            ("\n\ndata:", "c.yaml:3:6: data has no value\n  hint: leave the key out for the default"),
            ("tls: x", "c.yaml:1:6: tls must be a mapping of keys to values"),
            (
                "access:\n  anonymos: read",
                "c.yaml:2:3: there is no key 'access.anonymos'\n  hint: did you mean access.anonymous?"
            ),
            (
                "access:\n  anonymous: raed",
                "c.yaml:2:14: access.anonymous: must be read-write, read or none, not 'raed'\n  hint: did you mean read?"
            ), ("access:\n  read: anna", "c.yaml:2:9: access.read: must be a list\n  hint: write [anna]"),
            ("access:\n  read: [anna, [b]]", "c.yaml:2:16: access.read: an element must be a text"),
            (
                "charts:\n  views: [stable]",
                "c.yaml:2:10: charts.views: 'stable' is no view\n  hint: write name=selector, such as "
                    + "stable=prereleases=no"
            ),
            ("access:\n  read: [anna, '']", "c.yaml:2:9: access.read: holds an empty name"),
            (
                "manifestBytes: 1",
                "c.yaml:1:1: there is no key 'manifestBytes'\n  hint: did you mean limits.manifestBytes?"
            ),
            (
                "limits:\n  headerBytes: 4XB",
                "c.yaml:2:16: limits.headerBytes: '4XB' is no size\n  hint: write 4MiB, 10MB or a number of bytes"
            ),
            ("limits:\n  headerBytes: 1GiB", "c.yaml:2:16: limits.headerBytes: must be 1KiB to 1MiB, not 1GiB"),
            ("limits:\n  blobBytes: 99999999TiB", "c.yaml:2:14: limits.blobBytes: '99999999TiB' is too large"),
            ("limits:\n  connections: 0", "c.yaml:2:16: limits.connections: must be 1 to 1000000, not 0"),
            ("limits:\n  connections: many", "c.yaml:2:16: limits.connections: 'many' is no whole number"),
            (
                "limits:\n  idleTimeout: 75",
                "c.yaml:2:16: limits.idleTimeout: '75' is no duration\n  hint: write 30s, 5m or 24h"
            ), ("limits:\n  idleTimeout: 2h", "c.yaml:2:16: limits.idleTimeout: must be 1s to 1h, not 2h"),
            ("shutdownDeadline: 99999999999999999d", "c.yaml:1:19: shutdownDeadline: '99999999999999999d' is too long"),
            (
                "log: {format: jason}",
                "c.yaml:1:15: log.format: must be text or json, not 'jason'\n  hint: did you mean json?"
            ),
            (
                "log: {level: warn}",
                "c.yaml:1:14: log.level: must be debug, info, warning or error, not 'warn'\n  hint: did you mean warning?"
            ), ("log: {access: maybe}", "c.yaml:1:15: log.access: 'maybe' is neither true nor false"),
            ("- a", "c.yaml:1:1: the configuration must be a mapping of keys to values"),
            ("data: \"a\\u0007\\0\"", "c.yaml:1:7: data: must be a path"),
        ])
    func mistakes(yaml: String, text: String) throws {
        #expect(try load(yaml).mistakes.map(\.text) == [text])
    }

    @Test("Broken YAML is one mistake with its place")
    func broken() throws {
        let mistakes = try load("listen: a:1\nlisten: b:2").mistakes
        #expect(mistakes.count == 1)
        #expect(mistakes.first?.text.hasPrefix("c.yaml:2:1: ") == true)
    }

    @Test("All mistakes are told at once, in order")
    func several() throws {
        let loaded = try load(
            "lisen: x\nlog: {level: loud}\n",
            environment: ["HOME": "/h", "CHARTROOM_LOG_FORMAT": "xml", "CHARTROOM_LISTN": "a:1"])
        #expect(
            loaded.mistakes.map(\.text) == [
                "c.yaml:1:1: there is no key 'lisen'\n  hint: did you mean listen?",
                "c.yaml:2:14: log.level: must be debug, info, warning or error, not 'loud'",
                "CHARTROOM_LOG_FORMAT: must be text or json, not 'xml'",
                "CHARTROOM_LISTN: there is no such setting\n  hint: did you mean CHARTROOM_LISTEN?",
            ])
    }

    @Test("A flag wins over the environment, that over the file, that over the default")
    func precedence() throws {
        let yaml = "listen: a:1\ndurability: relaxed\nlog: {level: debug}\n"
        let environment = ["HOME": "/h", "CHARTROOM_LISTEN": "b:2", "CHARTROOM_LOG_LEVEL": "error"]
        let loaded = try load(yaml, flags: ["listen": ["c:3"]], environment: environment)
        #expect(loaded.configuration.listen == .tcp(host: "c", port: 3))
        #expect(loaded.origin("listen") == .flag(name: "listen"))
        #expect(loaded.configuration.logLevel == .error)
        #expect(loaded.origin("log.level") == .environment(name: "CHARTROOM_LOG_LEVEL"))
        #expect(loaded.configuration.durability == .relaxed)
        #expect(loaded.origin("durability").description.hasSuffix(":2:13"))
        #expect(loaded.origin("log.format") == .preset)
    }

    @Test("Variables and flags take lists, booleans and presence flags")
    func forms() throws {
        let loaded = try load(
            flags: ["allow-sparse-indexes": [""], "access-read-write": ["anna, bert"]],
            environment: [
                "HOME": "/h", "CHARTROOM_ACCESS_READ": "carl", "CHARTROOM_LOG_ACCESS": "off",
                "CHARTROOM_ALLOW_ANONYMOUS_WRITES_BEYOND_LOOPBACK": "", "CHARTROOM_LIMITS_MANIFEST_BYTES": "5MiB",
            ])
        #expect(loaded.mistakes == [])
        #expect(loaded.configuration.allowsSparseIndexes)
        #expect(loaded.configuration.readWrite == ["anna", "bert"])
        #expect(loaded.configuration.read == ["carl"])
        #expect(!loaded.configuration.logsAccess)
        #expect(!loaded.configuration.allowsAnonymousWritesBeyondLoopback, "an empty variable is not set")
        #expect(loaded.configuration.manifestBytes == 5 << 20)
    }

    @Test("Paths in the file are relative to the file, those of flags to the working directory, ~ is the home")
    func paths() throws {
        let directory = try ScratchDirectory()
        let path = try directory.write("c.yaml", "data: store\naccess: {users: ~/users}\ntls: {key: /k}\n")
        let loaded = try ConfigurationLoader.load(
            file: path, flags: ["tls-certificate": ["c.pem"]], environment: ["HOME": "/home/me"])
        #expect(loaded.configuration.data == directory.path + "/store")
        #expect(loaded.configuration.users == "/home/me/users")
        #expect(loaded.configuration.key == "/k")
        #expect(loaded.configuration.certificate == "c.pem")
    }

    @Test("The file comes from the flag, the variable, or one of the usual places")
    func places() throws {
        let directory = try ScratchDirectory()
        let path = try directory.write("c.yaml", "durability: relaxed\n")
        let variable = try ConfigurationLoader.load(file: nil, flags: [:], environment: ["CHARTROOM_CONFIG": path])
        #expect(variable.file == path)
        #expect(variable.configuration.durability == .relaxed)
        let error = #expect(throws: CommandError.self) {
            try ConfigurationLoader.load(file: directory.path + "/none", flags: [:], environment: [:])
        }
        #expect(error?.code == .usage)
        #expect(error?.message.contains("/none") == true)
    }

    @Test("The data directory follows XDG, then HOME, and is missing without either")
    func dataDirectory() throws {
        #expect(try load(environment: ["XDG_DATA_HOME": "/x", "HOME": "/h"]).configuration.data == "/x/chartroom")
        #expect(
            try load(environment: ["XDG_DATA_HOME": "relative", "HOME": "/h"]).configuration.data
                == "/h/.local/share/chartroom")
        #expect(try load(environment: [:]).configuration.data == "")
    }

    @Test("What config show writes is a file that means the same")
    func roundTrip() throws {
        let yaml =
            "listen: unix:/run/a b\ndata: /srv/täst\naccess: {users: /u, read: [anna, \"b: c\"]}\nlimits: {idleTimeout: 90s}\n"
        let first = try load(yaml)
        #expect(first.mistakes == [])
        let second = try load(ConfigurationText.yaml(first))
        #expect(second.mistakes == [])
        var expected = first.configuration
        expected.anonymous = Configuration.AnonymousLevel.none
        #expect(second.configuration == expected)
    }

    @Test("Sizes and durations are written in the largest unit that is exact")
    func units() {
        #expect(
            [0, 1, 1000, 1024, 1536, 4 << 20, 20 << 30].map(ValueText.text(size:)) == [
                "0", "1", "1000", "1KiB", "1536", "4MiB", "20GiB",
            ])
        #expect(
            [Duration.zero, .milliseconds(1500), .seconds(75), .seconds(120), .seconds(86_400)].map(
                ValueText.text(duration:))
                == ["0ms", "1500ms", "75s", "2m", "24h"])
    }
}
