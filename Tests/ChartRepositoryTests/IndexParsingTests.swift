import ChartArchive
import ChartRepository
import HelmModel
import OCIModel
import Posix
import TestSupport
import Testing

@Suite struct IndexParsingTests {
    private func index(_ text: String) throws -> RepositoryIndex {
        try RepositoryIndex(parsing: Array(text.utf8))
    }

    private func bytes(_ path: String) throws -> [UInt8] {
        try File.contents(of: path, maximumBytes: 64 << 20)
    }

    /// Holds every version listed against what its archive says.
    private func compare(_ index: RepositoryIndex, archives folder: String) throws -> Int {
        var count = 0
        for entry in index.charts.flatMap(\.versions) {
            let url = try #require(entry.urls.first)
            let file = try bytes(folder + "/" + url)
            let chart = try ChartArchiveReader.read(file)
            #expect(try entry.metadata() == chart.metadata, "\(url)")
            #expect(entry.archive == Digest(of: file), "\(url)")
            count += 1
        }
        return count
    }

    @Test(
        "The index of the fixtures says of each chart what its archive says", arguments: ["index.json", "index.yaml"])
    func fixtures(name: String) throws {
        let index = try RepositoryIndex(parsing: try bytes(Folder.fixtures + "/golden/" + name))
        #expect(index.droppedCount == 0)
        #expect(try compare(index, archives: Folder.fixtures) == 9)
        #expect(index.versions(of: "room").map(\.version) == ["1.0.0", "0.2.0", "0.1.0"])
    }

    @Test("JSON and YAML give the same index")
    func sameIndex() throws {
        let json = try RepositoryIndex(parsing: try bytes(Folder.fixtures + "/golden/index.json"))
        #expect(try RepositoryIndex(parsing: try bytes(Folder.fixtures + "/golden/index.yaml")) == json)
    }

    @Test(
        "A published index says of each chart what its archive says",
        .enabled(if: Folder.published != nil, "CHARTROOM_TEST_CHARTS names no folder"))
    func published() throws {
        let folder = try #require(Folder.published) + "/.."
        let index = try RepositoryIndex(parsing: try bytes(folder + "/index.yaml"))
        #expect(index.droppedCount == 0)
        let count = try compare(index, archives: folder)
        #expect(count == index.versionCount && count > 0)
    }

    @Test("YAML that begins with a brace is YAML")
    func flow() throws {
        let text = "{apiVersion: v1, entries: {room: [{name: room, version: 1.0.0}]}}"
        #expect(try index(text).version("1.0.0", of: "room") != nil)
    }

    @Test("A byte order mark, blanks in front, unknown fields and anchors are no trouble")
    func oddities() throws {
        #expect(try index("\u{FEFF}" + smallIndex).versionCount == 1)
        #expect(try index("\n\n  {\"apiVersion\":\"v1\"}").versionCount == 0)
        #expect(try index(smallIndex + "\n    mystery: {deep: [1]}\nx-more: [1, 2]").versionCount == 1)
        let text = """
            apiVersion: v1
            entries:
              room: &all
              - &one {name: room, version: 1.10, keywords: &words [a, b]}
              - {<<: *one, version: 2}
              shelf: [{name: shelf, version: "1", keywords: *words}]
            """
        let index = try index(text)
        #expect(index.versions(of: "room").map(\.version) == ["2", "1.1"])
        #expect(try index.version("1", of: "shelf")?.metadata().keywords == ["a", "b"])
    }

    @Test("Half a JSON is said to be neither JSON nor YAML")
    func half() throws {
        let whole = Array(try bytes(Folder.fixtures + "/golden/index.json"))
        #expect {
            try RepositoryIndex(parsing: Array(whole.prefix(whole.count / 2)))
        } throws: { error in
            "\(error)".contains("invalid JSON") && "\(error)".contains("no YAML either")
        }
    }

    @Test("No cut of an index traps, and no cut of a JSON one is taken for whole")
    func cuts() throws {
        for name in ["index.json", "index.yaml"] {
            let whole = try bytes(Folder.fixtures + "/golden/" + name)
            for count in stride(from: 0, to: whole.count - 2, by: 37) {
                let index = try? RepositoryIndex(parsing: Array(whole.prefix(count)))
                #expect(index == nil || name == "index.yaml")
            }
        }
    }

    @Test("Damaged indexes do not trap", arguments: Seeds.some())
    func damage(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for name in ["index.json", "index.yaml"] {
            let whole = try bytes(Folder.fixtures + "/golden/" + name)
            for _ in 0..<100 {
                var text = whole
                for _ in 0..<Int.random(in: 1...20, using: &generator) {
                    let place = Int.random(in: text.indices, using: &generator)
                    text[place] = UInt8.random(in: 0...127, using: &generator)
                }
                if let index = try? RepositoryIndex(parsing: text) {
                    for entry in index.charts.flatMap(\.versions) { _ = try entry.metadata() }
                }
            }
        }
    }

    @Test("A tree of too many values, and aliases that explode, are refused")
    func explosions() throws {
        var limits = RepositoryIndexLimits()
        limits.valuesPerEntry = 1000
        let many = Array(repeating: "a", count: 2000).joined(separator: ",")
        let yaml = "apiVersion: v1\nentries: {a: [{name: a, version: 1, keywords: [\(many)]}]}"
        let json =
            #"{"apiVersion":"v1","entries":{"a":[{"keywords":["#
            + Array(repeating: "1", count: 2000).joined(separator: ",") + "]}]}}"
        for text in [yaml, json] {
            #expect(throws: RepositoryIndexError.self) { try RepositoryIndex(parsing: Array(text.utf8), limits) }
        }
        let long = String(repeating: "x", count: 100_000)
        let bomb =
            "apiVersion: v1\nentries: {a: [{description: &a \(long), keywords: ["
            + Array(repeating: "*a", count: 900).joined(separator: ",") + "]}]}"
        limits.bytes = 1 << 20
        #expect(throws: RepositoryIndexError.self) { try RepositoryIndex(parsing: Array(bomb.utf8), limits) }
    }
}
