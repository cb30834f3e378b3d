import HTTPMessage
import OCIModel
import Posix
import TestSupport
import Testing

/// Mirrors between real peers, by the real program, read back by other people's clients.
@Suite(
    "Mirror",
    .enabled(if: Workshop.runs(with: "docker-registry", "nginx", "skopeo", "htpasswd", "openssl"), "make test-setup"))
struct MirrorTests {
    static let archives = [
        "room-1.0.0.tgz": "room:1.0.0", "room-0.2.0.tgz": "room:0.2.0", "hall-2.0.0.tgz": "hall:2.0.0",
        "attic-v0.5.0.tgz": "attic:v0.5.0", "cellar-1.4.0+up2.3.4.tgz": "cellar:1.4.0_up2.3.4",
        "porch-1.0.0-rc.1.tgz": "porch:1.0.0-rc.1",
    ]

    private func archive(_ reference: String) throws -> [UInt8] {
        let file = try #require(MirrorTests.archives.first { $0.value == reference }?.key)
        return try contents(of: Workshop.charts + "/" + file)
    }

    /// Pushes archives of the fixtures into a registry.
    private func push(_ archives: [String], to place: String, _ workplace: MirrorWorkplace) async throws {
        for file in archives {
            let pushed = try await run(
                Workshop.chartroom, ["push", Workshop.charts + "/" + file, place],
                environment: workplace.environment.merging(["HOME": workplace.folder.path]) { $1 })
            try #require(pushed.status == 0, "\(pushed)")
        }
    }

    @Test("From a repository to the store, to a registry, to another, into a layout and a ChartMuseum; twice")
    func chain() async throws {
        let museum = try Fixture()
        let kept = try await museum.start()
        let workplace = try MirrorWorkplace()
        let count = MirrorTests.archives.count
        let nginx = try await NginxPeer(
            root: try await makeChartRepository(at: workplace.path("repository"), MirrorTests.archives.keys.sorted()))
        let (near, far) = (try await UpstreamRegistryPeer(), try await UpstreamRegistryPeer())
        let url = try await kept.url() + "/charts/kept/here"
        try workplace.write(
            """
            mirrors:
              - {name: store, from: "http://\(nginx.address)", to: "store:charts"}
              - {name: near, from: "store:charts", to: "oci+http://\(near.address)/copy"}
              - {name: far, from: "oci+http://\(near.address)/copy", to: "oci+http://\(far.address)/deep/copy"}
              - {name: layout, from: "oci+http://\(far.address)/deep/copy", to: "layout:\(workplace.path("layout"))"}
              - {name: museum, from: "oci+http://\(near.address)/copy", to: "\(url)"}
            """)
        for name in ["store", "near", "far", "layout", "museum"] {
            _ = try await workplace.runTwice(name, references: count)
        }
        // One digest everywhere.
        let server = try RunningServer(data: workplace.data)
        let stored = try await Web(try await server.url()).digests(below: "charts")
        #expect(stored.keys.sorted() == MirrorTests.archives.values.sorted())
        #expect(try await Web("http://" + near.address).wholeDigests(below: "copy", reads: true) == stored)
        #expect(try await Web("http://" + far.address).wholeDigests(below: "deep/copy", reads: true) == stored)
        for (reference, digest) in stored {
            let image = "oci:\(workplace.path("layout")):\(reference)"
            #expect(try await workplace.skopeoDigest(image) == digest, "\(reference)")
        }
        #expect(await server.stop() == 0)
        let index = try await Web(try await kept.url()).index("kept/here")
        #expect(index.versions.count == count)
        for version in index.versions {
            let reference = "\(version.name):\(version.version.replacing("+", with: "_"))"
            #expect(version.digest == Digest(of: try archive(reference)).hex, "\(version)")
        }
        try await readBack(workplace, far)
        try await render(far, url)
        #expect(await kept.stop() == 0)
    }

