import Content
import HelmModel
import Metadata
import OCIModel
import Sync
import Synchronization
import TestSupport
import Testing

@Suite struct FaultTests {
    private let nginx = "mirror/nginx"

    // MARK: Both ends change under us

    @Test("A tag that moves between the plan and the copy is followed whole, and the next run leaves it")
    func sourceMovesMeanwhile() async throws {
        let fixture = try Fixture()
        try await fixture.add("nginx", "1.0.0")
        let (registry, other) = (
            fixture.source.registry, PackedChart("nginx", "1.0.0", files: [("values.yaml", "a: 2\n")])
        )
        let name = try RepositoryName(parsing: "team/nginx")
        fixture.source.change { state in
            state.before = { line throws(ContentError) in
                if line.hasPrefix("get team/nginx") { try await other.push(to: registry, name) }
            }
        }
        let first = try await fixture.worker(fixture.rule()).run(.command)
        #expect(first.run.outcome == .succeeded)
        #expect(try fixture.digest(nginx, "1.0.0") == other.manifest.digest)
        try await fixture.checkDestination()
        fixture.source.change { $0.before = nil }
        #expect(try await fixture.worker(fixture.rule()).run(.command).run.counts.left == 1)
    }

    @Test("A tag that vanishes between the plan and the copy fails alone, by its source") func vanishes() async throws {
        let fixture = try Fixture()
        for name in ["good", "nginx"] { try await fixture.add(name, "1.0.0") }
        let registry = fixture.source.registry
        let name = try RepositoryName(parsing: "team/nginx")
        fixture.source.change { state in
            state.before = { line throws(ContentError) in
                guard line.hasPrefix("get team/nginx") else { return }
                guard let tag = try? Tag(parsing: "1.0.0") else { return }
                try? await registry.deleteManifest(.tag(tag), in: name)
            }
        }
        let result = try await fixture.worker(fixture.rule()).run(.command)
        #expect(result.run.outcome == .failed)
        #expect(result.run.counts.copied == 1)
        #expect(result.failures.map(\.side) == [.source])
        #expect(try fixture.digest(nginx, "1.0.0") == nil)
        try await fixture.checkDestination()
    }

    @Test("An archive that was replaced between the index and the fetch is not taken for the one listed")
    func indexReplaced() async throws {
        for hasIntake in [false, true] {
            let fixture = try Fixture()
            let (charts, intake) = (FakeCharts(), FakeIntake())
            let (old, new) = (PackedChart("nginx", "1.0.0"), PackedChart("nginx", "1.0.0", files: [("a", "b")]))
            charts.add(old, archive: new.archive)
            charts.add(old, digest: Digest(of: old.archive), archive: new.archive)
            fixture.ends.add(Fixture.charts, source: .charts(charts))
            fixture.ends.add(Fixture.to, destination: .artifacts(fixture.destination, intake: hasIntake ? intake : nil))
            let result = try await fixture.worker(fixture.chartRule()).run(.command)
            #expect(result.failures.map(\.side) == [.source])
            #expect(result.failures.first?.reason.contains("\(Digest(of: old.archive))") == true)
            #expect(try fixture.digest(nginx, "1.0.0") == nil)
            #expect(intake.charts.withLock { $0.isEmpty })
            // When the index has caught up, so does the mirror.
            charts.add(new)
            #expect(try await fixture.worker(fixture.chartRule()).run(.command).run.outcome == .succeeded)
        }
    }

    @Test("A destination whose tag is moved between plan and put is put right by the next run")
    func destinationMovesMeanwhile() async throws {
        let fixture = try Fixture()
        let chart = try await fixture.add("nginx", "1.0.0")
        let evil = PackedChart("nginx", "1.0.0", files: [("values.yaml", "evil: true\n")])
        let (registry, name) = (fixture.destination.registry, try RepositoryName(parsing: nginx))
        let hasMoved = Mutex(false)
        fixture.destination.change { state in
            state.before = { line throws(ContentError) in
                guard line.hasPrefix("put "), hasMoved.withLock({ $0 }) == false else { return }
                hasMoved.withLock { $0 = true }
                try await evil.push(to: registry, name)
            }
        }
        _ = try await fixture.worker(fixture.rule()).run(.command)
        #expect(try fixture.digest(nginx, "1.0.0") == chart.manifest.digest)
        try await evil.push(to: registry, name)
        _ = try await fixture.worker(fixture.rule()).run(.command)
        #expect(try fixture.digest(nginx, "1.0.0") == chart.manifest.digest)
        try await fixture.checkDestination()
    }

