import ChartInspection
import Content
import HelmModel
import OCIModel
import Sync
import Testing

@Suite struct DependencyWalkTests {
    private let place = MirrorPlace.charts(url: "https://c.example")

    private func requirement(
        _ name: String, version: String = "1.0.0", repository: String = "https://c.example", isVendored: Bool = false
    ) throws -> ChartRequirement {
        let tree = JSONValue.object([
            ("name", .string("x")), ("version", .string("1.0.0")),
            (
                "dependencies",
                .array([
                    .object([
                        ("name", .string(name)), ("version", .string(version)), ("repository", .string(repository)),
                    ])
                ])
            ),
        ])
        let dependency = try #require(try ChartMetadata(chart: tree).dependencies.first)
        return ChartRequirement(dependency, isVendored: isVendored)
    }

    private func chart(_ name: String, needs: [String] = [], version: String = "1.0.0") throws -> ClosureChart {
        ClosureChart(
            place: place, repository: name, version: version, requirements: try needs.map { try requirement($0) })
    }

    private func walk(
        _ graph: [String: [String]], from roots: [String], _ walk: DependencyWalk = DependencyWalk()
    ) async throws -> ClosureFindings {
        var charts: [String: ClosureChart] = [:]
        for (name, needs) in graph { charts[name] = try chart(name, needs: needs) }
        let known = charts
        return await walk.findings(from: roots.compactMap { known[$0] }) { requirement, _ in
            guard let chart = known[requirement.name] else {
                return .failure(.nameUnknown("there is no \(requirement.name)"))
            }
            return .success(chart)
        }
    }

    @Test("Charts are followed level by level, each once, with all who need them")
    func levels() async throws {
        let found = try await walk(["a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []], from: ["a"])
        #expect(found.charts.map(\.chart.repository) == ["b", "c", "d"])
        #expect(
            found.charts[2].requiredBy == ["b 1.0.0 of https://c.example", "c 1.0.0 of https://c.example"])
        #expect(found.cycles.isEmpty && found.unresolved.isEmpty && found.satisfied.isEmpty)
    }

    @Test(
        "A cycle is reported once, and everything else is found",
        arguments: [
            (["a": ["b"], "b": ["a"]], 1, 1), (["a": ["a"]], 0, 1),
            // Both reach the cycle first from the chart that the walk began with.
            (["a": ["b", "c"], "b": ["c"], "c": ["b"]], 2, 1),
            (["a": ["b", "d"], "b": ["c"], "c": ["b"], "d": ["e"], "e": ["d"]], 4, 2),
            (["a": ["b"], "b": ["c", "d"], "c": ["b"], "d": []], 3, 1),
        ])
    func cycles(graph: [String: [String]], charts: Int, cycles: Int) async throws {
        let found = try await walk(graph, from: ["a"])
        #expect(found.charts.count == charts && found.cycles.count == cycles)
        #expect(found.cycles.allSatisfy { $0.count >= 2 && $0.first == $0.last })
    }

    @Test("What nobody has is unresolved with the reason, and the walk goes on")
    func unresolved() async throws {
        let found = try await walk(["a": ["gone", "b"], "b": []], from: ["a"])
        #expect(found.charts.map(\.chart.repository) == ["b"])
        #expect(found.unresolved.map(\.reason) == [.nameUnknown("there is no gone")])
        #expect(found.unresolved.first?.requiredBy == "a 1.0.0 of https://c.example")
    }

    @Test("What is in charts/ or a directory needs nothing, and what says no place cannot be found")
    func places() async throws {
        let root = ClosureChart(
            place: place, repository: "a", version: "1.0.0",
            requirements: [
                try requirement("v", isVendored: true), try requirement("f", repository: "file://../f"),
                try requirement("n", repository: ""), try requirement("s", repository: "s3://bucket"),
            ])
        let found = await DependencyWalk().findings(from: [root]) { _, _ in .failure(.internal("it was asked for")) }
        #expect(found.satisfied.map(\.means) == [.vendored, .directory])
        #expect(found.unresolved.map(\.requirement.name) == ["n", "s"])
        #expect(found.unresolved.allSatisfy { $0.reason != .internal("it was asked for") })
    }

    @Test("One requirement of many charts is asked for once")
    func asksOnce() async throws {
        let roots = try (0..<5).map { try chart("r\($0)", needs: ["b"]) }
        let target = try chart("b")
        var count = 0
        let found = await DependencyWalk().findings(from: roots) { _, _ in
            count += 1
            return .success(target)
        }
        #expect(count == 1 && found.charts.first?.requiredBy.count == 5)
    }

    @Test("A chain without end stops at the depth, a crowd at the count")
    func limits() async throws {
        let root = try chart("c0", needs: ["next"])
        var number = 0
        var walk = DependencyWalk()
        let chain = await walk.findings(from: [root]) { _, parent in
            number += 1
            // Each is another version, and asks for a range of its own.
            var next = parent.requirements
            next[0].version = ">= \(number)"
            return .success(
                ClosureChart(place: parent.place, repository: "next", version: "\(number).0.0", requirements: next))
        }
        #expect(chain.charts.count == 20 && chain.unresolved.count == 1)
        walk.maximumCharts = 3
        let names = (0..<10).map { "n\($0)" }
        var graph = Dictionary(uniqueKeysWithValues: names.map { ($0, [String]()) })
        graph["a"] = names
        let crowd = try await self.walk(graph, from: ["a"], walk)
        #expect(crowd.charts.count == 3 && crowd.unresolved.count == 7)
    }
}
