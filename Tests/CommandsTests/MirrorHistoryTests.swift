import Foundation
import OCIModel
import Synchronization
import TestSupport
import Testing

@testable import Commands

@Suite struct MirrorHistoryTests {
    @Test("status shows what never ran, then the last run, and when the schedule is due next")
    func status() async throws {
        let bench = try MirrorBench("  schedule: {every: 6h}\n")
        try await bench.add("nginx", "1.0.0")
        let before = await bench.run("status")
        #expect(before.code == .success, "\(before.talk)")
        #expect(before.output.contains("never run"))
        _ = await bench.run("run")
        let after = await bench.run("status", "-o", "json")
        let state = try #require(try JSONValue(parsing: Array(after.output.utf8)).array?.first)
        #expect(state["name"]?.string == "a" && state["to"]?.string == "oci://to.test/copy")
        #expect(state["last"]?["outcome"]?.string == "succeeded")
        #expect(state["nextRunAt"]?.string?.hasPrefix("20") == true)
    }

    @Test("status knows the mirrors that ran here without their file")
    func statusWithoutFile() async throws {
        let bench = try MirrorBench()
        _ = await bench.run("run")
        let states = await bench.remembered("status")
        #expect(states.code == .success, "\(states.talk)")
        #expect(states.output.contains("\na              1  "), "\(states.output)")
    }

    @Test("history lists the latest run first, as many as asked for, and show tells one with its failures")
    func history() async throws {
        let bench = try MirrorBench("- name: b\n  from: oci://nowhere.test\n  to: oci://to.test/b\n")
        try await bench.add("nginx", "1.0.0")
        _ = await bench.run("run")
        let all = await bench.remembered("history")
        let lines = all.output.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[1].contains("  b ") && lines[1].contains("failed"))
        #expect(lines[2].contains("  a ") && lines[2].contains("succeeded"))
        #expect(await bench.remembered("history", "--limit", "1").output.split(separator: "\n").count == 2)
        #expect(await bench.remembered("history", "a").output.split(separator: "\n").count == 2)

        let show = await bench.remembered("show", "2")
        #expect(show.code == .success)
        #expect(show.output.contains("outcome:") && show.output.contains("failed: oci://nowhere.test\n  source: "))
        let tree = try JSONValue(parsing: Array(await bench.remembered("show", "2", "-o", "json").output.utf8))
        #expect(tree["failures"]?.array?.first?["side"]?.string == "source")
        #expect(await bench.remembered("show", "99").code == .notFound)
    }

    @Test("verify ends with 0 while the destination is as locked, and with 2 and the reference when it is not")
    func verify() async throws {
        let bench = try MirrorBench()
        try await bench.add("nginx", "1.0.0")
        _ = await bench.run("plan", "--write-lock")
        _ = await bench.run("run", "--locked")
        let good = await bench.run("verify", "--deep")
        #expect(good.code == .success, "\(good.talk)")
        #expect(good.output.hasSuffix("a               1          0\n"), "\(good.output)")
        let other = PackedChart("nginx", "1.0.0", files: [("NOTES.txt", "other")])
        try await other.push(to: bench.destination, try RepositoryName(parsing: "copy/nginx"))
        let bad = await bench.run("verify")
        #expect(bad.code.rawValue == 2)
        #expect(bad.output.contains("-> oci://to.test/copy/nginx:1.0.0\n  destination: the tag names sha256:"))
    }

    @Test("undo takes the mark off a reference that is no longer selected")
    func undo() async throws {
        let bench = try MirrorBench("  prune: true\n")
        try await bench.add("nginx", "1.0.0")
        try await bench.add("redis", "1.0.0")
        _ = await bench.run("run")
        try await bench.source.deleteManifest(
            .tag(try Tag(parsing: "1.0.0")), in: try RepositoryName(parsing: "team/nginx"))
        let plan = await bench.run("plan")
        #expect(plan.output.contains("mark "), "\(plan.output)")
        _ = await bench.run("run")
        #expect(await bench.run("undo", "a", "copy/other").code == .notFound)
        let undone = await bench.run("undo", "a", "copy/nginx")
        #expect(undone.output == "restored oci://to.test/copy/nginx:1.0.0\n", "\(undone.talk)")
        #expect(undone.code == .success)
    }
}
