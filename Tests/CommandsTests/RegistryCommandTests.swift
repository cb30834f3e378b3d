import Content
import OCIModel
import TestSupport
import Testing

@testable import Commands

@Suite struct RegistryCommandTests {
    let harness = Harness()
    let chart = SampleChart("nginx", "1.2.3")
    let name: RepositoryName

    init() async throws {
        name = try RepositoryName(parsing: "charts/nginx")
        try await chart.push(to: harness.registry, name, tags: [try Tag(parsing: "1.2.3"), try Tag(parsing: "latest")])
        let second = SampleChart("nginx", "2.0.0")
        try await second.push(to: harness.registry, name, tags: [])
        let other = SampleChart("redis", "0.1.0")
        try await other.push(
            to: harness.registry, try RepositoryName(parsing: "charts/redis"), tags: [try Tag(parsing: "0.1.0_up1")])
    }

    @Test(
        "Output looks as it did",
        arguments: [
            "repository list", "repository list -o json", "repository show charts/nginx",
            "repository show charts/nginx -o json", "tag list charts/nginx", "tag list charts/nginx -o json",
            "manifest list charts/nginx", "manifest list charts/nginx -o json", "manifest show charts/nginx:latest",
            "manifest show charts/nginx:latest -o json", "tag list charts/empty", "version",
        ])
    func golden(line: String) async throws {
        if line.hasSuffix("empty") {
            _ = await harness.run("tag delete charts/redis:0.1.0_up1 --yes")
        }
        let words = line.replacing("empty", with: "redis")
        let result = await harness.run(words)
        #expect(result.code == .success)
        #expect(result.talk.isEmpty)
        let name =
            "fixtures/golden/cli/"
            + line.replacing(" -o ", with: ".").replacing(" ", with: "-").replacing("/", with: "-").replacing(
                ":", with: "-")
        #expect(try Repository.golden(name + ".txt", made: result.output) == result.output)
    }

    @Test("Raw manifests come byte for byte")
    func raw() async {
        let result = await harness.run("manifest show charts/nginx:1.2.3 --raw")
        #expect(Array(result.output.utf8) == chart.manifest.bytes)
    }

    @Test("Listings stop at the limit")
    func limit() async {
        #expect(await harness.run("repository list --limit 1").output == "charts/nginx\n")
        #expect(await harness.run("repository list --limit 0").output == "")
        let tags = await harness.run("tag list charts/nginx --limit 1 -o json").output
        #expect(tags.contains("\"1.2.3\"") && !tags.contains("latest"))
    }

    @Test("Tags can be filtered by digest")
    func filter() async {
        let both = await harness.run("tag list charts/nginx --digest \(chart.manifest.digest)").output
        #expect(both.contains("1.2.3") && both.contains("latest"))
        let none = await harness.run("tag list charts/nginx --digest sha256:\(String(repeating: "0", count: 64))")
        #expect(none.output.split(separator: "\n").count == 1)
        #expect(await harness.run("tag list charts/nginx --digest sha256:00").code == .usage)
    }

    @Test("Nothing is deleted unless somebody says so")
    func confirmation() async throws {
        let silent = await harness.run("tag delete charts/nginx:latest")
        #expect(silent.code == .usage)
        #expect(silent.talk.contains("hint: give --yes to go ahead"))
        let refused = await harness.run("tag delete charts/nginx:latest", input: ["n"], isTerminal: true)
        #expect(refused.code == .failure)
        #expect(refused.talk.contains("Delete tag latest of repository charts/nginx? [y/N]"))
        let ended = await harness.run("repository delete charts/nginx", input: [], isTerminal: true)
        #expect(ended.code == .failure)
        #expect(try await harness.registry.tags(in: name, PageRequest(limit: 9)).elements.count == 2)
        let agreed = await harness.run("tag delete charts/nginx:latest", input: ["Y"], isTerminal: true)
        #expect(agreed.code == .success)
        #expect(try await harness.registry.tags(in: name, PageRequest(limit: 9)).elements.count == 1)
    }

    @Test("Deleting a tag keeps its manifest, deleting a manifest takes its tags")
    func delete() async throws {
        #expect(await harness.run("tag delete charts/nginx:latest -y").code == .success)
        #expect(await harness.run("manifest show charts/nginx@\(chart.manifest.digest)").code == .success)
        let result = await harness.run("manifest delete charts/nginx:1.2.3 --yes")
        #expect(result.talk == "deleted manifest \(chart.manifest.digest) of repository charts/nginx\n")
        #expect(try await harness.registry.tags(in: name, PageRequest(limit: 9)).elements == [])
        let gone = await harness.run("repository delete charts/nginx --yes")
        #expect(gone.talk == "deleted repository charts/nginx: 1 manifests, 0 tags\n")
        #expect(await harness.run("repository show charts/nginx").code == .notFound)
    }

