import Foundation
import OCIModel
import Sync
import TestSupport
import Testing
import Transfer

@testable import Commands

@Suite struct MirrorFileTests {
    let directory: ScratchDirectory
    static let digest = "sha256:" + String(repeating: "a", count: 64)

    init() throws {
        directory = try ScratchDirectory()
        try directory.write("password", "secret-in-file\n")
        try directory.write("ca.pem", "certificate")
    }

    func load(_ yaml: String, _ environment: [String: String] = [:]) throws -> LoadedMirrorFile {
        let path = try directory.write("mirror.yaml", yaml)
        return try LoadedMirrorFile.load(path, MirrorFileReading(environment: environment))
    }

    /// Texts with paths cut short.
    func cut(_ mistakes: [ConfigurationMistake]) -> [String] {
        mistakes.map { $0.text.replacing(directory.path + "/", with: "") }
    }

    /// A file with one mirror and further keys of it.
    static func mirror(_ keys: String) -> String {
        "mirrors:\n- {name: a, from: \"oci://a.example.com/x\", to: \"oci://b.example.com\", \(keys)}\n"
    }

    static let everything = """
        version: 1
        defaults:
          immutable: versions
          concurrency: 8
          schedule: {every: 6h}
          prune: {grace: 2d}
        hosts:
        - host: A.example.com
          usernameEnvironment: USER_A
          passwordEnvironment: SECRET_A
          ca: ca.pem
          requests: 4
          requestsPerSecond: 20
          bytesPerSecond: 10MiB
          attempts: 2
        - {host: "b.example.com:5000", username: robot, passwordFile: password, insecure: true}
        mirrors:
        - name: stable
          from: https://a.example.com/${AREA}/
          to: oci://b.example.com:5000/charts
          repositories: [nginx, "team-*", "/re[0-9]+/"]
          exclude: [team-x]
          versions:
            exact: ["1.0.0", latest]
            constraint: ">=1"
            regex: "[0-9.]+"
            newest: 5
            newestPerMinor: 2
            minimumAge: 72h
            prereleases: false
          pins: ["nginx:1.2.3@\(digest)", "nginx@\(digest)"]
          naming: "{host}/{repository}"
          platforms: [linux/amd64, linux/arm/v7]
          referrers: {include: ["application/spdx*"], exclude: [x/y]}
          immutable: /v.*/
          dependencies: true
          images: {to: "oci+http://c.example.com:80/images", naming: "{name}", confidence: high, exclude: ["docker.io/**"]}
          closureHosts: [docker.io]
          prune: {maximum: 7, maximumPercent: 9}
          schedule: {cron: "0 3 * * *", jitter: 5m}
          concurrency: 3
        - name: copy
          from: store:team
          to: layout:out/copy
          versions: ^2

        """

