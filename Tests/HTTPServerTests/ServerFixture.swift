import Glibc
import HTTPMessage
import HTTPServer
import Posix
import Synchronization
import Testing

/// A handler made of a closure; remembers how every request ended.
final class TestHandler: RequestHandler {
    struct Ended: Sendable {
        var path: String
        var id: String
        var outcome: Outcome
    }

    private let makePlan: @Sendable (any Request) -> Plan
    private let ended = Condition<[Ended]>([])

    init(_ makePlan: @escaping @Sendable (any Request) -> Plan) {
        self.makePlan = makePlan
    }

    func plan(for request: any Request) -> Plan { makePlan(request) }

    func finished(_ request: any Request, _ outcome: Outcome) {
        let entry = Ended(path: request.rawPath, id: request.requestID, outcome: outcome)
        ended.updateAll { $0.append(entry) }
    }

    func refusal(_ status: Int, _ message: String) -> Response {
        Response(HTTPStatus(rawValue: status), body: .bytes(Array("refused: \(message)".utf8)))
    }

    /// Waits until that many requests have ended.
    func outcomes(_ count: Int) -> [Ended] {
        ended.wait(timeout: .seconds(10)) { list, isLate in list.count >= count || isLate ? list : nil }
    }
}

/// Counts and remembers what a consumer was told.
final class RecordingConsumer: BodyConsumer {
    struct State: Sendable {
        var pieces: [Int] = []
        var bytes: [UInt8] = []
        var finishes = 0
        var abandons = 0
    }

    let state = Condition(State())
    let keepsBytes: Bool
    let step: @Sendable (Int) async -> Response?

    init(keepsBytes: Bool = true, _ step: @escaping @Sendable (Int) async -> Response? = { _ in nil }) {
        self.keepsBytes = keepsBytes
        self.step = step
    }

    func consume(_ piece: [UInt8]) async -> Response? {
        state.updateAll { state in
            state.pieces.append(piece.count)
            if keepsBytes { state.bytes += piece }
        }
        return await step(piece.count)
    }

    func finish() async -> Response {
        state.updateAll { $0.finishes += 1 }
        return .text("received \(read(\.pieces).reduce(0, +))")
    }

    func abandon() async { state.updateAll { $0.abandons += 1 } }

    func read<Value>(_ path: KeyPath<State, Value>) -> Value {
        state.wait { state, _ in state[keyPath: path] }
    }

    /// Waits for a condition; false after ten seconds.
    func waits(until condition: (State) -> Bool) -> Bool {
        state.wait(timeout: .seconds(10)) { state, isLate in condition(state) ? true : isLate ? false : nil }
    }
}

extension Response {
    static func text(_ text: String, _ status: HTTPStatus = .ok) -> Response {
        Response(status, headers: [("Content-Type", "text/plain")], body: .bytes(Array(text.utf8)))
    }
}

/// A gate that tests open: what the clock would do elsewhere.
final class Gate: Sendable {
    private let isOpen = Condition(false)

    func open() { isOpen.updateAll { $0 = true } }
    func wait() { isOpen.wait { isOpen, _ -> Void? in isOpen ? () : nil } }
}

/// Runs blocking test code on a thread of its own, so that tests do not hold up each other's tasks.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        do {
            _ = try SystemThread(name: "test") { continuation.resume(with: Result { try body() }) }
        } catch {
            continuation.resume(throwing: error)
        }
    }
}

/// Starts a server, runs blocking client code against it and shuts it down.
func withServer(
    _ listen: ListenAddress = .tcp(host: "127.0.0.1", port: 0), threads: Int = 1, certificate: ServerCertificate? = nil,
    limits: @Sendable (inout ServerLimits) -> Void = { _ in }, plan: @escaping @Sendable (any Request) -> Plan,
    _ body: @escaping @Sendable (Server, TestHandler) throws -> Void
) async throws {
    var configuration = ServerConfiguration(listen: listen)
    configuration.threads = threads
    configuration.certificate = certificate
    limits(&configuration.limits)
    let handler = TestHandler(plan)
    let server = try Server(configuration, handler: handler, executor: ThreadPool(name: "work", threads: 4))
    try server.start()
    let result = await Result { try await onThread { try body(server, handler) } }
    #expect(await server.shutDown(deadline: .seconds(10)))
    let rest = server.statistics
    #expect(rest.openConnections == 0 && rest.activeRequests == 0 && rest.pendingRequests == 0)
    try result.get()
}

extension Result where Failure == any Error {
    init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