    @Test("update sets the locks that are named and no others")
    func update() async throws {
        let result = await harness.run(
            "tag update charts/nginx:1.2.3 --write-enabled false --delete-enabled=false -o json")
        #expect(result.code == .success)
        #expect(try await harness.registry.tagAttributes(try Tag(parsing: "1.2.3"), in: name).locks == [.list, .read])
        #expect(result.output.contains("\"writeEnabled\": false"))
        _ = await harness.run("tag update charts/nginx:1.2.3 --write-enabled true")
        #expect(
            try await harness.registry.tagAttributes(try Tag(parsing: "1.2.3"), in: name).locks == [
                .list, .read, .write,
            ])
        #expect(
            await harness.run("manifest update charts/nginx:1.2.3 --list-enabled false").output.contains(
                "Locked:         list\n"))
        #expect(
            try await harness.registry.manifestAttributes(chart.manifest.digest, in: name).locks == [
                .read, .write, .delete,
            ])
        #expect(
            await harness.run("repository update charts/nginx --write-enabled false").output.contains(
                "Locked:      write\n"))
        #expect(try await harness.registry.repository(name).locks == [.read, .list, .delete])
        let empty = await harness.run("repository update charts/nginx")
        #expect(empty.code == .usage)
        #expect(empty.talk.contains("nothing to change"))
        #expect(await harness.run("repository update charts/nginx --write-enabled maybe").code == .usage)
    }

    @Test(
        "References that do not fit are refused before anything is opened",
        arguments: [
            ("repository show charts/nginx:1", "names a manifest, not a repository"),
            ("tag delete charts/nginx -y", "names no tag"),
            ("manifest show charts/nginx", "names no manifest"), ("tag list Charts/nginx", "name"),
            ("pull charts/nginx", "names no version"), ("tag delete charts/nginx@sha256:1 -y", "digest"),
        ])
    func references(line: String, message: String) async {
        let result = await harness.run(line)
        #expect(result.code == .usage)
        #expect(result.talk.contains(message))
        #expect(harness.targets.isEmpty)
    }

    @Test("What is not there ends with 3")
    func missing() async {
        #expect(await harness.run("repository show charts/none").code == .notFound)
        #expect(await harness.run("tag list charts/none").code == .notFound)
        #expect(await harness.run("manifest show charts/nginx:9").code == .notFound)
        #expect(await harness.run("pull charts/nginx:9").code == .notFound)
    }
}

@Suite struct ExitCodeTests {
    @Test("Every error of content has its exit code")
    func table() throws {
        let digest = try Digest(parsing: "sha256:" + String(repeating: "0", count: 64))
        let table: [(ContentError, Int32)] = [
            (.blobUnknown(""), 3), (.manifestUnknown(""), 3), (.nameUnknown(""), 3), (.uploadUnknown(""), 3),
            (.uploadInvalid(""), 7), (.chunkOutOfOrder("", offset: 0), 7), (.digestInvalid(""), 7),
            (.sizeInvalid(""), 7),
            (.manifestInvalid(""), 7), (.referencesMissing("", [digest]), 7), (.nameInvalid(""), 2),
            (.parameterInvalid(""), 2), (.rangeInvalid("", length: 0), 7), (.tooLarge(""), 7), (.unauthorized(""), 4),
            (.denied(""), 4), (.unsupported(""), 4), (.rateLimited("", retryAfter: nil), 5), (.unavailable(""), 5),
            (.storageFull(""), 6), (.corrupt(""), 7), (.internal(""), 1),
        ]
        for (error, code) in table { #expect(ExitCode(error).rawValue == code, "\(error)") }
    }

    @Test("Errors are told with their hints, and no control character reaches the terminal")
    func report() async {
        let harness = Harness()
        harness.console().report(CommandError(.unauthorized("who\u{1B}[2J\nare you")))
        let text = await harness.run("version").talk
        #expect(text.isEmpty)
        let second = Harness()
        let console = second.console()
        console.report(CommandError(.rateLimited("slow\u{1B}[2J", retryAfter: .seconds(7)), on: "charts/a"))
        #expect(second.said == "error: charts/a: slow\\u{1b}[2J\nhint: try again in 7 seconds\n")
    }

    @Test("Talk is coloured only where it may be")
    func colour() {
        let harness = Harness()
        var console = harness.console()
        console.usesColour = true
        console.report(CommandError(.failure, "no", hints: ["yes"]))
        #expect(harness.said == "\u{1B}[1;31merror:\u{1B}[0m no\n\u{1B}[1;36mhint:\u{1B}[0m yes\n")
    }
}