    /// What is in the layout goes into a registry by skopeo, and ORAS pulls it from there.
    private func readBack(_ workplace: MirrorWorkplace, _ peer: UpstreamRegistryPeer) async throws {
        guard Workshop.runs(with: Workshop.clientPython) else { return }
        for (file, reference) in MirrorTests.archives {
            let copied = try await workplace.skopeo([
                "copy", "--preserve-digests", "--dest-tls-verify=false",
                "oci:\(workplace.path("layout")):\(reference)", "docker://\(peer.address)/back/\(reference)",
            ])
            try #require(copied.status == 0, "\(reference): \(copied)")
            let place = workplace.path("pulled-" + file)
            try await succeed("mkdir", [place])
            let pulled = try await run(
                Workshop.clientPython,
                [Workshop.driver("oras_pull.py"), "\(peer.address)/back/\(reference)", place],
                environment: ["HOME": place, "PYTHONDONTWRITEBYTECODE": "1"], in: place)
            try #require(pulled.status == 0, "\(reference): \(pulled)")
            let files = pulled.output.split(separator: "\n").map(String.init)
            #expect(files.count == 1, "\(pulled)")
            #expect(try contents(of: try #require(files.first)) == archive(reference), "\(reference)")
        }
    }

    /// The real Helm pulls and renders from what was mirrored.
    private func render(_ peer: UpstreamRegistryPeer, _ museum: String) async throws {
        guard Workshop.runs(with: Workshop.helmLibrary) else { return }
        let base = "oci://\(peer.address)/deep/copy"
        for reference in ["room:1.0.0", "hall:2.0.0", "attic:v0.5.0"] {
            #expect(try await HelmTests.Helm().pull("\(base)/\(reference)") == archive(reference))
        }
        let helm = try HelmTests.Helm()
        let installed = try await helm("install", base + "/hall", "2.0.0")
        #expect(installed.status == 0 && installed.output.contains("welcome"), "\(installed)")
        let added = try await helm("repo-add", "mine", museum)
        #expect(added.status == 0, "\(added)")
        let classic = try await helm("install", "mine/hall", "^2")
        #expect(classic.status == 0 && classic.output.contains("welcome"), "\(classic)")
    }