    // MARK: Lies

    @Test("Who lists one chart and sends another does not get it into the other one's place", arguments: [false, true])
    func impostor(hasIntake: Bool) async throws {
        let fixture = try Fixture()
        let (charts, intake) = (FakeCharts(), FakeIntake())
        let impostor = PackedChart("redis", "9.9.9")
        charts.add(impostor, as: "1.0.0", named: "nginx")
        fixture.ends.add(Fixture.charts, source: .charts(charts))
        fixture.ends.add(Fixture.to, destination: .artifacts(fixture.destination, intake: hasIntake ? intake : nil))
        let result = try await fixture.worker(fixture.chartRule()).run(.command)
        #expect(result.failures.map(\.side) == [.source])
        #expect(result.failures.first?.reason.contains("redis 9.9.9") == true)
        #expect(intake.charts.withLock { $0.isEmpty })
        #expect(fixture.destination.log.filter { $0.hasPrefix("put") }.isEmpty)
    }

    @Test("An artifact that holds another chart than its name says is not handed to a classic repository")
    func impostorArtifact() async throws {
        let fixture = try Fixture()
        let intake = FakeIntake()
        let place = MirrorPlace.charts(url: "https://museum.test")
        fixture.ends.add(place, destination: .charts(intake, listing: FakeCharts()))
        let impostor = PackedChart("redis", "1.0.0")
        try await impostor.push(to: fixture.source.registry, try RepositoryName(parsing: "team/nginx"))
        var rule = MirrorRule(name: "m", from: Fixture.from, to: place)
        let result = try await fixture.worker(rule).run(.command)
        #expect(result.failures.map(\.side) == [.source])
        #expect(intake.charts.withLock { $0.isEmpty })
        try await fixture.add("nginx", "1.0.0")
        rule.name = "n"
        #expect(try await fixture.worker(rule).run(.command).run.outcome == .succeeded)
        #expect(intake.charts.withLock { $0.count } == 1)
    }

    @Test("An index of nothing but itself again and again is measured and verified in bounded time")
    func bomb() async throws {
        let fixture = try Fixture()
        let leaf = PackedChart("a", "1.0.0")
        let name = try RepositoryName(parsing: "team/bomb")
        try await leaf.push(to: fixture.source.registry, name, tags: [])
        var index = SampleChart.index([StoredManifest](repeating: leaf.manifest, count: 60))
        for _ in 0..<5 {
            try await fixture.source.registry.putManifest(index, tags: [], in: name)
            index = SampleChart.index([StoredManifest](repeating: index, count: 60))
        }
        try await fixture.source.registry.putManifest(index, tags: [try Tag(parsing: "1.0.0")], in: name)
        let worker = fixture.worker(fixture.rule())
        let plan = await worker.plan(wantsBytes: true, wantsDigests: true)
        // Seven manifests, each asked for once.
        #expect(fixture.source.takeLog().filter { $0.hasPrefix("get") }.count <= 7)
        #expect(plan.bytes == Int64(leaf.archive.count + leaf.config.count))
        #expect(try await worker.run(.command).run.outcome == .succeeded)
        _ = fixture.destination.takeLog()
        let verified = await worker.verify(LockedMirror.of(plan).lock, reads: true)
        #expect(verified.matching == 1)
        #expect(fixture.destination.log.count <= 9)
        try await fixture.checkDestination()
    }

    // MARK: Two mirrors

    private func two(_ fixture: Fixture) throws -> (MirrorRule, MirrorRule, MirrorPlace, FakeCharts, FakeCharts) {
        let other = MirrorPlace.charts(url: "https://other.test")
        let (first, second) = (FakeCharts(), FakeCharts())
        fixture.ends.add(Fixture.charts, source: .charts(first))
        fixture.ends.add(other, source: .charts(second))
        return (fixture.chartRule(), MirrorRule(name: "o", from: other, to: Fixture.to), other, first, second)
    }