    @Test("Every key of the file can be set")
    func everyKey() throws {
        let loaded = try load(Self.everything, ["AREA": "stable", "USER_A": "anna", "SECRET_A": "x"])
        #expect(cut(loaded.mistakes) == [])
        #expect(cut(loaded.warnings) == [])
        let digest = try Digest(parsing: Self.digest)
        var rule = MirrorRule(
            name: "stable", from: .charts(url: "https://a.example.com/stable"),
            to: .registry(authority: "b.example.com:5000", isSecure: true, path: "charts"))
        rule.repositories = try ["nginx", "team-*", "/re[0-9]+/"].map { try NamePattern($0) }
        rule.exclude = [try NamePattern("team-x")]
        rule.versions.exact = ["1.0.0", "latest"]
        rule.versions.constraint = try ChartConstraint(parsing: ">=1")
        rule.versions.regex = try TextPattern("[0-9.]+")
        rule.versions.newest = 5
        rule.versions.newestPerMinor = 2
        rule.versions.minimumAge = .seconds(72 * 3600)
        rule.versions.prereleases = false
        rule.pins = [
            MirrorPin(repository: "nginx", version: "1.2.3", digest: digest),
            MirrorPin(repository: "nginx", version: nil, digest: digest),
        ]
        rule.naming = try NameTemplate("{host}/{repository}")
        rule.platforms = ["linux/amd64", "linux/arm/v7"].compactMap { Platform($0) }
        var filter = ReferrerFilter()
        filter.include = ["application/spdx*"]
        filter.exclude = ["x/y"]
        rule.referrers = filter
        rule.immutable = .matching(try TextPattern("v.*"))
        rule.closure.dependencies = true
        var images = ImageClosure()
        images.to = .registry(authority: "c.example.com", isSecure: false, path: "images")
        images.naming = try NameTemplate("{name}")
        images.confidence = .high
        images.exclude = [try NamePattern("docker.io/**")]
        rule.closure.images = images
        rule.closure.hosts = ["docker.io"]
        var prune = PruneRule()
        (prune.grace, prune.maximumCount, prune.maximumPercent) = (.seconds(2 * 86_400), 7, 9)
        rule.prune = prune
        rule.schedule = MirrorSchedule(.cron(try CronLine(parsing: "0 3 * * *")), jitter: .seconds(300))
        rule.concurrency = 3
        #expect(loaded.file.mirrors.first == rule)
        let copy = try #require(loaded.file.mirrors.last)
        #expect(copy.from == .store(path: "team"))
        #expect(copy.to == .layout(directory: directory.path + "/out/copy"))
        #expect(copy.versions.constraint?.description == "^2")
        #expect((copy.immutable, copy.concurrency) == (.versions, 8))
        #expect(copy.schedule == MirrorSchedule(.every(.seconds(6 * 3600))))
        #expect(copy.prune?.grace == .seconds(2 * 86_400))
        let hosts = loaded.file.hosts
        #expect(hosts.map(\.host) == ["a.example.com", "b.example.com:5000"])
        #expect(hosts[0].usernameEnvironment == "USER_A" && hosts[0].passwordEnvironment == "SECRET_A")
        #expect(hosts[0].tls.authorities == directory.path + "/ca.pem" && hosts[0].tls.verifies)
        #expect(hosts[0].requests == 4 && hosts[0].requestsPerSecond == 20)
        #expect(hosts[0].bytesPerSecond == 10 << 20 && hosts[0].attempts == 2)
        #expect(hosts[1].passwordFile == directory.path + "/password" && !hosts[1].tls.verifies)
    }

    @Test(
        "What has details can be switched with one word, and details of the defaults stay",
        arguments: [
            ("images: true", true), ("images: false", false), ("images: {confidence: low}", true),
            ("images: {enabled: false}", false), ("concurrency: 2", false),
        ])
    func switches(keys: String, isOn: Bool) throws {
        let yaml = "defaults: {images: {enabled: false, to: \"oci://i.example.com\"}}\n" + Self.mirror(keys)
        let rule = try #require(try load(yaml).file.mirrors.first)
        #expect((rule.closure.images != nil) == isOn)
        if isOn {
            #expect(rule.closure.images?.to == .registry(authority: "i.example.com", isSecure: true, path: ""))
        }
    }

