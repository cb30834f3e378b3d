import ChartInspection
import Content
import OCIModel
import Sync
import TestSupport
import Testing

/// Images that charts name, in plans, locks and files.
@Suite struct ClosureImageTests {
    /// A chart with an image of each confidence.
    private func addWeb(_ fixture: ClosureFixture) async throws {
        try await fixture.add(
            "web", chart: "annotations:\n  images: |\n    - {name: high, image: \"quay.io/o/high:1\"}\n",
            files: [
                ("values.yaml", "image:\n  registry: docker.io\n  repository: o/medium\n  tag: \"2\"\n"),
                ("templates/deploy.yaml", "spec:\n  containers:\n    - image: o/low:3\n"),
            ])
    }

    private func images(_ plan: MirrorPlan) -> [String] {
        plan.items.compactMap { if case .image = $0.origin { $0.destinationName } else { nil } }
    }

    @Test(
        "Images are brought from the confidence on that the rule asks for, the others are counted",
        arguments: [
            (ImageConfidence.high, ["quay.io/o/high:1"]), (.medium, ["docker.io/o/medium:2", "quay.io/o/high:1"]),
            (.low, ["docker.io/o/low:3", "docker.io/o/medium:2", "quay.io/o/high:1"]),
        ])
    func confidences(confidence: ImageConfidence, expected: [String]) async throws {
        let fixture = try ClosureFixture()
        try await addWeb(fixture)
        let rule = try fixture.rule(["web"], images: true) { $0.closure.images?.confidence = confidence }
        let plan = await fixture.worker(rule).plan()
        #expect(images(plan) == expected.map { "oci://to.test/mirror/" + $0 })
        #expect(plan.candidates.count == 3 - expected.count && plan.problems.isEmpty)
        let note = "\(3 - expected.count) images are named with less than \(confidence.name) confidence"
        #expect(plan.notes.contains { $0.hasPrefix(note) } == (expected.count < 3))
        #expect(plan.charts.map(\.name) == ["web"] && plan.charts.first?.images.count == expected.count)
    }

    @Test("An image says which chart names it where, and how sure that is") func origin() async throws {
        let fixture = try ClosureFixture()
        try await addWeb(fixture)
        let plan = await fixture.worker(try fixture.rule(["web"], images: true)).plan()
        let image = try #require(plan.items.first { $0.source == "o/medium" })
        #expect(image.from == .registry(authority: "docker.io", isSecure: true, path: ""))
        #expect(image.origin == .image(of: "web 1.0.0", place: "values.yaml:3 image", confidence: .medium))
    }

    @Test("Images that are excluded are neither brought nor offered") func excluded() async throws {
        let fixture = try ClosureFixture()
        try await addWeb(fixture)
        let rule = try fixture.rule(["web"], images: true) {
            $0.closure.images?.exclude = [try NamePattern("docker.io/o/*")]
        }
        let plan = await fixture.worker(rule).plan()
        #expect(images(plan) == ["oci://to.test/mirror/quay.io/o/high:1"])
        #expect(plan.candidates.isEmpty && plan.charts.first?.images.count == 1)
    }

    @Test("Images of the charts that a chart depends on come along") func ofDependencies() async throws {
        let fixture = try ClosureFixture()
        try await fixture.add("web", needs: [Need("db", at: Need.classic)])
        fixture.addClassic("db", files: [("values.yaml", "image: {repository: o/db, tag: \"1\"}\n")])
        let plan = await fixture.worker(try fixture.rule(["web"], images: true)).plan()
        #expect(images(plan) == ["oci://to.test/mirror/docker.io/o/db:1"])
        let alone = await fixture.worker(try fixture.rule(["web"], dependencies: false, images: true)).plan()
        #expect(images(alone).isEmpty && alone.items.count == 1)
    }

