import Content
import HTTPClient
import HTTPMessage
import OCIModel
import Synchronization
import TestSupport
import Testing

@testable import RemoteRegistry

/// Who came when.
private final class Arrivals: Sendable {
    private let list = Mutex<[Int]>([])
    var numbers: [Int] { list.withLock { $0 } }
    func note(_ number: Int) { list.withLock { $0.append(number) } }
}

@Suite struct BudgetTests {
    private let host = try! HTTPURL(parsing: "https://charts.example").origin

    private func budgets(
        _ time: ManualTime = ManualTime(), _ change: (inout HostBudgets.Limits) -> Void = { _ in }
    ) -> HostBudgets {
        var limits = HostBudgets.Limits()
        limits.requests = 1
        change(&limits)
        return HostBudgets(limits, timing: time.timing)
    }

    private func slot(_ budgets: HostBudgets, until deadline: ContinuousClock.Instant? = nil) async throws -> HostSlot {
        try await budgets.slot(for: host, patience: .seconds(60), until: deadline)
    }

    /// Waits until so many stand in line.
    private func line(_ budgets: HostBudgets, _ host: HTTPURL.Origin, is count: Int) async {
        while budgets.load(of: host).waiting != count { await Task.yield() }
    }

    @Test("So many go in at a time; the others follow in the order they came")
    func order() async throws {
        let budgets = budgets { $0.requests = 2 }
        var held: [HostSlot?] = [try await slot(budgets), try await slot(budgets)]
        let entered = Arrivals()
        var tasks: [Task<Void, any Error>] = []
        for number in 0..<5 {
            tasks.append(
                Task {
                    let slot = try await slot(budgets)
                    entered.note(number)
                    slot.release()
                    slot.release()
                })
            await line(budgets, host, is: number + 1)
        }
        #expect(entered.numbers.isEmpty)
        #expect(budgets.load(of: host) == (2, 5))
        let other = try HTTPURL(parsing: "https://charts.example:444").origin
        _ = try await budgets.slot(for: other, patience: .zero, until: nil)
        held[0] = nil
        for task in tasks { try await task.value }
        #expect(entered.numbers == [0, 1, 2, 3, 4])
        #expect(budgets.load(of: host) == (1, 0))
        held[1]?.release()
        #expect(budgets.load(of: host) == (0, 0))
    }

    @Test("Whoever is cancelled leaves the line, and no slot is lost however often that happens")
    func cancelled() async throws {
        let budgets = budgets { $0.requests = 3 }
        for round in 0..<20 {
            let tasks = (0..<50).map { _ in
                Task {
                    let slot = try await slot(budgets)
                    await Task.yield()
                    slot.release()
                }
            }
            for (number, task) in tasks.enumerated() where number % 3 != round % 3 { task.cancel() }
            for task in tasks { _ = await task.result }
        }
        #expect(budgets.load(of: host) == (0, 0))
        let held = [try await slot(budgets), try await slot(budgets), try await slot(budgets)]
        let waiting = Task { try await slot(budgets) }
        await line(budgets, host, is: 1)
        waiting.cancel()
        await #expect(throws: HTTPClientError.cancelled) { try await waiting.value }
        #expect(budgets.load(of: host) == (3, 0))
        for slot in held { slot.release() }
    }

    @Test("The line is bounded, and nobody stands in it beyond the deadline")
    func bounded() async throws {
        let time = ManualTime()
        let budgets = budgets(time) { $0.waiting = 1 }
        let held = try await slot(budgets)
        let waiting = Task { try await slot(budgets).release() }
        await line(budgets, host, is: 1)
        guard case .hostBusy = await #expect(throws: HTTPClientError.self, performing: { try await slot(budgets) })
        else { return }
        held.release()
        try await waiting.value
        let again = try await slot(budgets)
        let late = await #expect(throws: HTTPClientError.self) {
            try await slot(budgets, until: time.timing.now().advanced(by: .seconds(1)))
        }
        guard case .hostBusy = late else {
            Issue.record("\(String(describing: late))")
            return
        }
        #expect(budgets.load(of: host) == (1, 0))
        again.release()
    }

    @Test("A host that is to be left alone is, up to a limit, by all who have the patience")
    func pause() async throws {
        let time = ManualTime()
        let budgets = budgets(time) { $0.longestPause = .seconds(50) }
        budgets.pause(host, for: .seconds(30))
        budgets.pause(host, for: .seconds(10))
        try await slot(budgets).release()
        #expect(time.pauses == [.seconds(30)])
        budgets.pause(host, for: .seconds(1_000_000))
        let error = await #expect(throws: HTTPClientError.self) {
            try await budgets.slot(for: host, patience: .seconds(49), until: nil)
        }
        guard case .hostBusy(_, retryAfter: .seconds(50)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(budgets.load(of: host) == (0, 0))
        try await slot(budgets).release()
        #expect(time.pauses == [.seconds(30), .seconds(50)])
    }

    @Test("A rate lets a second's worth through at once, then one at a time")
    func rate() async throws {
        let time = ManualTime()
        let budgets = budgets(time) { $0.requestsPerSecond = 2 }
        for _ in 0..<4 { try await slot(budgets).release() }
        #expect(time.pauses == [.milliseconds(500), .milliseconds(500)])
        time.advance(by: .seconds(10))
        for _ in 0..<2 { try await slot(budgets).release() }
        #expect(time.pauses.count == 2)
    }
}

