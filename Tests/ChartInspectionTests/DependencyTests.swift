import ChartInspection
import Codecs
import Content
import OCIModel
import TestSupport
import Testing

@Suite struct DependencyTests {
    private let registry = MemoryRegistry()
    private let wanted = """
        dependencies:
        - {name: db, version: ^1.0.0, repository: "https://charts.example/"}
        - {name: db, version: ~1.1, repository: "https://charts.example/", alias: second}
        - {name: web, version: ">= 2", repository: "oci://r.example/c", condition: web.on, tags: [t]}
        - {name: gone, version: 1.0.0, repository: ""}

        """
    private let chosen = """
        dependencies:
        - {name: db, version: 1.4.0, repository: "https://charts.example/"}
        - {name: db, version: 1.1.5, repository: "https://charts.example/"}
        - {name: web, version: 2.3.0, repository: "oci://r.example/c"}

        """

    private func dependencies(
        lock: String?, files: [(path: String, text: String)] = [], apiVersion: String = ""
    ) async throws -> ChartDependencies {
        let chart = PackedChart(
            "x", "1.0.0", chart: wanted, files: files + (lock.map { [("Chart.lock", $0)] } ?? []))
        let repository = try RepositoryName(parsing: "a/x")
        try await chart.push(to: registry, repository)
        return try await ChartInspector(registry).dependencies(Reference(repository: repository))
    }

    @Test("Locked, vendored and found versions stand beside what was asked for")
    func all() async throws {
        for version in ["1.4.0", "1.1.9", "1.5.0-rc.1"] {
            try await PackedChart("db", version).push(to: registry, try RepositoryName(parsing: "a/db"))
        }
        for version in ["1.0.0", "2.1.0", "2.2.0"] {
            try await PackedChart("web", version).push(to: registry, try RepositoryName(parsing: "a/web"))
        }
        let answer = try await dependencies(
            lock: chosen,
            files: [
                ("charts/db-1.4.0.tgz", ""), ("charts/db-1.1.5.tgz", ""), ("charts/web/Chart.yaml", ""),
                ("charts/gone-extra-1.0.0.tgz", ""),
            ])
        #expect(answer.dependencies.map(\.locked) == ["1.4.0", "1.1.5", "2.3.0", nil])
        #expect(answer.dependencies.map(\.vendored) == ["db-1.4.0.tgz", "db-1.1.5.tgz", "web", nil])
        #expect(
            answer.dependencies.map { $0.found?.description } == ["a/db:1.4.0", "a/db:1.1.9", "a/web:2.2.0", nil])
        let json = answer.json["dependencies"]?.array
        #expect(json?[1]["alias"] == .string("second"))
        #expect(json?[2]["condition"] == .string("web.on") && json?[2]["tags"] == .array([.string("t")]))
        #expect(json?[3]["found"] == .null && json?[3]["locked"] == .null)
    }

    @Test("A lock's digest is that of Helm, and tells when Chart.yaml changed since")
    func digest() async throws {
        let json =
            #"[[{"name":"db","version":"^1.0.0","repository":"https://charts.example/"},"#
            + #"{"name":"db","version":"~1.1","repository":"https://charts.example/","alias":"second"},"#
            + #"{"name":"web","version":"\u003e= 2","repository":"oci://r.example/c","condition":"web.on","tags":["t"]},"#
            + #"{"name":"gone","version":"1.0.0","repository":""}],"#
            + #"[{"name":"db","version":"1.4.0","repository":"https://charts.example/"},"#
            + #"{"name":"db","version":"1.1.5","repository":"https://charts.example/"},"#
            + #"{"name":"web","version":"2.3.0","repository":"oci://r.example/c"}]]"#
        let right = Digest(of: Array(json.utf8))
        let fresh = try await dependencies(lock: chosen + "digest: \(right)\ngenerated: \"2026-01-01T00:00:00Z\"\n")
        #expect(fresh.lock?.isUpToDate == true)
        #expect(fresh.json["lock"]?["generated"] == .string("2026-01-01T00:00:00Z"))
        #expect(fresh.json["lock"]?["file"] == .string("Chart.lock"))
        let stale = try await dependencies(lock: chosen + "digest: \(Digest(of: [1]))\n")
        #expect(stale.json["lock"]?["upToDate"] == .bool(false))
        #expect(try await dependencies(lock: chosen).lock?.isUpToDate == nil)
    }

    @Test("A chart without dependencies or lock says so")
    func none() async throws {
        #expect(try await dependencies(lock: nil).json["lock"] == .null)
        try await PackedChart("y", "1.0.0").push(to: registry, try RepositoryName(parsing: "a/y"))
        let answer = try await ChartInspector(registry).dependencies(try Reference(parsing: "a/y"))
        #expect(answer.dependencies.isEmpty)
    }

    @Test("A broken lock is said, and the dependencies come anyway", arguments: ["a: [", "dependencies: [5]\n"])
    func broken(lock: String) async throws {
        let answer = try await dependencies(lock: lock)
        #expect(answer.lock == nil && answer.lockProblem != nil)
        #expect(answer.dependencies.count == 4)
    }
}