    @Test("Images may go elsewhere under other names, but not into a classic repository") func elsewhere() async throws
    {
        let fixture = try ClosureFixture()
        let images = MirrorPlace.registry(authority: "images.test", isSecure: true, path: "all")
        fixture.base.ends.add(images, destination: .artifacts(ScriptedEnd(), intake: nil))
        try await addWeb(fixture)
        let rule = try fixture.rule(["web"], images: true) {
            $0.closure.images?.to = images
            $0.closure.images?.naming = try NameTemplate("x/{name}")
        }
        let plan = await fixture.worker(rule).plan()
        #expect(self.images(plan) == ["oci://images.test/all/x/high:1", "oci://images.test/all/x/medium:2"])
        let wrong = try fixture.rule(["web"], images: true) { $0.closure.images?.to = ClosureFixture.classic }
        let refused = await fixture.worker(wrong).plan()
        #expect(self.images(refused).isEmpty && refused.problems.first?.hint.contains("images.to") == true)
    }

    @Test("One tag with and without a digest brings both") func digests() async throws {
        let fixture = try ClosureFixture()
        let old = try await fixture.addImage("o/a", "old")
        let new = try await fixture.addImage("o/a", "1")
        try await fixture.add(
            "web", files: [("values.yaml", "aImage: o/a:1\nbImage: o/a:1@\(old)\ncImage: o/a@\(old)\n")])
        let result = try await fixture.worker(try fixture.rule(["web"], images: true)).run(.command)
        #expect(result.run.outcome == .succeeded && result.plan.problems.isEmpty)
        #expect(try fixture.base.digest("mirror/docker.io/o/a", "1") == new)
        #expect(try fixture.base.digest("mirror/docker.io/o/a", "digest-sha256-\(old.hex)") == old)
    }

    @Test("What an image must be by its digest is held against what is there") func pinned() async throws {
        let fixture = try ClosureFixture()
        let digest = try await fixture.addImage("o/a", "1")
        try await fixture.addImage("o/a", "1.1")
        try await fixture.add("web", files: [("values.yaml", "image: o/a:1.1@\(digest)\n")])
        let result = try await fixture.worker(try fixture.rule(["web"], images: true)).run(.command)
        #expect(result.run.outcome == .succeeded)
        #expect(try fixture.base.digest("mirror/docker.io/o/a", "1.1") == digest)
    }

    // MARK: Locks

