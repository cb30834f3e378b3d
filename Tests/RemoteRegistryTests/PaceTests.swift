import HTTPClient
import OCIModel
import TestSupport
import Testing

@testable import RemoteRegistry

@Suite struct PaceTests {
    private let host = try! HTTPURL(parsing: "https://charts.example").origin

    private func budgets(
        _ time: ManualTime = ManualTime(), _ change: (inout HostBudgets.Limits) -> Void
    ) -> HostBudgets {
        var limits = HostBudgets.Limits()
        change(&limits)
        return HostBudgets(limits, timing: time.timing)
    }

    @Test("A host is asked eight at a time at first, and more while it answers well, up to the limit")
    func grows() {
        let budgets = budgets {
            $0.adapts = true
            $0.requests = 12
        }
        #expect(budgets.width(of: host) == 8)
        for _ in 0..<10 { budgets.noteAnswer(from: host, .good(.milliseconds(5))) }
        #expect(budgets.width(of: host) == 9)
        for _ in 0..<1000 { budgets.noteAnswer(from: host, .good(nil)) }
        #expect(budgets.width(of: host) == 12)
    }

    @Test("A host that turns requests away is asked half as much, once for each round of them")
    func halves() async throws {
        let budgets = budgets {
            $0.adapts = true
            $0.requests = 16
        }
        var held: [HostSlot] = []
        for _ in 0..<8 { held.append(try await budgets.slot(for: host, patience: .zero, until: nil)) }
        for _ in 0..<8 { budgets.noteAnswer(from: host, .bad) }
        #expect(budgets.width(of: host) == 4)
        // Only what is below the new width lets somebody in.
        let waiting = Task { try await budgets.slot(for: host, patience: .zero, until: nil) }
        while budgets.load(of: host).waiting == 0 { await Task.yield() }
        for slot in held.prefix(4) { slot.release() }
        #expect(budgets.load(of: host) == (4, 1))
        held[4].release()
        _ = try await waiting.value
        for _ in 0..<100 { budgets.noteAnswer(from: host, .bad) }
        #expect(budgets.width(of: host) == 1)
    }

    @Test("A host that takes four times as long, and more than half a second, is asked less")
    func slow() {
        var pace = RequestPace(most: 16)
        for _ in 0..<20 { pace.note(.good(.milliseconds(100)), running: 4) }
        let before = pace.width
        for _ in 0..<4 { pace.note(.good(.milliseconds(390)), running: 4) }
        #expect(pace.width >= before)
        for _ in 0..<8 { pace.note(.good(.seconds(2)), running: 4) }
        #expect(pace.width < before)
    }

    @Test("Without adapting, the limit alone counts")
    func fixed() {
        let budgets = budgets { $0.requests = 16 }
        for _ in 0..<8 { budgets.noteAnswer(from: host, .bad) }
        #expect(budgets.width(of: host) == 16)
    }

    @Test("An answer that turns a request away halves what the host is asked", arguments: [429, 500, 503])
    func answers(status: Int) async throws {
        let server = try ScriptedServer { _ in ScriptedReply(status) }
        let time = ManualTime()
        let budgets = budgets(time) { $0.adapts = true }
        let registry = try server.registry(time: time) {
            $0.budgets = budgets
            $0.retry = .never
        }
        let origin = try HTTPURL(parsing: server.url).origin
        _ = await failure { _ = try await registry.tagList(in: .named("a/b")) }
        #expect(budgets.width(of: origin) == 4)
        #expect(registry.requestCount == 1)
        #expect(budgets.usage(of: origin).requests == 1)
    }

    @Test("Bytes of bodies are counted both ways and kept to their rate")
    func bytes() async throws {
        let blob = [UInt8](repeating: 7, count: 10_000)
        let server = try ScriptedServer { request in
            switch request.method {
            case "GET": ScriptedReply(200, body: blob)
            case "POST": ScriptedReply(202, [("Location", "/upload")])
            case "HEAD": ScriptedReply(404)
            default: ScriptedReply(201)
            }
        }
        let time = ManualTime()
        let budgets = budgets(time) { $0.bytesPerSecond = 1000 }
        let registry = try server.registry(time: time) { $0.budgets = budgets }
        let origin = try HTTPURL(parsing: server.url).origin
        #expect(try await registry.blob(Digest(of: blob), in: .named("a/b")) == blob)
        try await registry.putBlob(Descriptor(of: blob), in: .named("c/d"), blob)
        let usage = budgets.usage(of: origin)
        #expect((usage.requests, usage.bytesReceived, usage.bytesSent) == (4, 10_000, 10_000))
        // Twenty seconds' worth, less the burst at the beginning.
        let waited = time.pauses.reduce(Duration.zero, +)
        #expect(waited >= .seconds(19) && waited <= .seconds(20))
    }
}
