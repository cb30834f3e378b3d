import Content
import OCIModel
import Posix
import TestSupport
import Testing

@testable import Commands

@Suite struct UpstreamCommandTests {
    let harness = Harness()

    @Test(
        "Output looks as it did",
        arguments: [
            "explain stable/nginx:1.2.3", "explain stable/nginx:1.2.3 -o json", "explain none:1", "upstream list",
            "upstream list -o json", "upstream test ghcr.io", "upstream test ghcr.io -o json",
            "upstream warm ghcr.io/org/nginx:1.2.3", "upstream warm ghcr.io/org/nginx:1.2.3 -o json",
            "upstream purge ghcr.io/org --yes", "upstream purge ghcr.io/org --dry-run -o json",
        ])
    func golden(line: String) async throws {
        let result = await harness.run(line)
        #expect(result.code == .success, "\(result.talk)")
        let name = line.replacing(" -o ", with: ".").map { " /:".contains($0) ? "-" : $0 }
        #expect(try Repository.golden("fixtures/golden/cli/\(String(name)).txt", made: result.output) == result.output)
    }

    @Test("A path that begins with a host is a path; only oci:// names a server")
    func hosts() async {
        _ = await harness.run("explain ghcr.io/org/nginx:1.2.3 --data /d")
        _ = await harness.run("explain oci://room.example:5000/ghcr.io/nginx:1.2.3")
        #expect(harness.upstreams.asked == ["explain ghcr.io/org/nginx:1.2.3", "explain ghcr.io/nginx:1.2.3"])
        #expect(
            harness.targets == [
                .store(directory: "/d"),
                .server(.tcp(isSecure: true, authority: "room.example:5000"), ServerAccess()),
            ])
    }

    @Test("A test that fails ends with 1 and shows all results")
    func failingTest() async {
        let result = await harness.run("upstream test")
        #expect(result.code == .failure)
        #expect(result.output.contains("an OCI registry") && result.output.contains("failed: it cannot be reached"))
        #expect(result.talk == "error: 1 of 2 URLs cannot be used\n")
        #expect(await harness.run("upstream test nothing").code == .notFound)
    }

    @Test("Every reference is tried, failures stand at the end and give 1")
    func warmFailures() async {
        let result = await harness.run("upstream warm a/b:9.9.9 a/c:1.0.0 a/c:1.0.0 --jobs 1")
        #expect(result.code == .failure)
        #expect(result.output == "1 of 2 references are here: 3 manifests and blobs fetched, 2.0 KiB\n")
        #expect(
            result.talk == """
                a/b:9.9.9: failed
                a/c:1.0.0: 3 fetched, 2.0 KiB
                error: 1 of 2 references failed
                a/b:9.9.9: no a/b:9.9.9\\u{7}

                """)
    }

    @Test("A list comes from a file or standard input, with comments")
    func lists() async throws {
        let directory = try ScratchDirectory()
        let path = try directory.write("list", "# all\na/b:1+2  # build\r\n\n  a/c:1\n")
        _ = await harness.run(["upstream", "warm", "--file", path, "--jobs", "1"])
        _ = await harness.run("upstream warm --file - x/y:1 --jobs 1", input: ["a/d:1", "#", "a/e:1"])
        #expect(
            harness.upstreams.asked == [
                "warm a/b:1_2", "warm a/c:1", "warm x/y:1", "warm a/d:1", "warm a/e:1",
            ])
        let wrong = try directory.write("wrong", "a/b:1\na/b\n")
        let result = await harness.run(["upstream", "warm", "--file", wrong])
        #expect(result.code == .usage)
        #expect(result.talk.hasPrefix("error: \(wrong):2: a/b names no version\n"))
    }

    @Test(
        "Of an index all, some charts, or the newest versions of each",
        arguments: [
            ("", ["nginx:1.2.0", "nginx:1.10.0", "nginx:1.9.0", "nginx:latest", "redis:2.0.0_up1", "redis:1.0.0"]),
            ("--chart red*", ["redis:2.0.0_up1", "redis:1.0.0"]), ("--newest 1", ["nginx:1.10.0", "redis:2.0.0_up1"]),
            ("--newest 2 --chart nginx", ["nginx:1.10.0", "nginx:1.9.0"]),
        ])
    func indexes(options: String, names: [String]) async {
        let result = await harness.run("upstream warm --index stable --jobs 1 \(options)")
        #expect(result.code == .success, "\(result.talk)")
        #expect(harness.upstreams.asked == ["references stable"] + names.map { "warm stable/\($0)" })
    }

    @Test("No more are fetched at a time than --jobs says, and as many as that")
    func jobs() async throws {
        let started = Condition(0)
        // Nobody is done before three are under way.
        let upstreams = ScriptedUpstreams { _ throws(ContentError) in
            started.updateAll { $0 += 1 }
            started.wait { count, _ in count >= 3 ? () : nil }
            return WarmedReference(fetched: 1, bytes: 1)
        }
        let harness = Harness(upstreams)
        let pool = ThreadPool(name: "test", threads: 8)
        let result = await Task(executorPreference: pool) {
            await harness.run("upstream warm --index stable --jobs 3")
        }.value
        #expect(result.code == .success)
        #expect(upstreams.mostRunning == 3)
        #expect(upstreams.asked.count == 7)
    }

    @Test("A purge asks first, unless it removes nothing or was told to")
    func purge() async {
        let refused = await harness.run("upstream purge stable", input: ["n"], isTerminal: true)
        #expect(refused.code == .failure)
        #expect(refused.talk.hasPrefix("Remove what was cached below stable? [y/N] "))
        #expect(await harness.run("upstream purge stable").code == .usage)
        #expect(harness.upstreams.asked.isEmpty)
        let asked = await harness.run("upstream purge stable --gone", input: ["y"], isTerminal: true)
        #expect(asked.code == .success)
        #expect(asked.talk.contains("below stable, of what its upstream deleted?"))
        #expect(await harness.run("upstream purge stable --dry-run --gone").code == .success)
        #expect(harness.upstreams.asked == ["purge stable gone", "purge stable gone dry"])
    }

    @Test("--older-than is counted back from now")
    func age() async throws {
        let before = WallClock.now() - 30 * 86_400 * 1_000_000
        _ = await harness.run("upstream purge stable --older-than 30d --yes")
        let after = WallClock.now() - 30 * 86_400 * 1_000_000
        let words = try #require(harness.upstreams.asked.first).split(separator: " ")
        let since = try #require(words.last.flatMap { Int64($0) })
        #expect((before...after).contains(since))
    }

    @Test(
        "What makes no sense is refused before anything is asked",
        arguments: [
            "upstream warm", "upstream warm a/b", "upstream warm a/b:1 --newest 2", "upstream warm a/b:1 --chart x",
            "upstream warm --index a --newest 0", "upstream warm --index a:1", "upstream warm --index a --chart a/b",
            "upstream warm a:1 --jobs 0", "upstream warm oci://x.io/a:1 oci://y.io/a:1", "upstream purge a:1 --yes",
            "upstream purge a --yes --older-than x", "explain A", "upstream purge",
        ])
    func nonsense(line: String) async {
        let result = await harness.run(line)
        #expect(result.code == .usage, "\(result.talk)")
        #expect(harness.upstreams.asked.isEmpty)
    }

    @Test("Without a server it is said that one must run")
    func noServer() async throws {
        let directory = try ScratchDirectory()
        let context = Context(
            console: harness.console(), environment: [:],
            openEnd: { _, _ async throws(CommandError) in throw CommandError(.failure, "not this one") },
            serve: { _, _ async throws(CommandError) in })
        let code = await Program.run(["upstream", "list", "--data", directory.path], in: context)
        #expect(code == .unavailable)
        #expect(
            harness.said == """
                error: no server holds the data directory \(directory.path), and only a server has upstreams
                hint: start 'chartroom serve', or name a server with --server URL

                """)
    }
}
