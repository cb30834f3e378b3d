import OCIModel
import Sync
import TestSupport
import Testing
import Transfer

@testable import Commands

@Suite struct ForeignMirrorFileTests {
    static let digest = "sha256:" + String(repeating: "b", count: 64)

    func read(
        _ yaml: String, _ format: MirrorFileFormat, to: String? = nil, isScoped: Bool = false,
        _ environment: [String: String] = [:]
    ) -> LoadedMirrorFile {
        LoadedMirrorFile.decode(
            Array(yaml.utf8), path: "f.yml",
            MirrorFileReading(format: format, to: to, isScoped: isScoped, environment: environment))
    }

    static let regsync = """
        version: 1
        x-note: kept
        creds:
        - registry: registry.example.com
          user: "{{env \\"ROBOT\\"}}"
          pass: '{{env "SECRET"}}'
          reqPerSec: 9.5
          reqConcurrent: 5
        - registry: plain.example.com:5000
          tls: disabled
          user: anna
          pass: hunter2
        - {registry: docker.io, tls: insecure, repoAuth: true}
        defaults:
          parallel: 3
          interval: 1h30m
          ratelimit: {min: 100, retry: 15m}
        sync:
        - source: busybox
          target: registry.example.com/library/busybox
          type: repository
          tags: {allow: ["1\\\\.[0-9]+", "latest"], deny: ["1\\\\.0"]}
          platform: linux/amd64
          backup: old-{{.Ref.Tag}}
        - source: plain.example.com:5000/a/b:1.0
          target: registry.example.com/team/c:1.0
          type: image
          schedule: "0 3 * * *"
          referrers: true
          fastCopy: true
        - source: "{{env \\"HOST\\"}}"
          target: registry.example.com/all
          type: registry
          repos: {allow: ["team/.*"], deny: ["team/x"]}

        """

