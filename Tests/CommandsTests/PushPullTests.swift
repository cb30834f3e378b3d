import Content
import Foundation
import OCIModel
import TestSupport
import Testing

@testable import Commands

@Suite struct PushPullTests {
    let harness = Harness()
    let directory: ScratchDirectory

    init() throws {
        directory = try ScratchDirectory()
    }

    func chart(_ name: String) -> String { Repository.path("fixtures/charts/" + name) }

    func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

    @Test(
        "A chart goes to the repository and tag the reference and the chart say",
        arguments: [
            ("room-0.1.0.tgz", "oci://host.example/ns", "ns/room", "0.1.0"),
            ("room-0.1.0.tgz", "oci://host.example/ns/", "ns/room", "0.1.0"),
            ("room-0.1.0.tgz", "oci://host.example", "room", "0.1.0"),
            ("room-0.1.0.tgz", "charts/my-room", "charts/my-room", "0.1.0"),
            ("room-0.1.0.tgz", "charts/my-room:0.1.0", "charts/my-room", "0.1.0"),
            ("room-0.1.0.tgz", "localhost:5000/x", "x", "0.1.0"),
            ("cellar-1.4.0+up2.3.4.tgz", "charts/cellar:1.4.0+up2.3.4", "charts/cellar", "1.4.0_up2.3.4"),
            ("cellar-1.4.0+up2.3.4.tgz", "charts/cellar:1.4.0_up2.3.4", "charts/cellar", "1.4.0_up2.3.4"),
        ])
    func destination(file: String, reference: String, repository: String, tag: String) async throws {
        let result = await harness.run(["push", chart(file), reference])
        #expect(result.code == .success, "\(result.talk)")
        let name = try RepositoryName(parsing: repository)
        #expect(try await harness.registry.tags(in: name, PageRequest(limit: 9)).elements.map(\.description) == [tag])
    }

    @Test(
        "A reference that contradicts the chart is refused",
        arguments: [
            ("charts/room:0.2.0", "the reference says 0.2.0, the chart's version is 0.1.0"),
            ("oci://host.example/ns:1", ""),
            (
                "charts/room@sha256:\(String(repeating: "0", count: 64))",
                "a chart is pushed to a repository, not to a digest"
            ),
            ("charts/Room", ""), ("oci://", ""),
        ])
    func contradiction(reference: String, message: String) async throws {
        let result = await harness.run(["push", chart("room-0.1.0.tgz"), reference])
        #expect(result.code == .usage)
        #expect(message.isEmpty || result.talk.contains(message))
        #expect(harness.targets.isEmpty)
    }

    @Test("Pushing the same archive twice gives the same digest, whatever its time on disk")
    func deterministic() async throws {
        let copy = directory.path + "/copy.tgz"
        try bytes(chart("room-0.1.0.tgz")).write(to: URL(fileURLWithPath: copy))
        let first = await harness.run(["push", chart("room-0.1.0.tgz"), "a/room"]).output
        let second = await harness.run(["push", copy, "b/room"]).output
        #expect(first.split(separator: "@")[1] == second.split(separator: "@")[1])
    }

    @Test("The manifest is what helm makes, with the provenance beside the archive as a layer")
    func manifest() async throws {
        _ = await harness.run(["push", chart("room-1.0.0.tgz"), "charts/room"])
        let stored = try await harness.registry.manifest(
            .tag(try Tag(parsing: "1.0.0")), in: try RepositoryName(parsing: "charts/room"))
        let manifest = try Manifest(parsing: stored.bytes, contentType: stored.mediaType)
        #expect(Set(manifest.layers.map(\.mediaType)) == [.helmChart, .helmProvenance])
        #expect(manifest.layers == manifest.layers.sorted { $0.digest < $1.digest })
        #expect(manifest.config?.mediaType == .helmConfig)
        let golden = try JSONValue(parsing: Array(try Repository.text("fixtures/golden/room-1.0.0.manifest.json").utf8))
        let mine = try JSONValue(parsing: stored.bytes)
        #expect(mine["config"] == golden["config"])
        #expect(mine["layers"] == golden["layers"])
    }

    @Test("A pulled archive is the pushed one, byte for byte")
    func roundTrip() async throws {
        _ = await harness.run(["push", chart("room-1.0.0.tgz"), "charts/room"])
        let result = await harness.run(["pull", "charts/room:1.0.0", "-d", directory.path, "--prov"])
        #expect(result.code == .success)
        #expect(result.output == directory.path + "/room-1.0.0.tgz\n")
        #expect(try bytes(directory.path + "/room-1.0.0.tgz") == bytes(chart("room-1.0.0.tgz")))
        #expect(try bytes(directory.path + "/room-1.0.0.tgz.prov") == bytes(chart("room-1.0.0.tgz.prov")))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 2)
    }

