import Content
import Foundation
import OCIModel
import TestSupport
import Testing

@testable import Commands

@Suite struct ChartCommandTests {
    let harness = Harness()

    init() async throws {
        let room = try RepositoryName(parsing: "charts/room")
        var first = PackedChart(
            "room", "1.0.0", chart: "description: A room\nkeywords: [indoor]\nappVersion: 7\n",
            files: [
                ("values.yaml", "replicas: 1\nimage:\n  tag: a\n"), ("values.schema.json", "{}\n"),
                ("README.md", "# Room\n"), ("templates/a.yaml", "one\n"), ("templates/old.yaml", ""),
                ("crds/c.yaml", "c\n"),
            ])
        first.config = Array(
            #"{"name":"room","version":"1.0.0","description":"A room\nwith lines","appVersion":"7"}"#.utf8)
        try await first.signed().push(to: harness.registry, room)
        var second = PackedChart(
            "room", "1.1.0+b",
            chart: """
                description: A larger room
                deprecated: true
                maintainers: [{name: Ann, email: ann@example.org}]
                dependencies:
                - {name: shelf, version: ^1.0.0, repository: "https://charts.example/"}
                - {name: lamp, version: 2.0.0, repository: "", alias: light}

                """,
            files: [
                ("values.yaml", "replicas: 2\nimage:\n  tag: a\n  pull: x\n"), ("templates/a.yaml", "two\n"),
                ("crds/c.yaml", "c\n"),
                (
                    "Chart.lock",
                    "dependencies:\n- {name: shelf, version: 1.2.0, repository: x}\n"
                        + "digest: sha256:\(String(repeating: "0", count: 64))\n"
                ),
            ])
        second.config = Array(
            #"{"name":"room","version":"1.1.0+b","description":"A larger room","deprecated":true}"#.utf8)
        try await second.push(to: harness.registry, room)
        try await PackedChart("shelf", "1.2.0").push(
            to: harness.registry, try RepositoryName(parsing: "charts/shelf"))
        try await PackedChart("other", "1.0.0").push(
            to: harness.registry, try RepositoryName(parsing: "lost/wrong"))
        try await PackedChart("attic", "v2").push(to: harness.registry, try RepositoryName(parsing: "attic"))
    }

    @Test(
        "Output looks as it did",
        arguments: [
            "chart list", "chart list -o json", "chart list charts --chart room", "chart list --unlisted",
            "chart list --unlisted -o json", "chart search larger room", "chart show charts/room",
            "chart show charts/room:1.0.0 -o json", "chart show lost/wrong", "chart show attic",
            "chart values charts/room:1.0.0", "chart values charts/room:1.0.0 -o json",
            "chart readme charts/room:1.0.0", "chart templates charts/room:1.0.0",
            "chart templates charts/room:1.0.0 -o json", "chart dependencies charts/room -o json",
            "chart diff charts/room 1.0.0 1.1.0+b", "chart diff charts/room 1.0.0 1.1.0+b -o json",
        ])
    func golden(line: String) async throws {
        let result = await harness.run(line)
        #expect(result.code == .success, "\(result.talk)")
        let isTalking = line.contains("dependencies")
        #expect(result.talk.isEmpty != isTalking)
        let name = line.replacing(" -o ", with: ".").map { " /:".contains($0) ? "-" : $0 }
        #expect(
            try Repository.golden("fixtures/golden/cli/\(String(name)).txt", made: result.output) == result.output)
    }

    @Test("Dependencies come with what is locked, vendored and found, and a stale lock is warned about")
    func dependencies() async {
        let result = await harness.run("chart dependencies charts/room:1.1.0+b")
        #expect(
            result.output == """
                NAME           VERSION  LOCKED  VENDORED  FOUND               REPOSITORY
                shelf          ^1.0.0   1.2.0   -         charts/shelf:1.2.0  https://charts.example/
                lamp as light  2.0.0    -       -         -                   -

                """)
        #expect(result.talk.hasPrefix("warning: Chart.lock is out of date"))
    }

    @Test("A version is written as a tag, as --version, or left out")
    func versions() async {
        let newest = await harness.run("chart show charts/room")
        #expect(newest.output == (await harness.run("chart show charts/room:1.1.0_b")).output)
        #expect(newest.output == (await harness.run("chart show charts/room --version 1.1.0+b")).output)
        let twice = await harness.run("chart show charts/room:1.0.0 --version 1.0.0")
        #expect(twice.code == .usage)
    }