    static let wrong: [(String, [String])] = [
        ("[]\n", ["mirror.yaml:1:1: the mirror file must be a mapping of keys to values"]),
        ("", ["mirror.yaml:1:1: there is no mirror in this file"]),
        (
            "mirrors: {a: 1}\n",
            [
                "mirror.yaml:1:10: mirrors must be a list of mappings\n  hint: begin each with a dash: - name: stable"
            ]
        ),
        (
            "mirors: []\n",
            [
                "mirror.yaml:1:1: there is no key 'mirors'\n  hint: did you mean mirrors?"
            ]
        ),
        ("version: 2\n", ["mirror.yaml:1:10: version: this program reads version 1"]),
        (
            "mirrors:\n- name: a\n",
            [
                "mirror.yaml:2:3: a mirror needs the key from", "mirror.yaml:2:3: a mirror needs the key to",
            ]
        ),
        (
            "defaults: {name: a}\n" + mirror(""),
            [
                "mirror.yaml:1:12: defaults.name: is each mirror's own\n  hint: write it in the entries of mirrors"
            ]
        ),
        (
            mirror("verions: 1"),
            ["mirror.yaml:2:71: there is no key 'mirrors.verions'\n  hint: did you mean mirrors.versions?"]
        ),
        (
            mirror("versions: {newest: 0}"),
            [
                "mirror.yaml:2:90: mirrors.versions.newest: must be 1 to 1000000, not 0\n  hint: leave the key out for all versions"
            ]
        ),
        (
            mirror("schedule: {cron: \"0 0 * * FUN\"}"),
            [
                "mirror.yaml:2:88: mirrors.schedule.cron: \"FUN\" is no weekday: it is 0 to 7 or sun to sat, a range a-b, *, or "
                    + "one of them with /step"
            ]
        ),
        (
            mirror("schedule: {every: 1h, cron: \"@daily\"}"),
            [
                "mirror.yaml:2:99: mirrors.schedule.cron: every and cron exclude each other"
            ]
        ),
        (
            mirror("pins: [nginx]"),
            [
                "mirror.yaml:2:78: mirrors.pins: 'nginx' has no digest\n  hint: write nginx:1.2.3@sha256:… or nginx@sha256:…"
            ]
        ),
        (
            mirror("naming: x"),
            [
                "mirror.yaml:2:79: mirrors.naming: \"x\" gives every repository the same name; use {repository} or {name}"
            ]
        ),
        (
            mirror("immutable: version"),
            [
                "mirror.yaml:2:82: mirrors.immutable: must be none, versions, all or /regex/, not 'version'\n  hint: did you mean "
                    + "versions?"
            ]
        ),
        (
            "mirrors:\n- {name: A b, from: \"https://u:hunter2@h.example.com/c\", to: \"ftp://x\"}\n",
            [
                "mirror.yaml:2:10: mirrors.name: 'A b' is no name of a mirror\n  hint: use 1 to 64 of a-z, 0-9, '.', '_' and '-'",
                "mirror.yaml:2:21: mirrors.from: the URL holds a user or a password, which are not taken from here\n  hint: write an "
                    + "entry in hosts with username and passwordEnvironment",
                "mirror.yaml:2:62: mirrors.to: this is no place to mirror from or to\n  hint: write oci://host/path (oci+http:// "
                    + "without TLS), https://host/path for a chart repository, store:PATH, or layout:DIR",
            ]
        ),
        (
            "mirrors:\n- {name: a, from: \"oci://${NOWHERE}/x\", to: \"oci://b\"}\n",
            [
                "mirror.yaml:2:19: mirrors.from: the variable NOWHERE is not set, or is empty"
            ]
        ),
        (
            "mirrors:\n- {name: a, from: \"oci://h/x\", to: \"oci://H:443/x\"}\n- {name: a, from: \"store:\", to: \"oci://b\"}\n",
            [
                "mirror.yaml:2:36: mirrors.to: is where it comes from\n  hint: give another place, or a naming",
                "mirror.yaml:3:10: mirrors.name: 'a' is already the name of the mirror at mirror.yaml:2:10",
            ]
        ),
        (
            "mirrors:\n- {name: a, from: \"store:\", to: \"https://c/\", images: true, referrers: true, naming: \"x/{name}\"}\n",
            [
                "mirror.yaml:2:55: mirrors.images: a chart repository takes no images\n  hint: set images.to to a registry",
                "mirror.yaml:2:72: mirrors.referrers: a chart repository takes no referrers\n  hint: provenance of charts comes along "
                    + "by itself; leave it out, or mirror to a registry",
                "mirror.yaml:2:86: mirrors.naming: a chart repository keeps charts under their own names\n  hint: leave it out, or "
                    + "mirror to a registry",
            ]
        ),
        (
            "hosts:\n- {host: a.example.com, password: hunter2}\n- {host: \"https://x\"}\n- {username: u}\n"
                + mirror(""),
            [
                "mirror.yaml:2:25: hosts.password: a secret does not belong into this file\n  hint: set passwordEnvironment to a "
                    + "variable's name, or passwordFile to a file with it",
                "mirror.yaml:3:10: hosts.host: must be host or host:port, without a scheme or a path",
            ]
        ),
        (
            "hosts:\n- {host: a.example.com, username: u}\n- {host: b.example.com, username: u, passwordEnvironment: NOWHERE}\n"
                + "- {host: b.example.com, passwordFile: nowhere}\n" + mirror(""),
            [
                "mirror.yaml:2:35: hosts.username: a user needs a password\n  hint: set passwordFile or passwordEnvironment",
                "mirror.yaml:3:59: hosts.passwordEnvironment: there is no variable NOWHERE, or it is empty",
                "mirror.yaml:4:10: hosts.host: b.example.com is already at mirror.yaml:3:10",
                "mirror.yaml:4:39: hosts.passwordFile: a password needs its user\n  hint: set username or usernameEnvironment",
                "mirror.yaml:4:39: hosts.passwordFile: cannot open nowhere: No such file or directory",
            ]
        ),
    ]

