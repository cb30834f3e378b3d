/// A request as the scripted server read it.
public struct ScriptedRequest: Sendable {
    public var method: String
    /// Path and query as sent.
    public var target: String
    public var headers: [(name: String, value: String)]
    /// The body, without its chunked framing; empty when the reply came before it was read.
    public var body: [UInt8]
    /// Which connection it came on, counted from 0.
    public var connection: Int

    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    public var path: String { String(target.prefix { $0 != "?" }) }
    public var query: String { String(target.drop { $0 != "?" }.dropFirst()) }
    public var text: String { String(decoding: body, as: UTF8.self) }
    /// `GET /v2/`: what most tests compare.
    public var line: String { method + " " + target }
}

/// What the scripted server does with a request, step by step.
public struct ScriptedReply: Sendable {
    public enum Step: Sendable {
        /// Puts bytes on the wire as they are.
        case send([UInt8])
        /// Puts the same bytes on the wire again and again until the client has gone.
        case sendForever([UInt8])
        /// Waits until the gate is opened.
        case wait(Gate)
        /// Closes the connection in good order.
        case close
        /// Closes it with a reset.
        case reset
    }

    public var steps: [Step]

    public init(_ steps: [Step]) {
        self.steps = steps
    }

    /// A well-formed response; a `Content-Length` is added unless the header fields have their own framing.
    public init(
        _ status: Int, _ headers: [(name: String, value: String)] = [], body: [UInt8] = [], isHead: Bool = false
    ) {
        steps = [.send(Array(ScriptedReply.head(status, headers, length: body.count).utf8) + (isHead ? [] : body))]
    }

    public init(_ status: Int, _ headers: [(name: String, value: String)] = [], text: String) {
        self.init(status, headers, body: Array(text.utf8))
    }

    /// Announces `length` bytes, sends `body`, then closes: a lie about the length.
    public static func lying(length: Int, body: [UInt8], _ headers: [(name: String, value: String)] = []) -> Self {
        ScriptedReply([.send(Array(head(200, headers, length: length).utf8) + body), .close])
    }

    /// Sends the head and the first part, waits for the gate, sends the rest.
    public static func stalling(_ body: [UInt8], after count: Int, until gate: Gate) -> Self {
        ScriptedReply([
            .send(Array(head(200, [], length: body.count).utf8) + body.prefix(count)), .wait(gate),
            .send(Array(body.dropFirst(count))),
        ])
    }

    /// A body without end.
    public static func endless(
        _ status: Int = 200, _ headers: [(name: String, value: String)] = [], piece: [UInt8]
    ) -> Self {
        ScriptedReply([
            .send(Array(head(status, headers + [("Transfer-Encoding", "chunked")], length: 0).utf8)),
            .sendForever(Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Array("\r\n".utf8)),
        ])
    }

    /// Says nothing until the gate is opened.
    public static func silence(until gate: Gate) -> Self {
        ScriptedReply([.wait(gate), .close])
    }

    /// The reply with the connection closed behind it.
    public var closing: Self {
        ScriptedReply(steps + [.close])
    }

    private static func head(_ status: Int, _ headers: [(name: String, value: String)], length: Int) -> String {
        var text = "HTTP/1.1 \(status) Scripted\r\n"
        let isFramed = headers.contains { ["content-length", "transfer-encoding"].contains($0.name.lowercased()) }
        if !isFramed, status != 204, status != 304 { text += "Content-Length: \(length)\r\n" }
        for header in headers { text += "\(header.name): \(header.value)\r\n" }
        return text + "\r\n"
    }
}
