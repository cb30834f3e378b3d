import Foundation
import OCIModel
import Posix
import Synchronization
import TestSupport
import Testing

@testable import Commands

@Suite struct MirrorRunTests {
    @Test("plan shows what is to be done and ends with 2; after a run there is nothing and it ends with 0")
    func planAndRun() async throws {
        let bench = try MirrorBench()
        try await bench.add("nginx", "1.0.0")
        try await bench.add("nginx", "1.1.0")
        bench.rate.withLock { $0 = 2 }
        let plan = await bench.run("plan")
        #expect(plan.code.rawValue == 2, "\(plan.talk)")
        #expect(plan.talk.isEmpty)
        let lines = plan.output.split(separator: "\n").map(String.init)
        #expect(lines[0].hasPrefix("MIRROR  COPY  RETAG  LEAVE"))
        #expect(lines[1].hasPrefix("a          2      0      0"))
        // Six and ten requests at two a second.
        #expect(lines[1].contains(/6 at 2\/s +10 at 2\/s +~5s/), "\(lines[1])")
        #expect(plan.output.contains("copy    oci://from.test/team/nginx:1.0.0  oci://to.test/copy/nginx:1.0.0"))
        #expect(try bench.tags("copy/nginx").isEmpty)

        let run = await bench.run("run")
        #expect(run.code == .success, "\(run.talk)")
        #expect(try bench.tags("copy/nginx") == ["1.0.0", "1.1.0"])
        #expect(run.talk.hasPrefix("a: succeeded in "))
        #expect(run.output.contains("a         1  succeeded       2         0     0       0       0       0"))

        let again = await bench.run("plan")
        #expect(again.code == .success)
        #expect(!again.output.contains("ACTION"))
        #expect(await bench.run("plan", "--all").output.contains("leave   oci://from.test/team/nginx:1.0.0"))
    }

    @Test("plan as JSON has counts, items and the forecast")
    func planJSON() async throws {
        let bench = try MirrorBench()
        try await bench.add("nginx", "1.0.0")
        let tree = try JSONValue(parsing: Array(await bench.run("plan", "-o", "json").output.utf8))
        let plan = try #require(tree["mirrors"]?.array?.first)
        #expect(plan["mirror"]?.string == "a" && plan["drift"] == .bool(true))
        #expect(plan["counts"]?["copy"]?.integer == 1 && plan["counts"]?["leave"]?.integer == 0)
        let item = try #require(plan["items"]?.array?.first)
        #expect(item["destination"]?.string == "oci://to.test/copy/nginx:1.0.0")
        let bytes = try #require(item["bytes"]?.integer)
        #expect(bytes > 0 && plan["bytes"]?.integer == bytes)
        #expect(plan["forecast"]?["sourceRequests"]?.integer == 3)
    }

    @Test("A mirror whose end cannot be reached is told with its side and a hint, and plan and run end with 1")
    func unreachable() async throws {
        let bench = try MirrorBench("- name: b\n  from: oci://nowhere.test\n  to: oci://to.test/b\n")
        try await bench.add("nginx", "1.0.0")
        let plan = await bench.run("plan")
        #expect(plan.code == .failure)
        #expect(plan.output.contains("problem: b: source oci://nowhere.test: "))
        #expect(plan.output.contains("  hint: "))
        let run = await bench.run("run")
        #expect(run.code == .failure)
        #expect(run.talk.contains("error: 1 reference failed"))
        #expect(run.output.contains("failed: oci://nowhere.test\n  source: oci://nowhere.test cannot be reached\n"))
        // The other mirror is done all the same.
        #expect(try bench.tags("copy/nginx") == ["1.0.0"])
    }

    @Test("Only the mirrors that are named are run; a wrong name is refused with the nearest")
    func names() async throws {
        let bench = try MirrorBench("- name: other\n  from: oci://from.test/team\n  to: oci://to.test/b\n")
        try await bench.add("nginx", "1.0.0")
        #expect(await bench.run("run", "other").code == .success)
        #expect(try bench.tags("copy/nginx").isEmpty)
        #expect(try bench.tags("b/nginx") == ["1.0.0"])
        let wrong = await bench.run("run", "othr")
        #expect(wrong.code == .notFound)
        #expect(wrong.talk.contains("hint: did you mean other?"))
    }

    @Test("run as JSON writes one object a line, from the plan to the end")
    func events() async throws {
        let bench = try MirrorBench()
        try await bench.add("nginx", "1.0.0")
        let run = await bench.run("run", "-o", "json")
        #expect(run.code == .success && run.talk.isEmpty)
        let events = try run.output.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
        let names = events.compactMap { $0["event"]?.string }
        #expect(names.filter { $0 != "progress" } == ["surveying", "planned", "began", "ended", "finished"])
        #expect(names.contains("progress"))
        #expect(events.allSatisfy { $0["mirror"]?.string == "a" })
        let ended = try #require(events.first { $0["event"]?.string == "ended" })
        #expect(ended["outcome"]?.string == "copied" && (ended["bytes"]?.integer ?? 0) > 0)
        let run2 = try #require(events.last?["run"])
        #expect(run2["outcome"]?.string == "succeeded" && run2["counts"]?["copied"]?.integer == 1)
    }

    @Test("On a terminal the live lines are wiped before the line that stays")
    func terminal() async throws {
        let bench = try MirrorBench("- name: b\n  from: oci://from.test/team\n  to: oci://to.test/b\n")
        try await bench.add("nginx", "1.0.0")
        let run = await bench.run("run", isTerminal: true)
        #expect(run.code == .success)
        #expect(run.talk.hasPrefix("a: looking\nall: mirror 1 of 2, 0 done, 0 failed, 0 B\r\u{1B}[K\u{1B}[A\r\u{1B}[K"))
        #expect(run.talk.contains("\r\u{1B}[Ka: succeeded in "))
        #expect(run.talk.hasSuffix("\n"))
    }

    @Test("A lock is written, keeps what a person excluded, and a locked run refuses what has moved")
    func lock() async throws {
        let bench = try MirrorBench()
        try await bench.add("nginx", "1.0.0")
        try await bench.add("redis", "2.0.0")
        #expect(await bench.run("run", "--locked").code == .usage)
        let written = await bench.run("plan", "--write-lock")
        let path = bench.scratch.path + "/mirror.lock"
        #expect(written.talk == "wrote \(path)\n")
        let lock = try String(contentsOfFile: path, encoding: .utf8)
        #expect(lock.contains("\"repository\":\"copy/nginx\""))
        let excluded = lock.replacing("\"tag\":\"2.0.0\"", with: "\"tag\":\"2.0.0\",\"excluded\":true")
        try excluded.write(toFile: path, atomically: true, encoding: .utf8)
        _ = await bench.run("plan", "--write-lock")
        #expect(try String(contentsOfFile: path, encoding: .utf8).contains("\"excluded\":true"))

        #expect(await bench.run("run", "--locked").code == .success)
        #expect(try bench.tags("copy/nginx") == ["1.0.0"])
        #expect(try bench.tags("copy/redis").isEmpty)
        try await bench.add("nginx", "1.0.0", files: [("NOTES.txt", "moved")])
        let moved = await bench.run("run", "--locked")
        #expect(moved.code == .failure)
        #expect(moved.output.contains("failed: oci://from.test/team/nginx:1.0.0 -> "))
        #expect(moved.output.contains("write the lock anew"))
    }
}