    @Test("Every mistake is told with its place, and never a secret", arguments: wrong)
    func mistakes(yaml: String, expected: [String]) throws {
        let found = cut(try load(yaml).mistakes)
        #expect(found == expected)
        #expect(!found.joined().contains("hunter2"))
    }

    static let doubtful: [(String, [String])] = [
        (
            mirror("versions: {exact: [\"1.0.0\"], constraint: \"^2\"}"),
            [
                "mirror.yaml:2:89: mirrors.versions.exact: none of these is in '^2'"
            ]
        ),
        (
            mirror("versions: {exact: [latest], regex: \"v.*\"}"),
            [
                "mirror.yaml:2:89: mirrors.versions.exact: none of these matches 'v.*'"
            ]
        ),
        (
            mirror("closureHosts: [x]"),
            ["mirror.yaml:2:85: mirrors.closureHosts: does nothing without dependencies or images"]
        ),
        (
            "mirrors:\n- {name: a, from: \"https://c\", to: \"store:\", platforms: [linux/amd64], referrers: true}\n",
            [
                "mirror.yaml:2:57: mirrors.platforms: does nothing: only images have platforms, and there are none in a chart "
                    + "repository", "mirror.yaml:2:83: mirrors.referrers: does nothing: a chart repository has none",
            ]
        ),
        (
            "hosts:\n- {host: a.exmaple.com}\n" + mirror(""),
            [
                "mirror.yaml:2:10: hosts.host: no mirror has to do with a.exmaple.com\n  hint: did you mean a.example.com?"
            ]
        ),
        (
            mirror("") + "- {name: b, from: \"oci://c.example.com\", to: \"oci://b.example.com\"}\n",
            [
                "mirror.yaml:3:46: mirrors.to: the mirror a writes there too, under the same names\n  hint: give one of them a "
                    + "naming, or repositories of its own"
            ]
        ),
        (
            mirror("repositories: [x, y]")
                + "- {name: b, from: \"oci://c.example.com\", to: \"oci://b.example.com\", repositories: [\"z*\"]}\n",
            []
        ),
        (
            mirror("naming: \"{host}/{name}\"")
                + "- {name: b, from: \"oci://c.example.com\", to: \"oci://b.example.com\", naming: \"{host}/{name}\"}\n",
            []
        ),
    ]

    @Test("What is legal and hardly meant is told", arguments: doubtful)
    func warnings(yaml: String, expected: [String]) throws {
        let loaded = try load(yaml)
        #expect(cut(loaded.mistakes) == [])
        #expect(cut(loaded.warnings) == expected)
    }

    @Test("What the environment puts in is not told either")
    func environmentSecrets() throws {
        let yaml = "mirrors:\n- {name: a, from: \"https://${SECRET}/x\", to: \"store:\"}\n"
        let found = cut(try load(yaml, ["SECRET": "user:hunter2@h.example.com"]).mistakes)
        #expect(found.count == 1 && !found.joined().contains("hunter2"))
    }

    @Test("Hostile files are told as mistakes, and nothing traps", arguments: Seeds.some())
    func hostile(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let text = Array(Self.everything.utf8)
        for _ in 0..<200 {
            var bytes = text
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                if Bool.random(using: &random) {
                    bytes[at] = UInt8.random(in: 0...255, using: &random)
                } else {
                    bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...40, using: &random)))
                }
            }
            for format in MirrorFileFormat.allCases {
                let reading = MirrorFileReading(format: format, to: "oci://x.example.com", environment: [:])
                let loaded = LoadedMirrorFile.decode(bytes, path: "m.yaml", reading)
                #expect(!loaded.mistakes.isEmpty || !loaded.file.mirrors.isEmpty, "seed \(seed)")
            }
        }
    }
}