    @Test("A lock offers unsure images excluded, and a confirmed one is mirrored") func lock() async throws {
        let fixture = try ClosureFixture()
        try await fixture.add(
            "web",
            files: [
                ("values.yaml", "image: o/sure:1\n"),
                ("templates/a.yaml", "spec:\n  containers:\n    - image: o/low:3\n    - image: o/gone:1\n"),
            ])
        try await fixture.addImage("o/sure", "1")
        let low = try await fixture.addImage("o/low", "3")
        let rule = try fixture.rule(["web"], images: true)
        let plan = await fixture.worker(rule).plan(wantsDigests: true)
        #expect(plan.notes.contains { $0.contains("o/gone:1 is perhaps an image, and not there") })
        let written = LockedMirror.of(plan)
        #expect(written.unknown.isEmpty)
        var mirror = try #require(
            try MirrorLock(parsing: Array(MirrorLock(mirrors: [written.lock]).text.utf8)).mirrors.first)
        #expect(mirror == written.lock)
        #expect(mirror.references.map(\.isExcluded) == [false, false, true])
        #expect(mirror.references.last?.digest == low)
        let unconfirmed = try await fixture.worker(rule, lock: mirror).run(.command)
        #expect(unconfirmed.run.counts.copied == 2)
        #expect(unconfirmed.plan.charts.first?.images.map(\.image.reference.repository.description) == ["o/sure"])
        mirror.references[2].isExcluded = false
        let confirmed = try await fixture.worker(rule, lock: mirror).run(.command)
        #expect(confirmed.run.outcome == .succeeded && confirmed.run.counts.copied == 1)
        #expect(confirmed.plan.charts.first?.images.count == 2)
        #expect(try fixture.base.digest("mirror/docker.io/o/low", "3") == low)
        // What somebody has decided stays decided.
        let again = await fixture.worker(rule).plan(wantsDigests: true)
        #expect(LockedMirror.of(again, former: mirror).lock == mirror)
    }

    @Test("Without a lock nobody is asked about unsure images") func unasked() async throws {
        let fixture = try ClosureFixture()
        try await addWeb(fixture)
        _ = await fixture.worker(try fixture.rule(["web"], images: true)).plan()
        #expect(fixture.hub.log.isEmpty)
    }

    // MARK: Files

    @Test("A plan's images become an overlay a chart, a file a host and a list") func files() async throws {
        let fixture = try ClosureFixture()
        try await addWeb(fixture)
        let plan = await fixture.worker(try fixture.rule(["web"], images: true)).plan()
        let files = Dictionary(uniqueKeysWithValues: ClosureFiles.files(of: plan).map { ($0.path, $0.text) })
        #expect(
            files.keys.sorted() == [
                "containerd/docker.io/hosts.toml", "containerd/quay.io/hosts.toml", "images.txt",
                "web-1.0.0.values.yaml",
            ])
        #expect(
            files["images.txt"] == """
                docker.io/o/medium:2\tto.test/mirror/docker.io/o/medium:2
                quay.io/o/high:1\tto.test/mirror/quay.io/o/high:1

                """)
        #expect(
            files["web-1.0.0.values.yaml"] == """
                # No values say where these images are pulled from; containerd's hosts.toml does:
                # - quay.io/o/high:1
                image:
                  registry: to.test
                  repository: mirror/docker.io/o/medium

                """)
        #expect(files["containerd/quay.io/hosts.toml"]?.contains("https://to.test/v2/mirror/quay.io") == true)
    }

    @Test("A store's images are pulled from where it is said to be served") func store() async throws {
        let fixture = try ClosureFixture()
        fixture.base.ends.add(.store(path: ""), destination: .artifacts(ScriptedEnd(), intake: nil))
        try await addWeb(fixture)
        let rule = try fixture.rule(["web"], images: true) { $0.closure.images?.to = .store(path: "m") }
        let plan = await fixture.worker(rule).plan()
        let unsaid = ClosureFiles.files(of: plan)
        #expect(unsaid.map(\.path) == ["images.txt"])
        #expect(unsaid.first?.text.hasPrefix("docker.io/o/medium:2\tstore:m/docker.io/o/medium:2\n") == true)
        let said = ClosureFiles.files(of: plan, storeHost: "http://here.test:5000")
        #expect(said.count == 4)
        #expect(said.first?.text.contains("http://here.test:5000/v2/m/docker.io") == true)
    }

    @Test("Whatever charts and hosts are called, files stay below their directory") func safeNames() throws {
        let fixture = [("../../etc", "1"), ("..", ""), ("a/b", "1"), ("a_b", "1")]
        var plan = MirrorPlan(mirror: "m", from: Fixture.from, to: Fixture.to, items: [], problems: [])
        let image = try ClosureImageTests.image(host: "..")
        plan.charts = fixture.map { name, version in
            BroughtChart(
                name: name, version: version,
                images: [BroughtImage(image, to: Fixture.to, repository: image.reference.repository)])
        }
        let paths = ClosureFiles.files(of: plan).map(\.path)
        #expect(Set(paths).count == 5)
        for path in paths { #expect(!path.contains("/") && !path.hasPrefix("."), "\(path)") }
    }
}

extension ClosureImageTests {
    private static func image(host: String) throws -> ChartImage {
        let reference = Reference(
            host: host, repository: try RepositoryName(parsing: "o/a"), tag: try Tag(parsing: "1"))
        return ChartImage(reference: reference, confidence: .medium, sources: [])
    }
}
