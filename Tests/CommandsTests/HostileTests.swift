import Content
import Foundation
import OCIModel
import TestSupport
import Testing

@testable import Commands

/// Input nobody meant: it may be refused, it must not trap or get through.
@Suite struct HostileTests {
    static let seeds: [UInt64] = [1, 2, 3, 20_261_120]

    @Test("Any bytes as a configuration end in mistakes, not in a trap", arguments: seeds)
    func configuration(seed: UInt64) throws {
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let whole = Array(ConfigurationText.yaml(LoadedConfiguration()).utf8)
        for _ in 0..<300 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...12, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8.random(in: 32...126, using: &generator), at: place)
                }
            }
            var decoder = ConfigurationDecoder(path: "c.yaml", home: "/h")
            decoder.decode(bytes)
            for mistake in decoder.mistakes {
                #expect(mistake.text.hasPrefix("c.yaml:"))
                #expect(mistake.text.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A })
            }
        }
    }

    @Test("Any words as a command line end in a command, help or an error", arguments: seeds)
    func words(seed: UInt64) {
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let names = CommandPath.all(below: CommandTree.root).flatMap { path in
            [path.command.name] + path.command.allOptions.map { "--" + $0.name }
        }
        let odd = [
            "", "-", "--", "---", "-=", "--=", "=", "-o", "-ojson", "--output=", "\u{0}", "\u{1B}[2J", "é", "-é",
            "--é=é", "a b",
        ]
        for _ in 0..<3000 {
            let line = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                Bool.random(using: &generator)
                    ? names.randomElement(using: &generator) ?? "" : odd.randomElement(using: &generator) ?? ""
            }
            do {
                _ = try Parser.parse(line, root: CommandTree.root)
            } catch {
                #expect(error.code == .usage)
            }
        }
    }

    @Test("Values at the edge of numbers do not trap")
    func numbers() {
        let digits = [
            "0", "1", "9223372036854775807", "9223372036854775808", "99999999999999999999", "-1", "", "٣", "1e9",
            "0x10",
        ]
        for number in digits {
            for unit in ["", "B", "KiB", "TiB", "TB", "s", "d", "h", "ms", " ", "é"] {
                _ = try? ValueText.size(number + unit)
                _ = try? ValueText.duration(number + unit)
                _ = try? ValueText.count(number + unit)
                _ = try? ListenText.parse("h:" + number + unit)
            }
        }
        #expect(throws: ValueMistake.self) { try ValueText.size("9223372036854775807KiB") }
        #expect(throws: ValueMistake.self) { try ValueText.duration("9223372036854775807d") }
        #expect((try? ValueText.size("9223372036854775807")) == .max)
        _ = ValueText.text(duration: .seconds(Int64.max / 1000))
    }

    @Test("What a registry says cannot steer the terminal, in tables nor in JSON")
    func terminal() async throws {
        let harness = Harness()
        let evil = "\u{1B}[2J\u{9B}31m\u{202E}\u{7F}"
        let config = Descriptor(of: Array("{}".utf8), .helmConfig)
        let json = JSONValue.object([
            ("schemaVersion", .integer(2)), ("config", config.json), ("layers", .array([])),
            ("artifactType", .string("application/x" + evil)),
        ])
        let bytes = json.text()
        let manifest = StoredManifest(digest: Digest(of: bytes), mediaType: .ociManifest, bytes: bytes)
        let name = try RepositoryName(parsing: "a")
        try await harness.registry.putBlob(config, in: name, Array("{}".utf8))
        try await harness.registry.putManifest(manifest, tags: [try Tag(parsing: "t")], in: name)
        for line in ["manifest show a:t", "manifest show a:t -o json", "manifest list a -o json"] {
            let result = await harness.run(line)
            #expect(result.code == .success)
            let unsafe: [Unicode.Scalar] = ["\u{1B}", "\u{9B}", "\u{202E}", "\u{7F}"]
            #expect(result.output.unicodeScalars.allSatisfy { !unsafe.contains($0) }, "\(line)")
        }
        let shown = await harness.run("manifest show a:t -o json").output
        #expect(try JSONValue(parsing: Array(shown.utf8))["artifactType"]?.string == "application/x" + evil)
    }

    @Test("A pull that is interrupted leaves no file and ends with 130")
    func interruption() async throws {
        let harness = Harness()
        let directory = try ScratchDirectory()
        let chart = SampleChart("slow", "1.0.0")
        try await chart.push(
            to: harness.registry, try RepositoryName(parsing: "a/slow"), tags: [try Tag(parsing: "1.0.0")])
        let stalling = LyingRegistry(harness.registry, damaging: Digest(of: chart.archive), stalls: true)
        let path = directory.path
        let task = Task { await harness.run(["pull", "a/slow:1.0.0", "-d", path], over: stalling).code }
        await stalling.begun()
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).count == 1)
        task.cancel()
        #expect(await task.value == .interrupted)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path) == [])
    }

    @Test("A registry whose listing never ends is left alone")
    func endlessListing() async {
        let harness = Harness()
        let result = await harness.run(["repository", "list"], over: LyingRegistry(harness.registry, damaging: nil))
        #expect(result.code == .unavailable)
        #expect(result.talk.contains("again and again"))
    }
}