    @Test("A file of regsync becomes mirrors, and what is left out is told")
    func regsync() throws {
        let loaded = read(
            Self.regsync, .regsync, ["ROBOT": "r", "SECRET": "s", "HOST": "ghcr.io"])
        #expect(loaded.mistakes.map(\.text) == [])
        let mirrors = loaded.file.mirrors
        #expect(
            mirrors.map(\.name) == [
                "registry.example.com-library-busybox", "registry.example.com-team-c-1.0", "registry.example.com-all",
            ])
        let library = mirrors[0]
        #expect(library.from == .registry(authority: "registry-1.docker.io", isSecure: true, path: "library"))
        #expect(library.to == .registry(authority: "registry.example.com", isSecure: true, path: "library"))
        #expect(library.repositories.map(\.description) == ["busybox"])
        #expect(library.naming == .same && library.concurrency == 3)
        let regex = try #require(library.versions.regex)
        #expect(
            ["1.1", "1.0", "latest", "1.10", "latest-2", "2.0"].filter(regex.matches) == ["1.1", "latest", "1.10"])
        #expect(library.platforms.map(\.description) == ["linux/amd64"])
        #expect(library.schedule == MirrorSchedule(.every(.seconds(5400))))
        let image = mirrors[1]
        #expect(image.from == .registry(authority: "plain.example.com:5000", isSecure: false, path: "a"))
        #expect(image.to == .registry(authority: "registry.example.com", isSecure: true, path: "team"))
        #expect(image.naming.name(of: "b", host: nil) == "c")
        #expect(image.versions.exact == ["1.0"] && image.referrers != nil)
        #expect(image.schedule == MirrorSchedule(.cron(try CronLine(parsing: "0 3 * * *"))))
        #expect(mirrors[2].from == .registry(authority: "ghcr.io", isSecure: true, path: ""))
        #expect(mirrors[2].repositories[0].matches("team/a") && mirrors[2].exclude[0].matches("team/x"))
        let hosts = loaded.file.hosts
        #expect(hosts.map(\.host) == ["registry.example.com", "plain.example.com:5000", "registry-1.docker.io"])
        #expect(hosts[0].usernameEnvironment == "ROBOT" && hosts[0].passwordEnvironment == "SECRET")
        #expect(hosts[0].requests == 5 && hosts[0].requestsPerSecond == 10)
        #expect(hosts[1].username == nil && !hosts[2].tls.verifies)
        #expect(
            loaded.leftOut.map(\.text) == [
                "f.yml:12:3: creds.pass is not taken: secrets are not read from here, but from Docker's and Helm's files; or "
                    + "write {{env \"NAME\"}} or {{file \"PATH\"}}",
                "f.yml:13:40: creds.repoAuth is not taken: the registry is asked under its own name",
                "f.yml:17:3: defaults.ratelimit is not taken: requests slow down by themselves when a registry says that its "
                    + "limit is near",
                "f.yml:24:3: sync.backup is not taken: the digest a tag had is kept in the history of runs, and no tag is "
                    + "made for it",
                "f.yml:30:3: sync.fastCopy is not taken: what the destination has is never copied again",
            ])
    }

    @Test(
        "What regsync would do otherwise is a mistake, and no secret is told",
        arguments: [
            ("sync: [{source: a, target: b}]", "f.yml:1:8: type must be registry, repository or image, not ''"),
            ("sync: [{source: a, type: image}]", "f.yml:1:8: an entry of sync needs the key target"),
            (
                "sync: [{source: \"ocidir://x\", target: h.io/b, type: image}]",
                "f.yml:1:17: source: only registries are read here\n  hint: write a mirror.yaml with layout:DIR for a directory"
            ),
            (
                "sync: [{source: h.io/a, target: h.io/b, type: repository, tags: {allow: [\"(\"]}}]",
                "f.yml:1:65: tags: \"(\" is no regular expression"
            ),
            (
                "sync: [{source: h.io/a, target: h.io/b, type: repository, tagz: {}}]",
                "f.yml:1:59: there is no key 'sync.tagz'"
            ),
            (
                "sync: [{source: h.io/a, target: h.io/b, type: repository, tagSets: []}]",
                "f.yml:1:59: tagSets is not read here"
            ),
            (
                "sync: [{source: h.io/a, target: h.io/b, type: repository, interval: often}]",
                "f.yml:1:69: interval: 'often' is no interval"
            ),
            (
                "creds: [{registry: \"hunter2@x\", pass: hunter2}]\nsync: []",
                "f.yml:1:20: creds.registry must be host or host:port"
            ),
            (
                "sync: [{source: \"{{file \\\"/x\\\"}}\", target: h.io/b, type: image}]",
                "f.yml:1:17: source: of templates only {{env \"NAME\"}} is understood here"
            ),
        ])
    func regsyncMistakes(yaml: String, expected: String) {
        let found = read(yaml, .regsync).mistakes.map(\.text)
        #expect(found.count == 1 && found[0].hasPrefix(expected), "\(found)")
        #expect(!found.joined().contains("hunter2"))
    }

    static let skopeo = """
        registry.example.com:
          images:
            busybox: []
            team/redis: ["1.0", "\(digest)"]
            pinned: ["\(digest)"]
          images-by-tag-regex:
            nginx: ^1\\.13\\.[12]-alpine$
          images-by-semver:
            alpine: ">= 3.12.0"
          credentials: {username: john, password: hunter2}
          tls-verify: false
          cert-dir: /certs
        docker.io:
          images: {redis: [latest]}

        """

    @Test("A file of skopeo becomes mirrors, named by the last element as skopeo does")
    func skopeo() throws {
        let loaded = read(Self.skopeo, .skopeo, to: "oci://mine.example.com/copy")
        #expect(loaded.mistakes.map(\.text) == [])
        let mirrors = loaded.file.mirrors
        #expect(
            mirrors.map(\.name) == [
                "registry.example.com-busybox", "registry.example.com-team-redis", "registry.example.com-pinned",
                "registry.example.com-nginx", "registry.example.com-alpine", "docker.io-redis",
            ])
        #expect(mirrors.allSatisfy { $0.to == .registry(authority: "mine.example.com", isSecure: true, path: "copy") })
        #expect(mirrors[0].versions == VersionSelection())
        #expect(mirrors[1].naming.name(of: "team/redis", host: "h") == "redis")
        #expect(mirrors[1].versions.exact == ["1.0"] && mirrors[1].pins.count == 1)
        let none = try #require(mirrors[2].versions.regex)
        #expect(!["", "x", "1.0", "latest"].contains(where: none.matches))
        #expect(mirrors[2].pins.map(\.repository) == ["pinned"])
        let regex = try #require(mirrors[3].versions.regex)
        #expect(["1.13.1-alpine", "1.13.3-alpine", "1.13.1-alpine-2"].filter(regex.matches) == ["1.13.1-alpine"])
        #expect(mirrors[4].versions.constraint?.description == ">= 3.12.0")
        #expect(mirrors[5].from == .registry(authority: "registry-1.docker.io", isSecure: true, path: ""))
        #expect(mirrors[5].repositories.map(\.description) == ["library/redis"])
        #expect(loaded.file.hosts.map(\.tls.verifies) == [false])
        let left = loaded.leftOut.map(\.text)
        #expect(left.count == 2 && left[0].hasPrefix("f.yml:10:3: credentials is not taken: "))
        #expect(left[1].hasPrefix("f.yml:12:3: cert-dir is not taken: ") && !left.joined().contains("hunter2"))
    }

    @Test("Scoped names begin with the host, as it was written")
    func scoped() {
        let mirrors = read(Self.skopeo, .skopeo, to: "store:", isScoped: true).file.mirrors
        #expect(
            mirrors[1].naming.name(of: "team/redis", host: mirrors[1].from.host) == "registry.example.com/team/redis")
        #expect(mirrors[5].naming.name(of: "library/redis", host: mirrors[5].from.host) == "docker.io/library/redis")
    }

    @Test(
        "A mistake in skopeo's file has its place",
        arguments: [
            ("a.io: {images: {x: [\"b ad\"]}}", "store:", "f.yml:1:20: 'b ad' is neither a tag nor a digest"),
            ("a.io: {images: {X: []}}", "store:", "f.yml:1:17: 'X' is no repository"),
            ("a.io: {image: {}}", "store:", "f.yml:1:8: there is no key 'image' in a registry of skopeo's file"),
            ("a.io: {images-by-tag-regex: {x: \"(\"}}", "store:", "f.yml:1:33: images-by-tag-regex: "),
            ("a.io: {images-by-semver: {x: \"?\"}}", "store:", "f.yml:1:30: images-by-semver: "),
            ("a.io: {images: {x: []}}", nil, "f.yml:1:1: a file of skopeo names no destination"),
            ("a.io: {images: {x: []}}", "nowhere", "f.yml:1:1: --to: this is no place to mirror from or to"),
        ])
    func skopeoMistakes(yaml: String, to: String?, expected: String) {
        let found = read(yaml, .skopeo, to: to).mistakes.map(\.text)
        #expect(found.first?.hasPrefix(expected) ?? false, "\(found)")
    }
}
