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
        lock: String?, files: [(path: String, text: String)] = []
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

    /// A chart's lock and whether it is up to date.
    private func isUpToDate(_ chart: String, _ file: (path: String, text: String)) async throws -> Bool? {
        let repository = try RepositoryName(parsing: "a/w")
        try await PackedChart("w", "1.0.0", chart: chart, files: [file]).push(to: registry, repository)
        return try await ChartInspector(registry).dependencies(Reference(repository: repository)).lock?.isUpToDate
    }

    @Test("A lock that Helm itself wrote for a published chart is up to date")
    func published() async throws {
        let dependency =
            "dependencies: [{name: kube-vip, repository: 'file://dependency_charts/kube-vip', version: 0.4.2}]\n"
        let digest = "digest: sha256:bbbff44d39375203f4880e5a76f0d9705f25edc53f89532e8ef39cd23d9ca92b\n"
        #expect(try await isUpToDate(dependency, ("Chart.lock", dependency + digest)) == true)
        let changed = dependency.replacing("0.4.2", with: "0.4.3")
        #expect(try await isUpToDate(changed, ("Chart.lock", dependency + digest)) == false)
    }

    @Test("Helm 2's digest is that of what is asked for, and counts for v1 charts only")
    func helm2() async throws {
        let json = #"{"dependencies":[{"name":"d","version":"1.x","repository":"r"}]}"#
        let lock =
            "dependencies: [{name: d, version: 1.2.0, repository: r}]\ndigest: \(Digest(of: Array(json.utf8)))\n"
        let asked = "dependencies: [{name: d, version: 1.x, repository: r}]\n"
        #expect(try await isUpToDate(asked, ("requirements.lock", lock)) == false)
        var tar = TarBuilder()
        tar.add("w/Chart.yaml", "apiVersion: v1\nname: w\nversion: 2.0.0\n")
        tar.add("w/requirements.yaml", asked)
        tar.add("w/requirements.lock", lock)
        let repository = try RepositoryName(parsing: "a/w")
        try await PackedChart("w", "2.0.0", archive: tar.gzipped).push(to: registry, repository)
        let answer = try await ChartInspector(registry).dependencies(Reference(repository: repository))
        #expect(answer.lock?.isUpToDate == true)
        #expect(answer.dependencies.map(\.locked) == ["1.2.0"])
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
