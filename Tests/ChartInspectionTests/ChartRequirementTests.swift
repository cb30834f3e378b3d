import ChartArchive
import ChartInspection
import Content
import HelmModel
import OCIModel
import TestSupport
import Testing

@Suite struct ChartRequirementTests {
    private func requirements(_ chart: String, _ files: [(path: String, text: String)]) throws -> [ChartRequirement] {
        ChartRequirement.all(of: try ChartTree(PackedChart("x", "1.0.0", chart: chart, files: files).archive))
    }

    @Test("Requirements know their lock, their place and whether charts/ holds them")
    func all() throws {
        let found = try requirements(
            """
            dependencies:
            - {name: db, version: ^1.0.0, repository: "https://charts.example/", alias: store, condition: db.on, tags: [t]}
            - {name: web, version: 1.x, repository: "oci://r.example/charts/"}
            - {name: lib, version: "*", repository: "file://../lib"}
            - {name: named, version: "1", repository: "@team"}
            - {name: other, version: "1", repository: "alias:team"}
            - {name: gone, version: "1"}
            - {name: odd, version: "1", repository: "s3://bucket"}

            """,
            [
                (
                    "Chart.lock",
                    "dependencies:\n- {name: db, version: 1.4.0, repository: \"https://charts.example/\"}\n"
                ),
                ("charts/lib/Chart.yaml", "apiVersion: v2\nname: lib\nversion: 1.0.0\n"),
            ])
        #expect(found.map(\.locked) == ["1.4.0", nil, nil, nil, nil, nil, nil])
        #expect(found.map(\.isVendored) == [false, false, true, false, false, false, false])
        #expect(
            found.map(\.place) == [
                .charts(url: "https://charts.example/"), .registry("r.example/charts"), .directory("../lib"),
                .alias("team"), .alias("team"), .none, .unknown,
            ])
        #expect(found[0].alias == "store" && found[0].condition == "db.on" && found[0].tags == ["t"])
    }

    @Test("Charts of the first version keep them in requirements.yaml")
    func old() throws {
        let found = try requirements(
            "",
            [
                ("requirements.yaml", "dependencies:\n- {name: db, version: 1.x, repository: \"https://c.example\"}\n"),
                (
                    "requirements.lock",
                    "dependencies:\n- {name: db, version: 1.2.3, repository: \"https://c.example\"}\n"
                ),
            ])
        #expect(found.map(\.name) == ["db"] && found[0].locked == "1.2.3")
    }

    @Test(
        "The locked version is taken when it fits, otherwise the newest that does",
        arguments: [
            ("^1.0.0", "1.1.0", "1.1.0"), ("^1.0.0", nil, "1.10.0"), ("^1.0.0", "1.0.7", "1.10.0"),
            ("^1.0.0", "2.0.0", "1.10.0"), ("", nil, "2.0.0"), (">1.0.0-0", nil, "3.0.0-rc.1"), ("~4", nil, nil),
        ] as [(String, String?, String?)])
    func choice(constraint: String, locked: String?, chosen: String?) throws {
        var requirement = try #require(
            try requirements("dependencies: [{name: db, version: \"1\", repository: \"https://c.example\"}]\n", [])
                .first)
        requirement.version = constraint
        requirement.locked = locked
        let versions = ["1.1.0", "1.10.0", "nonsense", "1.9.0", "2.0.0", "3.0.0-rc.1"]
        #expect(try requirement.choose(among: versions) == chosen)
    }

    @Test("A chart in a registry is read with what it needs; what is no chart says which it was")
    func inRegistry() async throws {
        let registry = MemoryRegistry()
        let repository = try RepositoryName(parsing: "a/x")
        let chart = "dependencies: [{name: db, version: \"1\", repository: \"https://c.example\"}]\n"
        try await PackedChart("x", "1.0.0", chart: chart, files: [("values.yaml", "image: a:1\n")])
            .push(to: registry, repository)
        let tree = try await ChartInspector(registry).tree(Reference(repository: repository))
        #expect(ChartRequirement.all(of: tree).map(\.name) == ["db"] && ChartImages(of: tree).images.count == 1)
        let other = try RepositoryName(parsing: "a/y")
        try await PackedChart("y", "1.0.0", archive: Array("nothing".utf8)).push(to: registry, other)
        let error = await #expect(throws: ContentError.self) {
            try await ChartInspector(registry).tree(Reference(repository: other))
        }
        #expect(error?.message.hasPrefix("a/y:1.0.0: not a gzip") == true, "\(String(describing: error))")
    }

    @Test("A constraint that cannot be read is an error") func badConstraint() throws {
        var requirement = try #require(
            try requirements("dependencies: [{name: db, version: \"1\", repository: \"https://c.example\"}]\n", [])
                .first)
        requirement.version = "one"
        #expect(throws: HelmParseError.self) { try requirement.choose(among: ["1.0.0"]) }
    }
}
