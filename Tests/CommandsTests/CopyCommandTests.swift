import Foundation
import OCIModel
import Sync
import Synchronization
import TestSupport
import Testing

@testable import Commands

@Suite struct CopyCommandTests {
    @Test("copy brings one version under the name that was given, and remembers nothing")
    func one() async throws {
        let bench = try MirrorBench()
        try await bench.add("nginx", "1.0.0")
        try await bench.add("nginx", "1.1.0")
        let words = ["copy", "oci://from.test/team/nginx:1.0.0", "oci://to.test/web/server"]
        let first = await bench.harness.run(words + ["--data", bench.scratch.path + "/data"])
        #expect(first.code == .success, "\(first.talk)")
        #expect(first.output.hasPrefix("1 copied, 0 were there, 0 failed, "))
        #expect(try bench.tags("web/server") == ["1.0.0"])
        let again = await bench.harness.run(words + ["--data", bench.scratch.path + "/data"])
        #expect(again.output == "0 copied, 1 were there, 0 failed, 0 B\n")
        #expect(await bench.remembered("history").output.split(separator: "\n").count == 1)
    }

    @Test("copy without a tag brings all versions; with a digest that one alone")
    func many() async throws {
        let bench = try MirrorBench()
        try await bench.add("nginx", "1.0.0")
        try await bench.add("nginx", "1.1.0")
        let data = ["--data", bench.scratch.path + "/data"]
        _ = await bench.harness.run(["copy", "oci://from.test/team/nginx", "oci://to.test/all"] + data)
        #expect(try bench.tags("all") == ["1.0.0", "1.1.0"])
        let name = try RepositoryName(parsing: "team/nginx")
        let digest = try #require(try bench.source.holdings(of: name).tags[try Tag(parsing: "1.1.0")])
        let result = await bench.harness.run(
            ["copy", "oci://from.test/team/nginx:1.1.0@\(digest)", "oci://to.test/one"] + data)
        #expect(result.code == .success, "\(result.talk)\(result.output)")
        #expect(try bench.tags("one") == ["1.1.0"])
    }

    @Test("What is not there fails with its side, and the command ends with 1")
    func missing() async throws {
        let bench = try MirrorBench()
        let result = await bench.harness.run([
            "copy", "oci://from.test/team/nginx:9.9.9", "oci://to.test/x", "--data", bench.scratch.path + "/data",
        ])
        #expect(result.code == .failure)
        #expect(result.output.contains("failed: ") && result.output.contains("  source: "))
    }

    @Test(
        "Both ends are read as they are written",
        arguments: [
            ("oci://h:5000/a/b/c:1.2", "oci://h:5000/a/b", "c", "1.2"), ("store:nginx:1", "store:", "nginx", "1"),
            ("store:a/nginx", "store:a", "nginx", nil), ("layout:/d#a/b:1", "layout:/d", "a/b", "1"),
            ("https://c.test/stable#nginx:1.2+3", "https://c.test/stable", "nginx", "1.2+3"),
            ("oci+http://h/a", "oci+http://h", "a", nil), ("layout:/d", "layout:/d", nil, nil),
        ])
    func reading(text: String, place: String, name: String?, tag: String?) throws {
        let end = try CopyEnd(parsing: text, as: "SRC")
        #expect(end.place.description == place)
        #expect(end.name == name)
        #expect(end.tag == tag)
    }

    @Test(
        "What cannot be meant is refused without repeating it",
        arguments: ["oci://h", "oci://h:5000", "ftp://h/x", "nginx", "oci://user:secret@h/a", "store:", "oci://h/a:"])
    func refused(text: String) {
        let error = #expect(throws: CommandError.self) { try CopyEnd(parsing: text, as: "SRC") }
        #expect(error?.code == .usage)
        #expect(error?.message.contains("secret") == false)
    }

    @Test("Tags and charts keep their names", arguments: [("store:b:2"), ("https://c.test#x")])
    func rules(destination: String) throws {
        let source = try CopyEnd(parsing: "oci://h/a:1", as: "SRC")
        let end = try CopyEnd(parsing: destination, as: "DST")
        #expect(throws: CommandError.self) { try MirrorRule(copying: source, to: end) }
    }
}