    @Test("Between registries with a password and with tokens; a wrong one fails the run and is never shown")
    func passwords() async throws {
        let (near, far) = (try await UpstreamRegistryPeer(.password), try await UpstreamRegistryPeer(.token))
        var workplace = try MirrorWorkplace()
        let credential = Base64.encode(Array("alice:opensesame".utf8))
        let login = try workplace.folder.write(
            "auth.json", #"{"auths":{"\#(near.address)":{"auth":"\#(credential)"}}}"#)
        workplace.environment = ["REGISTRY_AUTH_FILE": login]
        let archives = ["room-1.0.0.tgz", "room-0.2.0.tgz", "hall-2.0.0.tgz"]
        try await push(archives, to: "oci://\(near.address)/team", workplace)
        workplace.environment = ["MIRROR_NEAR": "opensesame", "MIRROR_FAR": "opensesame"]
        try workplace.write(
            """
            hosts:
              - {host: "\(near.address)", username: alice, passwordEnvironment: MIRROR_NEAR}
              - {host: "\(far.address)", username: alice, passwordEnvironment: MIRROR_FAR, attempts: 2}
            mirrors:
              - {name: closed, from: "oci+http://\(near.address)/team", to: "oci+http://\(far.address)/copy"}
              - {name: back, from: "oci+http://\(far.address)/copy", to: "oci+http://\(near.address)/back"}
            """)
        workplace.environment["MIRROR_FAR"] = "wrongsesame"
        let refused = try await workplace.run("closed")
        #expect(refused.ended.status == 1 && refused.outcome == "failed", "\(refused.ended)")
        #expect(refused.failures.contains { $0["side"]?.string == "destination" }, "\(refused.ended)")
        #expect(!refused.ended.description.contains("sesame"))
        workplace.environment["MIRROR_FAR"] = "opensesame"
        let closed = try await workplace.runTwice("closed", references: 3)
        _ = try await workplace.runTwice("back", references: 3)
        #expect(!closed.first.ended.description.contains("opensesame"))
        for file in archives {
            let reference = try #require(MirrorTests.archives[file])
            let digests = [
                "\(near.address)/team/\(reference)", "\(far.address)/copy/\(reference)",
                "\(near.address)/back/\(reference)",
            ]
            var found: Set<String> = []
            for image in digests {
                found.insert(
                    try await workplace.skopeoDigest(
                        "docker://" + image, "--tls-verify=false", "--creds", "alice:opensesame"))
            }
            #expect(found.count == 1, "\(reference): \(found)")
        }
    }

    /// Two registries, charts at the first, and a mirror from `team` to `copy`.
    private func pair(
        _ archives: [String], more: String = ""
    ) async throws -> (workplace: MirrorWorkplace, from: UpstreamRegistryPeer, to: UpstreamRegistryPeer) {
        let (from, to) = (try await UpstreamRegistryPeer(), try await UpstreamRegistryPeer())
        let workplace = try MirrorWorkplace()
        try write(workplace, from, to, more)
        try await push(archives, to: "oci://\(from.address)/team", workplace)
        return (workplace, from, to)
    }

    private func write(
        _ workplace: MirrorWorkplace, _ from: UpstreamRegistryPeer, _ to: UpstreamRegistryPeer, _ more: String
    ) throws {
        try workplace.write(
            """
            mirrors:
              - {name: pair, from: "oci+http://\(from.address)/team", to: "oci+http://\(to.address)/copy"\(more)}
            """)
    }

    @Test("A locked run brings what the lock says, and puts right what somebody else moved")
    func locked() async throws {
        let (workplace, from, to) = try await pair(["room-1.0.0.tgz", "room-0.2.0.tgz", "hall-2.0.0.tgz"])
        let planned = try await workplace("mirror", "plan", "--write-lock")
        #expect(planned.status == 2, "\(planned)")
        let missing = try await workplace("mirror", "verify")
        #expect(missing.status == 2, "\(missing)")
        let first = try await workplace.run("pair", "--locked")
        #expect(first.ended.status == 0 && first.count("copied") == 3, "\(first.ended)")
        for words in [[], ["--deep"]] {
            let verified = try await workplace(["mirror", "verify"] + words)
            #expect(verified.status == 0, "\(verified)")
        }
        let (source, destination) = (try Web("http://" + from.address), try Web("http://" + to.address))
        let right = try await source.digests(below: "team")
        #expect(try await destination.wholeDigests(below: "copy", reads: true) == right)

        let moved = try await workplace.skopeo([
            "copy", "--src-tls-verify=false", "--dest-tls-verify=false", "docker://\(to.address)/copy/room:0.2.0",
            "docker://\(to.address)/copy/room:1.0.0",
        ])
        try #require(moved.status == 0, "\(moved)")
        #expect(try await destination.digests(below: "copy") != right)
        let tampered = try await workplace("mirror", "verify")
        #expect(tampered.status == 2 && tampered.description.contains("copy/room:1.0.0"), "\(tampered)")
        #expect(!tampered.description.contains("copy/hall"), "\(tampered)")
        let again = try await workplace.run("pair", "--locked")
        #expect(again.ended.status == 0, "\(again.ended)")
        #expect(try await destination.digests(below: "copy") == right)
        let verified = try await workplace("mirror", "verify")
        #expect(verified.status == 0, "\(verified)")

        // What moves at the source is not followed.
        let other = try await workplace.skopeo([
            "copy", "--src-tls-verify=false", "--dest-tls-verify=false", "docker://\(from.address)/team/room:0.2.0",
            "docker://\(from.address)/team/room:1.0.0",
        ])
        try #require(other.status == 0, "\(other)")
        let refused = try await workplace.run("pair", "--locked")
        #expect(refused.ended.status == 1 && refused.ended.description.contains("team/room:1.0.0"), "\(refused.ended)")
        #expect(try await destination.digests(below: "copy") == right)
    }

    @Test("What is not selected any more is marked by one run, removed by the next, and comes back when undone")
    func prune() async throws {
        let prune = ", prune: {grace: 0s, maximumPercent: 100}"
        let (workplace, from, to) = try await pair(["room-1.0.0.tgz", "room-0.2.0.tgz", "hall-2.0.0.tgz"], more: prune)
        let web = try Web("http://" + to.address)
        #expect(try await workplace.run("pair").ended.status == 0)
        let all = try await web.digests(below: "copy")
        #expect(all.count == 3)
        try write(workplace, from, to, prune + ", repositories: [room], versions: \">=1\"")
        let marked = try await workplace.run("pair")
        #expect(marked.ended.status == 0 && marked.count("marked") == 2, "\(marked.ended)")
        #expect(try await web.digests(below: "copy") == all)
        let planned = try await workplace("mirror", "plan")
        #expect(planned.status == 2 && planned.output.contains("PRUNE"), "\(planned)")
        let pruned = try await workplace.run("pair")
        #expect(pruned.ended.status == 0 && pruned.count("pruned") == 2, "\(pruned.ended)")
        #expect(try await web.wholeDigests(below: "copy", reads: true) == all.filter { $0.key == "room:1.0.0" })
        let settled = try await workplace("mirror", "plan")
        #expect(settled.status == 0, "\(settled)")
        let undone = try await workplace("mirror", "undo", "pair")
        #expect(undone.status == 0, "\(undone)")
        #expect(try await web.wholeDigests(below: "copy", reads: true) == all)
    }

    @Test("A mirror goes into the store while a server holds it")
    func served() async throws {
        let fixture = try Fixture()
        let server = try await fixture.start()
        let workplace = try MirrorWorkplace(data: fixture.data)
        let nginx = try await NginxPeer(
            root: try await makeChartRepository(at: workplace.path("repository"), ["room-0.2.0.tgz", "hall-2.0.0.tgz"]))
        let peer = try await UpstreamRegistryPeer()
        try await push(["room-1.0.0.tgz", "room-0.2.0.tgz"], to: "oci://\(peer.address)/team", workplace)
        try workplace.write(
            """
            mirrors:
              - {name: classic, from: "http://\(nginx.address)", to: "store:classic"}
              - {name: registry, from: "oci+http://\(peer.address)/team", to: "store:copy"}
              - {name: out, from: "store:copy", to: "oci+http://\(peer.address)/back"}
            """)
        for name in ["classic", "registry", "out"] { _ = try await workplace.runTwice(name, references: 2) }
        let (ours, theirs) = (try Web(try await server.url()), try Web("http://" + peer.address))
        let copied = try await ours.wholeDigests(below: "copy", reads: true)
        #expect(try await theirs.digests(below: "team") == copied)
        #expect(try await theirs.wholeDigests(below: "back", reads: true) == copied)
        let classic = try await ours.digests(below: "classic")
        #expect(classic["room:0.2.0"] == copied["room:0.2.0"] && classic.count == 2)
        #expect(await server.stop() == 0)
    }

    @Test("One reference or all of a repository is copied at once, and nothing is remembered")
    func copy() async throws {
        let (workplace, from, to) = try await pair(["room-1.0.0.tgz", "room-0.2.0.tgz", "hall-2.0.0.tgz"])
        let (source, web) = (try Web("http://" + from.address), try Web("http://" + to.address))
        let right = try await source.digests(below: "team")
        let team = "oci+http://\(from.address)/team"
        for (words, place, expected) in [
            ([team + "/room:1.0.0", "oci+http://\(to.address)/one/room"], "one", ["room:1.0.0"]),
            ([team + "/room:0.2.0", "store:kept/room"], "", []), ([team + "/room:1.0.0", "store:kept/room"], "", []),
            (["store:kept/room", "oci+http://\(to.address)/all/room"], "all", ["room:0.2.0", "room:1.0.0"]),
        ] {
            let copied = try await workplace(["copy"] + words)
            #expect(copied.status == 0 && copied.output.contains(" copied, 0 were there"), "\(words): \(copied)")
            if place.isEmpty { continue }
            let found = try await web.wholeDigests(below: place, reads: true)
            #expect(found == right.filter { expected.contains($0.key) }, "\(words)")
        }
        let again = try await workplace("copy", team + "/room:1.0.0", "oci+http://\(to.address)/one/room")
        #expect(again.status == 0 && again.output.contains("0 copied, 1 were there"), "\(again)")
        let missing = try await workplace("copy", team + "/room:9.9.9", "oci+http://\(to.address)/none/room")
        #expect(missing.status == 1, "\(missing)")
        let history = try await workplace("mirror", "history", "--output", "json")
        #expect(history.status == 0 && history.output.filter { !$0.isWhitespace } == "[]", "\(history)")
    }
}