    @Test("A chart can be pulled by version, to a file of any name, over an old one")
    func output() async throws {
        _ = await harness.run(["push", chart("cellar-1.4.0+up2.3.4.tgz"), "charts/cellar"])
        let path = try directory.write("mine.tgz", "old")
        let result = await harness.run(["pull", "charts/cellar", "--version", "1.4.0+up2.3.4", "-o", path])
        #expect(result.code == .success)
        #expect(try bytes(path) == bytes(chart("cellar-1.4.0+up2.3.4.tgz")))
        let named = await harness.run(["pull", "charts/cellar:1.4.0+up2.3.4", "-d", directory.path])
        #expect(named.output == directory.path + "/cellar-1.4.0+up2.3.4.tgz\n")
    }

    @Test("The directory to write into is made, with its parents")
    func newDirectory() async throws {
        _ = await harness.run(["push", chart("room-0.1.0.tgz"), "charts/room"])
        let result = await harness.run(["pull", "charts/room:0.1.0", "-d", directory.path + "/a/b"])
        #expect(result.output == directory.path + "/a/b/room-0.1.0.tgz\n")
        #expect(try bytes(directory.path + "/a/b/room-0.1.0.tgz") == bytes(chart("room-0.1.0.tgz")))
    }

    @Test("A chart without provenance says so when it is asked for")
    func noProvenance() async {
        _ = await harness.run(["push", chart("room-0.1.0.tgz"), "charts/room"])
        let result = await harness.run(["pull", "charts/room:0.1.0", "-d", directory.path, "--prov"])
        #expect(result.code == .notFound)
    }

    @Test("Damaged bytes leave no file behind")
    func damaged() async throws {
        let name = try RepositoryName(parsing: "charts/bad")
        let chart = SampleChart("bad", "1.0.0")
        try await chart.push(to: harness.registry, name, tags: [try Tag(parsing: "1.0.0")])
        let lying = LyingRegistry(harness.registry, damaging: Digest(of: chart.archive))
        let result = await harness.run(["pull", "charts/bad:1.0.0", "-d", directory.path], over: lying)
        #expect(result.code == .invalidContent)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
    }

    @Test("A manifest that is not what its digest says is refused")
    func wrongManifest() async throws {
        let name = try RepositoryName(parsing: "charts/bad")
        let chart = SampleChart("bad", "1.0.0")
        try await chart.push(to: harness.registry, name, tags: [try Tag(parsing: "1.0.0")])
        let lying = LyingRegistry(harness.registry, damaging: chart.manifest.digest)
        for reference in ["charts/bad:1.0.0", "charts/bad@\(chart.manifest.digest)"] {
            let result = await harness.run(["pull", reference, "-d", directory.path], over: lying)
            #expect(result.code == .invalidContent)
        }
    }

    @Test(
        "A name that leads out of the directory is refused",
        arguments: ["../evil", "a/b", ".hidden", "-rf", "a\u{1B}b"])
    func unsafeName(name: String) async throws {
        let repository = try RepositoryName(parsing: "charts/evil")
        let config = Array(JSONValue.object([("name", .string(name)), ("version", .string("1"))]).text())
        let archive = Array("x".utf8)
        let manifest = SampleChart.manifest(
            config: Descriptor(of: config, .helmConfig), layers: [Descriptor(of: archive, .helmChart)])
        try await harness.registry.putBlob(Descriptor(of: config, .helmConfig), in: repository, config)
        try await harness.registry.putBlob(Descriptor(of: archive, .helmChart), in: repository, archive)
        try await harness.registry.putManifest(manifest, tags: [try Tag(parsing: "1")], in: repository)
        let result = await harness.run(["pull", "charts/evil:1", "-d", directory.path])
        #expect(result.code == .invalidContent)
        #expect(result.talk.contains("no safe file name"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
    }

    @Test("What is no chart is refused", arguments: ["no-such.tgz", "room-1.0.0.tgz.prov", ""])
    func noChart(name: String) async {
        let result = await harness.run(["push", chart(name), "charts/x"])
        #expect(result.code == (name == "no-such.tgz" ? .notFound : name.isEmpty ? .usage : .invalidContent))
        #expect(harness.targets.isEmpty)
    }

    @Test("A provenance file of another archive is warned about")
    func wrongProvenance() async throws {
        let path = directory.path + "/room-0.1.0.tgz"
        try bytes(chart("room-0.1.0.tgz")).write(to: URL(fileURLWithPath: path))
        try bytes(chart("room-1.0.0.tgz.prov")).write(to: URL(fileURLWithPath: path + ".prov"))
        let result = await harness.run(["push", path, "charts/room"])
        #expect(result.code == .success)
        #expect(result.talk.hasPrefix("warning: "))
    }
}
