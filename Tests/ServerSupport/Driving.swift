public import FrontDoor
public import HTTPMessage
internal import HTTPServer
internal import Synchronization
public import Telemetry

extension FrontDoor {
    /// Sends a request and runs its plan as the server does, without sockets.
    @discardableResult
    public func send(
        _ method: HTTPMethod, _ target: String, _ headers: [(name: String, value: String)] = [],
        _ body: FakeBody? = nil, peer: String = "127.0.0.1"
    ) async -> Answer {
        let length = body.map { $0.isChunked ? nil : Int64($0.bytes.count) } ?? 0
        let request = FakeRequest(method, target, headers, contentLength: length, peer: peer)
        let response = await run(plan(for: request), body ?? FakeBody(bytes: []))
        let answer = Answer(response, isHead: method == .head)
        finished(
            request,
            Outcome(
                status: answer.status, bytesSent: Int64(answer.body.count),
                bytesReceived: Int64(body?.bytes.count ?? 0), duration: .milliseconds(1), isComplete: true))
        return answer
    }

    private func run(_ plan: Plan, _ body: FakeBody) async -> Response {
        switch plan {
        case .respond(let response): return response
        case .perform(let work): return await work()
        case .receive(let most, let work):
            guard body.bytes.count <= most else { return refusal(413, "the request body is too large") }
            return await work(body.bytes)
        case .stream(let most, let consumer):
            guard Int64(body.bytes.count) <= most else { return refusal(413, "the request body is too large") }
            var position = 0
            while position < body.bytes.count {
                let end = min(position + body.pieceBytes, body.bytes.count)
                if let early = await consumer.consume(Array(body.bytes[position..<end])) { return early }
                position = end
            }
            return await consumer.finish()
        }
    }
}

/// Keeps log records.
public final class LogCollector: Sendable {
    private let records = Mutex<[LogRecord]>([])

    public init() {}

    public func add(_ record: LogRecord) { records.withLock { $0.append(record) } }

    /// Every record as one line.
    public var text: String {
        records.withLock { records in
            records.map { "\($0.message) \($0.fields.map { "\($0.name)=\($0.value)" }.joined(separator: " "))" }
                .joined(separator: "\n")
        }
    }
}