@Suite struct BudgetedSenderTests {
    private func sender(
        _ budgets: HostBudgets, _ time: ManualTime = ManualTime(), _ change: (inout RetryPolicy) -> Void = { _ in }
    ) throws -> RetryingSender {
        var policy = RetryPolicy()
        change(&policy)
        return RetryingSender(client: try makeClient(), policy: policy, timing: time.timing, budgets: budgets)
    }

    private func one(_ time: ManualTime = ManualTime()) -> HostBudgets {
        var limits = HostBudgets.Limits()
        limits.requests = 1
        return HostBudgets(limits, timing: time.timing)
    }

    @Test("A request is under way until its body has come or was given up", arguments: [true, false])
    func body(isRead: Bool) async throws {
        let gate = Gate()
        let server = try ScriptedServer { request in
            request.path == "/1" ? .stalling([1, 2, 3], after: 1, until: gate) : ScriptedReply(200, body: [7])
        }
        let budgets = one()
        let sender = try sender(budgets)
        let origin = try HTTPURL(parsing: server.url).origin
        let first = try await sender.send(
            HTTPClientRequest(.get, HTTPURL(parsing: server.url + "/1")), isRepeatable: true)
        let url = try HTTPURL(parsing: server.url + "/2")
        let second = Task {
            try await sender.send(HTTPClientRequest(.get, url), isRepeatable: true).collect(maximumBytes: 10)
        }
        while budgets.load(of: origin).waiting == 0 { await Task.yield() }
        #expect(server.lines == ["GET /1"])
        if isRead {
            gate.open()
            #expect(try await first.collect(maximumBytes: 10) == [1, 2, 3])
        } else {
            first.cancel()
        }
        #expect(try await second.value == [7])
        gate.open()
    }

    @Test("A failed request gives its place back")
    func failed() async throws {
        let server = try ScriptedServer { _ in ScriptedReply([.close]) }
        let budgets = one()
        let url = try HTTPURL(parsing: server.url)
        let sender = try sender(budgets)
        await #expect(throws: HTTPClientError.self) {
            try await sender.send(HTTPClientRequest(.get, url), isRepeatable: true)
        }
        #expect(server.requests.count == 5)
        #expect(budgets.load(of: url.origin) == (0, 0))
    }

    @Test("After Retry-After everybody waits for the host, or is told how long", arguments: [429, 503])
    func retryAfter(status: Int) async throws {
        let server = try ScriptedServer([
            "GET /": [
                ScriptedReply(status, [("Retry-After", "7")]), ScriptedReply(200),
                ScriptedReply(status, [("Retry-After", "100")]),
            ]
        ])
        let time = ManualTime()
        let budgets = one(time)
        let request = HTTPClientRequest(.get, try HTTPURL(parsing: server.url))
        let first = try await sender(budgets, time) { $0.maximumAttempts = 1 }.send(request, isRepeatable: true)
        #expect(first.status.rawValue == status)
        first.cancel()
        let other = try sender(budgets, time)
        #expect(try await other.send(request, isRepeatable: true).status == .ok)
        #expect(time.pauses == [.seconds(7)])
        #expect(try await other.send(request, isRepeatable: true).status.rawValue == status)
        let error = await #expect(throws: HTTPClientError.self) { try await other.send(request, isRepeatable: true) }
        guard case .hostBusy(_, retryAfter: .seconds(100)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server.requests.count == 3)
    }

    @Test("A token can be fetched while the answer that wants it is still coming")
    func token() async throws {
        let address = Mutex("")
        let server = try ScriptedServer { request in
            if request.path == "/token" { return ScriptedReply(200, text: #"{"token":"t"}"#) }
            if request.header("Authorization") == "Bearer t" { return ScriptedReply(200, text: #"{"tags":["1"]}"#) }
            let challenge = #"Bearer realm="\#(address.withLock { $0 })/token""#
            return .endless(401, [("WWW-Authenticate", challenge)], piece: [UInt8](repeating: 0x20, count: 65_536))
        }
        address.withLock { $0 = server.url }
        let budgets = one()
        let registry = try server.registry { $0.budgets = budgets }
        let tags = try await registry.tagList(in: .named("a/b"))
        #expect(tags == .list([try OCIModel.Tag(parsing: "1")], entityTag: nil, droppedCount: 0))
        #expect(budgets.load(of: try HTTPURL(parsing: server.url).origin) == (0, 0))
    }

    @Test("No attempt begins after the deadline for all of them")
    func totalDeadline() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(503) }
        let time = ManualTime()
        let sender = try sender(one(time), time) { $0.totalDeadline = .seconds(1) }
        let request = HTTPClientRequest(.get, try HTTPURL(parsing: server.url))
        #expect(try await sender.send(request, isRepeatable: true).status == .serviceUnavailable)
        #expect(time.pauses == [.milliseconds(200), .milliseconds(400)])
        #expect(server.requests.count == 3)
    }

    @Test("A registry that says nothing is given up at the deadline")
    func silence() async throws {
        let gate = Gate()
        defer { gate.open() }
        let server = try ScriptedServer { _ in .silence(until: gate) }
        let registry = try server.registry { options in
            options.timing = .system
            options.retry.totalDeadline = .milliseconds(200)
        }
        guard case .unavailable(let message) = await failure({ _ = try await registry.ping() }) else {
            Issue.record("no unavailable")
            return
        }
        #expect(message.contains("did not answer"))
    }
}
