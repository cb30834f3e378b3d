import Content
import OCIModel
import Sync
import TestSupport
import Testing

/// Charts that charts depend on, in plans.
@Suite struct ClosurePlanTests {
    private func destinations(_ plan: MirrorPlan) -> [String] { plan.items.map(\.destinationName) }

    private func to(_ names: String...) -> [String] { names.map { "oci://to.test/mirror/" + $0 + ":1.0.0" } }

    @Test("Dependencies are followed from registry to classic repository and back") func acrossWorlds() async throws {
        let fixture = try ClosureFixture()
        try await fixture.add("web", needs: [Need("db", at: Need.classic)])
        fixture.addClassic("db", needs: [Need("common", at: "oci://other.test/lib")])
        fixture.addClassic("db", "2.0.0")
        try await fixture.addElsewhere("common", needs: [Need("base", at: "oci://from.test/team")])
        try await fixture.add("base")
        let plan = await fixture.worker(try fixture.rule(["web"])).plan()
        #expect(plan.problems.isEmpty)
        #expect(destinations(plan) == to("base", "common", "db", "web"))
        #expect(
            plan.items.map(\.origin) == [
                .dependency(of: "common 1.0.0"), .dependency(of: "db 1.0.0"), .dependency(of: "web 1.0.0"), .selected,
            ])
        #expect(
            plan.items.map(\.from) == [Fixture.from, ClosureFixture.elsewhere, ClosureFixture.classic, Fixture.from])
    }

    @Test("A classic repository's charts may need what is in a registry, and each other") func fromClassic()
        async throws
    {
        let fixture = try ClosureFixture()
        fixture.addClassic("app", needs: [Need("web", at: "oci://from.test/team"), Need("side", at: Need.classic)])
        fixture.addClassic("side")
        try await fixture.add("web")
        let result = try await fixture.worker(try fixture.rule(from: ClosureFixture.classic, ["app"])).run(.command)
        #expect(result.run.outcome == .succeeded)
        #expect(destinations(result.plan) == to("app", "side", "web"))
        for name in ["app", "side", "web"] { #expect(try fixture.base.digest("mirror/" + name, "1.0.0") != nil) }
    }

    @Test("Only the mirror's own source is asked in the name of its configuration") func namedByContent() async throws {
        let fixture = try ClosureFixture()
        let inside = MirrorPlace.registry(authority: "10.0.0.1:5000", isSecure: true, path: "")
        fixture.base.ends.add(inside, source: .artifacts(fixture.other))
        try await fixture.addElsewhere("common")
        try await fixture.add(
            "web",
            needs: [
                Need("base", at: "oci://from.test/team"), Need("db", at: Need.classic),
                Need("common", at: "oci://10.0.0.1:5000/lib"),
            ], files: [("values.yaml", "image: {repository: 10.0.0.1:5000/o/app, tag: \"1\"}\n")])
        try await fixture.add("base")
        fixture.addClassic("db")
        let image = PackedChart("image", "1")
        try await image.push(to: fixture.other.registry, try RepositoryName(parsing: "o/app"))
        let run = try await fixture.worker(try fixture.rule(["web"], images: true)).run(.command)
        #expect(run.run.outcome == .succeeded)
        #expect(fixture.ends.asked(Fixture.from) == [false])
        #expect(fixture.ends.asked(ClosureFixture.classic) == [true])
        #expect(fixture.ends.asked(inside) == [true])
    }

    @Test("Another path of the same registry is a chart's word alone, and asked for as the source is") func besides()
        async throws
    {
        let fixture = try ClosureFixture()
        try await fixture.add("web", needs: [Need("secret", at: "oci://from.test/others")])
        let chart = PackedChart("secret", "1.0.0")
        try await chart.push(to: fixture.base.source.registry, try RepositoryName(parsing: "others/secret"))
        let plan = await fixture.worker(try fixture.rule(["web"])).plan()
        #expect(destinations(plan) == to("secret", "web"))
        #expect(fixture.ends.asked(.registry(authority: "from.test", isSecure: true, path: "")) == [true])
    }

    @Test("Charts that need each other in a circle are all brought, and it is said once") func cycle() async throws {
        let fixture = try ClosureFixture()
        try await fixture.add("web", needs: [Need("db", at: Need.classic)])
        fixture.addClassic("db", needs: [Need("web", at: "oci://from.test/team")])
        let plan = await fixture.worker(try fixture.rule(["web"])).plan()
        #expect(destinations(plan) == to("db", "web"))
        #expect(plan.problems.isEmpty)
        #expect(plan.notes.filter { $0.contains("circle") }.count == 1)
    }

    @Test(
        "What cannot be found is reported with what to do, and the chart itself is brought",
        arguments: [
            ("gone", "1.x", Need.classic, "not listed"), ("db", ">=3", Need.classic, "fits \">=3\""),
            ("db", "1.x", "@stable", "\"stable\""), ("db", "1.x", "", "no repository"),
            ("db", "not a range", Need.classic, "cannot be read"), ("db", "1.x", "s3://bucket", "neither"),
            ("db", "1.x", "https://nowhere.test", "cannot be reached"),
            ("db", "1.x", "https://u:p@charts.test", "address"),
            ("db", "1.x", "oci://other.test/lib", "lib/db"),
        ])
    func unresolved(name: String, version: String, repository: String, reason: String) async throws {
        let fixture = try ClosureFixture()
        fixture.addClassic("db")
        try await fixture.add("web", needs: [Need(name, version, at: repository)])
        let plan = await fixture.worker(try fixture.rule(["web"])).plan()
        #expect(destinations(plan) == to("web"))
        let problem = try #require(plan.problems.first)
        #expect(plan.problems.count == 1 && problem.side == .source)
        #expect(problem.reason.contains(reason), "\(problem.reason)")
        #expect(!problem.hint.isEmpty && problem.object.contains("web"))
        #expect(!problem.reason.contains("u:p"))
    }

    @Test("What is in charts/ is not looked for") func vendored() async throws {
        let fixture = try ClosureFixture()
        try await fixture.add(
            "web", needs: [Need("db", at: "https://nowhere.test"), Need("side", at: "file://../side")],
            files: [("charts/db/Chart.yaml", "apiVersion: v2\nname: db\nversion: 1.0.0\n")])
        let plan = await fixture.worker(try fixture.rule(["web"])).plan()
        #expect(destinations(plan) == to("web"))
        #expect(plan.problems.isEmpty)
        #expect(fixture.ends.places == [Fixture.from])
        #expect(plan.notes.contains { $0.contains("\"side\"") })
    }

    @Test("A host that is not allowed is not asked") func hosts() async throws {
        let fixture = try ClosureFixture()
        try await fixture.add(
            "web",
            needs: [
                Need("db", at: Need.classic), Need("common", at: "oci://other.test/lib"),
                Need("base", at: "oci://from.test/team"),
            ], files: [("values.yaml", "image: o/a:1\nsideImage: other.test/o/b:1\n")])
        try await fixture.add("base")
        try await fixture.addElsewhere("common")
        fixture.addClassic("db")
        let rule = try fixture.rule(["web"], images: true) { $0.closure.hosts = ["other.test"] }
        let plan = await fixture.worker(rule).plan()
        #expect(
            plan.items.map(\.repository.description) == [
                "mirror/base", "mirror/common", "mirror/other.test/o/b", "mirror/web",
            ])
        #expect(plan.problems.count == 2)
        #expect(plan.problems.allSatisfy { $0.hint.contains("closureHosts") })
        #expect(fixture.ends.asked(ClosureFixture.classic).isEmpty && fixture.charts.takeLog().isEmpty)
    }

    @Test("A dependency is named by its own name and host, below the rule's destination") func naming() async throws {
        let fixture = try ClosureFixture()
        try await fixture.add("web", needs: [Need("db", at: Need.classic), Need("common", at: "oci://other.test/lib")])
        try await fixture.addElsewhere("common")
        fixture.addClassic("db")
        let rule = try fixture.rule(["web"]) { $0.naming = try NameTemplate("{host}/x-{name}") }
        let plan = await fixture.worker(rule).plan()
        #expect(
            plan.items.map(\.repository.description) == [
                "mirror/charts.test/x-db", "mirror/from.test/x-web", "mirror/other.test/x-common",
            ])
    }

    @Test("Two charts that would go to one place are reported") func clash() async throws {
        let fixture = try ClosureFixture()
        try await fixture.add("app", needs: [Need("db", at: Need.classic)])
        try await fixture.add("web", needs: [Need("db", at: "oci://other.test/lib")])
        try await fixture.addElsewhere("db")
        fixture.addClassic("db", files: [("values.yaml", "a: 1\n")])
        let plan = await fixture.worker(try fixture.rule(["app", "web"])).plan()
        #expect(destinations(plan) == to("app", "db", "web"))
        #expect(plan.problems.map(\.side) == [.destination])
        #expect(plan.problems.first?.reason.contains("other.test") == true)
    }

    @Test("The locked version is brought, not the newest") func locked() async throws {
        let fixture = try ClosureFixture()
        for version in ["1.0.0", "1.1.0", "1.2.0"] { fixture.addClassic("db", version) }
        let lock = "dependencies:\n- {name: db, version: 1.1.0, repository: \"https://charts.test/\"}\n"
        try await fixture.add("web", needs: [Need("db", at: Need.classic)], files: [("Chart.lock", lock)])
        let plan = await fixture.worker(try fixture.rule(["web"])).plan()
        #expect(plan.items.filter { $0.origin != .selected }.map(\.version) == ["1.1.0"])
    }

    @Test("A second plan reads no archive, though listings give no digests") func readsOnce() async throws {
        let fixture = try ClosureFixture()
        for end in [fixture.base.source, fixture.other] { end.change { $0.hidesDigests = true } }
        try await fixture.add(
            "web", needs: [Need("db", at: Need.classic), Need("common", at: "oci://other.test/lib")],
            files: [
                ("values.yaml", "image: {registry: docker.io, repository: o/web, tag: \"1\"}\nsideImage: o/side:3\n")
            ])
        try await fixture.addElsewhere("common")
        fixture.addClassic("db")
        let rule = try fixture.rule(["web"], images: true)
        let first = await fixture.worker(rule).plan()
        #expect(fixture.base.source.takeLog().contains("read team/web"))
        #expect(fixture.charts.takeLog().contains("archive db"))
        _ = fixture.other.takeLog()
        let second = await fixture.worker(rule).plan()
        #expect(first == second && first.charts.count == 1)
        #expect(fixture.base.source.takeLog() == ["list team/web", "head team/web:1.0.0"])
        #expect(fixture.other.takeLog() == ["list lib/common", "head lib/common:1.0.0"])
        #expect(fixture.charts.takeLog() == ["index"])
        // Another chart under the same tag is another chart.
        try await fixture.add("web")
        let third = await fixture.worker(rule).plan()
        #expect(destinations(third) == to("web") && third.charts.isEmpty)
    }

    @Test("A version that never moves is not asked about again") func immutable() async throws {
        let fixture = try ClosureFixture()
        fixture.base.source.change { $0.hidesDigests = true }
        try await fixture.add("web", needs: [Need("db", at: Need.classic)])
        fixture.addClassic("db")
        let rule = try fixture.rule(["web"]) { $0.immutable = .versions }
        _ = await fixture.worker(rule).plan()
        _ = fixture.base.source.takeLog()
        let plan = await fixture.worker(rule).plan()
        #expect(destinations(plan) == to("db", "web"))
        #expect(fixture.base.source.takeLog() == ["list team/web"])
    }

    @Test("What was brought for a chart stays while nobody can see what the chart needs", arguments: [true, false])
    func keepsWhatIsNotSeen(isAway: Bool) async throws {
        let fixture = try ClosureFixture()
        try await fixture.add("web", needs: [Need("db", at: Need.classic)])
        fixture.addClassic("db")
        let rule = try fixture.rule(["web"]) { $0.prune = PruneRule() }
        _ = try await fixture.worker(rule).run(.command)
        if isAway { fixture.charts.fail(.unavailable("no answer")) } else { try await fixture.add("web") }
        let plan = await fixture.worker(rule).plan()
        #expect(plan.count(of: .mark) == (isAway ? 0 : 1))
    }

    @Test("An artifact that is no chart is brought as it is, and an unreadable chart is reported") func others()
        async throws
    {
        let fixture = try ClosureFixture()
        try await fixture.add("web")
        let broken = PackedChart("broken", "1.0.0", archive: Array("no archive".utf8))
        try await broken.push(to: fixture.base.source.registry, try RepositoryName(parsing: "team/broken"))
        var image = PackedChart("image", "1.0.0")
        image.configType = .ociEmpty
        try await image.push(to: fixture.base.source.registry, try RepositoryName(parsing: "team/image"))
        let rule = try fixture.rule(["web", "broken", "image"])
        for _ in 0..<2 {
            let plan = await fixture.worker(rule).plan()
            #expect(destinations(plan) == to("broken", "image", "web"))
            #expect(plan.problems.map(\.object) == ["oci://from.test/team/broken:1.0.0"])
        }
        #expect(fixture.base.source.takeLog().filter { $0 == "read team/broken" }.count == 1)
    }
}