    @Test("Two mirrors with one destination do not overwrite each other", arguments: [false, true])
    func twoMirrors(isReversed: Bool) async throws {
        let fixture = try Fixture()
        let (a, b, _, first, second) = try two(fixture)
        first.add(PackedChart("nginx", "1.0.0"))
        second.add(PackedChart("nginx", "1.0.0", files: [("values.yaml", "b: 1\n")]))
        let rules = isReversed ? [b, a] : [a, b]
        #expect(try await fixture.worker(rules[0]).run(.command).run.outcome == .succeeded)
        let put = try fixture.digest(nginx, "1.0.0")
        for _ in 0..<2 {
            let result = try await fixture.worker(rules[1]).run(.command)
            #expect(result.failures.map(\.side) == [.destination])
            #expect(result.failures.first?.reason.contains("mirror \(rules[0].name)") == true)
            #expect(result.failures.first?.hint.contains("'name'") == true)
            #expect(try await fixture.worker(rules[0]).run(.command).run.counts.left == 1)
        }
        #expect(try fixture.digest(nginx, "1.0.0") == put)
    }

    @Test("Two mirrors that put the same are no conflict, and neither is one that its owner moves on")
    func twoMirrorsSame() async throws {
        let fixture = try Fixture()
        let (a, b, _, first, second) = try two(fixture)
        for charts in [first, second] { charts.add(PackedChart("nginx", "1.0.0")) }
        for rule in [a, b, a, b] {
            #expect(try await fixture.worker(rule).run(.command).run.outcome == .succeeded)
        }
        for charts in [first, second] { charts.add(PackedChart("nginx", "1.0.0", files: [("a", "b")])) }
        #expect(try await fixture.worker(a).run(.command).run.counts.copied == 1)
        for rule in [b, a] { #expect(try await fixture.worker(rule).run(.command).run.outcome == .succeeded) }
    }

    // MARK: Names and versions

    @Test("Names that no registry takes and versions that cannot be tags fail alone or are left out")
    func oddNames() async throws {
        let fixture = try Fixture()
        let charts = FakeCharts()
        fixture.ends.add(Fixture.charts, source: .charts(charts))
        charts.add(PackedChart("Nginx", "1.0.0"))
        charts.add(PackedChart("nginx", "1.0.0+a"))
        charts.add(PackedChart("nginx", "1.0.0+b"))
        charts.add(PackedChart("../../etc", "1.0.0"))
        let result = try await fixture.worker(fixture.chartRule()).run(.command)
        #expect(result.run.outcome == .failed)
        #expect(result.failures.count == 2)
        #expect(result.failures.allSatisfy { $0.side == .destination && $0.hint.contains("'name'") })
        #expect(try fixture.digest(nginx, "1.0.0_a") != nil)
        #expect(try fixture.digest(nginx, "1.0.0_b") != nil)
        #expect(try await fixture.worker(fixture.chartRule()).run(.command).run.counts.left == 2)
    }

    @Test("Two references that would get one tag are told, and only one of them goes there") func clash() async throws {
        let fixture = try Fixture()
        for name in ["a", "b"] { try await fixture.add(name, "1.0.0") }
        let result = try await fixture.worker(fixture.rule { $0.naming = .fixed("one") }).run(.command)
        #expect(result.failures.map(\.side) == [.destination])
        #expect(result.failures.first?.reason.contains("team/a:1.0.0") == true)
        #expect(result.failures.first?.reason.contains("team/b:1.0.0") == true)
        #expect(try fixture.digest("mirror/one", "1.0.0") != nil)
    }

    @Test("Fifty thousand versions are planned right") func large() async throws {
        let fixture = try Fixture()
        let charts = FakeCharts()
        fixture.ends.add(Fixture.charts, source: .charts(charts))
        charts.state.withLock { state in
            state.listing = (0..<50).map { chart in
                ChartListing.Chart(
                    name: "c\(chart)",
                    versions: (0..<1000).map {
                        ChartListing.Version(
                            version: "1.\($0).0", urls: ["c-\($0).tgz"], created: "",
                            archive: Digest(of: [UInt8($0 & 255)]))
                    })
            }
        }
        let rule = fixture.chartRule()
        let plan = await fixture.worker(rule).plan()
        #expect(plan.count(of: .copy) == 50_000)
        #expect(plan.problems.isEmpty)
        let lock = LockedMirror.of(plan).lock
        #expect(lock.references.count == 50_000)
        #expect(await fixture.worker(rule, lock: lock).plan().count(of: .copy) == 50_000)
        #expect(await fixture.worker(fixture.chartRule { $0.versions.newest = 2 }).plan().count(of: .copy) == 100)
    }
}
