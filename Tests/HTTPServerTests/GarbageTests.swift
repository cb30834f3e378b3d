import Glibc
import HTTPMessage
import HTTPServer
import Posix
import Testing

@Suite struct GarbageTests {
    /// A small generator that gives the same numbers for the same seed.
    struct SeededGenerator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
            return value ^ value >> 31
        }
    }

    /// Lives as long as the handler, which lives as long as any connection or request.
    final class Token: Sendable {}

    private static let seeds = [1, UInt64.random(in: .min ... .max)]

    /// Changes, drops, repeats and inserts bytes of valid requests.
    private static func garbage(_ generator: inout SeededGenerator) -> [UInt8] {
        let parts = [
            "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n",
            "PUT /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123456789",
            "PUT /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            "POST /work HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
        ]
        var bytes = (0..<3).flatMap { _ in Array(parts[Int.random(in: 0..<parts.count, using: &generator)].utf8) }
        for _ in 0..<Int.random(in: 0...6, using: &generator) {
            let index = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes[index] = UInt8.random(in: .min ... .max, using: &generator)
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(contentsOf: bytes[index...].prefix(20), at: index)
            default: bytes.insert([0, 10, 13, 32, 58, 37].randomElement(using: &generator) ?? 0, at: index)
            }
        }
        return bytes
    }

    @Test("Garbage neither hurts the server nor leaves anything behind", arguments: seeds)
    func garbage(seed: UInt64) async throws {
        print("garbage seed: \(seed)")
        var token: Token? = Token()
        weak let leftover = token
        let consumers = Condition((begun: 0, told: 0))
        try await withServer(
            threads: 2, limits: { $0.bodyTimeout = .milliseconds(500) },
            plan: { [token] request in
                withExtendedLifetime(token) {}
                switch request.rawPath {
                case "/stream":
                    consumers.updateAll { $0.begun += 1 }
                    return .stream(maximumBytes: 100, CountingConsumer { consumers.updateAll { $0.told += 1 } })
                case "/body": return .receive(maximumBytes: 5) { .text("\($0.count)") }
                case "/work": return .perform { .text(request.header("Host") ?? "") }
                default: return .respond(.text(request.rawPath))
                }
            }
        ) { server, _ in
            var generator = SeededGenerator(state: seed)
            for _ in 0..<300 {
                let client = try RawClient(server.address)
                try? client.send(Self.garbage(&generator))
                // Some clients wait for answers, some leave at once, some break the connection.
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: client.reset()
                case 1: break
                default:
                    client.finishSending()
                    try client.skipToEnd()
                }
            }
            let client = try RawClient(server.address)
            #expect(try client.get("/alive").text == "/alive")
        }
        token = nil
        // Every consumer heard exactly one end.
        let balance = consumers.wait(timeout: .seconds(10)) { state, isLate in
            state.begun == state.told || isLate ? state : nil
        }
        #expect(balance.begun > 0 && balance.begun == balance.told)
        // The last task of an abandoned upload may still hold the server's parts for a moment.
        for _ in 0..<1000 where leftover != nil { try await Task.sleep(for: .milliseconds(5)) }
        #expect(leftover == nil)
    }

    @Test(
        "A request whose body never comes whole is let go of, whatever waited for it",
        arguments: ["/work", "/body", "/stream"])
    func unfinished(path: String) async throws {
        var token: Token? = Token()
        weak let leftover = token
        try await withServer(
            threads: 1,
            plan: { [token] request in
                withExtendedLifetime(token) {}
                switch request.rawPath {
                case "/work": return .perform { .text(request.header("Host") ?? "") }
                case "/body": return .receive(maximumBytes: 100) { _ in .text(request.rawPath) }
                case "/stream": return .stream(maximumBytes: 100, HoldingConsumer(request))
                default: return .respond(.text(request.rawPath))
                }
            }
        ) { server, _ in
            let leaving = try RawClient(server.address)
            try leaving.send(Array("PUT \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123".utf8))
            leaving.finishSending()
            try leaving.skipToEnd()
            let client = try RawClient(server.address)
            #expect(try client.get("/alive").text == "/alive")
        }
        token = nil
        for _ in 0..<1000 where leftover != nil { try await Task.sleep(for: .milliseconds(5)) }
        #expect(leftover == nil)
    }
}

/// Keeps its request, as one that answers with something of it does.
final class HoldingConsumer: BodyConsumer {
    private let request: any Request

    init(_ request: any Request) {
        self.request = request
    }

    func consume(_ piece: [UInt8]) async -> Response? { nil }

    func finish() async -> Response { .text(request.rawPath) }

    func abandon() async {}
}

/// Tells that its upload is over.
final class CountingConsumer: BodyConsumer {
    private let isTold: @Sendable () -> Void

    init(_ isTold: @escaping @Sendable () -> Void) {
        self.isTold = isTold
    }

    func consume(_ piece: [UInt8]) async -> Response? { nil }

    func finish() async -> Response {
        isTold()
        return .text("done")
    }

    func abandon() async { isTold() }
}
