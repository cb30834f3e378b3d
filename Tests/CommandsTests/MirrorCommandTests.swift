import Foundation
import Sync
import TestSupport
import Testing

@testable import Commands

@Suite struct MirrorCommandTests {
    let directory: ScratchDirectory
    let harness = Harness()

    init() throws {
        directory = try ScratchDirectory()
    }

    @Test("mirror check shows each mirror of a good file, and ends well")
    func good() async throws {
        let path = try directory.write(
            "m.yaml",
            """
            mirrors:
            - {name: a, from: "https://c.example.com", to: "store:charts", repositories: [nginx], versions: {newest: 3}}
            - {name: b, from: "store:charts", to: "oci://r.example.com", schedule: {cron: "@daily", jitter: 5m}}

            """)
        let result = await harness.run(["mirror", "check", path])
        #expect(result.code == .success)
        #expect(
            result.output == """
                a: https://c.example.com -> store:charts, repositories nginx, versions newest 3, on demand
                b: store:charts -> oci://r.example.com, all versions, at @daily and up to 5m

                """)
    }

    @Test("mirror check shows every mistake with its place and ends with 1")
    func bad() async throws {
        let path = try directory.write("m.yaml", "mirrors:\n- {name: a, form: x}\nhots: []\n")
        let result = await harness.run(["mirror", "check", path])
        #expect(result.code == .failure)
        #expect(
            result.output.replacing(directory.path + "/", with: "") == """
                m.yaml:2:3: a mirror needs the key from
                m.yaml:2:3: a mirror needs the key to
                m.yaml:2:13: there is no key 'mirrors.form'
                  hint: did you mean mirrors.from?
                m.yaml:3:1: there is no key 'hots'
                  hint: did you mean hosts?

                """)
        #expect(result.talk.contains("4 mistakes"))
    }

    @Test("mirror check reads skopeo's file and tells what is not taken, as JSON too")
    func skopeo() async throws {
        let path = try directory.write("s.yml", "a.example.com:\n  images: {x: []}\n  cert-dir: /c\n")
        let words = ["mirror", "check", "--format", "skopeo", "--to", "store:m", path]
        let table = await harness.run(words)
        #expect(table.code == .success)
        #expect(table.output.contains("s.yml:3:3: note: cert-dir is not taken: "))
        #expect(table.output.contains("a.example.com-x: oci://a.example.com -> store:m, repositories x, "))
        let json = await harness.run(words + ["-o", "json"])
        #expect(json.output.contains("\"notes\": [") && json.output.contains("\"name\": \"a.example.com-x\""))
    }

    @Test(
        "A command line that cannot be meant is refused",
        arguments: [["--to", "store:"], ["--scoped"], ["--format", "regsync", "--to", "store:"], ["/nowhere.yaml"]])
    func usage(words: [String]) async {
        let result = await harness.run(["mirror", "check"] + words)
        #expect(result.code == .usage)
    }
}