    @Test("Files come byte for byte, and fit for a terminal on one")
    func terminal() async throws {
        try await PackedChart("evil", "1.0.0", files: [("README.md", "a\u{1B}[2J\tb\nc")]).push(
            to: harness.registry, try RepositoryName(parsing: "evil"))
        #expect(await harness.run("chart readme evil").output == "a\u{1B}[2J\tb\nc")
        var console = harness.console()
        console.isOutputTerminal = true
        _ = await Program.run(["chart", "readme", "evil"], in: harness.context(console))
        #expect(harness.written.hasSuffix("a\\u{1b}[2J\tb\nc"))
    }

    @Test("One template, one schema")
    func single() async {
        #expect(await harness.run("chart templates charts/room:1.0.0 templates/a.yaml").output == "one\n")
        #expect(await harness.run("chart templates charts/room:1.0.0 crds/c.yaml").output == "c\n")
        #expect(await harness.run("chart values charts/room:1.0.0 --schema").output == "{}\n")
    }

    @Test("Two references are compared like two versions")
    func diff() async {
        let versions = await harness.run("chart diff charts/room 1.0.0 1.1.0+b").output
        #expect(await harness.run("chart diff charts/room:1.0.0 1.1.0+b").output == versions)
        #expect(await harness.run("chart diff charts/room:1.0.0 charts/room:1.1.0+b").output == versions)
        #expect(await harness.run("chart diff charts/room:1.0.0 charts/room").output == versions)
        let same = await harness.run("chart diff charts/room 1.0.0 1.0.0")
        #expect(same.output.isEmpty && same.talk == "nothing differs\n")
    }

    @Test("Listings stop at the limit and keep to the namespace")
    func limits() async {
        #expect(await harness.run("chart list --limit 1").output.split(separator: "\n").count == 2)
        #expect(await harness.run("chart list charts --chart room --limit 1").output.contains("1.1.0+b"))
        #expect(!(await harness.run("chart list charts").output.contains("attic")))
        #expect(await harness.run("chart search r --limit 1").output.split(separator: "\n").count == 2)
        #expect(await harness.run("chart search room --namespace other -o json").output == "[]\n")
    }

    @Test(
        "What is not there, or makes no sense, ends with its number",
        arguments: [
            ("chart list nothing --chart room", ExitCode.notFound), ("chart show charts/none", .notFound),
            ("chart show charts/room:9.9.9", .notFound), ("chart readme charts/room:1.1.0+b", .notFound),
            ("chart values charts/room:1.1.0+b --schema", .notFound),
            ("chart templates charts/room:1.0.0 templates/none", .notFound),
            ("chart templates charts/room:1.0.0 templates/a.yaml -o json", .usage),
            ("chart list charts:1.0.0", .usage), ("chart list --unlisted --chart room", .usage),
            ("chart diff charts/room:1.0.0 1.0.0 1.1.0", .usage), ("chart search room --namespace a//b", .usage),
            ("chart diff charts/room:1.0.0 oci://h.example/charts/room:1.0.0", .usage),
        ])
    func refused(line: String, code: ExitCode) async {
        let result = await harness.run(line)
        #expect(result.code == code)
        #expect(result.output.isEmpty && result.talk.hasPrefix("error: "))
    }

    @Test("A chart that cannot be read is invalid content, and show says why")
    func unreadable() async throws {
        try await SampleChart("bad", "1.0.0").push(
            to: harness.registry, try RepositoryName(parsing: "bad"), tags: [try Tag(parsing: "1.0.0")])
        let values = await harness.run("chart values bad")
        #expect(values.code == .invalidContent)
        #expect(values.talk == "error: bad:1.0.0: not a gzip-compressed archive\n")
        let shown = await harness.run("chart show bad")
        #expect(shown.code == .success)
        #expect(shown.output.contains("Listed:      no: not a gzip-compressed archive\n"))
    }

    @Test("A push warns about a version that Helm passes over in OCI")
    func push() async {
        let result = await harness.run(["push", Repository.path("fixtures/charts/attic-v0.5.0.tgz"), "charts/attic"])
        #expect(result.code == .success)
        #expect(result.talk.hasPrefix("warning: version \"v0.5.0\" begins with v: "))
    }
}
