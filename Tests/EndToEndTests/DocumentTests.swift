import TestSupport
import Testing

/// The commands of the documents, run as they stand there.
///
/// A block of `sh` behind the line `<!-- tested -->` is run; all blocks of one document make one session, beside a
/// server over the default data directory, in a folder that has `fixtures` in it.
@Suite("Documents")
struct DocumentTests {
    static let documents: [String] = {
        let folders = (try? files(in: Workshop.root + "/docs", ending: ".md")) ?? []
        return (["README.md", "packaging/README.md"] + folders.map { "docs/" + $0 }).filter { name in
            ((try? contents(of: Workshop.root + "/" + name)).map { !DocumentTests.blocks($0).isEmpty }) ?? false
        }
    }()

    /// The tested blocks of a document.
    static func blocks(_ bytes: [UInt8]) -> [String] {
        var blocks: [String] = []
        var state = (isMarked: false, isInside: false)
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false) {
            switch line {
            case "<!-- tested -->": state.isMarked = true
            case "```sh" where state.isMarked:
                state = (false, true)
                blocks.append("")
            case "```" where state.isInside: state.isInside = false
            case _ where state.isInside: blocks[blocks.count - 1] += line + "\n"
            case "": break
            default: state.isMarked = false
            }
        }
        return blocks
    }

    @Test("Finds the marked blocks and no others")
    func parser() {
        let text = """
            ```sh
            no
            ```
            <!-- tested -->

            ```sh
            one
            two
            ```
            <!-- tested -->
            prose
            ```sh
            no
            ```
            """
        #expect(DocumentTests.blocks(Array(text.utf8)) == ["one\ntwo\n"])
    }

    @Test("The README has commands to try, and they are tested")
    func readme() {
        #expect(DocumentTests.documents.contains("README.md"))
    }

    @Test("The commands of a document work", arguments: documents)
    func commands(document: String) async throws {
        let fixture = try Fixture()
        let home = ["HOME": fixture.path("home"), "PATH": fixture.path("bin") + ":" + searchPath]
        try await succeed("mkdir", ["-p", fixture.path("bin"), fixture.path("home"), fixture.path("work")])
        try await succeed("ln", ["-s", Workshop.chartroom, fixture.path("bin/chartroom")])
        try await succeed("ln", ["-s", Workshop.root + "/fixtures", fixture.path("work/fixtures")])
        let server = try RunningServer([Workshop.chartroom, "serve", "--listen", "127.0.0.1:0"], environment: home)
        _ = try await server.url()
        let script = DocumentTests.blocks(try contents(of: Workshop.root + "/" + document)).joined()
        let ended = try await run("sh", ["-eux"], environment: home, in: fixture.path("work"), input: script)
        #expect(ended.status == 0, "\(ended)")
    }
}
